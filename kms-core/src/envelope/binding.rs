//! `B`: the 32 bytes that bind a wrapped secret to its one place (docs/format.md, "Binding").

use crate::cbor::{Writer, encode};
use crate::context::EncryptionContext;
use crate::crypto::CryptoBackend;
use crate::header::{Header, Level, Quorum, Single};
use crate::kek::Kek;
use crate::schedule::{Digest, Domain, hash};

/// What all bindings of one envelope share.
#[derive(Clone, Copy)]
pub(super) struct Scope<'a> {
    pub(super) backend: &'a CryptoBackend,
    pub(super) domain: Domain,
    pub(super) dek_id: &'a [u8; 16],
    pub(super) message_id: &'a [u8; 32],
    pub(super) context: &'a Digest,
    pub(super) pairs: Pairs<'a>,
}

/// The pairs behind the digest of a context.
#[derive(Clone, Copy)]
pub(super) struct Pairs<'a> {
    pub(super) stored: &'a EncryptionContext,
    /// What the caller gave: it has the pairs that are not stored, and agrees with those that are.
    pub(super) supplied: &'a EncryptionContext,
}

impl<'a> Pairs<'a> {
    fn value(&self, name: &str) -> Option<&'a str> {
        self.stored.value(name).or_else(|| self.supplied.value(name))
    }
}

/// The one place of a share.
#[derive(Clone, Copy)]
pub(super) struct Place<'a> {
    pub(super) quorum: &'a Quorum,
    /// 1 to n.
    pub(super) x: u8,
    pub(super) version: u32,
}

impl<'a> Scope<'a> {
    /// `supplied` is the context that the caller requires, already compared with the header's.
    pub(super) fn of(
        backend: &'a CryptoBackend,
        header: &'a Header,
        context: &'a Digest,
        supplied: &'a EncryptionContext,
    ) -> Self {
        let immutable = header.immutable();
        Self {
            backend,
            domain: immutable.domain,
            dek_id: &immutable.dek_id,
            message_id: &immutable.message_id,
            context,
            pairs: Pairs {
                stored: &immutable.context,
                supplied,
            },
        }
    }

    /// The pairs that `kek` shows its provider.
    pub(super) fn exposed<'k>(&self, kek: &'k dyn Kek) -> Vec<(&'k str, &'k str)>
    where
        'a: 'k,
    {
        let names = kek.exposes().iter();
        names
            .filter_map(|name| Some((name.as_str(), self.pairs.value(name)?)))
            .collect()
    }

    /// `B` of the recipient under `kek`.
    pub(super) fn binding(&self, kek: &dyn Kek, level: Level, place: Option<Place<'_>>) -> Digest {
        let bound = encode(|out| self.encode(out, kek, level, place));
        hash(self.backend, "bind", &[&bound])
    }

    /// Names one entry and everything that its secret depends on. The whole entry is in it, not only its `w`: an
    /// edited seal must not be served from a cache.
    pub(super) fn cache_key(&self, partition: &str, single: &Single, kek: &dyn Kek) -> Vec<u8> {
        encode(|out| {
            out.text(partition);
            self.encode(out, kek, single.level, None);
            single.encode_entry(out);
        })
    }

    fn encode(&self, out: &mut Writer<'_>, kek: &dyn Kek, level: Level, place: Option<Place<'_>>) {
        out.array(9);
        out.uint(u64::from(kek.scheme().wire()));
        out.uint(u64::from(level == Level::Message));
        out.uint(u64::from(self.domain.suite.wire()));
        out.uint(u64::from(self.domain.kind.wire()));
        out.bytes(self.dek_id);
        match level {
            Level::DataKey => out.null(),
            Level::Message => out.bytes(self.message_id),
        }
        out.bytes(self.context);
        out.text(kek.uri());
        let halves = kek.hybrid();
        if place.is_none() && halves.is_none() {
            out.null();
            return;
        }
        out.array(place.map_or(0, |_| PLACE_PARTS) + halves.map_or(0, |_| HYBRID_PARTS));
        if let Some(place) = place {
            place.encode(self.backend, out);
        }
        if let Some(halves) = halves {
            out.text("hybrid");
            out.uint(u64::from(halves.pq().kem().wire()));
            out.text(halves.classical().uri());
            out.text(halves.pq().uri());
        }
    }
}

const PLACE_PARTS: usize = 6;
const HYBRID_PARTS: usize = 4;

impl Place<'_> {
    fn encode(&self, backend: &CryptoBackend, out: &mut Writer<'_>) {
        let commitments = encode(|out| self.quorum.encode_commitments(out));
        out.bytes(&self.quorum.id);
        out.uint(u64::from(self.quorum.threshold));
        out.uint(self.quorum.commitments.len() as u64);
        out.uint(u64::from(self.x));
        out.bytes(&hash(backend, "shares", &[&commitments]));
        out.uint(u64::from(self.version));
    }
}

/// `c`: commits to one share without telling anything of it, because shares are uniform.
pub(super) fn commitment(backend: &CryptoBackend, quorum: &[u8; 16], x: u8, share: &[u8; 32]) -> Digest {
    hash(backend, "share", &[quorum, &[x], share])
}
