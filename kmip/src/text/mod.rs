//! The text encodings of the KMIP profiles: XML and JSON.
//!
//! Both are other spellings of TTLV, so both are read into a [`Frame`](crate::ttlv::Frame) and written from one; the
//! model knows only TTLV. Names of enumeration values and mask bits depend on the field they stand in, and for an
//! attribute of 1.x on the AttributeName before its value.

mod assemble;
mod context;
mod date;
#[cfg(feature = "json")]
pub mod json;
mod name;
mod output;
#[cfg(feature = "xml")]
pub mod xml;

#[cfg(test)]
mod tests;

/// A time in microseconds.
#[cfg(any(feature = "json", feature = "xml"))]
fn extended(micros: i64) -> String {
    match date::format(micros.div_euclid(date::MICROS)) {
        Some(text) => format!("{text}.{:06}+00:00", micros.rem_euclid(date::MICROS)),
        None => format!("0x{micros:016x}"),
    }
}
