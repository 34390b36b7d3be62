//! The associated data of a record: `mode || len(column) u16 || column || len(row) u32 || row`.

use super::place::{RecordMode, RecordPlace};
use crate::error::CallerFault;

/// A buffer that is filled again for each record and does not allocate once it has grown.
#[derive(Default)]
pub(super) struct Aad(Vec<u8>);

impl Aad {
    /// The associated data of a record of this place.
    pub(super) fn of(&mut self, mode: RecordMode, place: RecordPlace<'_>) -> Result<&[u8], CallerFault> {
        let (column, row) = place.parts(mode)?;
        let column_len = u16::try_from(column.len()).map_err(|_| CallerFault::RecordPlace)?;
        let row_len = u32::try_from(row.len()).map_err(|_| CallerFault::RecordPlace)?;
        self.0.clear();
        self.0.push(mode as u8);
        self.0.extend_from_slice(&column_len.to_be_bytes());
        self.0.extend_from_slice(column.as_bytes());
        self.0.extend_from_slice(&row_len.to_be_bytes());
        self.0.extend_from_slice(row);
        Ok(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_length_fields_are_always_there() {
        let mut aad = Aad::default();
        assert_eq!(aad.of(RecordMode::None, RecordPlace::None), Ok(&[0; 7][..]));
        assert_eq!(
            aad.of(RecordMode::Column, RecordPlace::Column("ab")),
            Ok(&b"\x01\0\x02ab\0\0\0\0"[..])
        );
        let row = RecordPlace::Row("a", b"xyz");
        assert_eq!(aad.of(RecordMode::Row, row), Ok(&b"\x02\0\x01a\0\0\0\x03xyz"[..]));
    }

    #[test]
    fn a_place_must_fit_the_mode() {
        use CallerFault::{RecordMode as Mode, RecordPlace as Place, RowRequired};
        let longest = "c".repeat(65_535);
        let too_long = "c".repeat(65_536);
        let cases = [
            (RecordMode::None, RecordPlace::Column("c"), Err(Mode)),
            (RecordMode::None, RecordPlace::Row("c", b"r"), Err(Mode)),
            (RecordMode::Column, RecordPlace::None, Err(Mode)),
            (RecordMode::Column, RecordPlace::Row("c", b"r"), Err(Mode)),
            (RecordMode::Column, RecordPlace::Column(""), Err(Place)),
            (RecordMode::Column, RecordPlace::Column(&longest), Ok(())),
            (RecordMode::Column, RecordPlace::Column(&too_long), Err(Place)),
            (RecordMode::Row, RecordPlace::None, Err(Mode)),
            (RecordMode::Row, RecordPlace::Column("c"), Err(RowRequired)),
            (RecordMode::Row, RecordPlace::Row("c", b""), Err(RowRequired)),
            (RecordMode::Row, RecordPlace::Row("", b"r"), Err(Place)),
        ];
        for (mode, place, expected) in cases {
            assert_eq!(Aad::default().of(mode, place).map(|_| ()), expected, "{mode:?}");
        }
    }
}
