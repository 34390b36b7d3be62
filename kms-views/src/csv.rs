//! Views of files of comma-separated values: a header, then rows. An empty field is a null. Files are read and written in
//! batches, so their length does not matter; the columns of a batch are worked on in parallel.

use std::io::{Read, Write};

use csv::{ByteRecord, Reader, ReaderBuilder, Writer};
use data_encoding::BASE64URL_NOPAD;
use kms_core::fpe::TokenColumn;
use kms_core::record::ByteColumn;

use crate::error::ViewError;
use crate::form::Form;
use crate::policy::{ColumnPolicy, Policy};
use crate::read::{ColumnReader, StoredColumn, TableReader};
use crate::seal::{SealedColumn, TableSealer};
use crate::text::TextColumn;

/// What was sealed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Sealed {
    /// Rows.
    pub rows: u64,
    /// Values that have no token, where such values are passed on. They are sealed all the same.
    pub without_token: u64,
}

/// Seals a table.
///
/// # Errors
/// [`ViewError`]. What was written until then is not to be used.
pub fn seal(
    policy: &Policy,
    sealer: &mut TableSealer,
    input: impl Read,
    output: impl Write,
) -> Result<Sealed, ViewError> {
    let mut reader = Table::open(input)?;
    let protected: Vec<_> = policy
        .columns
        .keys()
        .map(|name| reader.place(name))
        .collect::<Result<_, _>>()?;
    let class = policy.class.as_ref().map(|class| reader.place(class)).transpose()?;
    let mut writer = Writer::from_writer(output);
    write_sealed_header(policy, &reader.names, &mut writer)?;
    let mut done = Sealed::default();
    while let Some(batch) = reader.batch()? {
        let classes = class.map(|at| batch.column(at)).transpose()?;
        let values = protected
            .iter()
            .map(|at| batch.column(*at))
            .collect::<Result<Vec<_>, _>>()?;
        let work = sealer.columns_mut().iter_mut().zip(&values);
        let sealed = in_parallel(work, |(column, values)| column.seal(values, classes.as_ref()))?;
        let written: Vec<_> = sealed.iter().map(Written::new).collect();
        for row in 0..batch.rows {
            for at in 0..batch.columns.len() {
                match protected.iter().position(|place| *place == at) {
                    Some(column) => written[column].write(row, &mut writer)?,
                    None => writer.write_field(batch.field(at, row))?,
                }
            }
            writer.write_record(None::<&[u8]>)?;
        }
        let failed = sealed.iter().flat_map(|column| &column.token).map(TokenColumn::failed);
        done.without_token += failed.sum::<usize>() as u64;
        done.rows += batch.rows as u64;
    }
    writer.flush()?;
    Ok(done)
}

/// Writes what a role sees of a sealed table; gives the number of its rows.
///
/// # Errors
/// [`ViewError`]. What was written until then is not to be used.
pub fn view(
    policy: &Policy,
    reader: &mut TableReader<'_>,
    input: impl Read,
    output: impl Write,
) -> Result<u64, ViewError> {
    let mut table = Table::open(input)?;
    let class = policy.class.as_ref().map(|class| table.place(class)).transpose()?;
    let forms: Vec<Stored> = policy
        .columns
        .iter()
        .map(|(name, column)| Stored::find(&table, name, column.forms()))
        .collect::<Result<_, _>>()?;
    let shown = shown(policy, reader, &table.names, &forms);
    let mut writer = Writer::from_writer(output);
    writer.write_record(shown.iter().map(|(at, _)| &table.names[*at]))?;
    let mut rows = 0;
    while let Some(batch) = table.batch()? {
        let classes = class.map(|at| batch.column(at)).transpose()?;
        let work = reader.columns_mut().iter_mut().zip(&forms);
        let viewed = in_parallel(work, |(column, stored)| {
            let owned = stored.decode(&batch)?;
            column.view(&owned.borrow(&batch, stored)?, batch.rows, classes.as_ref())
        })?;
        let viewed: Vec<_> = viewed.iter().map(TextColumn::as_column).collect();
        for row in 0..batch.rows {
            let fields = shown.iter().map(|(at, protected)| match protected {
                Some(column) => viewed[*column].value(row).unwrap_or_default(),
                None => batch.field(*at, row),
            });
            writer.write_record(fields)?;
        }
        rows += batch.rows as u64;
    }
    writer.flush()?;
    Ok(rows)
}

