//! Any bytes as a record of any place, with the golden tickets: one by one and as a batch, both backends give the same
//! answer, and nothing opens but what was sealed for that place.
#![no_main]

use std::cell::RefCell;

use keystrand_fuzz::{Records, bounded, split_place};
use kms_core::record::{BatchPlace, ByteColumn, ByteColumnBuf, RecordPlace};
use libfuzzer_sys::{Corpus, fuzz_target};

thread_local! {
    // Kept over inputs, as a reader keeps it: a key learnt from one record must not open another.
    static RECORDS: RefCell<Records> = RefCell::new(Records::new());
}

fuzz_target!(init: RECORDS.with(|_| ()), |input: &[u8]| -> Corpus {
    let Some((place, record)) = split_place(input) else {
        return Corpus::Reject;
    };
    RECORDS.with_borrow_mut(|records| {
        bounded(input, || {
            let [first, second] = records.openers.each_mut().map(|opener| {
                let mut plaintext = Vec::new();
                opener.open(place, record, &mut plaintext).map(|()| plaintext)
            });
            assert_eq!(first, second, "the backends differ");
            assert_eq!(first, open_as_batch(records, place, record), "a batch differs");
            if let Ok(plaintext) = first {
                assert!(records.was_sealed(place, &plaintext), "a record that nobody sealed");
            }
        });
    });
    Corpus::Keep
});

fn open_as_batch(records: &mut Records, place: RecordPlace<'_>, record: &[u8]) -> kms_core::Result<Vec<u8>> {
    let ends = |bytes: &[u8]| [0, i64::try_from(bytes.len()).expect("inputs are short")];
    let row = if let RecordPlace::Row(_, row) = place { row } else { &[] };
    let rows = ends(row);
    let place = match place {
        RecordPlace::None => BatchPlace::None,
        RecordPlace::Column(column) => BatchPlace::Column(column),
        RecordPlace::Row(column, _) => BatchPlace::Row(column, ByteColumn::new(&rows, row)?),
    };
    let mut opened = ByteColumnBuf::new();
    records.openers[0].open_batch(place, &ByteColumn::new(&ends(record), record)?, &mut opened)?;
    Ok(opened.into_parts().1)
}
