//! What the kernel does to a process that holds secrets: forks, core dumps, limits on locked memory. Each test that
//! changes the process runs in a child of its own.
#![allow(
    clippy::unwrap_used,
    reason = "clippy.toml allows it in test functions; their helpers are no less test code"
)]
#![cfg(target_os = "linux")]

use std::process::Command;

use kms_core::memory::{ForkSentinel, Secret, SecretBytes, harden_process, protection};
use rustix::process::{DumpableBehavior, Resource, Rlimit, dumpable_behavior, getrlimit, setrlimit};

#[test]
fn a_fork_breaks_the_sentinel_in_the_child_only() {
    let before = ForkSentinel::new();
    let in_child = in_fork(|| {
        let after = ForkSentinel::new();
        let grandchild = in_fork(|| u8::from(after.is_intact()) | u8::from(before.is_intact()) << 1);
        u8::from(before.is_intact()) | u8::from(after.is_intact()) << 1 | grandchild << 2
    });
    assert_eq!(in_child & 1, 0, "the parent's sentinel broke in the child");
    assert_eq!(in_child >> 1 & 1, 1, "the child's own sentinel holds");
    assert_eq!(in_child >> 2, 0, "both broke in the grandchild");
    assert!(before.is_intact(), "nothing changed in the parent");
    assert!(ForkSentinel::new().is_intact());
}

#[test]
fn a_secret_survives_a_fork() {
    let secret = Secret::<32>::init_with(|bytes| bytes.fill(0x42));
    assert_eq!(in_fork(|| u8::from(secret.expose() == &[0x42; 32])), 1);
}

/// The exit status of a forked child that runs `work`. The child does nothing else: the other threads of the test
/// harness do not exist in it.
fn in_fork(work: impl FnOnce() -> u8) -> u8 {
    #[allow(unsafe_code)]
    // SAFETY: the child only loads and stores atomics, forks again, and exits at once.
    unsafe {
        match libc::fork() {
            -1 => panic!("fork failed"),
            0 => libc::_exit(i32::from(work())),
            child => {
                let mut status = 0;
                assert_eq!(libc::waitpid(child, &raw mut status, 0), child);
                assert!(libc::WIFEXITED(status), "the child died");
                u8::try_from(libc::WEXITSTATUS(status)).unwrap()
            }
        }
    }
}

#[test]
fn hardening_forbids_dumps() {
    run_alone("hardened");
}

#[test]
#[ignore = "run by `hardening_forbids_dumps` in a process of its own"]
fn hardened() {
    assert_eq!(dumpable_behavior(), Ok(DumpableBehavior::Dumpable));
    harden_process().unwrap();
    assert_eq!(dumpable_behavior(), Ok(DumpableBehavior::NotDumpable));
    let core = getrlimit(Resource::Core);
    assert_eq!((core.current, core.maximum), (Some(0), Some(0)));
}

#[test]
fn pages_are_locked_and_left_out_of_dumps() {
    run_alone("protected");
}

#[test]
#[ignore = "run by `pages_are_locked_and_left_out_of_dumps` in a process of its own"]
fn protected() {
    assert_eq!(
        protection().locked_bytes,
        0,
        "nothing is mapped before the first secret"
    );
    let secret = Secret::<32>::init_with(|bytes| bytes.fill(1));
    let long = SecretBytes::copy_of(&[2; 5000]);

    let now = protection();
    assert_eq!((now.heap_bytes, now.dump_excluded), (0, true));
    assert_eq!(now.locked_bytes + now.unlocked_bytes, (16 << 10) + (8 << 10));
    for start in [secret.expose().as_ptr().addr(), long.expose().as_ptr().addr()] {
        let flags = vm_flags(start);
        assert!(
            flags.contains("dd"),
            "the kernel has MADV_DONTDUMP for this page: {flags:?}"
        );
        assert_eq!(flags.contains("lo"), now.unlocked_bytes == 0, "{flags:?}");
    }
    drop(long);
    assert_eq!(protection().locked_bytes + protection().unlocked_bytes, 16 << 10);
}

#[test]
fn without_locked_memory_secrets_still_work() {
    run_alone("unlocked");
}

#[test]
#[ignore = "run by `without_locked_memory_secrets_still_work` in a process of its own"]
fn unlocked() {
    let none = Rlimit {
        current: Some(0),
        maximum: Some(0),
    };
    setrlimit(Resource::Memlock, none).unwrap();
    give_up_root();
    let secret = Secret::<32>::init_with(|bytes| bytes.fill(1));
    assert_eq!(secret.expose(), &[1; 32]);
    let now = protection();
    assert_eq!((now.locked_bytes, now.unlocked_bytes), (0, 16 << 10));
    assert!(now.dump_excluded);
}

/// The limit on locked memory does not bind root.
fn give_up_root() {
    const NOBODY: libc::uid_t = 65_534;
    if rustix::process::geteuid().is_root() {
        #[allow(unsafe_code)]
        // SAFETY: no pointers; the process does nothing afterwards that needs root.
        let changed = unsafe { libc::setuid(NOBODY) };
        assert_eq!(changed, 0);
    }
}

/// The flags that the kernel shows for the mapping of `address`.
fn vm_flags(address: usize) -> std::collections::BTreeSet<String> {
    let smaps = std::fs::read_to_string("/proc/self/smaps").unwrap();
    let mut inside = false;
    for line in smaps.lines() {
        let range = line.split(' ').next().and_then(|range| range.split_once('-'));
        if let Some((Ok(start), Ok(end))) =
            range.map(|(start, end)| (usize::from_str_radix(start, 16), usize::from_str_radix(end, 16)))
        {
            inside = (start..end).contains(&address);
        } else if let Some(flags) = line.strip_prefix("VmFlags:").filter(|_| inside) {
            return flags.split_whitespace().map(str::to_owned).collect();
        }
    }
    panic!("{address:#x} is not mapped");
}

/// Runs the ignored test `name` of this file in a fresh process, alone.
fn run_alone(name: &str) {
    let child = Command::new(std::env::current_exe().unwrap())
        .args([name, "--exact", "--ignored", "--nocapture", "--test-threads=1"])
        .output()
        .unwrap();
    let output = String::from_utf8_lossy(&child.stdout);
    assert!(
        child.status.success() && output.contains("1 passed"),
        "{output}{}",
        String::from_utf8_lossy(&child.stderr)
    );
}
