//! Pages and slots for secrets. The only unsafe code of the crate, kept to what the safe modules above it need:
//! a mapping that locks and unmaps itself, 64-byte slots cut from mappings that live forever, and one word that the
//! kernel zeroes in a forked child.
#![allow(unsafe_code)]

use std::ptr::NonNull;
use std::sync::atomic::{self, AtomicU64};

use super::protection::TALLY;

/// Bytes of a slot: the longest [`super::Secret`], and a cache line.
pub(super) const SLOT: usize = 64;

/// Pages of our own, zero at first, wiped before they go back to the system. A guard page stands at either end.
pub(super) struct Pages {
    start: NonNull<u8>,
    length: usize,
    kept: Kept,
}

/// What the system granted for a mapping.
#[derive(Clone, Copy)]
pub(super) struct Kept {
    /// Out of swap.
    pub(super) locked: bool,
    /// Out of core dumps.
    pub(super) dump_excluded: bool,
}

// SAFETY: `Pages` owns its mapping alone, as a `Box<[u8]>` owns its allocation.
unsafe impl Send for Pages {}
// SAFETY: `&Pages` gives only shared access to plain bytes.
unsafe impl Sync for Pages {}

impl Pages {
    /// At least `length` bytes, rounded up to whole pages. `None` when the system gives none.
    pub(super) fn map(length: usize) -> Option<Self> {
        let length = length.max(1).checked_next_multiple_of(system::page_size())?;
        let (start, kept) = system::map(length)?;
        TALLY.mapped(length, kept);
        Some(Self { start, length, kept })
    }

    pub(super) fn bytes(&self) -> &[u8] {
        // SAFETY: `system::map` gave `length` readable, initialised bytes, which stay mapped as long as `self`;
        // nothing writes to them without `&mut self`.
        unsafe { std::slice::from_raw_parts(self.start.as_ptr(), self.length) }
    }

    pub(super) fn bytes_mut(&mut self) -> &mut [u8] {
        // SAFETY: as in `bytes`, writable, and `&mut self` makes the access exclusive.
        unsafe { std::slice::from_raw_parts_mut(self.start.as_ptr(), self.length) }
    }

    /// Cuts the pages into slots. They are never unmapped.
    pub(super) fn into_slots(self) -> impl ExactSizeIterator<Item = Slot> {
        let pages = std::mem::ManuallyDrop::new(self);
        let start = pages.start;
        (0..pages.length / SLOT).map(move |index| {
            // SAFETY: `index * SLOT + SLOT <= length`, so the slot lies inside the mapping, which is now leaked.
            Slot(unsafe { start.add(index * SLOT) }.cast())
        })
    }
}

impl Drop for Pages {
    fn drop(&mut self) {
        wipe(self.bytes_mut());
        TALLY.unmapped(self.length, self.kept);
        // SAFETY: the mapping came from `system::map` with this length, and no reference into it outlives `self`.
        unsafe { system::unmap(self.start, self.length) }
    }
}

/// Sole access to 64 bytes of pages that are never unmapped.
pub(super) struct Slot(NonNull<[u8; SLOT]>);

// SAFETY: a slot is made once (`Pages::into_slots`) and cannot be copied, so it owns its bytes alone.
unsafe impl Send for Slot {}
// SAFETY: `&Slot` gives only shared access to plain bytes.
unsafe impl Sync for Slot {}

impl Slot {
    pub(super) fn bytes(&self) -> &[u8; SLOT] {
        // SAFETY: the bytes are initialised and mapped forever; this slot owns them, `&self` shares them.
        unsafe { self.0.as_ref() }
    }

    pub(super) fn bytes_mut(&mut self) -> &mut [u8; SLOT] {
        // SAFETY: as in `bytes`, and `&mut self` makes the access exclusive.
        unsafe { self.0.as_mut() }
    }
}

/// Zeroes `bytes` in a way that the compiler keeps.
pub(super) fn wipe(bytes: &mut [u8]) {
    // SAFETY: every bit pattern is a valid `u64` and a valid `u8`.
    let (head, words, tail) = unsafe { bytes.align_to_mut::<u64>() };
    for byte in head.iter_mut().chain(tail) {
        // SAFETY: a valid, exclusive reference.
        unsafe { std::ptr::write_volatile(byte, 0) }
    }
    // Words, because `zeroize` writes single bytes: 64 volatile stores a slot would be most of a secret's cost.
    for word in words {
        // SAFETY: as above.
        unsafe { std::ptr::write_volatile(word, 0) }
    }
    atomic::compiler_fence(atomic::Ordering::SeqCst);
}

/// A word, zero at first, that the kernel sets to zero in every forked child. `None` where the system has no such
/// thing. The page is never unmapped.
pub(super) fn word_wiped_on_fork() -> Option<&'static AtomicU64> {
    let page = system::map_wiped_on_fork()?;
    // SAFETY: the page is aligned, zeroed, writable and never unmapped, and only ever used as this atomic.
    Some(unsafe { page.cast::<AtomicU64>().as_ref() })
}

#[cfg(all(unix, not(miri)))]
mod system {
    use std::ffi::c_void;
    use std::ptr::NonNull;

    use rustix::mm::{MapFlags, MprotectFlags, ProtFlags, mlock, mmap_anonymous, mprotect, munmap};

    use super::Kept;

    pub(super) fn page_size() -> usize {
        rustix::param::page_size()
    }

