//! Columns of values in Arrow's variable-size binary layout, sealed and opened in one call.

use zeroize::Zeroize;

use super::layout;
use super::place::RecordPlace;
use crate::error::{CallerFault, Error, Result};
use crate::suite::Suite;

/// An offset type of Arrow: `i32`, or `i64` in the large layout.
pub trait Offset: Copy + sealed::Sealed {
    /// The offset as an index; `None` when it is negative or over the address space.
    fn to_index(self) -> Option<usize>;
    /// The index as an offset; `None` when it does not fit.
    fn from_index(index: usize) -> Option<Self>;
}

mod sealed {
    pub trait Sealed {}
    impl Sealed for i32 {}
    impl Sealed for i64 {}
}

macro_rules! offset {
    ($type:ty) => {
        impl Offset for $type {
            fn to_index(self) -> Option<usize> {
                self.try_into().ok()
            }

            fn from_index(index: usize) -> Option<Self> {
                index.try_into().ok()
            }
        }
    };
}
offset!(i32);
offset!(i64);

/// Borrowed values: value `i` is `bytes[offsets[i]..offsets[i + 1]]`, or null where the validity bitmap says so.
#[derive(Clone, Copy)]
pub struct ByteColumn<'a, O> {
    offsets: &'a [O],
    bytes: &'a [u8],
    validity: Option<(&'a [u8], usize)>,
}

impl<'a, O: Offset> ByteColumn<'a, O> {
    /// A column of `offsets.len() - 1` values, none of them null.
    ///
    /// # Errors
    /// [`CallerFault::Batch`] unless there is an offset, offsets ascend, and the last is inside `bytes`.
    pub fn new(offsets: &'a [O], bytes: &'a [u8]) -> Result<Self> {
        let mut before = 0;
        for offset in offsets {
            let offset = offset.to_index().ok_or(CallerFault::Batch)?;
            if offset < before || offset > bytes.len() {
                return Err(CallerFault::Batch.into());
            }
            before = offset;
        }
        if offsets.is_empty() {
            return Err(CallerFault::Batch.into());
        }
        Ok(Self {
            offsets,
            bytes,
            validity: None,
        })
    }

    /// What this crate wrote itself: offsets ascend, and there is a bit for each value.
    pub(crate) fn of_checked(offsets: &'a [O], bytes: &'a [u8], validity: &'a [u8]) -> Self {
        Self {
            offsets,
            bytes,
            validity: Some((validity, 0)),
        }
    }

    /// With an Arrow validity bitmap: value `i` is null when bit `first_bit + i`, least significant first, is 0.
    ///
    /// # Errors
    /// [`CallerFault::Batch`] when the bitmap is too short.
    pub fn with_validity(self, bitmap: &'a [u8], first_bit: usize) -> Result<Self> {
        let bits = first_bit.checked_add(self.len()).ok_or(CallerFault::Batch)?;
        if bits.div_ceil(8) > bitmap.len() {
            return Err(CallerFault::Batch.into());
        }
        let validity = Some((bitmap, first_bit));
        Ok(Self { validity, ..self })
    }

    /// The number of values.
    #[must_use]
    pub fn len(&self) -> usize {
        self.offsets.len() - 1
    }

    /// Whether there is no value.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Bytes from the first value to the last.
    pub(crate) fn byte_len(&self) -> usize {
        let at = |offset: Option<&O>| offset.and_then(|offset| offset.to_index()).unwrap_or_default();
        at(self.offsets.last()) - at(self.offsets.first())
    }

    /// Value `index`; `None` when it is null or there is none.
    #[must_use]
    pub fn value(&self, index: usize) -> Option<&'a [u8]> {
        if let Some((bitmap, first_bit)) = self.validity {
            let bit = first_bit + index;
            if bitmap.get(bit / 8)? >> (bit % 8) & 1 == 0 {
                return None;
            }
        }
        let start = self.offsets.get(index)?.to_index()?;
        let end = self.offsets.get(index + 1)?.to_index()?;
        self.bytes.get(start..end)
    }
}

