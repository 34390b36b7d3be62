//! A sealer without scruples: it builds envelopes byte by byte from docs/format.md, so that a test can break one rule
//! and keep all others, seals and TAG included. What a reader then refuses, it refuses for that one rule.

use kms_core::crypto::{Aead, CryptoBackend};
use kms_core::quorum::split;

use super::item::Item;
use crate::support::secret;

/// Stands in contexts, labels and strangers' kids, and must stand in no error.
pub const MARK: &str = "jackdaw";
/// The KEK of version 1 of every `TestKek`.
pub const KEK: [u8; 32] = [1; 32];

/// One envelope to be.
#[derive(Clone)]
pub struct Forge {
    pub backend: CryptoBackend,
    pub suite: u16,
    pub kind: u8,
    pub dek: [u8; 32],
    pub dek_id: [u8; 16],
    pub message_id: [u8; 32],
    /// The full context, stored or not.
    pub context: Vec<(String, String)>,
    pub immutable: Vec<u8>,
    pub mutable: Vec<u8>,
    pub padding: Vec<u8>,
    pub shares: Vec<u8>,
    pub plaintext: Vec<u8>,
}

/// A recipient to be.
#[derive(Clone)]
pub struct Wrap<'a> {
    pub scheme: u64,
    pub level: u64,
    pub kid: &'a str,
    pub hidden: bool,
    pub extra: Item,
    /// The sealed secret; the envelope's own of that level when absent.
    pub secret: Option<[u8; 32]>,
}

impl<'a> Wrap<'a> {
    pub fn local(kid: &'a str) -> Self {
        Self {
            scheme: 1,
            level: 0,
            kid,
            hidden: false,
            extra: Item::Simple(22),
            secret: None,
        }
    }
}

impl Forge {
    /// A message of suite 0x0001 with a stored context, for `local://a`.
    pub fn message(backend: &CryptoBackend) -> Self {
        Self::of(backend, 1, 1)
    }

    pub fn of(backend: &CryptoBackend, suite: u16, kind: u8) -> Self {
        let mut forge = Self {
            backend: backend.clone(),
            suite,
            kind,
            dek: [0x11; 32],
            dek_id: [0x22; 16],
            message_id: [0x33; 32],
            context: Vec::new(),
            immutable: Vec::new(),
            mutable: Vec::new(),
            padding: Vec::new(),
            shares: Vec::new(),
            plaintext: b"the plaintext".to_vec(),
        };
        forge.store_context(&[("purpose", MARK)]);
        if kind == 2 {
            let labels = Item::texts([("ks1-mode", "column")]);
            forge.immutable = forge.imm().with(5, labels).encode();
        }
        let entry = forge.single("local://a");
        forge.with_entries([entry])
    }

    /// Makes these pairs the context, all stored. Recipients wrapped before are bound to the old one.
    pub fn store_context(&mut self, pairs: &[(&str, &str)]) {
        self.context = pairs
            .iter()
            .map(|(key, value)| ((*key).to_owned(), (*value).to_owned()))
            .collect();
        let mut imm = Item::fields([(1, Item::bytes(&self.message_id)), (2, Item::bytes(&self.dek_id))]);
        if !pairs.is_empty() {
            imm.set(3, self.context_item());
        }
        self.immutable = imm.encode();
    }

    pub fn imm(&self) -> Item {
        Item::decode(&self.immutable).0
    }

    pub fn with_imm(mut self, imm: &Item) -> Self {
        self.immutable = imm.encode();
        self
    }

    pub fn mutable(&self) -> Item {
        Item::decode(&self.mutable).0
    }

    pub fn with_mut(mut self, mutable: &Item) -> Self {
        self.mutable = mutable.encode();
        self
    }

    pub fn with_entries(self, entries: impl IntoIterator<Item = Item>) -> Self {
        let entries = Item::Array(entries.into_iter().collect());
        self.with_mut(&Item::fields([(1, Item::Uint(0)), (3, entries)]))
    }

