//! The patterns that templates are written in: a subset of regular expressions in which a value is read in one way only.
//!
//! Taken are characters, `\d` `\w` `\s` `.` and classes, `{n}` `{n,m}` `{n,}` `?` `*` `+`, groups that capture (their
//! contents are encrypted) and `(?:…)`, and `^` and `$` at the ends. Groups are not nested or repeated. Where a part can
//! have several lengths, what follows it begins with another character: so a value has one reading, and its token the
//! same one. Choices, look-around, back references and flags are not taken.

use super::charset::CharSet;
use crate::fpe::fault::TemplateError;
use crate::fpe::ff1::MAX_LENGTH;

/// `least` to `most` characters of a set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Atom {
    pub(super) set: CharSet,
    pub(super) least: usize,
    pub(super) most: usize,
    pub(super) is_encrypted: bool,
}

/// Reads a pattern.
///
/// # Errors
/// [`TemplateError::Pattern`], [`TemplateError::NothingEncrypted`].
pub(super) fn parse(pattern: &str) -> Result<Vec<Atom>, TemplateError> {
    let mut parser = Parser {
        symbols: pattern.chars().collect(),
        at: 0,
        group: Group::None,
        atoms: Vec::new(),
        places: Vec::new(),
    };
    parser.pattern()?;
    parser.check_one_reading()?;
    if parser.atoms.iter().any(|atom| atom.is_encrypted && atom.most > 0) {
        Ok(parser.atoms)
    } else {
        Err(TemplateError::NothingEncrypted)
    }
}

struct Parser {
    symbols: Vec<char>,
    at: usize,
    group: Group,
    atoms: Vec<Atom>,
    /// Where each atom began.
    places: Vec<usize>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Group {
    None,
    Capturing,
    Other,
}

impl Parser {
    fn pattern(&mut self) -> Result<(), TemplateError> {
        if self.peek() == Some('^') {
            self.at += 1;
        }
        while let Some(symbol) = self.next() {
            match symbol {
                '(' => self.open()?,
                ')' => self.close()?,
                '$' if self.at == self.symbols.len() => {}
                '$' | '^' => {
                    return Err(self.wrong("an anchor stands at the ends only; write \\^ or \\$ for the character"));
                }
                '|' => return Err(self.wrong("choices are not taken; make a template for each")),
                '*' | '+' | '?' | '{' => return Err(self.wrong("nothing that could be repeated stands before this")),
                _ => {
                    let place = self.at;
                    let set = self.set(symbol)?;
                    let (least, most) = self.repetition()?;
                    self.places.push(place);
                    self.atoms.push(Atom {
                        set,
                        least,
                        most,
                        is_encrypted: self.group == Group::Capturing,
                    });
                }
            }
        }
        match self.group {
            Group::None => Ok(()),
            _ => Err(self.wrong("a group is not closed")),
        }
    }

    fn open(&mut self) -> Result<(), TemplateError> {
        if self.group != Group::None {
            return Err(self.wrong("groups are not nested"));
        }
        self.group = Group::Capturing;
        if self.peek() != Some('?') {
            return Ok(());
        }
        self.at += 1;
        if self.peek() == Some(':') {
            self.at += 1;
            self.group = Group::Other;
            return Ok(());
        }
        // Names of groups mean nothing here.
        if self.peek() == Some('P') {
            self.at += 1;
        }
        let is_name = self.next() == Some('<') && !matches!(self.peek(), Some('=' | '!') | None);
        let name = self.symbols[self.at..].iter().position(|symbol| *symbol == '>');
        match name {
            Some(len) if is_name => {
                self.at += len + 1;
                Ok(())
            }
            _ => Err(self.wrong("of groups with ?, only (?:…) and (?<name>…) are taken")),
        }
    }

    fn close(&mut self) -> Result<(), TemplateError> {
        if self.group == Group::None {
            return Err(self.wrong("no group is open; write \\) for the character"));
        }
        self.group = Group::None;
        match self.peek() {
            Some('*' | '+' | '?' | '{') => Err(self.wrong("groups are not repeated; repeat what is in them")),
            _ => Ok(()),
        }
    }

    fn set(&mut self, symbol: char) -> Result<CharSet, TemplateError> {
        match symbol {
            '.' => Ok(CharSet::of("\n").inverted()),
            '[' => self.class(),
            '\\' => self.escaped(),
            literal => Ok(CharSet::of(literal.encode_utf8(&mut [0; 4]))),
        }
    }

    fn escaped(&mut self) -> Result<CharSet, TemplateError> {
        let Some(symbol) = self.next() else {
            return Err(self.wrong("nothing follows the backslash"));
        };
        if let Some(set) = shorthand(symbol) {
            return Ok(set);
        }
        match control(symbol) {
            Some(literal) => Ok(CharSet::of(literal.encode_utf8(&mut [0; 4]))),
            None => {
                Err(self
                    .wrong("this escape is not taken; \\d, \\w, \\s, their capitals and \\t are, and \\ before a sign"))
            }
        }
    }