/// Values that are owned, for output.
pub struct ByteColumnBuf<O> {
    offsets: Vec<O>,
    bytes: Vec<u8>,
}

impl<O: Offset> Default for ByteColumnBuf<O> {
    fn default() -> Self {
        Self::new()
    }
}

impl<O: Offset> ByteColumnBuf<O> {
    /// No values.
    #[must_use]
    pub fn new() -> Self {
        Self {
            offsets: vec![O::from_index(0).expect("0 fits")],
            bytes: Vec::new(),
        }
    }

    /// The values, borrowed, none of them null: a null keeps its place as a value of length 0.
    #[must_use]
    pub fn as_column(&self) -> ByteColumn<'_, O> {
        ByteColumn {
            offsets: &self.offsets,
            bytes: &self.bytes,
            validity: None,
        }
    }

    /// Removes all values and keeps the memory.
    pub fn clear(&mut self) {
        self.offsets.truncate(1);
        self.bytes.clear();
    }

    /// Offsets and bytes, as an Arrow array takes them.
    #[must_use]
    pub fn into_parts(self) -> (Vec<O>, Vec<u8>) {
        (self.offsets, self.bytes)
    }

    /// Appends what `work` makes of each value. On failure the buffer is as it was, and what was appended is wiped.
    pub(super) fn append(
        &mut self,
        place: BatchPlace<'_, O>,
        values: &ByteColumn<'_, O>,
        mut work: impl FnMut(RecordPlace<'_>, &[u8], &mut Vec<u8>) -> Result<()>,
    ) -> Result<(), RecordFailure> {
        let (values_before, bytes_before) = (self.offsets.len(), self.bytes.len());
        place
            .check_len(values.len())
            .map_err(|error| RecordFailure { index: 0, error })?;
        self.offsets.reserve(values.len());
        self.bytes.reserve(values.bytes.len() + values.len() * MOST_OVERHEAD);
        for index in 0..values.len() {
            let appended = self.append_one(place.of(index), values.value(index), &mut work);
            if let Err(error) = appended {
                self.offsets.truncate(values_before);
                self.bytes[bytes_before..].zeroize();
                self.bytes.truncate(bytes_before);
                return Err(RecordFailure { index, error });
            }
        }
        Ok(())
    }

    fn append_one(
        &mut self,
        place: RecordPlace<'_>,
        value: Option<&[u8]>,
        work: &mut impl FnMut(RecordPlace<'_>, &[u8], &mut Vec<u8>) -> Result<()>,
    ) -> Result<()> {
        if let Some(value) = value {
            work(place, value, &mut self.bytes)?;
        }
        self.offsets
            .push(O::from_index(self.bytes.len()).ok_or(CallerFault::Batch)?);
        Ok(())
    }
}

/// The places of a batch.
#[derive(Clone, Copy)]
pub enum BatchPlace<'a, O> {
    /// Anywhere.
    None,
    /// One column for all.
    Column(&'a str),
    /// One column, and a row id for each value.
    Row(&'a str, ByteColumn<'a, O>),
}

impl<'a, O: Offset> BatchPlace<'a, O> {
    fn check_len(&self, values: usize) -> Result<()> {
        match self {
            Self::Row(_, rows) if rows.len() != values => Err(CallerFault::Batch.into()),
            _ => Ok(()),
        }
    }

    /// A null row id is an empty one, which no ticket accepts.
    fn of(&self, index: usize) -> RecordPlace<'a> {
        match self {
            Self::None => RecordPlace::None,
            Self::Column(column) => RecordPlace::Column(column),
            Self::Row(column, rows) => RecordPlace::Row(column, rows.value(index).unwrap_or_default()),
        }
    }
}

/// The first value of a batch that failed. Nothing of the batch was given out.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("record {index} of the batch: {error}")]
pub struct RecordFailure {
    /// Its index in the batch.
    pub index: usize,
    /// Why it failed.
    pub error: Error,
}

impl From<RecordFailure> for Error {
    fn from(failure: RecordFailure) -> Self {
        failure.error
    }
}

const MOST_OVERHEAD: usize = layout::overhead(Suite::Aes256Gcm);
