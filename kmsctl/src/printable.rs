//! Text for a terminal. What stands in an envelope was written by somebody else: it must not move the cursor, colour
//! the screen, or turn the reading direction round.

use std::fmt::{self, Write};
use std::time::SystemTime;

/// Shows text with everything escaped that a terminal would act on.
pub struct Printable<'a>(pub &'a str);

impl fmt::Display for Printable<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for c in self.0.chars() {
            if c.is_control() || steers_display(c) {
                write!(f, "{}", c.escape_unicode())?;
            } else {
                f.write_char(c)?;
            }
        }
        Ok(())
    }
}

/// Characters without a look of their own that change how others look: direction (Unicode UAX #9), width zero, line
/// separators, tags.
fn steers_display(c: char) -> bool {
    matches!(c,
        '\u{061c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}'
        | '\u{e0000}'..='\u{e007f}')
}

/// A key version as its provider gave it: text where it is printable ASCII, else `hex:` and its bytes.
#[must_use]
pub fn version(bytes: &[u8]) -> String {
    match std::str::from_utf8(bytes) {
        Ok(text) if text.bytes().all(|byte| byte.is_ascii_graphic()) && !text.starts_with("hex:") => text.to_owned(),
        _ => format!("hex:{}", hex(bytes)),
    }
}

/// Lower-case hexadecimal.
#[must_use]
pub fn hex(bytes: &[u8]) -> String {
    data_encoding::HEXLOWER.encode(bytes)
}

/// RFC 3339, UTC, whole seconds.
#[must_use]
pub fn time(time: SystemTime) -> String {
    humantime::format_rfc3339_seconds(time).to_string()
}

/// `1 file`, `2 files`.
#[must_use]
pub fn count(number: impl TryInto<u64>, noun: &str) -> String {
    let number = number.try_into().unwrap_or(u64::MAX);
    let plural = if number == 1 { "" } else { "s" };
    format!("{number} {noun}{plural}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_terminal_is_never_steered() {
        let hostile = "a\x1b[2Jb\u{9b}31mc\u{202e}d\ne\u{200b}f";
        let shown = Printable(hostile).to_string();
        assert_eq!(shown, r"a\u{1b}[2Jb\u{9b}31mc\u{202e}d\u{a}e\u{200b}f");
        assert_eq!(Printable("größer = 大").to_string(), "größer = 大");
    }

    #[test]
    fn versions_read_back_unambiguously() {
        assert_eq!(version(b"3"), "3");
        assert_eq!(version(&[0, 255]), "hex:00ff");
        assert_eq!(version(b"hex:33"), "hex:6865783a3333");
        assert_eq!(version(b"a b"), "hex:612062");
    }
}
