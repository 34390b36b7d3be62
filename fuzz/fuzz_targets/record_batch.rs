//! Any offsets, any validity bitmap: a column either refuses them or gives each value inside its bytes.
//! Input: number of offsets(1) first bit(1) bitmap length(1) offsets(4 each) bitmap bytes.
#![no_main]

use keystrand_fuzz::bounded;
use kms_core::record::ByteColumn;
use libfuzzer_sys::{Corpus, fuzz_target};

fuzz_target!(|input: &[u8]| -> Corpus {
    let Some((offsets, first_bit, bitmap, bytes)) = split(input) else {
        return Corpus::Reject;
    };
    bounded(input, || {
        let Ok(column) = ByteColumn::new(&offsets, bytes) else {
            return;
        };
        assert_eq!(column.len(), offsets.len() - 1);
        let mut total = 0;
        for index in 0..column.len() {
            total += column.value(index).expect("no value is null").len();
        }
        assert!(total <= bytes.len());
        let Ok(nullable) = column.with_validity(bitmap, first_bit) else {
            return;
        };
        for index in 0..nullable.len() {
            let bit = first_bit + index;
            let valid = bitmap[bit / 8] >> (bit % 8) & 1 == 1;
            assert_eq!(nullable.value(index), column.value(index).filter(|_| valid));
        }
        assert_eq!(nullable.value(nullable.len()), None);
    });
    Corpus::Keep
});

fn split(input: &[u8]) -> Option<(Vec<i32>, usize, &[u8], &[u8])> {
    let ([count, first_bit, bitmap], rest) = input.split_first_chunk()?;
    let (offsets, rest) = rest.split_at_checked(4 * usize::from(*count))?;
    let (bitmap, bytes) = rest.split_at_checked((*bitmap).into())?;
    let offsets = offsets
        .as_chunks()
        .0
        .iter()
        .map(|offset| i32::from_le_bytes(*offset))
        .collect();
    Some((offsets, (*first_bit).into(), bitmap, bytes))
}
