//! What was issued from this home: the signed statements, the lists, and the schema of each tree. No key is in it.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use kms_core::akd::{Schema, TreeId};

use super::error::GrantError;
use super::issuer::IssuedGrant;
use super::lines::hex;
use super::revocation::Revocations;
use super::statement::Statement;
use crate::durable::{FileLock, Sites, publish};
use crate::signing::VerifierKey;

/// A folder of statements and lists.
pub struct Register {
    folder: PathBuf,
}

/// The register, while nobody else changes it.
pub struct LockedRegister<'a> {
    register: &'a Register,
    _lock: FileLock,
}

impl Register {
    /// The register in `folder`, which need not exist yet.
    #[must_use]
    pub fn new(folder: impl Into<PathBuf>) -> Self {
        Self { folder: folder.into() }
    }

    /// Every grant that was issued, oldest first.
    ///
    /// # Errors
    /// [`GrantError::Io`], and for a file that is no statement.
    pub fn grants(&self) -> Result<Vec<Statement>, GrantError> {
        let entries = match fs::read_dir(&self.folder) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            entries => entries.map_err(|error| GrantError::io(&self.folder, &error))?,
        };
        let mut grants = Vec::new();
        for entry in entries {
            let path = entry.map_err(|error| GrantError::io(&self.folder, &error))?.path();
            if path.extension().is_some_and(|extension| extension == "sig") {
                grants.push(Statement::unverified(&read(&path)?)?);
            }
        }
        grants.sort_by_key(|grant| (grant.issued, grant.id));
        Ok(grants)
    }

    /// The list of a tree, as it stands; the empty one where none was made.
    ///
    /// # Errors
    /// [`GrantError::Io`], and for a file that is no list.
    pub fn revocations(&self, tree: TreeId) -> Result<Revocations, GrantError> {
        match self.list(tree)? {
            Some(note) => Revocations::unverified(&note),
            None => Ok(Revocations::none(tree)),
        }
    }

    /// Keeps others from changing it.
    ///
    /// # Errors
    /// [`GrantError::Io`]; `ResourceBusy` while somebody else changes it.
    pub fn lock(&self) -> Result<LockedRegister<'_>, GrantError> {
        fs::create_dir_all(&self.folder).map_err(|error| GrantError::io(&self.folder, &error))?;
        let failed = |error: io::Error| GrantError::io(&self.folder, &error);
        let lock = FileLock::try_acquire(&FileLock::beside(&self.folder.join("register"))).map_err(failed)?;
        let lock = lock.ok_or_else(|| failed(io::ErrorKind::ResourceBusy.into()))?;
        Ok(LockedRegister {
            register: self,
            _lock: lock,
        })
    }

    fn list(&self, tree: TreeId) -> Result<Option<Vec<u8>>, GrantError> {
        optional(&self.folder.join(format!("{tree}.list")))
    }

    fn write(&self, name: &str, content: &[u8]) -> Result<(), GrantError> {
        let path = self.folder.join(name);
        publish(&path, content, true, &Sites::SIGNATURE).map_err(|error| GrantError::io(&path, &error))
    }
}

impl LockedRegister<'_> {
    /// Whether grants may be issued under `schema`: it is that of the grants before, or has dimensions added behind.
    ///
    /// # Errors
    /// `AkdFault::SchemaChanged`.
    pub fn check_schema(&self, schema: &Schema) -> Result<(), GrantError> {
        let path = self.register.folder.join(format!("{}.schema", schema.tree()));
        match optional(&path)? {
            None => Ok(()),
            Some(known) => Ok(schema.check_reads(&Schema::decode(&known)?)?),
        }
    }

    /// Keeps what was issued under `schema`.
    ///
    /// # Errors
    /// As [`LockedRegister::check_schema`]; [`GrantError::Io`].
    pub fn record(&self, schema: &Schema, issued: &IssuedGrant) -> Result<(), GrantError> {
        self.check_schema(schema)?;
        self.register
            .write(&format!("{}.schema", schema.tree()), &schema.encode())?;
        self.register
            .write(&format!("{}.sig", hex(&issued.statement.id)), &issued.note)
    }

    /// The list of a tree, which `issuer` must have signed.
    ///
    /// # Errors
    /// [`GrantError::Note`] for a list that somebody else put there; [`GrantError::Io`].
    pub fn revocations(&self, tree: TreeId, issuer: &VerifierKey) -> Result<Revocations, GrantError> {
        match self.register.list(tree)? {
            Some(note) => Revocations::open(&note, issuer),
            None => Ok(Revocations::none(tree)),
        }
    }

    /// Keeps a list.
    ///
    /// # Errors
    /// [`GrantError::Io`].
    pub fn publish(&self, list: &Revocations, note: &[u8]) -> Result<(), GrantError> {
        self.register.write(&format!("{}.list", list.tree()), note)
    }
}

fn read(path: &Path) -> Result<Vec<u8>, GrantError> {
    fs::read(path).map_err(|error| GrantError::io(path, &error))
}

fn optional(path: &Path) -> Result<Option<Vec<u8>>, GrantError> {
    match fs::read(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        content => content.map(Some).map_err(|error| GrantError::io(path, &error)),
    }
}