    /// The same envelope with `change` done to its first recipient.
    pub fn with_first(self, change: impl FnOnce(&mut Item)) -> Self {
        let mut mutable = self.mutable();
        change(&mut mutable.field_mut(3).items_mut()[0]);
        self.with_mut(&mutable)
    }

    /// The same envelope with `bytes` as its SHARES.
    pub fn with_shares(mut self, shares: &Item) -> Self {
        self.shares = shares.encode();
        self
    }

    /// A recipient of scheme 1 and level 0.
    pub fn single(&self, kid: &str) -> Item {
        self.wrap(&Wrap::local(kid))
    }

    pub fn wrap(&self, wrap: &Wrap<'_>) -> Item {
        let salt: [u8; 32] = self.hash("id", &[wrap.kid.as_bytes(), &wrap.extra.encode()]);
        let binding = self.binding(wrap);
        let w = self.expand(&KEK, "local", &[&salt, &binding], 32);
        self.sealed(wrap, &w)
            .with(3, Item::bytes(b"1"))
            .with(4, Item::bytes(&salt))
    }

    /// An entry whose secret is sealed under the secret `w`, with an empty `w` field and no version.
    pub fn sealed(&self, wrap: &Wrap<'_>, w: &[u8]) -> Item {
        let key = self.expand(w, "seal", &[&self.binding(wrap)], 32);
        let own = if wrap.level == 0 {
            self.dek
        } else {
            self.message_secret()
        };
        let sealed = self.seal_with(&key, &[0; 12], &wrap.secret.unwrap_or(own));
        let kid = if wrap.hidden {
            Item::bytes(&self.hash("hint", &[&self.dek_id, wrap.kid.as_bytes()])[..8])
        } else {
            Item::text(wrap.kid)
        };
        let entry = Item::fields([
            (1, Item::Uint(wrap.scheme)),
            (2, kid),
            (4, Item::bytes(b"")),
            (5, Item::Bytes(sealed)),
        ]);
        if wrap.level == 1 {
            entry.with(7, Item::Uint(1))
        } else {
            entry
        }
    }

    /// `B`.
    pub fn binding(&self, wrap: &Wrap<'_>) -> [u8; 32] {
        let mid = if wrap.level == 0 {
            Item::Simple(22)
        } else {
            Item::bytes(&self.message_id)
        };
        let bound = Item::Array(vec![
            Item::Uint(wrap.scheme),
            Item::Uint(wrap.level),
            Item::Uint(u64::from(self.suite)),
            Item::Uint(u64::from(self.kind)),
            Item::bytes(&self.dek_id),
            mid,
            Item::bytes(&self.context_hash()),
            Item::text(wrap.kid),
            wrap.extra.clone(),
        ]);
        self.hash("bind", &[&bound.encode()])
    }

    /// A quorum of `kids` at level 0: its entry of MUT, and its array of shares.
    pub fn quorum(&self, threshold: u8, id: [u8; 16], kids: &[&str]) -> (Item, Item) {
        let shares = split(&secret(&self.dek), threshold, kids.len() as u8, &*self.backend.random).unwrap();
        let shares: Vec<[u8; 32]> = shares.iter().map(|share| *share.expose()).collect();
        self.quorum_of(threshold, id, kids, &shares, &shares)
    }

