//! UUIDs (RFC 9562): version and variant are kept, so that the token is a UUID of the same kind.

use super::Layout;
use super::pattern::position;
use super::slots::Slots;
use crate::fpe::Alphabet;
use crate::fpe::fault::{TemplateError, ValueFault};

/// 32 hexadecimal digits in groups, all lower or all upper case.
pub(super) struct Uuid;

impl Uuid {
    pub(super) fn layout() -> Result<Layout, TemplateError> {
        let classes = ["0123456789abcdef", "0123456789ABCDEF", "89ab", "89AB"];
        Ok(Layout::new(
            classes.into_iter().map(Alphabet::custom).collect::<Result<_, _>>()?,
        ))
    }

    pub(super) fn read(text: &str, layout: &Layout, slots: &mut Slots) -> Result<(), ValueFault> {
        let is_upper = text.bytes().any(|byte| byte.is_ascii_uppercase());
        for (at, symbol) in text.char_indices() {
            let wrong = || ValueFault::Symbol {
                position: position(text, at),
            };
            let class = match at {
                8 | 13 | 18 | 23 if symbol == '-' => continue,
                8 | 13 | 18 | 23 => return Err(wrong()),
                VERSION if symbol.is_ascii_hexdigit() => continue,
                VARIANT => 2 + u16::from(is_upper),
                LENGTH.. => return Err(ValueFault::TooLong { position: LENGTH + 1 }),
                _ => u16::from(is_upper),
            };
            let numeral = layout.classes[usize::from(class)].numeral(symbol);
            slots.push(at, class, numeral.ok_or_else(wrong)?);
        }
        match text.len() {
            LENGTH => Ok(()),
            length => Err(ValueFault::TooShort { length, least: LENGTH }),
        }
    }
}

const LENGTH: usize = 36;
const VERSION: usize = 14;
const VARIANT: usize = 19;
