use super::pages::wipe;
use super::protection::TALLY;

/// The last resort when the system gives no pages: ordinary heap, wiped when dropped, and counted.
pub(super) struct HeapBytes(Box<[u8]>);

impl HeapBytes {
    pub(super) fn zeroed(length: usize) -> Self {
        TALLY.on_heap(length);
        Self(vec![0; length].into_boxed_slice())
    }

    pub(super) fn bytes(&self) -> &[u8] {
        &self.0
    }

    pub(super) fn bytes_mut(&mut self) -> &mut [u8] {
        &mut self.0
    }
}

impl Drop for HeapBytes {
    fn drop(&mut self) {
        wipe(&mut self.0);
        TALLY.off_heap(self.0.len());
    }
}