/// Columns of the output: where each stands in the sealed table, and which protected column it is. Forms stand behind
/// their column and are left out, and so is what the role never sees.
fn shown(
    policy: &Policy,
    reader: &mut TableReader<'_>,
    names: &[String],
    forms: &[Stored],
) -> Vec<(usize, Option<usize>)> {
    let hidden: Vec<bool> = reader.columns_mut().iter().map(ColumnReader::is_hidden).collect();
    let is_form = |at: usize| {
        forms
            .iter()
            .any(|stored| stored.forms.iter().any(|(_, place)| *place == at))
    };
    let mut shown = Vec::new();
    for (at, name) in names.iter().enumerate() {
        match policy.columns.keys().position(|column| column == name) {
            Some(column) if hidden[column] => {}
            Some(column) => shown.push((at, Some(column))),
            None if is_form(at) => {}
            None => shown.push((at, None)),
        }
    }
    shown
}

/// Where the parts of a protected column stand in a sealed table.
struct Stored {
    token: usize,
    forms: Vec<(Form, usize)>,
}

/// Records that were decoded from their text.
struct Decoded(Vec<(Form, TextColumn<i64>)>);

impl Stored {
    fn find(table: &Table<impl Read>, name: &str, forms: impl Iterator<Item = Form>) -> Result<Self, ViewError> {
        let forms = forms.map(|form| Ok((form, table.place(&form.stored_as(name))?)));
        Ok(Self {
            token: table.place(name)?,
            forms: forms.collect::<Result<_, ViewError>>()?,
        })
    }

    fn decode(&self, batch: &Batch) -> Result<Decoded, ViewError> {
        let mut decoded = Vec::new();
        for (form, at) in &self.forms {
            if *form == Form::Deterministic {
                continue;
            }
            let (column, mut out) = (batch.column(*at)?, TextColumn::new());
            for row in 0..batch.rows {
                let record = column.value(row).map(|text| BASE64URL_NOPAD.decode(text)).transpose();
                let record = record.map_err(|_| ViewError::Cell {
                    column: form.stored_as(""),
                    row: batch.first + row as u64,
                    error: kms_core::Error::Format(kms_core::FormatFault::Record),
                })?;
                out.push(record.as_deref())?;
            }
            decoded.push((*form, out));
        }
        Ok(Decoded(decoded))
    }
}

impl Decoded {
    fn borrow<'a>(&'a self, batch: &'a Batch, stored: &Stored) -> Result<StoredColumn<'a, i64>, ViewError> {
        let records = |wanted| {
            self.0
                .iter()
                .find(|(form, _)| *form == wanted)
                .map(|(_, column)| column.as_column())
        };
        let deterministic = stored.forms.iter().find(|(form, _)| *form == Form::Deterministic);
        Ok(StoredColumn {
            token: Some(batch.column(stored.token)?),
            sealed: records(Form::Sealed),
            masked: records(Form::Masked),
            deterministic: deterministic.map(|(_, at)| batch.column(*at)).transpose()?,
        })
    }
}

fn write_sealed_header(policy: &Policy, names: &[String], writer: &mut Writer<impl Write>) -> Result<(), ViewError> {
    let mut header: Vec<String> = Vec::new();
    for name in names {
        header.push(name.clone());
        let forms = policy.columns.get(name).into_iter().flat_map(ColumnPolicy::forms);
        header.extend(forms.map(|form| form.stored_as(name)));
    }
    if let Some(taken) = header
        .iter()
        .enumerate()
        .find(|(at, name)| header[..*at].contains(name))
    {
        return Err(ViewError::Column(taken.1.clone()));
    }
    Ok(writer.write_record(&header)?)
}

/// What is written of a protected column: its token, its records as text, its deterministic token.
struct Written<'a> {
    token: Option<ByteColumn<'a, i64>>,
    records: Vec<ByteColumn<'a, i64>>,
    deterministic: Option<ByteColumn<'a, i64>>,
}

