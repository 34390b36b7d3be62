//! Columns of tokens, as Arrow lays them out, and what a column says of itself.

use crate::record::{ByteColumn, Offset};

use super::fault::{ColumnError, RowFault};

/// What happens to a value that has no token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum OnFault {
    /// The column fails, and nothing of it is given out.
    #[default]
    Stop,
    /// The row becomes null.
    Null,
    /// The row becomes null, and its fault is listed: what an error column is made of.
    Report,
}

/// A column that was written: offsets, bytes, validity and faults.
pub struct TokenColumn<O> {
    offsets: Vec<O>,
    bytes: Vec<u8>,
    /// One bit a row, least significant first; 0 is null.
    validity: Vec<u8>,
    nulls: usize,
    /// Rows that became null because they failed.
    failed: usize,
    faults: Vec<RowFault>,
}

impl<O: Offset> Default for TokenColumn<O> {
    fn default() -> Self {
        Self::new()
    }
}

impl<O: Offset> TokenColumn<O> {
    /// No rows.
    #[must_use]
    pub fn new() -> Self {
        Self {
            offsets: vec![O::from_index(0).expect("0 fits")],
            bytes: Vec::new(),
            validity: Vec::new(),
            nulls: 0,
            failed: 0,
            faults: Vec::new(),
        }
    }

    /// Removes all rows and keeps the memory.
    pub fn clear(&mut self) {
        self.offsets.truncate(1);
        self.bytes.clear();
        self.validity.clear();
        (self.nulls, self.failed) = (0, 0);
        self.faults.clear();
    }

    /// Rows.
    #[must_use]
    pub fn len(&self) -> usize {
        self.offsets.len() - 1
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The rows, borrowed, nulls as nulls.
    #[must_use]
    pub fn as_column(&self) -> ByteColumn<'_, O> {
        ByteColumn::of_checked(&self.offsets, &self.bytes, &self.validity)
    }

    /// A row as text; `None` where it is null.
    #[must_use]
    pub fn text(&self, row: usize) -> Option<&str> {
        std::str::from_utf8(self.as_column().value(row)?).ok()
    }

    /// Nulls, those of the input included.
    #[must_use]
    pub fn nulls(&self) -> usize {
        self.nulls
    }

    /// Rows that became null because they failed.
    #[must_use]
    pub fn failed(&self) -> usize {
        self.failed
    }

    /// The faults of [`OnFault::Report`], in order of rows.
    #[must_use]
    pub fn faults(&self) -> &[RowFault] {
        &self.faults
    }

    /// Offsets, bytes and the validity bitmap, as an Arrow array takes them.
    #[must_use]
    pub fn into_parts(self) -> (Vec<O>, Vec<u8>, Vec<u8>) {
        (self.offsets, self.bytes, self.validity)
    }

    pub(super) fn reserve(&mut self, rows: usize, bytes: usize) {
        self.offsets.reserve(rows);
        self.validity.reserve(rows / 8 + 1);
        self.bytes.reserve(bytes);
    }

    pub(super) fn bytes(&mut self) -> &mut Vec<u8> {
        &mut self.bytes
    }

    /// Ends a row whose bytes were appended.
    pub(super) fn end_row(&mut self, is_valid: bool) -> Result<(), ColumnError> {
        let row = self.len();
        if row % 8 == 0 {
            self.validity.push(0);
        }
        if is_valid {
            self.validity[row / 8] |= 1 << (row % 8);
        } else {
            self.nulls += 1;
        }
        let end = O::from_index(self.bytes.len()).ok_or(ColumnError::Offsets)?;
        self.offsets.push(end);
        Ok(())
    }

    /// Ends a row that failed.
    pub(super) fn end_failed(&mut self, fault: RowFault, on_fault: OnFault) -> Result<(), ColumnError> {
        if on_fault == OnFault::Stop {
            return Err(fault.into());
        }
        self.failed += 1;
        if on_fault == OnFault::Report {
            self.faults.push(fault);
        }
        self.end_row(false)
    }
}

