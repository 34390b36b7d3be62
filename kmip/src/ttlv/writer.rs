//! Writing into one buffer; the length of a structure is patched when it ends.

use zeroize::Zeroizing;

use super::{ALIGNMENT, EncodeError, HEADER, ItemType, RawItem, Tag};

/// Writes one message. The buffer is wiped, also the one that it outgrew. An item that no length can describe is
/// remembered and told by [`Writer::finish`], so that encoders need not ask at each step.
#[derive(Default)]
pub struct Writer {
    out: Zeroizing<Vec<u8>>,
    fault: Option<EncodeError>,
    batch_count: i32,
}

/// A structure that was begun and has to be ended.
#[must_use]
#[derive(Debug)]
pub struct Open {
    tag: Tag,
    /// Where its value begins.
    value: usize,
}

impl Writer {
    /// An empty buffer.
    pub fn new() -> Self {
        Self::default()
    }

    /// Writes behind what the buffer holds; its capacity is used.
    pub fn onto(buffer: Zeroizing<Vec<u8>>) -> Self {
        Self {
            out: buffer,
            ..Self::default()
        }
    }

    /// The message.
    ///
    /// # Errors
    /// An item was too long.
    pub fn finish(self) -> Result<Zeroizing<Vec<u8>>, EncodeError> {
        self.fault.map_or(Ok(self.out), Err)
    }

    /// Bytes written so far.
    pub fn len(&self) -> usize {
        self.out.len()
    }

    /// Whether nothing was written.
    pub fn is_empty(&self) -> bool {
        self.out.is_empty()
    }

    /// Begins a structure.
    pub fn begin(&mut self, tag: Tag) -> Open {
        self.header(tag, ItemType::Structure, 0, HEADER);
        Open {
            tag,
            value: self.out.len(),
        }
    }

    /// Ends a structure.
    #[allow(clippy::needless_pass_by_value, reason = "a structure ends once")]
    pub fn end(&mut self, open: Open) {
        let length = self.length(open.tag, self.out.len() - open.value);
        self.out[open.value - 4..open.value].copy_from_slice(&length.to_be_bytes());
    }

    /// A 32-bit integer.
    pub fn integer(&mut self, tag: Tag, value: i32) {
        self.value(tag, ItemType::Integer, &value.to_be_bytes());
    }

    /// A 64-bit integer.
    pub fn long_integer(&mut self, tag: Tag, value: i64) {
        self.value(tag, ItemType::LongInteger, &value.to_be_bytes());
    }

    /// A big integer, a multiple of eight bytes in two's complement.
    pub(crate) fn big_integer(&mut self, tag: Tag, value: &[u8]) {
        debug_assert!(
            ItemType::BigInteger.allows_length(value.len()),
            "BigInteger keeps it so"
        );
        self.value(tag, ItemType::BigInteger, value);
    }

    /// The number of an enumeration value.
    pub fn enumeration(&mut self, tag: Tag, value: u32) {
        self.value(tag, ItemType::Enumeration, &value.to_be_bytes());
    }

    /// A truth value.
    pub fn boolean(&mut self, tag: Tag, value: bool) {
        self.value(tag, ItemType::Boolean, &u64::from(value).to_be_bytes());
    }

    /// Text.
    pub fn text(&mut self, tag: Tag, value: &str) {
        self.value(tag, ItemType::TextString, value.as_bytes());
    }

    /// Bytes.
    pub fn bytes(&mut self, tag: Tag, value: &[u8]) {
        self.value(tag, ItemType::ByteString, value);
    }

    /// Seconds since 1970.
    pub fn date_time(&mut self, tag: Tag, value: i64) {
        self.value(tag, ItemType::DateTime, &value.to_be_bytes());
    }

    /// Seconds.
    pub fn interval(&mut self, tag: Tag, value: u32) {
        self.value(tag, ItemType::Interval, &value.to_be_bytes());
    }

    /// Microseconds since 1970.
    pub fn date_time_extended(&mut self, tag: Tag, value: i64) {
        self.value(tag, ItemType::DateTimeExtended, &value.to_be_bytes());
    }

    /// An item as it was kept, under this tag.
    pub fn raw(&mut self, tag: Tag, item: &RawItem) {
        let rest = item.after_tag();
        self.reserve(rest.len() + 3);
        self.out.extend_from_slice(&tag.number().to_be_bytes()[1..]);
        self.out.extend_from_slice(rest);
    }

    /// What a header is to say about the items that follow it.
    pub(crate) fn count_batch(&mut self, items: usize) {
        self.batch_count = i32::try_from(items).unwrap_or(i32::MAX);
    }

    pub(crate) fn batch_count(&self) -> i32 {
        self.batch_count
    }

    fn value(&mut self, tag: Tag, kind: ItemType, value: &[u8]) {
        let length = self.length(tag, value.len());
        let padded = value.len().next_multiple_of(ALIGNMENT);
        self.header(tag, kind, length, HEADER + padded);
        self.out.extend_from_slice(value);
        self.out.extend_from_slice(&[0; ALIGNMENT][..padded - value.len()]);
    }

    fn header(&mut self, tag: Tag, kind: ItemType, length: u32, room: usize) {
        self.reserve(room);
        let [_, t0, t1, t2] = tag.number().to_be_bytes();
        let [l0, l1, l2, l3] = length.to_be_bytes();
        self.out.extend_from_slice(&[t0, t1, t2, kind.code(), l0, l1, l2, l3]);
    }

    fn length(&mut self, tag: Tag, length: usize) -> u32 {
        u32::try_from(length).unwrap_or_else(|_| {
            self.fault.get_or_insert(EncodeError { tag });
            0
        })
    }

    /// A vector that grows by itself leaves its old bytes behind; this one wipes them.
    fn reserve(&mut self, more: usize) {
        let needed = self.out.len() + more;
        if needed <= self.out.capacity() {
            return;
        }
        let mut larger = Zeroizing::new(Vec::with_capacity(needed.max(self.out.capacity() * 2).max(SMALLEST)));
        larger.extend_from_slice(&self.out);
        self.out = larger;
    }
}

impl std::fmt::Debug for Writer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Writer({} bytes)", self.out.len())
    }
}

/// Most messages fit.
const SMALLEST: usize = 512;