    /// A quorum that commits to `committed` and wraps `dealt`.
    pub fn quorum_of(
        &self,
        threshold: u8,
        id: [u8; 16],
        kids: &[&str],
        committed: &[[u8; 32]],
        dealt: &[[u8; 32]],
    ) -> (Item, Item) {
        let commitments: Vec<Item> = (1u8..)
            .zip(committed)
            .map(|(x, share)| Item::bytes(&self.hash("share", &[&id, &[x], share])))
            .collect();
        let all = self.hash("shares", &[&Item::Array(commitments.clone()).encode()]);
        let bodies = (1u64..).zip(kids).zip(dealt).map(|((x, kid), share)| {
            let place = [
                Item::Uint(u64::from(threshold)),
                Item::Uint(kids.len() as u64),
                Item::Uint(x),
            ];
            let mut extra = vec![Item::bytes(&id)];
            extra.extend(place);
            extra.extend([Item::bytes(&all), Item::Uint(0)]);
            self.wrap(&Wrap {
                extra: Item::Array(extra),
                secret: Some(*share),
                ..Wrap::local(kid)
            })
        });
        let shares = Item::Array(bodies.collect());
        let entry = Item::fields([
            (1, Item::Uint(16)),
            (10, Item::bytes(&id)),
            (11, Item::Uint(u64::from(threshold))),
            (12, Item::Array(commitments)),
        ]);
        (entry, shares)
    }

    /// Prelude, IMM, MUT and PAD: what TAG covers.
    pub fn covered(&self) -> Vec<u8> {
        let mut out = self.start();
        for region in [&self.immutable, &self.mutable, &self.padding, &self.shares] {
            out.extend((region.len() as u32).to_be_bytes());
        }
        out.extend([0; 4]);
        for region in [&self.immutable, &self.mutable, &self.padding] {
            out.extend_from_slice(region);
        }
        out
    }

    pub fn header(&self) -> Vec<u8> {
        let mut out = self.covered();
        let tag = self.tag(&out);
        out.extend(tag);
        out.extend_from_slice(&self.shares);
        out
    }

    pub fn envelope(&self) -> Vec<u8> {
        let mut out = self.header();
        if self.kind != 2 {
            out.extend(self.payload());
        }
        out
    }

    /// TAG of other covered bytes under this envelope's message secret.
    pub fn tag(&self, covered: &[u8]) -> [u8; 32] {
        let key = self.expand(&self.message_secret(), "header-mac", &[], 64);
        self.backend.hash.hmac(&key, &[covered])[..32].try_into().unwrap()
    }

    pub fn message_secret(&self) -> [u8; 32] {
        let secret = self.expand(&self.dek, "message", &[&self.dek_id, &self.message_id], 32);
        secret.try_into().unwrap()
    }

    /// Key, base nonce and commitment of the payload.
    pub fn payload_keys(&self) -> ([u8; 32], [u8; 12], [u8; 32]) {
        let input = self.expand(&self.message_secret(), "payload", &[], 32);
        let aead = match self.suite {
            2 => "AEAD_AES_256_GCM_SIV",
            3 => "AEAD_CHACHA20_POLY1305",
            _ => "AEAD_AES_256_GCM",
        };
        let imm_hash = self.hash("immutable", &[&self.start(), &self.immutable]);
        let mut out = [0; 76];
        let info: [&[u8]; 5] = [
            b"c2sp.org/chunked-encryption@v1+",
            aead.as_bytes(),
            &[0],
            &self.message_id[..24],
            &imm_hash,
        ];
        self.backend.hash.expand(&input, &info, &mut out);
        (
            out[..32].try_into().unwrap(),
            out[32..44].try_into().unwrap(),
            out[44..].try_into().unwrap(),
        )
    }

    /// Salt and commitment.
    pub fn payload_start(&self) -> Vec<u8> {
        [&self.message_id[..24], &self.payload_keys().2].concat()
    }

    pub fn payload(&self) -> Vec<u8> {
        let (key, base, _) = self.payload_keys();
        let mut out = self.payload_start();
        for number in 0..=self.plaintext.len() / 16_384 {
            let end = self.plaintext.len().min((number + 1) * 16_384);
            let nonce = chunk_nonce(base, number as u64);
            out.extend(self.seal_with(&key, &nonce, &self.plaintext[number * 16_384..end]));
        }
        out
    }

