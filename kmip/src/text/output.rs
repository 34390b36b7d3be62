//! Text being written; like the writer of TTLV it wipes the buffer that it outgrows.

use data_encoding::HEXLOWER;
use zeroize::Zeroizing;

/// A text that may hold secrets.
#[derive(Default)]
pub(super) struct Output(Zeroizing<String>);

impl Output {
    pub(super) fn push(&mut self, text: &str) {
        self.reserve(text.len());
        self.0.push_str(text);
    }

    pub(super) fn hex(&mut self, bytes: &[u8]) {
        self.reserve(bytes.len() * 2);
        HEXLOWER.encode_append(bytes, &mut self.0);
    }

    pub(super) fn finish(self) -> Zeroizing<String> {
        self.0
    }

    fn reserve(&mut self, more: usize) {
        let needed = self.0.len() + more;
        if needed <= self.0.capacity() {
            return;
        }
        let mut larger = Zeroizing::new(String::with_capacity(needed.max(self.0.capacity() * 2).max(1024)));
        larger.push_str(&self.0);
        self.0 = larger;
    }
}
