//! Sealing: columns of values to columns of forms.

use std::collections::BTreeMap;
use std::sync::Arc;

use kms_core::akd::Usage;
use kms_core::audit::AuditTrail;
use kms_core::fpe::{
    ColumnError, ColumnName, Direction, OnFault, OpaqueTokenizer, RowFault, Template, TokenColumn, Tokenizer,
    TweakKind, Tweaks, ValueFault,
};
use kms_core::record::{ByteColumn, Offset, RecordMode, RecordPlace, RecordSealer};
use kms_core::{AkdFault, MessageOptions, Sealer};

use crate::error::ViewError;
use crate::form::Form;
use crate::keys::{AttributeKeys, at_once};
use crate::manifest::{Manifest, ManifestColumn, ManifestTicket};
use crate::place::Place;
use crate::policy::Policy;
use crate::text::TextColumn;

/// Seals the columns of one table.
pub struct TableSealer {
    manifest: Manifest,
    columns: Vec<ColumnSealer>,
}

/// Seals one column. Columns are independent of each other, so each may have a thread.
pub struct ColumnSealer {
    name: String,
    table: String,
    keys: Arc<AttributeKeys>,
    place: Place,
    trail: AuditTrail,
    on_fault: OnFault,
    tokenizer: Option<Tokenizer>,
    beacon: Option<OpaqueTokenizer>,
    mask: Option<(Template, char)>,
    tickets: BTreeMap<(Form, Option<String>), Ticket>,
    /// Rows that were sealed.
    rows: u64,
}

struct Ticket {
    header: Vec<u8>,
    sealer: RecordSealer,
}

/// What a sealed table keeps of a column. Records are bytes; a text format encodes them.
pub struct SealedColumn<O> {
    /// What stands in place of the values; without tokens there is none.
    pub token: Option<TokenColumn<O>>,
    /// The values, as records.
    pub sealed: TextColumn<O>,
    /// Their masks, as records.
    pub masked: Option<TextColumn<O>>,
    /// Their deterministic tokens.
    pub deterministic: Option<TokenColumn<O>>,
    /// Rows of this batch that have no token and no mask, where such rows are passed on. Their values are sealed.
    pub faults: Vec<RowFault>,
}

impl TableSealer {
    /// A sealer of a table in `epoch`, under keys of usage `aead`, `ff1` for tokens and `beacon` for deterministic ones.
    ///
    /// # Errors
    /// `AkdFault::NotGranted` where a key is missing; [`ViewError::Policy`] where policy and schema do not fit together.
    pub fn new(
        policy: &Policy,
        keys: &Arc<AttributeKeys>,
        epoch: u16,
        on_fault: OnFault,
        trail: &AuditTrail,
    ) -> Result<Self, ViewError> {
        let place = Place::new(policy, keys.schema(), epoch)?;
        let mut manifest = Manifest::new(&policy.table, keys.schema(), epoch, policy.class.as_deref());
        let mut columns = Vec::new();
        for (name, column) in &policy.columns {
            let path = place.column(name)?;
            let key = |usage| {
                keys.tokens(usage, &path, epoch)?
                    .ok_or(ViewError::from(AkdFault::NotGranted))
            };
            let tokenizer = match (column.token, column.template(name)?) {
                (true, Some(template)) => Some(Tokenizer::new(&key(Usage::Ff1)?, template)),
                _ => None,
            };
            let beacon = match column.deterministic {
                true => Some(OpaqueTokenizer::hmac(&key(Usage::Beacon)?, None)),
                false => None,
            };
            let said = ManifestColumn {
                token: tokenizer
                    .as_ref()
                    .map(|tokens| tokens.metadata(TweakKind::Column).to_string()),
                deterministic: beacon
                    .as_ref()
                    .map(|tokens| tokens.metadata(TweakKind::Column).to_string()),
                ..ManifestColumn::default()
            };
            manifest.columns.insert(name.clone(), said);
            columns.push(ColumnSealer {
                name: name.clone(),
                table: policy.table.clone(),
                keys: Arc::clone(keys),
                place: place.clone(),
                trail: trail.clone(),
                on_fault,
                tokenizer,
                beacon,
                mask: column.mask(name)?,
                tickets: BTreeMap::new(),
                rows: 0,
            });
        }
        Ok(Self { manifest, columns })
    }

    /// The sealers of the protected columns, in order of their names.
    pub fn columns_mut(&mut self) -> &mut [ColumnSealer] {
        &mut self.columns
    }

    /// What the sealed table has to say of itself, when all of it is sealed.
    #[must_use]
    pub fn finish(self) -> Manifest {
        let mut manifest = self.manifest;
        for column in self.columns {
            let said = manifest.columns.entry(column.name).or_default();
            for ((form, class), ticket) in column.tickets {
                let entry = ManifestTicket::new(class.as_deref(), &ticket.header);
                match form {
                    Form::Masked => said.masked.push(entry),
                    _ => said.sealed.push(entry),
                }
            }
        }
        manifest
    }
}

impl ColumnSealer {
    /// The column.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Seals the next rows. `classes` has a class for each row, where rows have classes.
    ///
    /// # Errors
    /// [`ViewError::Row`] for a value without a token, where such rows stop the work; [`ViewError::Cell`] for a row
    /// whose class is none; [`ViewError::Classes`].
    pub fn seal<O: Offset>(
        &mut self,
        values: &ByteColumn<'_, O>,
        classes: Option<&ByteColumn<'_, O>>,
    ) -> Result<SealedColumn<O>, ViewError> {
        let token = self.tokens(values)?;
        let faults = token.as_ref().map(|token| token.faults().to_vec()).unwrap_or_default();
        let deterministic = self.deterministic(values)?;
        let mut sealed = TextColumn::new();
        let mut masked = self.mask.is_some().then(TextColumn::new);
        for row in 0..values.len() {
            let class = classes.and_then(|classes| classes.value(row));
            let value = values.value(row);
            let cell = self.records(row, value, class, &mut sealed, masked.as_mut());
            cell.map_err(|error| self.at(row, error))?;
        }
        self.rows += values.len() as u64;
        Ok(SealedColumn {
            token,
            sealed,
            masked,
            deterministic,
            faults,
        })
    }

