//! Columns that are written, in Arrow's layout.

use kms_core::record::{ByteColumn, Offset};

use crate::error::ViewError;

/// Values with offsets and a validity bitmap.
pub struct TextColumn<O> {
    offsets: Vec<O>,
    bytes: Vec<u8>,
    /// One bit a row, least significant first; 0 is null.
    validity: Vec<u8>,
}

impl<O: Offset> Default for TextColumn<O> {
    fn default() -> Self {
        Self::new()
    }
}

impl<O: Offset> TextColumn<O> {
    /// No rows.
    #[must_use]
    pub fn new() -> Self {
        Self {
            offsets: vec![O::from_index(0).expect("0 fits")],
            bytes: Vec::new(),
            validity: Vec::new(),
        }
    }

    /// Rows.
    #[must_use]
    pub fn len(&self) -> usize {
        self.offsets.len() - 1
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The rows, borrowed.
    ///
    /// # Panics
    /// Never: offsets and bitmap are as they were written.
    #[must_use]
    pub fn as_column(&self) -> ByteColumn<'_, O> {
        let column = ByteColumn::new(&self.offsets, &self.bytes);
        let column = column.and_then(|column| column.with_validity(&self.validity, 0));
        column.expect("offsets ascend and every row has its bit")
    }

    /// Offsets, bytes and the validity bitmap, as an Arrow array takes them.
    #[must_use]
    pub fn into_parts(self) -> (Vec<O>, Vec<u8>, Vec<u8>) {
        (self.offsets, self.bytes, self.validity)
    }

    /// Appends a row, or a null.
    ///
    /// # Errors
    /// `CallerFault::Batch` when the bytes do not fit the offsets.
    pub fn push(&mut self, value: Option<&[u8]>) -> Result<(), ViewError> {
        self.push_with(|bytes| {
            bytes.extend_from_slice(value.unwrap_or_default());
            Ok::<_, ViewError>(value.is_some())
        })
    }

    /// Appends what `write` appends; a null where it says `false`, or fails.
    pub(crate) fn push_with<E>(&mut self, write: impl FnOnce(&mut Vec<u8>) -> Result<bool, E>) -> Result<(), ViewError>
    where
        ViewError: From<E>,
    {
        let row = self.len();
        let is_valid = write(&mut self.bytes)?;
        if row.is_multiple_of(8) {
            self.validity.push(0);
        }
        self.validity[row / 8] |= u8::from(is_valid) << (row % 8);
        let end = O::from_index(self.bytes.len()).ok_or(kms_core::Error::Caller(kms_core::CallerFault::Batch))?;
        self.offsets.push(end);
        Ok(())
    }
}