impl<'a> Written<'a> {
    fn new(sealed: &'a SealedColumn<i64>) -> Self {
        let records = [Some(&sealed.sealed), sealed.masked.as_ref()].into_iter().flatten();
        Self {
            token: sealed.token.as_ref().map(TokenColumn::as_column),
            records: records.map(TextColumn::as_column).collect(),
            deterministic: sealed.deterministic.as_ref().map(TokenColumn::as_column),
        }
    }

    fn write(&self, row: usize, writer: &mut Writer<impl Write>) -> Result<(), ViewError> {
        let field =
            |column: &Option<ByteColumn<'a, i64>>| column.and_then(|column| column.value(row)).unwrap_or_default();
        writer.write_field(field(&self.token))?;
        for records in &self.records {
            let record = records.value(row).map(|record| BASE64URL_NOPAD.encode(record));
            writer.write_field(record.unwrap_or_default())?;
        }
        if self.deterministic.is_some() {
            writer.write_field(field(&self.deterministic))?;
        }
        Ok(())
    }
}

/// Runs `work` for each item on a thread of its own, and gives the results in order.
fn in_parallel<I: Send, T: Send>(
    items: impl Iterator<Item = I>,
    work: impl Fn(I) -> Result<T, ViewError> + Sync,
) -> Result<Vec<T>, ViewError> {
    std::thread::scope(|scope| {
        let work = &work;
        let threads: Vec<_> = items.map(|item| scope.spawn(move || work(item))).collect();
        let results = threads.into_iter().map(|thread| match thread.join() {
            Ok(result) => result,
            Err(panic) => std::panic::resume_unwind(panic),
        });
        results.collect()
    })
}

/// A file that is read.
struct Table<R> {
    reader: Reader<R>,
    names: Vec<String>,
    rows: u64,
}

/// Some rows, by column.
struct Batch {
    columns: Vec<(Vec<i64>, Vec<u8>, Vec<u8>)>,
    rows: usize,
    /// Rows before these.
    first: u64,
}

impl<R: Read> Table<R> {
    fn open(input: R) -> Result<Self, ViewError> {
        let mut reader = ReaderBuilder::new().from_reader(input);
        let names: Vec<String> = reader.headers()?.iter().map(str::to_owned).collect();
        if let Some((_, twice)) = names.iter().enumerate().find(|(at, name)| names[..*at].contains(name)) {
            return Err(ViewError::Column(twice.clone()));
        }
        Ok(Self { reader, names, rows: 0 })
    }

    fn place(&self, name: &str) -> Result<usize, ViewError> {
        let place = self.names.iter().position(|known| known == name);
        place.ok_or_else(|| ViewError::Column(name.to_owned()))
    }

    /// The next rows; `None` behind the last.
    fn batch(&mut self) -> Result<Option<Batch>, ViewError> {
        let mut columns = vec![(vec![0_i64], Vec::new(), Vec::new()); self.names.len()];
        let (mut record, mut rows) = (ByteRecord::new(), 0);
        while rows < BATCH && self.reader.read_byte_record(&mut record)? {
            for (field, (offsets, bytes, validity)) in record.iter().zip(&mut columns) {
                bytes.extend_from_slice(field);
                offsets
                    .push(i64::try_from(bytes.len()).map_err(|_| ViewError::Csv("a batch is too large".to_owned()))?);
                if rows % 8 == 0 {
                    validity.push(0_u8);
                }
                validity[rows / 8] |= u8::from(!field.is_empty()) << (rows % 8);
            }
            rows += 1;
        }
        let first = self.rows;
        self.rows += rows as u64;
        Ok((rows > 0).then_some(Batch { columns, rows, first }))
    }
}

impl Batch {
    fn column(&self, at: usize) -> Result<ByteColumn<'_, i64>, ViewError> {
        let (offsets, bytes, validity) = &self.columns[at];
        Ok(ByteColumn::new(offsets, bytes)?.with_validity(validity, 0)?)
    }

    fn field(&self, at: usize, row: usize) -> &[u8] {
        let (offsets, bytes, _) = &self.columns[at];
        let place = |offset: i64| usize::try_from(offset).unwrap_or(usize::MAX);
        bytes
            .get(place(offsets[row])..place(offsets[row + 1]))
            .unwrap_or_default()
    }
}

/// Rows that are worked on together.
const BATCH: usize = 16_384;
