//! Which entry belongs to which key, and whether it is under that key's current version.

use std::sync::{Mutex, MutexGuard, PoisonError};

use super::Rewrapper;
use crate::KekError;
use crate::envelope::attempt::second_key;
use crate::envelope::opener::{Opener, is_of};
use crate::envelope::recipients::Member;
use crate::error::Result;
use crate::header::{Header, RecipientId, Single};
use crate::kek::{Kek, KekInfo, WrapParams};
use crate::kem::KemRecipient;
use crate::keyring::names;

impl Rewrapper {
    /// The configured key that `single` is under.
    pub(super) fn member(&self, header: &Header, single: &Single) -> Option<Member> {
        let Self { opener, .. } = self;
        let (_, kek) = opener
            .keyring
            .find(&opener.backend, single, &header.immutable().dek_id)?;
        let hidden = matches!(single.id, RecipientId::Hint(_));
        (kek.scheme() == single.scheme).then_some(Member { kek, hidden })
    }

    /// The same, where the key can open what stands under it.
    pub(super) fn opening_member(&self, header: &Header, single: &Single) -> Option<Member> {
        self.member(header, single).filter(|member| member.kek.opens())
    }

    pub(super) async fn is_current(&self, header: &Header, single: &Single, member: &Member) -> Result<bool> {
        let as_hidden = member.hidden == matches!(single.id, RecipientId::Hint(_));
        let named = as_hidden && self.is_of(header, single, &*member.kek);
        Ok(named && single.scheme == member.kek.scheme() && !self.is_stale(single, &*member.kek).await?)
    }

    pub(super) fn is_of(&self, header: &Header, single: &Single, kek: &dyn Kek) -> bool {
        is_of(single, kek, |uri, id| self.is_id_of(header, id, uri))
    }

    /// Whether the key `uri` is needed to open `single`: alone, or as one of two halves, by its name or a thumbprint.
    pub(super) fn is_under(&self, header: &Header, single: &Single, uri: &str) -> bool {
        let is_it = |id| self.is_id_of(header, id, uri) || self.is_version_of(header, id, uri);
        let second = match &single.wrapped.params {
            WrapParams::Hybrid { id, .. } => is_it(id),
            _ => false,
        };
        second || is_it(&single.id)
    }

    /// Whether `id` is a version of the key pair `uri`, by its thumbprint.
    fn is_version_of(&self, header: &Header, id: &RecipientId, uri: &str) -> bool {
        let Opener { backend, keyring, .. } = &self.opener;
        let pair = keyring.version_of(backend, id, &header.immutable().dek_id);
        pair.is_some_and(|(of, _)| of == uri)
    }

    fn is_id_of(&self, header: &Header, id: &RecipientId, uri: &str) -> bool {
        names(&self.opener.backend, &header.immutable().dek_id, id, uri)
    }

    /// Whether `single` is under another version than the current one, of either half. A provider that hides versions
    /// makes nothing stale, unless it is forced.
    pub(super) async fn is_stale(&self, single: &Single, kek: &dyn Kek) -> Result<bool> {
        if self.force {
            return Ok(true);
        }
        let written = single.wrapped.version.as_deref();
        let Some(halves) = kek.hybrid() else {
            return self.is_older_kek(kek, written).await;
        };
        if self.is_older_kek(&**halves.classical(), written).await? {
            return Ok(true);
        }
        let written = second_key(single, kek).and_then(|(_, version)| version.as_deref());
        self.is_older_pair(&**halves.pq(), written).await
    }

    async fn is_older_kek(&self, kek: &dyn Kek, written: Option<&[u8]>) -> Result<bool> {
        match kek.kem() {
            Some(key) => self.is_older_pair(&**key, written).await,
            None => self.is_older(kek.uri(), written, kek.describe()).await,
        }
    }

    /// A thumbprint is one version for ever: it is the pair behind it that may have come to another.
    async fn is_older_pair(&self, key: &dyn KemRecipient, written: Option<&[u8]>) -> Result<bool> {
        let Some((of, version)) = key.version_of() else {
            return self.is_older(key.uri(), written, key.describe()).await;
        };
        match self.opener.keyring.kek(of) {
            Some(pair) => self.is_older(of, Some(version), pair.describe()).await,
            None => Ok(false),
        }
    }

    async fn is_older(
        &self,
        uri: &str,
        written: Option<&[u8]>,
        describe: impl Future<Output = Result<KekInfo, KekError>>,
    ) -> Result<bool> {
        if let Some(current) = lock(&self.versions).get(uri) {
            return Ok(differs(current.as_deref(), written));
        }
        let current = describe.await?.version;
        let older = differs(current.as_deref(), written);
        lock(&self.versions).insert(uri.to_owned(), current);
        Ok(older)
    }
}

fn differs(current: Option<&[u8]>, written: Option<&[u8]>) -> bool {
    match (current, written) {
        (Some(current), Some(written)) => current != written,
        _ => false,
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
