//! E-mail addresses: letters and digits of the local part are encrypted, all else is kept.

use super::Layout;
use super::floor;
use super::pattern::position;
use super::slots::Slots;
use crate::fpe::Alphabet;
use crate::fpe::fault::{TemplateError, ValueFault};

/// Of an address: signs of the local part, the domain and the length are kept, so that a token is an address too.
pub(super) struct Email;

impl Email {
    pub(super) fn layout() -> Result<Layout, TemplateError> {
        let symbols = Alphabet::named("alphanumeric-lower")?;
        floor::check(std::slice::from_ref(&symbols), &[(0, LEAST)], &[(0, MOST)])?;
        Ok(Layout::new(vec![symbols]))
    }

    pub(super) fn read(text: &str, layout: &Layout, slots: &mut Slots) -> Result<(), ValueFault> {
        let begin = slots.len();
        let length = text.chars().count();
        let (local, domain) = text.rsplit_once('@').ok_or(ValueFault::Form("no @ stands in it"))?;
        if domain.is_empty() {
            return Err(ValueFault::TooShort {
                length,
                least: length + 1,
            });
        }
        for (at, symbol) in local.char_indices() {
            match layout.classes[0].numeral(symbol) {
                Some(numeral) => slots.push(at, 0, numeral),
                None if SIGNS.contains(symbol) => {}
                None => {
                    return Err(ValueFault::Symbol {
                        position: position(text, at),
                    });
                }
            }
        }
        match slots.len() - begin {
            count if count < LEAST => Err(ValueFault::TooShort {
                length,
                least: length + LEAST - count,
            }),
            count if count > MOST => Err(ValueFault::TooLong { position: MOST + 1 }),
            _ => Ok(()),
        }
    }
}

/// Signs of a dot-atom (RFC 5322 3.2.3).
const SIGNS: &str = ".!#$%&'*+-/=?^_`{|}~";
/// 36^4 is the least power over the floor.
const LEAST: usize = 4;
/// Of a local part (RFC 5321 4.5.3.1.1).
const MOST: usize = 64;
