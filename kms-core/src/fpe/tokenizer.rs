//! Columns and values to tokens and back.

use std::collections::HashMap;

use unicode_normalization::is_nfc;
use zeroize::Zeroize;

use super::column::{ColumnMetadata, Method, OnFault, TokenColumn, TweakKind};
use super::fault::{ColumnError, RowFault, ValueFault};
use super::ff1::{Aes, CHUNK, Direction, Engine, Ff1Error, Prefixes, Shape, Walk};
use super::key::{FpeKey, Use};
use super::template::{Number, Read, Slots, Template, unrank};
use super::tweak::{TweakSource, Tweaks};
use crate::record::{ByteColumn, Offset};

/// Format-preserving encryption under one key and one template.
///
/// ```
/// use kms_core::crypto::CryptoBackend;
/// use kms_core::fpe::{ColumnName, Direction, FpeKey, OnFault, RowIds, TokenColumn, Tokenizer, Tweaks};
/// use kms_core::memory::Secret;
/// use kms_core::record::ByteColumn;
///
/// let key = FpeKey::new(&CryptoBackend::default(), Secret::init_with(|key| key.fill(7)), "cards", 1);
/// let cards = Tokenizer::new(&key, "pan:bin=6,last=0".parse()?);
///
/// // One value.
/// let token = cards.encrypt(b"orders.card", "4111 1111 1111 1111")?;
/// assert!(token.starts_with("4111 11") && token.len() == 19);
/// assert_eq!(cards.decrypt(b"orders.card", &token)?, "4111 1111 1111 1111");
///
/// // A column, as Arrow lays it out; each row has a tweak of its own.
/// let (offsets, bytes) = ([0i32, 16, 32], b"41111111111111115500005555555559");
/// let tweaks = Tweaks::Rows(ColumnName { table: "orders", column: "card" }, RowIds::Numbers(&[17, 18]));
/// let values = ByteColumn::new(&offsets, bytes)?;
/// let mut tokens = TokenColumn::new();
/// cards.column(Direction::Encrypt, tweaks, &values, OnFault::Stop, &mut tokens)?;
/// let mut back = TokenColumn::new();
/// cards.column(Direction::Decrypt, tweaks, &tokens.as_column(), OnFault::Stop, &mut back)?;
/// assert_eq!(back.text(1), Some("5500005555555559"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Tokenizer {
    cipher: Aes,
    template: Template,
    key_name: String,
    key_version: u32,
    hash: &'static dyn crate::crypto::Sha512,
}

impl Tokenizer {
    /// The key that this template has under `key`: AES-256.
    #[must_use]
    pub fn new(key: &FpeKey, template: Template) -> Self {
        let derived = key.derive::<32>(Use::Ff1, Some(&template));
        Self {
            cipher: Aes::new(&*derived).expect("32 bytes are a key of AES"),
            template,
            key_name: key.name().to_owned(),
            key_version: key.version(),
            hash: key.hash(),
        }
    }

    /// The template.
    #[must_use]
    pub fn template(&self) -> &Template {
        &self.template
    }

    /// What a column of these tokens says of itself.
    #[must_use]
    pub fn metadata(&self, tweak: TweakKind) -> ColumnMetadata {
        ColumnMetadata {
            key: self.key_name.clone(),
            version: self.key_version,
            method: Method::Ff1,
            tweak,
            template: self.template.to_string(),
        }
    }

    /// Checks that a column says what this tokenizer would say of it. Without that, tokens of another key decrypt to
    /// values that look right.
    ///
    /// # Errors
    /// [`ColumnError::Metadata`].
    pub fn expect(&self, metadata: &ColumnMetadata) -> Result<(), ColumnError> {
        let own = self.metadata(metadata.tweak);
        let differs = [
            ("key", own.key != metadata.key),
            ("key version", own.version != metadata.version),
            ("method", own.method != metadata.method),
            ("template", own.template != metadata.template),
        ];
        match differs.iter().find(|(_, differs)| *differs) {
            Some((what, _)) => Err(ColumnError::Metadata(what)),
            None => Ok(()),
        }
    }

