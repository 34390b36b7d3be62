//! Which entry belongs to which key, and whether it is under that key's current version.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::Rewrapper;
use crate::envelope::recipients::Member;
use crate::error::Result;
use crate::header::{Header, RecipientId, Single};
use crate::kek::Kek;

impl Rewrapper {
    pub(super) fn member(&self, header: &Header, single: &Single) -> Option<Member> {
        let (_, kek) = self
            .opener
            .keyring
            .find(&self.opener.backend, &single.id, &header.immutable().dek_id)?;
        let hidden = matches!(single.id, RecipientId::Hint(_));
        (kek.scheme() == single.scheme).then(|| Member {
            kek: Arc::clone(kek),
            hidden,
        })
    }

    pub(super) async fn is_current(&self, header: &Header, single: &Single, member: &Member) -> Result<bool> {
        let as_hidden = member.hidden == matches!(single.id, RecipientId::Hint(_));
        let named = as_hidden && self.is_named(header, single, member.kek.uri());
        Ok(named && single.scheme == member.kek.scheme() && !self.is_stale(single, &*member.kek).await?)
    }

    pub(super) fn is_named(&self, header: &Header, single: &Single, uri: &str) -> bool {
        match &single.id {
            RecipientId::Kid(kid) => kid == uri,
            RecipientId::Hint(hint) => {
                *hint == crate::keyring::hint(&self.opener.backend, &header.immutable().dek_id, uri)
            }
        }
    }

    /// Whether `single` is under another version than the current one. A provider that hides versions makes nothing
    /// stale, unless it is forced.
    pub(super) async fn is_stale(&self, single: &Single, kek: &dyn Kek) -> Result<bool> {
        if self.force {
            return Ok(true);
        }
        if let Some(current) = lock(&self.versions).get(kek.uri()) {
            return Ok(differs(current.as_deref(), single));
        }
        let current = kek.describe().await?.version;
        let stale = differs(current.as_deref(), single);
        lock(&self.versions).insert(kek.uri().to_owned(), current);
        Ok(stale)
    }
}

fn differs(current: Option<&[u8]>, single: &Single) -> bool {
    match (current, single.wrapped.version.as_deref()) {
        (Some(current), Some(version)) => current != version,
        _ => false,
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
