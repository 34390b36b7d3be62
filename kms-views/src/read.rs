//! Reading: columns of forms to what a role sees.

use std::collections::HashSet;
use std::sync::Arc;

use kms_core::audit::AuditTrail;
use kms_core::record::{ByteColumn, Offset, RecordOpener, RecordPlace, TicketId, ticket_id};
use kms_core::{Header, Keyring, Opener};

use crate::error::ViewError;
use crate::form::{Form, Seen};
use crate::keys::{AttributeKeys, at_once};
use crate::manifest::Manifest;
use crate::place::Place;
use crate::policy::{Policy, RoleView};
use crate::text::TextColumn;

/// Shows a sealed table as one role sees it.
pub struct TableReader<'p> {
    columns: Vec<ColumnReader<'p>>,
}

/// Shows one column. Columns are independent of each other, so each may have a thread.
pub struct ColumnReader<'p> {
    name: String,
    view: RoleView<'p>,
    opener: RecordOpener,
    /// Tickets of the table that the role has no key for.
    locked: HashSet<TicketId>,
    rows: u64,
    without_key: u64,
}

/// What a sealed table has of a column; what it does not have, or what is not needed, is `None`.
#[derive(Clone, Copy)]
pub struct StoredColumn<'a, O> {
    /// What stands in place of the values.
    pub token: Option<ByteColumn<'a, O>>,
    /// The values, as records.
    pub sealed: Option<ByteColumn<'a, O>>,
    /// Their masks, as records.
    pub masked: Option<ByteColumn<'a, O>>,
    /// Their deterministic tokens.
    pub deterministic: Option<ByteColumn<'a, O>>,
}

impl<'p> TableReader<'p> {
    /// A reader for `role`: with every ticket open that the keys lead to.
    ///
    /// # Errors
    /// [`ViewError::Role`]; [`ViewError::Manifest`]; `AkdFault::SchemaChanged` where the table was sealed with another
    /// schema than the keys are of; [`ViewError::Policy`] where the policy is of another table.
    pub fn new(
        policy: &'p Policy,
        role: &str,
        manifest: &Manifest,
        keys: &Arc<AttributeKeys>,
        trail: &AuditTrail,
    ) -> Result<Self, ViewError> {
        let view = policy.role(role)?;
        let schema = manifest.schema()?;
        keys.schema().check_reads(&schema)?;
        if manifest.table != policy.table || manifest.class != policy.class {
            return Err(ViewError::Policy(
                "the sealed table is another one, or has other classes".to_owned(),
            ));
        }
        let place = Place::new(policy, &schema, manifest.epoch)?;
        let mut columns = Vec::new();
        for (name, column) in &manifest.columns {
            let protected = policy
                .columns
                .get(name)
                .ok_or_else(|| ViewError::Column(name.clone()))?;
            let mut reader = ColumnReader {
                name: name.clone(),
                view: view.clone(),
                opener: RecordOpener::new(),
                locked: HashSet::new(),
                rows: 0,
                without_key: 0,
            };
            for form in protected.forms() {
                for ticket in column.tickets(form) {
                    let path = place.cell(form, name, ticket.class.as_deref())?;
                    reader.unlock(keys, &path, &ticket.bytes()?, trail)?;
                }
            }
            columns.push(reader);
        }
        if columns.len() != policy.columns.len() {
            return Err(ViewError::Policy(
                "a column was protected after the table was sealed; seal it anew".to_owned(),
            ));
        }
        Ok(Self { columns })
    }

    /// The readers of the protected columns, in order of their names.
    pub fn columns_mut(&mut self) -> &mut [ColumnReader<'p>] {
        &mut self.columns
    }

    /// Values that the policy would have shown and that no key of the role opened.
    #[must_use]
    pub fn without_key(&self) -> u64 {
        self.columns.iter().map(|column| column.without_key).sum()
    }
}

impl ColumnReader<'_> {
    /// The column.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Whether nothing of it is seen in any row, so that the column can be left out.
    #[must_use]
    pub fn is_hidden(&self) -> bool {
        self.view.hides(&self.name)
    }

    /// Opens a ticket, or notes that there is no key for it.
    fn unlock(
        &mut self,
        keys: &AttributeKeys,
        path: &kms_core::akd::NodePath,
        ticket: &[u8],
        trail: &AuditTrail,
    ) -> Result<(), ViewError> {
        let header = Header::parse_detached(ticket, 1)?;
        let id = *header.immutable().message_id.first_chunk().expect("6 of 32 bytes");
        let Some(kek) = keys.kek(path)? else {
            self.locked.insert(id);
            return Ok(());
        };
        let opener = Opener::new(keys.backend().clone(), Keyring::new().with(Arc::new(kek))).audit(trail.clone());
        self.opener.insert(at_once(opener.open_ticket(ticket))?);
        Ok(())
    }

    /// What the role sees of the next rows. `classes` has a class for each row, where rows have classes.
    ///
    /// # Errors
    /// [`ViewError::Cell`] for a record that was altered, or belongs elsewhere.
    pub fn view<O: Offset>(
        &mut self,
        stored: &StoredColumn<'_, O>,
        rows: usize,
        classes: Option<&ByteColumn<'_, O>>,
    ) -> Result<TextColumn<O>, ViewError> {
        let mut out = TextColumn::new();
        for row in 0..rows {
            let class = classes.and_then(|classes| classes.value(row));
            let class = class.and_then(|class| std::str::from_utf8(class).ok());
            let token = stored.token.and_then(|column| column.value(row));
            match self.view.seen(&self.name, class).unwrap_or(Seen::Hidden) {
                Seen::Clear => {
                    let record = stored.sealed.and_then(|column| column.value(row));
                    self.open(Form::Sealed, row, record, token, &mut out)?;
                }
                Seen::Masked => {
                    let record = stored.masked.and_then(|column| column.value(row));
                    self.open(Form::Masked, row, record, token, &mut out)?;
                }
                Seen::Deterministic => out.push(stored.deterministic.and_then(|column| column.value(row)))?,
                Seen::Token => out.push(token)?,
                Seen::Hidden => out.push(None)?,
            }
        }
        self.rows += rows as u64;
        Ok(out)
    }

    /// The value of a record; the token where the role has no key.
    fn open<O: Offset>(
        &mut self,
        form: Form,
        row: usize,
        record: Option<&[u8]>,
        token: Option<&[u8]>,
        out: &mut TextColumn<O>,
    ) -> Result<(), ViewError> {
        let Some(record) = record else {
            // A null, or a value that had no mask: then it has no token either.
            return out.push(token);
        };
        if ticket_id(record).is_ok_and(|id| self.locked.contains(&id)) {
            self.without_key += 1;
            return out.push(token);
        }
        let (column, place) = (form.stored_as(&self.name), self.rows + row as u64);
        let opener = &mut self.opener;
        let opened = out.push_with(|bytes| opener.open(RecordPlace::Column(&column), record, bytes).map(|()| true));
        opened.map_err(|error| match error {
            ViewError::Core(error) => ViewError::Cell {
                column: self.name.clone(),
                row: place,
                error,
            },
            error => error,
        })
    }
}