    /// The token of a value.
    ///
    /// # Errors
    /// [`ValueFault`]; [`ValueFault::NoTweak`] for an empty tweak.
    pub fn encrypt(&self, tweak: &[u8], value: &str) -> Result<String, ValueFault> {
        self.one(Direction::Encrypt, tweak, value)
    }

    /// The value of a token. Any token of the template has one: whether key, version and tweak were right is not told.
    ///
    /// # Errors
    /// [`ValueFault`]; [`ValueFault::NoTweak`] for an empty tweak.
    pub fn decrypt(&self, tweak: &[u8], token: &str) -> Result<String, ValueFault> {
        self.one(Direction::Decrypt, tweak, token)
    }

    fn one(&self, direction: Direction, tweak: &[u8], value: &str) -> Result<String, ValueFault> {
        let end = i64::try_from(value.len()).map_err(|_| ValueFault::TooLong { position: 1 })?;
        let offsets = [0, end];
        let values = ByteColumn::of_checked(&offsets, value.as_bytes(), &[1]);
        let mut out = TokenColumn::new();
        match self.column(direction, Tweaks::Same(tweak), &values, OnFault::Stop, &mut out) {
            Ok(()) => Ok(out.text(0).unwrap_or_default().to_owned()),
            Err(ColumnError::Row(RowFault { fault, .. })) => Err(fault),
            Err(_) => Err(ValueFault::NoTweak),
        }
    }

    /// Appends the tokens of a column to `out`, or the values of tokens. Nulls stay null. No row allocates.
    ///
    /// # Errors
    /// [`ColumnError`]; with [`OnFault::Stop`] the first row that failed. Then what was appended is wiped, and `out`
    /// is empty.
    pub fn column<O: Offset>(
        &self,
        direction: Direction,
        tweaks: Tweaks<'_, O>,
        values: &ByteColumn<'_, O>,
        on_fault: OnFault,
        out: &mut TokenColumn<O>,
    ) -> Result<(), ColumnError> {
        let written = self.append(direction, tweaks, values, on_fault, out);
        written.inspect_err(|_| {
            out.bytes().zeroize();
            out.clear();
        })
    }

    fn append<O: Offset>(
        &self,
        direction: Direction,
        tweaks: Tweaks<'_, O>,
        values: &ByteColumn<'_, O>,
        on_fault: OnFault,
        out: &mut TokenColumn<O>,
    ) -> Result<(), ColumnError> {
        let mut tweaks = TweakSource::new(self.hash, tweaks, values.len())?;
        let mut batch = Batch::new(self, direction);
        out.reserve(values.len(), values.byte_len());
        for start in (0..values.len()).step_by(CHUNK) {
            let end = values.len().min(start + CHUNK);
            batch.read((start..end).map(|row| values.value(row)));
            batch.transform(&mut tweaks, start)?;
            batch.write(start, on_fault, out)?;
        }
        Ok(())
    }
}

/// Rows in flight: up to [`CHUNK`].
struct Batch<'a, 'v> {
    tokenizer: &'a Tokenizer,
    direction: Direction,
    rows: Vec<Row<'v>>,
    slots: Slots,
    /// Rows that go through the rounds together, and their symbols side by side.
    group: Vec<usize>,
    numerals: Vec<u16>,
    prefixes: Vec<u128>,
    numbers: Vec<u128>,
    /// By length, and by size of a domain.
    symbols: HashMap<usize, Symbols<'a>>,
    ranges: HashMap<u128, Numbers<'a>>,
}

struct Row<'v> {
    value: &'v str,
    /// Where its symbols begin in the slots.
    begin: usize,
    state: State,
}

#[derive(Clone, Copy)]
enum State {
    Null,
    Failed(ValueFault),
    Read(Read),
    Done(Read),
}

/// What symbols of one length take.
struct Symbols<'a> {
    engine: Engine,
    prefixes: Prefixes<'a>,
}

/// What numbers below one size take.
struct Numbers<'a> {
    walk: Walk,
    prefixes: Prefixes<'a>,
}

impl<'a, 'v> Batch<'a, 'v> {
    fn new(tokenizer: &'a Tokenizer, direction: Direction) -> Self {
        Self {
            tokenizer,
            direction,
            rows: Vec::with_capacity(CHUNK),
            slots: Slots::default(),
            group: Vec::with_capacity(CHUNK),
            numerals: Vec::new(),
            prefixes: Vec::with_capacity(CHUNK),
            numbers: Vec::with_capacity(CHUNK),
            symbols: HashMap::new(),
            ranges: HashMap::new(),
        }
    }

