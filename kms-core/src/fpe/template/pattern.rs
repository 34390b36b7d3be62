//! Values as a pattern describes them.

use super::regex::{self, Atom};
use super::slots::Slots;
use super::{Layout, floor};
use crate::fpe::Alphabet;
use crate::fpe::fault::{TemplateError, ValueFault};

/// A pattern whose groups are encrypted.
pub(super) struct Pattern {
    parts: Vec<Part>,
}

struct Part {
    atom: Atom,
    /// Of an encrypted part: which of the layout's alphabets.
    class: Option<u16>,
    /// What becomes of each ASCII character: nearly all values have no other.
    ascii: Box<[Entry; 128]>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Entry {
    /// Not of this part.
    Other,
    Kept,
    /// Of this part, and not in the alphabet.
    Unknown,
    Encrypted(u16),
}

impl Entry {
    /// Not of the alphabet: a numeral that none has.
    fn numeral(self) -> u32 {
        match self {
            Self::Encrypted(numeral) => u32::from(numeral),
            _ => u32::MAX,
        }
    }
}

impl Part {
    fn new(atom: Atom, class: Option<u16>, classes: &[Alphabet]) -> Self {
        let entry = |symbol: char| {
            if !atom.set.has(symbol) {
                return Entry::Other;
            }
            let Some(class) = class else { return Entry::Kept };
            let numeral = classes[usize::from(class)].numeral(symbol);
            numeral.map_or(Entry::Unknown, Entry::Encrypted)
        };
        let mut ascii = Box::new([Entry::Other; 128]);
        ascii
            .iter_mut()
            .zip('\0'..)
            .for_each(|(place, symbol)| *place = entry(symbol));
        Self { atom, class, ascii }
    }
}

impl Pattern {
    /// `alphabet` orders the symbols and drops those that it lacks; without one, each class is its own alphabet, in
    /// order of code points.
    pub(super) fn new(pattern: &str, alphabet: Option<&Alphabet>) -> Result<(Self, Layout), TemplateError> {
        let mut classes: Vec<Alphabet> = Vec::new();
        let (mut least, mut most) = (Vec::new(), Vec::new());
        let mut found = Vec::new();
        for atom in regex::parse(pattern)? {
            let mut class = None;
            if atom.is_encrypted && atom.most > 0 {
                let symbols = symbols(&atom, alphabet)?;
                let known = classes.iter().position(|known| Some(known) == symbols.as_ref());
                match (symbols, known) {
                    // One symbol alone is kept: there is nothing to choose.
                    (None, _) => {}
                    (Some(_), Some(index)) => class = Some(index),
                    (Some(symbols), None) => {
                        classes.push(symbols);
                        class = Some(classes.len() - 1);
                    }
                }
            }
            if let Some(class) = class {
                least.push((class, atom.least));
                most.push((class, atom.most));
            }
            let class = class.map(|class| u16::try_from(class).map_err(|_| TemplateError::TooLong("65536 classes")));
            found.push((atom, class.transpose()?));
        }
        floor::check(&classes, &least, &most)?;
        let parts = found
            .into_iter()
            .map(|(atom, class)| Part::new(atom, class, &classes))
            .collect();
        Ok((Self { parts }, Layout::new(classes)))
    }

    pub(super) fn read(&self, text: &str, layout: &Layout, slots: &mut Slots) -> Result<(), ValueFault> {
        let begin = slots.len();
        if self.read_ascii(text.as_bytes(), slots).is_some() {
            return Ok(());
        }
        slots.truncate(begin);
        self.read_any(text, layout, slots)
    }

    /// The quick way. What it does not take, [`Pattern::read_any`] takes or explains.
    fn read_ascii(&self, text: &[u8], slots: &mut Slots) -> Option<()> {
        let mut at = 0usize;
        for part in &self.parts {
            let most = text.len().min(at.saturating_add(part.atom.most));
            let entry = |byte: &u8| part.ascii.get(usize::from(*byte)).copied().unwrap_or(Entry::Unknown);
            let run = text[at..most]
                .iter()
                .take_while(|byte| entry(byte) != Entry::Other)
                .count();
            if run < part.atom.least {
                return None;
            }
            let run = &text[at..at + run];
            if let Some(class) = part.class {
                slots.push_run(at, class, run.iter().map(entry).map(Entry::numeral))?;
            }
            at += run.len();
        }
        (at == text.len()).then_some(())
    }

    fn read_any(&self, text: &str, layout: &Layout, slots: &mut Slots) -> Result<(), ValueFault> {
        let mut rest = text.char_indices().peekable();
        for part in &self.parts {
            let mut taken = 0;
            while taken < part.atom.most {
                let Some((at, symbol)) = rest.next_if(|(_, symbol)| part.atom.set.has(*symbol)) else {
                    break;
                };
                if let Some(class) = part.class {
                    let numeral = layout.classes[usize::from(class)].numeral(symbol);
                    let numeral = numeral.ok_or_else(|| ValueFault::Symbol {
                        position: position(text, at),
                    })?;
                    slots.push(at, class, numeral);
                }
                taken += 1;
            }
            if taken < part.atom.least {
                return Err(match rest.peek() {
                    Some((at, _)) => ValueFault::Symbol {
                        position: position(text, *at),
                    },
                    None => {
                        let length = text.chars().count();
                        ValueFault::TooShort {
                            length,
                            least: length + part.atom.least - taken,
                        }
                    }
                });
            }
        }
        match rest.peek() {
            None => Ok(()),
            Some((at, _)) => Err(ValueFault::TooLong {
                position: position(text, *at),
            }),
        }
    }
}

/// What an encrypted part is made of; `None` where only one symbol can stand there.
fn symbols(atom: &Atom, alphabet: Option<&Alphabet>) -> Result<Option<Alphabet>, TemplateError> {
    match alphabet {
        Some(alphabet) => {
            let kept = alphabet
                .symbols()
                .iter()
                .filter(|symbol| atom.set.has(**symbol))
                .count();
            match kept {
                0 => Err(TemplateError::Pattern {
                    place: 1,
                    what: "an encrypted part has no character of the alphabet",
                }),
                _ => Ok(alphabet.restricted(|symbol| atom.set.has(symbol))),
            }
        }
        None => {
            let symbols = atom.set.symbols(65_535).ok_or(TemplateError::AlphabetSize)?;
            match symbols.chars().count() {
                1 => Ok(None),
                _ => Alphabet::custom(&symbols).map(Some),
            }
        }
    }
}

/// Which character begins at this byte, counted from 1.
pub(super) fn position(text: &str, at: usize) -> usize {
    text[..at].chars().count() + 1
}