/// What has to be known to read a column of tokens, for the metadata of its field: tokens have no room to say it.
///
/// ```
/// use kms_core::fpe::ColumnMetadata;
///
/// let text = "v=1;key=cards;version=3;method=ff1;tweak=row;template=pan:bin=6,last=0,luhn=keep,length=16";
/// let metadata: ColumnMetadata = text.parse()?;
/// assert_eq!((metadata.key.as_str(), metadata.version), ("cards", 3));
/// assert_eq!(metadata.to_string(), text);
/// # Ok::<(), kms_core::fpe::ColumnError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ColumnMetadata {
    /// The key's name.
    pub key: String,
    /// The version under which all of the column was written.
    pub version: u32,
    /// How: `ff1`, `siv` or `hmac`.
    pub method: Method,
    /// Where tweaks come from.
    pub tweak: TweakKind,
    /// The template's text.
    pub template: String,
}

/// How tokens are made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Method {
    /// Format-preserving encryption.
    Ff1,
    /// AES-SIV: as text in base64url, reversible, and an altered token is refused.
    Siv,
    /// HMAC-SHA-512, 32 bytes as text in base64url: not reversible.
    Hmac,
}

/// Where tweaks come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum TweakKind {
    /// Supplied by the caller.
    Supplied,
    /// Derived from table and column.
    Column,
    /// Derived from table, column and row.
    Row,
}

/// The key under which the metadata stands in a field of Arrow or Parquet.
pub const METADATA_KEY: &str = "keystrand.fpe";

impl Method {
    /// All, with their names.
    pub const ALL: [(Self, &'static str); 3] = [(Self::Ff1, "ff1"), (Self::Siv, "siv"), (Self::Hmac, "hmac")];

    /// Its name.
    #[must_use]
    pub fn name(self) -> &'static str {
        name_of(&Self::ALL, self)
    }
}

impl TweakKind {
    const ALL: [(Self, &'static str); 3] = [
        (Self::Supplied, "supplied"),
        (Self::Column, "column"),
        (Self::Row, "row"),
    ];

    /// Its name.
    #[must_use]
    pub fn name(self) -> &'static str {
        name_of(&Self::ALL, self)
    }
}

fn name_of<T: PartialEq>(all: &[(T, &'static str)], wanted: T) -> &'static str {
    all.iter()
        .find(|(known, _)| *known == wanted)
        .map_or("", |(_, name)| name)
}

fn by_name<T: Copy>(all: &[(T, &'static str)], name: &str) -> Option<T> {
    all.iter().find(|(_, known)| *known == name).map(|(known, _)| *known)
}

impl std::fmt::Display for ColumnMetadata {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self {
            key,
            version,
            method,
            tweak,
            template,
        } = self;
        let (method, tweak) = (method.name(), tweak.name());
        // The template stands last: it may have any character.
        write!(
            f,
            "v=1;key={key};version={version};method={method};tweak={tweak};template={template}"
        )
    }
}

impl std::str::FromStr for ColumnMetadata {
    type Err = ColumnError;

    fn from_str(text: &str) -> Result<Self, ColumnError> {
        let mut rest = text;
        let mut field = |name: &'static str| {
            let value = rest.strip_prefix(name).and_then(|rest| rest.strip_prefix('='));
            let (value, after) = match name {
                "template" => (value, ""),
                _ => value
                    .and_then(|value| value.split_once(';'))
                    .map_or((None, ""), |(value, after)| (Some(value), after)),
            };
            rest = after;
            value.ok_or(ColumnError::MetadataText(name))
        };
        if field("v")? != "1" {
            return Err(ColumnError::MetadataText("v"));
        }
        let key = field("key")?.to_owned();
        let version = field("version")?
            .parse()
            .map_err(|_| ColumnError::MetadataText("version"))?;
        let method = by_name(&Method::ALL, field("method")?).ok_or(ColumnError::MetadataText("method"))?;
        let tweak = by_name(&TweakKind::ALL, field("tweak")?).ok_or(ColumnError::MetadataText("tweak"))?;
        let template = field("template")?.to_owned();
        Ok(Self {
            key,
            version,
            method,
            tweak,
            template,
        })
    }
}