    fn read(&mut self, values: impl Iterator<Item = Option<&'v [u8]>>) {
        self.rows.clear();
        self.slots.clear();
        for value in values {
            let begin = self.slots.len();
            let (value, state) = match value.map(std::str::from_utf8) {
                None => ("", State::Null),
                Some(Err(_)) => ("", State::Failed(ValueFault::NotText)),
                Some(Ok(value)) => {
                    let read = self.tokenizer.template.read(value, self.direction, &mut self.slots);
                    (value, read.map_or_else(State::Failed, State::Read))
                }
            };
            self.rows.push(Row { value, begin, state });
        }
    }

    /// Takes all rows through the rounds, those of one shape together.
    fn transform<O: Offset>(&mut self, tweaks: &mut TweakSource<'_, O>, start: usize) -> Result<(), ColumnError> {
        let mut next = 0;
        while let Some(first) = (next..self.rows.len()).find(|index| matches!(self.rows[*index].state, State::Read(_)))
        {
            next = first + 1;
            let State::Read(read) = self.rows[first].state else {
                continue;
            };
            let group = first..self.rows.len();
            self.group.clear();
            self.group.extend(group.filter(|index| self.rows[*index].is_like(read)));
            match read {
                Read::Numerals(count) => self.symbols(count, tweaks, start)?,
                Read::Ranked { number, .. } | Read::Number(number) => self.numbers(number.size, tweaks, start)?,
            }
        }
        Ok(())
    }

    fn symbols<O: Offset>(
        &mut self,
        count: usize,
        tweaks: &mut TweakSource<'_, O>,
        start: usize,
    ) -> Result<(), ColumnError> {
        let cipher = &self.tokenizer.cipher;
        let radix = self.tokenizer.template.radix();
        let Symbols { engine, prefixes } = entry(&mut self.symbols, count, || {
            let shape = Shape::new(radix, count, 0)?;
            Ok(Symbols {
                engine: Engine::new(shape),
                prefixes: Prefixes::new(cipher, shape),
            })
        })?;
        prefixes_of(
            &mut self.rows,
            &mut self.group,
            &mut self.prefixes,
            tweaks,
            prefixes,
            start,
        );
        for index in &self.group {
            self.rows[*index].state = State::Done(Read::Numerals(count));
        }
        // Nearly always all rows have one length, and their symbols lie side by side already.
        if self.slots.len() == self.group.len() * count {
            return Ok(engine.run(cipher, self.direction, &self.prefixes, &mut self.slots.numerals)?);
        }
        self.numerals.clear();
        for index in &self.group {
            let begin = self.rows[*index].begin;
            self.numerals
                .extend_from_slice(&self.slots.numerals[begin..begin + count]);
        }
        engine.run(cipher, self.direction, &self.prefixes, &mut self.numerals)?;
        for (index, numerals) in self.group.iter().zip(self.numerals.chunks_exact(count)) {
            let begin = self.rows[*index].begin;
            self.slots.numerals[begin..begin + count].copy_from_slice(numerals);
        }
        Ok(())
    }

    fn numbers<O: Offset>(
        &mut self,
        size: u128,
        tweaks: &mut TweakSource<'_, O>,
        start: usize,
    ) -> Result<(), ColumnError> {
        let cipher = &self.tokenizer.cipher;
        let Numbers { walk, prefixes } = entry(&mut self.ranges, size, || {
            let walk = Walk::new(size)?;
            let prefixes = Prefixes::new(cipher, *walk.shape());
            Ok(Numbers { walk, prefixes })
        })?;
        prefixes_of(
            &mut self.rows,
            &mut self.group,
            &mut self.prefixes,
            tweaks,
            prefixes,
            start,
        );
        self.numbers.clear();
        self.numbers
            .extend(self.group.iter().map(|index| self.rows[*index].number().rank));
        walk.run(cipher, self.direction, &self.prefixes, &mut self.numbers);
        let classes = &self.tokenizer.template.layout().classes;
        for (index, rank) in self.group.iter().zip(&self.numbers) {
            let row = &mut self.rows[*index];
            let number = Number { rank: *rank, size };
            if let State::Read(Read::Ranked { count, .. }) = row.state {
                let range = row.begin..row.begin + count;
                unrank(
                    classes,
                    &self.slots.places[range.clone()],
                    *rank,
                    &mut self.slots.numerals[range],
                );
                row.state = State::Done(Read::Ranked { count, number });
            } else {
                row.state = State::Done(Read::Number(number));
            }
        }
        Ok(())
    }