    /// The records of one row.
    fn records<O: Offset>(
        &mut self,
        row: usize,
        value: Option<&[u8]>,
        class: Option<&[u8]>,
        sealed: &mut TextColumn<O>,
        masked: Option<&mut TextColumn<O>>,
    ) -> Result<(), ViewError> {
        let Some(value) = value else {
            sealed.push(None)?;
            return masked.map_or(Ok(()), |masked| masked.push(None));
        };
        let class = match class {
            None => None,
            Some(class) => Some(std::str::from_utf8(class).map_err(|_| AkdFault::ValueKind)?),
        };
        self.record(Form::Sealed, class, value, sealed)?;
        if let Some(masked) = masked {
            match self.covered(row, value)? {
                Some(covered) => self.record(Form::Masked, class, covered.as_bytes(), masked)?,
                None => masked.push(None)?,
            }
        }
        Ok(())
    }

    fn record<O: Offset>(
        &mut self,
        form: Form,
        class: Option<&str>,
        value: &[u8],
        out: &mut TextColumn<O>,
    ) -> Result<(), ViewError> {
        let column = form.stored_as(&self.name);
        let sealer = self.ticket(form, class)?;
        out.push_with(|bytes| sealer.seal(RecordPlace::Column(&column), value, bytes).map(|()| true))
    }

    /// The mask of a value; `None` for one that does not fit the template, where such rows are passed on.
    fn covered(&self, row: usize, value: &[u8]) -> Result<Option<String>, ViewError> {
        let Some((template, mask)) = &self.mask else {
            return Ok(None);
        };
        let text = std::str::from_utf8(value).map_err(|_| ValueFault::NotText);
        match (text.and_then(|text| template.mask(text, *mask)), self.on_fault) {
            (Ok(covered), _) => Ok(Some(covered)),
            (Err(fault), OnFault::Stop) => Err(self.row(RowFault { row, fault })),
            (Err(_), _) => Ok(None),
        }
    }

    /// The ticket of a form and a class, made when it is first needed.
    fn ticket(&mut self, form: Form, class: Option<&str>) -> Result<&mut RecordSealer, ViewError> {
        let id = (form, class.map(str::to_owned));
        if !self.tickets.contains_key(&id) {
            if self.tickets.len() >= CLASSES * Form::ALL.len() {
                return Err(ViewError::Classes(CLASSES));
            }
            let kek = self.keys.kek(&self.place.cell(form, &self.name, class)?)?;
            let kek = kek.ok_or(ViewError::from(AkdFault::NotGranted))?;
            let sealer = Sealer::new(self.keys.backend().clone()).ticket(RecordMode::Column);
            let sealer = sealer.recipient(Arc::new(kek)).audit(self.trail.clone());
            let message = at_once(sealer.begin(MessageOptions::default()))?;
            let ticket = Ticket {
                header: message.header().to_vec(),
                sealer: message.keys().ticket()?.sealer()?,
            };
            self.tickets.insert(id.clone(), ticket);
        }
        let ticket = self.tickets.get_mut(&id).expect("inserted above");
        Ok(&mut ticket.sealer)
    }

    fn tokens<O: Offset>(&self, values: &ByteColumn<'_, O>) -> Result<Option<TokenColumn<O>>, ViewError> {
        let Some(tokenizer) = &self.tokenizer else {
            return Ok(None);
        };
        let mut out = TokenColumn::new();
        let made = tokenizer.column(Direction::Encrypt, self.tweaks(), values, self.on_fault, &mut out);
        made.map_err(|error| self.column_error(error))?;
        Ok(Some(out))
    }

    fn deterministic<O: Offset>(&self, values: &ByteColumn<'_, O>) -> Result<Option<TokenColumn<O>>, ViewError> {
        let Some(beacon) = &self.beacon else {
            return Ok(None);
        };
        let mut out = TokenColumn::new();
        let made = beacon.column(Direction::Encrypt, self.tweaks(), values, self.on_fault, &mut out);
        made.map_err(|error| self.column_error(error))?;
        Ok(Some(out))
    }

    fn tweaks<O>(&self) -> Tweaks<'_, O> {
        Tweaks::Column(ColumnName {
            table: &self.table,
            column: &self.name,
        })
    }

    fn column_error(&self, error: ColumnError) -> ViewError {
        match error {
            ColumnError::Row(fault) => self.row(fault),
            fault => ViewError::Tokens {
                column: self.name.clone(),
                fault,
            },
        }
    }

    fn row(&self, fault: RowFault) -> ViewError {
        let before = usize::try_from(self.rows).unwrap_or(usize::MAX);
        ViewError::Row {
            column: self.name.clone(),
            fault: RowFault {
                row: before.saturating_add(fault.row),
                fault: fault.fault,
            },
        }
    }

    fn at(&self, row: usize, error: ViewError) -> ViewError {
        match error {
            ViewError::Core(error) => ViewError::Cell {
                column: self.name.clone(),
                row: self.rows + row as u64,
                error,
            },
            error => error,
        }
    }
}

/// Classes of rows of one column: each has tickets of its own.
const CLASSES: usize = 4096;
