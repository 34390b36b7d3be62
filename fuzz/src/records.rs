//! The tickets of the golden files, and what was sealed under them.

use std::collections::HashSet;
use std::path::Path;

use kms_core::record::{RecordOpener, RecordPlace};

use crate::golden::{Case, golden, unhex};
use crate::wait;

/// Openers of both backends with every golden ticket that a key of ours opens.
pub struct Records {
    /// One for each backend.
    pub openers: [RecordOpener; 2],
    sealed: HashSet<(String, Vec<u8>, Vec<u8>)>,
}

impl Records {
    /// Opens the tickets.
    #[expect(clippy::new_without_default, reason = "it reads files")]
    pub fn new() -> Self {
        let mut records = Self {
            openers: [RecordOpener::new(), RecordOpener::new()],
            sealed: HashSet::new(),
        };
        golden()
            .cases
            .iter()
            .filter(|case| case.layout == "ticket")
            .for_each(|case| records.insert(case));
        assert!(!records.sealed.is_empty(), "no golden ticket opened");
        records
    }

    fn insert(&mut self, case: &Case) {
        let folder = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/golden/ks1/oracle"));
        let ticket = std::fs::read(folder.join(&case.file)).expect("the manifest's files stand beside it");
        for (records, opener) in self.openers.iter_mut().zip(golden().openers(None)) {
            match wait(opener.open_ticket(&ticket)) {
                Ok(keys) => records.insert(keys),
                // The ticket of a passphrase, for which there is no key here.
                Err(_) => return,
            }
        }
        let bound = |part: &Option<String>, modes: &[&str]| {
            let mode = case.labels.get("ks1-mode").and_then(serde_json::Value::as_str);
            part.clone()
                .filter(|_| mode.is_some_and(|mode| modes.contains(&mode)))
                .unwrap_or_default()
        };
        for record in &case.records {
            let column = bound(&record.column, &["column", "row"]);
            let row = bound(&record.row, &["row"]).into_bytes();
            self.sealed.insert((column, row, unhex(&record.plaintext_hex)));
        }
    }

    /// Whether this was sealed for this place.
    pub fn was_sealed(&self, place: RecordPlace<'_>, plaintext: &[u8]) -> bool {
        let (column, row): (_, &[u8]) = match place {
            RecordPlace::None => ("", &[]),
            RecordPlace::Column(column) => (column, &[]),
            RecordPlace::Row(column, row) => (column, row),
        };
        self.sealed
            .contains(&(column.to_owned(), row.to_owned(), plaintext.to_owned()))
    }
}

/// Reads `mode(1) column length(1) row length(1) column row` off the input; the record is what remains.
pub fn split_place(input: &[u8]) -> Option<(RecordPlace<'_>, &[u8])> {
    let ([mode, column, row], rest) = input.split_first_chunk()?;
    let (column, rest) = rest.split_at_checked((*column).into())?;
    let (row, record) = rest.split_at_checked((*row).into())?;
    let column = std::str::from_utf8(column).ok()?;
    let place = match mode % 3 {
        0 => RecordPlace::None,
        1 => RecordPlace::Column(column),
        _ => RecordPlace::Row(column, row),
    };
    Some((place, record))
}
