//! Memory is counted by the allocator: over the limit an allocation fails, which ends the process, which the fuzzer
//! reports. What libraries in C allocate is not counted; libFuzzer's own limit on the process catches that.

use std::alloc::System;
use std::sync::Once;

use cap::Cap;

#[global_allocator]
static ALLOCATOR: Cap<System> = Cap::new(System, usize::MAX);

/// Bytes that reading may take whatever the input: key schedules, futures, messages.
const BASE: usize = 256 << 10;
/// Bytes that reading may take for each byte of input: parsed text has its own allocation, opened payload its copy.
const PER_BYTE: usize = 16;

/// Runs `read` with memory in proportion to its input.
pub fn bounded<T>(input: &[u8], read: impl FnOnce() -> T) -> T {
    bounded_by(PER_BYTE, input, read)
}

/// Runs `read` with this much memory for each byte of its input.
pub fn bounded_by<T>(per_byte: usize, input: &[u8], read: impl FnOnce() -> T) -> T {
    static UNBOUNDED_PANICS: Once = Once::new();
    UNBOUNDED_PANICS.call_once(|| {
        let tell = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |panic| {
            lift();
            tell(panic);
        }));
    });
    let limit = ALLOCATOR.allocated() + BASE + per_byte * input.len();
    ALLOCATOR
        .set_limit(limit)
        .expect("the limit is above what is allocated");
    let result = read();
    lift();
    result
}

fn lift() {
    ALLOCATOR.set_limit(usize::MAX).expect("there is no higher limit");
}