    /// A record of a ticket of suite 0x0001 or 0x0002 (docs/format.md 10).
    pub fn record(&self, aad: &[u8], wid: &[u8; 10], counter: u32, plaintext: &[u8]) -> Vec<u8> {
        let derived = self.expand(&self.record_secret(), "writer", &[wid], 44);
        let mut nonce: [u8; 12] = derived[32..].try_into().unwrap();
        nonce[8..]
            .iter_mut()
            .zip(counter.to_be_bytes())
            .for_each(|(byte, counter)| *byte ^= counter);
        let mut sealed = vec![0; plaintext.len() + 16];
        let key = self.aead().key(derived[..32].try_into().unwrap());
        key.seal_into(&nonce, aad, plaintext, &mut sealed);
        [&self.message_id[..6], wid, &counter.to_be_bytes(), &sealed].concat()
    }

    /// A record of a ticket of suite 0x0010.
    pub fn deterministic_record(&self, aad: &[u8], plaintext: &[u8]) -> Vec<u8> {
        let key = self.expand(&self.record_secret(), "det", &[], 64);
        let mut sealed = plaintext.to_vec();
        let siv = self
            .backend
            .aes_siv
            .seal_in_place(&key.try_into().unwrap(), aad, &mut sealed);
        [&self.message_id[..6], &siv, &sealed].concat()
    }

    fn record_secret(&self) -> Vec<u8> {
        let imm_hash = self.hash("immutable", &[&self.start(), &self.immutable]);
        self.expand(&self.message_secret(), "record", &[&imm_hash], 32)
    }

    pub fn context_hash(&self) -> [u8; 32] {
        self.hash("context", &[&self.context_item().encode()])
    }

    pub fn hash(&self, label: &str, parts: &[&[u8]]) -> [u8; 32] {
        let mut all: Vec<&[u8]> = vec![b"keystrand/KS1/", label.as_bytes(), &[0]];
        all.extend(parts);
        self.backend.hash.digest(&all)[..32].try_into().unwrap()
    }

    pub fn expand(&self, key: &[u8], label: &str, parts: &[&[u8]], length: usize) -> Vec<u8> {
        let suite = self.suite.to_be_bytes();
        let middle = [0, suite[0], suite[1], self.kind];
        let mut info: Vec<&[u8]> = vec![b"keystrand/KS1/", label.as_bytes(), &middle];
        info.extend(parts);
        let mut out = vec![0; length];
        self.backend.hash.expand(key, &info, &mut out);
        out
    }

    pub fn aead(&self) -> &'static dyn Aead {
        match self.suite {
            2 => self.backend.aes_gcm_siv,
            3 => self.backend.chacha20_poly1305,
            _ => self.backend.aes_gcm,
        }
    }

    pub fn seal_with(&self, key: &[u8], nonce: &[u8; 12], plaintext: &[u8]) -> Vec<u8> {
        let mut out = vec![0; plaintext.len() + 16];
        self.aead()
            .key(key.try_into().unwrap())
            .seal_into(nonce, &[], plaintext, &mut out);
        out
    }

    fn start(&self) -> Vec<u8> {
        let mut start = b"\x89KS1\r\n\x1a\n".to_vec();
        start.extend([self.kind, 0]);
        start.extend(self.suite.to_be_bytes());
        start
    }

    fn context_item(&self) -> Item {
        Item::texts(self.context.iter().map(|(key, value)| (key.as_str(), value.as_str())))
    }
}

/// The nonce of a chunk.
pub fn chunk_nonce(mut base: [u8; 12], number: u64) -> [u8; 12] {
    for (byte, counter) in base[4..].iter_mut().zip(number.to_be_bytes()) {
        *byte ^= counter;
    }
    base
}

/// The associated data of a record.
pub fn record_aad(mode: u8, column: &str, row: &[u8]) -> Vec<u8> {
    let mut aad = vec![mode];
    aad.extend((column.len() as u16).to_be_bytes());
    aad.extend(column.as_bytes());
    aad.extend((row.len() as u32).to_be_bytes());
    aad.extend(row);
    aad
}