    /// `length` is a multiple of the page size.
    pub(super) fn map(length: usize) -> Option<(NonNull<u8>, Kept)> {
        let guard = page_size();
        let whole = anonymous(length.checked_add(2 * guard)?, ProtFlags::empty())?;
        // SAFETY: the mapping is `length + 2 * guard` bytes long.
        let start = unsafe { whole.add(guard) };
        let inner: *mut c_void = start.as_ptr().cast();
        // SAFETY: `inner` and `length` are whole pages of the mapping just made, which nothing else refers to.
        if unsafe { mprotect(inner, length, MprotectFlags::READ | MprotectFlags::WRITE) }.is_err() {
            // SAFETY: the mapping just made, which nothing refers to.
            unsafe { unmap(start, length) }
            return None;
        }
        // SAFETY: as above; locking changes no contents.
        let locked = unsafe { mlock(inner, length) }.is_ok();
        let dump_excluded = exclude_from_dumps(inner, length);
        Some((start, Kept { locked, dump_excluded }))
    }

    /// # Safety
    /// `start` and `length` are those of a mapping made by [`map`], to which no reference remains.
    pub(super) unsafe fn unmap(start: NonNull<u8>, length: usize) {
        let guard = page_size();
        // SAFETY: `map` placed `start` one guard page into a mapping of `length + 2 * guard` bytes; the caller vouches
        // for the rest. It cannot fail then, and if it did, wiped pages would stay: no harm.
        let _ = unsafe { munmap(start.as_ptr().sub(guard).cast(), length + 2 * guard) };
    }

    #[cfg(target_os = "linux")]
    fn exclude_from_dumps(start: *mut c_void, length: usize) -> bool {
        // SAFETY: whole pages of a mapping of ours; the advice changes no contents.
        unsafe { rustix::mm::madvise(start, length, rustix::mm::Advice::LinuxDontDump) }.is_ok()
    }

    #[cfg(not(target_os = "linux"))]
    fn exclude_from_dumps(_: *mut c_void, _: usize) -> bool {
        false
    }

    #[cfg(target_os = "linux")]
    pub(super) fn map_wiped_on_fork() -> Option<NonNull<u8>> {
        let length = page_size();
        let page = anonymous(length, ProtFlags::READ | ProtFlags::WRITE)?;
        // SAFETY: the page just made, which nothing refers to.
        let advised = unsafe { rustix::mm::madvise(page.as_ptr().cast(), length, rustix::mm::Advice::LinuxWipeOnFork) };
        if advised.is_err() {
            // SAFETY: as above.
            let _ = unsafe { munmap(page.as_ptr().cast(), length) };
            return None;
        }
        Some(page)
    }

    #[cfg(not(target_os = "linux"))]
    pub(super) fn map_wiped_on_fork() -> Option<NonNull<u8>> {
        None
    }

    fn anonymous(length: usize, protection: ProtFlags) -> Option<NonNull<u8>> {
        // SAFETY: a fresh private mapping at an address of the kernel's choice touches no memory of ours.
        let start = unsafe { mmap_anonymous(std::ptr::null_mut(), length, protection, MapFlags::PRIVATE) };
        NonNull::new(start.ok()?.cast())
    }
}

/// Heap in place of pages: for systems without `mmap`, and for Miri.
#[cfg(any(not(unix), miri))]
mod system {
    use std::alloc::{Layout, alloc_zeroed, dealloc};
    use std::ptr::NonNull;

    use super::Kept;

    pub(super) fn page_size() -> usize {
        4096
    }

    pub(super) fn map(length: usize) -> Option<(NonNull<u8>, Kept)> {
        // SAFETY: `Pages::map` asks for at least one page, so the size is not zero.
        let start = NonNull::new(unsafe { alloc_zeroed(layout(length)?) })?;
        let kept = Kept {
            locked: false,
            dump_excluded: false,
        };
        Some((start, kept))
    }

    /// # Safety
    /// `start` and `length` are those of an allocation made by [`map`], to which no reference remains.
    pub(super) unsafe fn unmap(start: NonNull<u8>, length: usize) {
        let layout = layout(length).expect("`map` made it with this layout");
        // SAFETY: the caller vouches for it.
        unsafe { dealloc(start.as_ptr(), layout) }
    }

    pub(super) fn map_wiped_on_fork() -> Option<NonNull<u8>> {
        None
    }

    fn layout(length: usize) -> Option<Layout> {
        Layout::from_size_align(length, page_size()).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_are_zero_writable_and_whole() {
        let mut pages = Pages::map(5000).unwrap();
        assert!(pages.bytes().len() >= 5000 && pages.bytes().len().is_multiple_of(system::page_size()));
        assert!(pages.bytes().iter().all(|&byte| byte == 0));
        pages.bytes_mut().fill(0xa5);
        assert!(pages.bytes().iter().all(|&byte| byte == 0xa5));
    }

    #[test]
    fn wipe_reaches_unaligned_ends() {
        let mut bytes = [0xffu8; 64];
        for start in 0..9 {
            for end in start..64 {
                bytes.fill(0xff);
                wipe(&mut bytes[start..end]);
                let wiped = |(index, &byte): (usize, &u8)| byte == if (start..end).contains(&index) { 0 } else { 0xff };
                assert!(bytes.iter().enumerate().all(wiped), "{start}..{end}");
            }
        }
    }

    #[test]
    fn slots_do_not_overlap() {
        let mut slots: Vec<Slot> = Pages::map(1).unwrap().into_slots().collect();
        assert_eq!(slots.len(), system::page_size() / SLOT);
        for (index, slot) in slots.iter_mut().enumerate() {
            slot.bytes_mut().fill(u8::try_from(index % 256).unwrap());
        }
        for (index, slot) in slots.iter().enumerate() {
            assert!(slot.bytes().iter().all(|&byte| usize::from(byte) == index % 256));
        }
    }

    #[test]
    fn an_impossible_mapping_is_refused() {
        assert!(Pages::map(usize::MAX).is_none());
        assert!(Pages::map(usize::MAX / 2 + 1).is_none());
    }
}