    fn class(&mut self) -> Result<CharSet, TemplateError> {
        let is_inverted = self.peek() == Some('^');
        self.at += usize::from(is_inverted);
        let mut ranges = Vec::new();
        loop {
            match self.next() {
                None => return Err(self.wrong("a class is not closed")),
                Some(']') => break,
                Some('[') => return Err(self.wrong("write \\[ for the character; classes in classes are not taken")),
                Some('&') if self.peek() == Some('&') => return Err(self.wrong("classes are not intersected")),
                Some(symbol) => self.range(symbol, &mut ranges)?,
            }
        }
        if ranges.is_empty() {
            return Err(self.wrong("a class has at least one character"));
        }
        let set = CharSet::new(ranges);
        Ok(if is_inverted { set.inverted() } else { set })
    }

    fn range(&mut self, symbol: char, ranges: &mut Vec<(u32, u32)>) -> Result<(), TemplateError> {
        let from = match symbol {
            '\\' => match self.peek().and_then(shorthand) {
                Some(set) => {
                    self.at += 1;
                    ranges.extend_from_slice(set.ranges());
                    return Ok(());
                }
                None => self.literal()?,
            },
            literal => literal,
        };
        let is_range = self.peek() == Some('-') && self.symbols.get(self.at + 1).is_some_and(|next| *next != ']');
        let mut to = from;
        if is_range {
            self.at += 1;
            to = match self.next() {
                Some('\\') => self.literal()?,
                Some(literal) => literal,
                None => return Err(self.wrong("a class is not closed")),
            };
        }
        if to < from {
            return Err(self.wrong("a range of characters ascends"));
        }
        ranges.push((u32::from(from), u32::from(to)));
        Ok(())
    }

    /// What follows a backslash and stands for one character.
    fn literal(&mut self) -> Result<char, TemplateError> {
        let literal = self.next().and_then(control);
        literal.ok_or_else(|| self.wrong("this escape is not taken here"))
    }

    fn repetition(&mut self) -> Result<(usize, usize), TemplateError> {
        let bounds = match self.peek() {
            Some('?') => (0, 1),
            Some('*') => (0, MAX_LENGTH),
            Some('+') => (1, MAX_LENGTH),
            Some('{') => {
                self.at += 1;
                return self.bounds();
            }
            _ => return Ok((1, 1)),
        };
        self.at += 1;
        self.not_lazy()?;
        Ok(bounds)
    }

    fn bounds(&mut self) -> Result<(usize, usize), TemplateError> {
        let len = self.symbols[self.at..].iter().position(|symbol| *symbol == '}');
        let Some(len) = len else {
            return Err(self.wrong("a repetition is not closed; write \\{ for the character"));
        };
        let text: String = self.symbols[self.at..self.at + len].iter().collect();
        self.at += len + 1;
        let (least, most) = match text.split_once(',') {
            None => (text.as_str(), text.as_str()),
            Some((least, most)) => (least, most),
        };
        let most = match most {
            "" => Some(MAX_LENGTH),
            digits => digits.parse().ok(),
        };
        match (least.parse::<usize>().ok(), most) {
            (Some(least), Some(most)) if least <= most && most <= MAX_LENGTH => {
                self.not_lazy()?;
                Ok((least, most))
            }
            _ => Err(self.wrong("a repetition is {n}, {n,} or {n,m}, with n at most m and m at most 4096")),
        }
    }

    fn not_lazy(&self) -> Result<(), TemplateError> {
        match self.peek() {
            Some('?' | '+' | '*' | '{') => Err(self.wrong("lazy, possessive and double repetitions are not taken")),
            _ => Ok(()),
        }
    }

    /// Each part that can have several lengths ends where a character stands that it cannot take.
    fn check_one_reading(&self) -> Result<(), TemplateError> {
        for (index, atom) in self.atoms.iter().enumerate().filter(|(_, atom)| atom.least < atom.most) {
            for follower in &self.atoms[index + 1..] {
                if follower.most > 0 && atom.set.meets(&follower.set) {
                    return Err(TemplateError::Pattern {
                        place: self.places[index],
                        what: "this part can have several lengths, and what follows may begin with the same character; fix its length or separate the two",
                    });
                }
                if follower.least > 0 {
                    break;
                }
            }
        }
        Ok(())
    }

    fn peek(&self) -> Option<char> {
        self.symbols.get(self.at).copied()
    }

    fn next(&mut self) -> Option<char> {
        let symbol = self.peek()?;
        self.at += 1;
        Some(symbol)
    }

    fn wrong(&self, what: &'static str) -> TemplateError {
        TemplateError::Pattern {
            place: self.at.max(1),
            what,
        }
    }
}

fn shorthand(symbol: char) -> Option<CharSet> {
    let set = match symbol.to_ascii_lowercase() {
        'd' => CharSet::of("0123456789"),
        'w' => CharSet::new(vec![(48, 57), (65, 90), (95, 95), (97, 122)]),
        's' => CharSet::of(" \t\n\r\u{b}\u{c}"),
        _ => return None,
    };
    Some(if symbol.is_ascii_uppercase() {
        set.inverted()
    } else {
        set
    })
}

fn control(symbol: char) -> Option<char> {
    match symbol {
        't' => Some('\t'),
        'n' => Some('\n'),
        'r' => Some('\r'),
        sign if sign.is_ascii_punctuation() || sign == ' ' => Some(sign),
        _ => None,
    }
}