    fn write<O: Offset>(
        &mut self,
        start: usize,
        on_fault: OnFault,
        out: &mut TokenColumn<O>,
    ) -> Result<(), ColumnError> {
        let template = &self.tokenizer.template;
        for (index, row) in self.rows.iter().enumerate() {
            let begin = out.bytes().len();
            let fault = match row.state {
                State::Null => {
                    out.end_row(false)?;
                    continue;
                }
                State::Failed(fault) => Some(fault),
                // Every row that was read went through the rounds.
                State::Read(_) => Some(ValueFault::NoTweak),
                State::Done(Read::Number(number)) => {
                    template.write_number(row.value, number.rank, out.bytes());
                    None
                }
                State::Done(Read::Numerals(count) | Read::Ranked { count, .. }) => {
                    let range = row.begin..row.begin + count;
                    let (places, numerals) = (&self.slots.places[range.clone()], &self.slots.numerals[range]);
                    template.write_symbols(row.value, self.direction, places, numerals, out.bytes());
                    is_denormal(&out.bytes()[begin..]).then_some(ValueFault::NotNormalised)
                }
            };
            let Some(fault) = fault else {
                out.end_row(true)?;
                continue;
            };
            out.bytes().truncate(begin);
            let row = start + index;
            out.end_failed(RowFault { row, fault }, on_fault)?;
        }
        Ok(())
    }
}

impl Drop for Batch<'_, '_> {
    /// Plaintext of the last rows.
    fn drop(&mut self) {
        self.slots.numerals.zeroize();
        self.numerals.zeroize();
        self.numbers.zeroize();
    }
}

impl Row<'_> {
    fn is_like(&self, read: Read) -> bool {
        match (self.state, read) {
            (State::Read(Read::Numerals(one)), Read::Numerals(other)) => one == other,
            (
                State::Read(Read::Ranked { .. } | Read::Number(_)),
                Read::Ranked { number, .. } | Read::Number(number),
            ) => self.number().size == number.size,
            _ => false,
        }
    }

    fn number(&self) -> Number {
        match self.state {
            State::Read(Read::Ranked { number, .. } | Read::Number(number)) => number,
            _ => Number { rank: 0, size: 0 },
        }
    }
}

/// The prefixes of a group. Rows without a tweak fail and leave the group.
fn prefixes_of<O: Offset>(
    rows: &mut [Row<'_>],
    group: &mut Vec<usize>,
    out: &mut Vec<u128>,
    tweaks: &mut TweakSource<'_, O>,
    prefixes: &mut Prefixes<'_>,
    start: usize,
) {
    out.clear();
    if tweaks.is_one()
        && let Ok(prefix) = tweaks.prefix(prefixes, start)
    {
        out.resize(group.len(), prefix);
        return;
    }
    group.retain(|index| match tweaks.prefix(prefixes, start + *index) {
        Ok(prefix) => {
            out.push(prefix);
            true
        }
        Err(fault) => {
            rows[*index].state = State::Failed(fault);
            false
        }
    });
}

fn entry<K: std::hash::Hash + Eq, V>(
    map: &mut HashMap<K, V>,
    key: K,
    make: impl FnOnce() -> Result<V, Ff1Error>,
) -> Result<&mut V, Ff1Error> {
    use std::collections::hash_map::Entry;
    Ok(match map.entry(key) {
        Entry::Occupied(known) => known.into_mut(),
        Entry::Vacant(vacant) => vacant.insert(make()?),
    })
}

/// Encrypted symbols are stable, but what a pattern keeps may not be: a token that could not be read again is none.
fn is_denormal(written: &[u8]) -> bool {
    !written.is_ascii() && std::str::from_utf8(written).is_ok_and(|text| !is_nfc(text))
}
