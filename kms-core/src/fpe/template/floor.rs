//! The domain floor, checked when a template is made.

use crate::fpe::Alphabet;
use crate::fpe::fault::TemplateError;
use crate::fpe::ff1::{DOMAIN_FLOOR, MAX_LENGTH};

/// `least` and `most` are how often each class stands in the shortest and the longest value.
pub(super) fn check(
    classes: &[Alphabet],
    least: &[(usize, usize)],
    most: &[(usize, usize)],
) -> Result<(), TemplateError> {
    let radix = |class: usize| u128::from(classes[class].radix());
    let size = |counts: &[(usize, usize)]| {
        counts.iter().try_fold(1u128, |size, (class, count)| {
            let count = u32::try_from(*count).ok()?;
            radix(*class)
                .checked_pow(count)
                .and_then(|factor| size.checked_mul(factor))
        })
    };
    let total = |counts: &[(usize, usize)]| counts.iter().map(|(_, count)| count).sum::<usize>();
    if total(most) == 0 {
        return Err(TemplateError::NothingEncrypted);
    }
    match size(least) {
        Some(values) if values < u128::from(DOMAIN_FLOOR) => {
            let radix = least
                .iter()
                .map(|(class, _)| classes[*class].radix())
                .max()
                .unwrap_or(2);
            return Err(too_few(values, radix, total(least)));
        }
        _ => {}
    }
    match classes {
        [_] if total(most) > MAX_LENGTH => Err(TemplateError::TooLong("4096 symbols")),
        [_] => Ok(()),
        _ if size(most).is_none() => Err(TemplateError::TooLong(
            "2^128 values, the most for parts over different alphabets; take one alphabet for all",
        )),
        _ => Ok(()),
    }
}

/// Too few symbols of `radix` are encrypted.
pub(super) fn too_few(values: u128, radix: u32, count: usize) -> TemplateError {
    let needed = (1u32..).find(|count| u128::from(radix).saturating_pow(*count) >= u128::from(DOMAIN_FLOOR));
    TemplateError::Domain {
        values,
        advice: format!(
            "encrypt at least {} symbols of an alphabet of {radix}, where now {count} are; keep fewer of them, ask for longer values, or take a token that does not keep the format",
            needed.unwrap_or(20)
        ),
    }
}

/// A range has too few values.
pub(super) fn check_range(size: u128, unit: &str) -> Result<(), TemplateError> {
    if size >= u128::from(DOMAIN_FLOOR) {
        return Ok(());
    }
    Err(TemplateError::Domain {
        values: size,
        advice: format!(
            "widen the range to at least {DOMAIN_FLOOR} {unit}, where now there are {size}, or take a token that does not keep the format"
        ),
    })
}
