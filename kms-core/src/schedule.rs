//! The KS1 key schedule (docs/format.md, "Key schedule"): every label of the format stands here and nowhere else.
//! `Expand` is HKDF-Expand-SHA-512, an SP 800-108 feedback-mode KDF; `Hash` is SHA-512 cut to 32 bytes.

use zeroize::Zeroizing;

use crate::crypto::{CryptoBackend, HmacKey, RandomFailed};
use crate::memory::{Secret, process_id};
use crate::suite::{Kind, Suite};

/// Domain of every hash and derivation of this version.
const DOMAIN: &[u8] = b"keystrand/KS1/";

/// A 32-byte `Hash`.
pub type Digest = [u8; 32];

/// `Hash(label, parts) = SHA-512(P || label || 00 || parts)[0..32]`.
pub(crate) fn hash(backend: &CryptoBackend, label: &str, parts: &[&[u8]]) -> Digest {
    let mut all: [&[u8]; 8] = [&[]; 8];
    all[0] = DOMAIN;
    all[1] = label.as_bytes();
    all[2] = &[0];
    all[3..3 + parts.len()].copy_from_slice(parts);
    truncate(&backend.hash.digest(&all[..3 + parts.len()]))
}

/// The first 32 bytes of a 64-byte hash.
pub(crate) fn truncate(wide: &[u8; 64]) -> Digest {
    let mut out = [0; 32];
    out.copy_from_slice(&wide[..32]);
    out
}

/// Suite and kind: they enter every derivation, so that no key of one serves another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Domain {
    /// The suite of the envelope.
    pub suite: Suite,
    /// The kind of the envelope.
    pub kind: Kind,
}

impl Domain {
    /// `Expand(key, P || label || 00 || suite || kind || parts)` into `out`.
    pub(crate) fn expand(self, backend: &CryptoBackend, key: &[u8], label: &str, parts: &[&[u8]], out: &mut [u8]) {
        self.with_info(label, parts, |info| backend.hash.expand(key, info, out));
    }

    /// `use_info` of `P || label || 00 || suite || kind || parts`.
    fn with_info(self, label: &str, parts: &[&[u8]], use_info: impl FnOnce(&[&[u8]])) {
        let [high, low] = self.suite.wire().to_be_bytes();
        let suite_and_kind = [0, high, low, self.kind.wire()];
        let mut info: [&[u8]; 8] = [&[]; 8];
        info[0] = DOMAIN;
        info[1] = label.as_bytes();
        info[2] = &suite_and_kind;
        info[3..3 + parts.len()].copy_from_slice(parts);
        use_info(&info[..3 + parts.len()]);
    }

    /// A 32-byte key, wiped when dropped.
    pub(crate) fn key(self, backend: &CryptoBackend, key: &[u8], label: &str, parts: &[&[u8]]) -> Zeroizing<[u8; 32]> {
        let mut out = Zeroizing::new([0; 32]);
        self.expand(backend, key, label, parts, &mut *out);
        out
    }

    /// The message secret of one message of a data key.
    pub(crate) fn message_secret(
        self,
        backend: &CryptoBackend,
        dek: &Secret<32>,
        dek_id: &[u8; 16],
        message_id: &[u8; 32],
    ) -> Secret<32> {
        Secret::init_with(|out| self.expand(backend, dek.expose(), "message", &[dek_id, message_id], out))
    }

    /// `WK || base` of a record writer.
    pub(crate) fn writer_key(
        self,
        backend: &CryptoBackend,
        record_secret: &Secret<32>,
        writer_id: &[u8; 10],
    ) -> Zeroizing<[u8; 44]> {
        let mut out = Zeroizing::new([0; 44]);
        self.expand(backend, record_secret.expose(), "writer", &[writer_id], &mut *out);
        out
    }

    /// The AES-SIV key of a ticket's deterministic records.
    pub(crate) fn deterministic_record_key(self, backend: &CryptoBackend, record_secret: &Secret<32>) -> Secret<64> {
        Secret::init_with(|out| self.expand(backend, record_secret.expose(), "det", &[], out))
    }

    /// `SK`, the key that seals a recipient's copy of the secret under its `W` and its binding `B`.
    pub(crate) fn seal_key(self, backend: &CryptoBackend, w: &Secret<32>, binding: &Digest) -> Zeroizing<[u8; 32]> {
        self.key(backend, w.expose(), "seal", &[binding])
    }

    /// `info` of the HPKE of a recipient: `B` is its associated data, so no further field is in it.
    pub(crate) fn hpke_info(self) -> Vec<u8> {
        let mut all = Vec::new();
        self.with_info("hpke", &[], |info| all = info.concat());
        all
    }

    /// `W` of a hybrid recipient (docs/format.md 6.3): a two-step KDF over both secrets, the approved one first
    /// (SP 800-56C r2, hybrid shared secrets). Both secrets have one length, so their concatenation is injective; both
    /// ciphertexts and the public key are in, because RSA-OAEP and key wrap do not bind theirs.
    pub(crate) fn combine_hybrid(
        self,
        backend: &CryptoBackend,
        inputs: &HybridInputs<'_>,
        binding: &Digest,
    ) -> Secret<32> {
        let mut prk = Zeroizing::new([0; 64]);
        self.with_info("hybrid-extract", &[], |info| {
            let secrets: [&[u8]; 2] = [inputs.ss_pq.expose(), inputs.w_c.expose()];
            *prk = backend.hash.hmac(&info.concat(), &secrets);
        });
        let ct_pq = hash(backend, "ct-pq", &[inputs.ct_pq]);
        let ek_pq = hash(backend, "ek", &[inputs.ek_pq]);
        let wrapped_c = hash(backend, "w-c", &[inputs.wrapped_c]);
        let parts: [&[u8]; 4] = [&ct_pq, &ek_pq, &wrapped_c, binding];
        Secret::init_with(|out| self.expand(backend, &*prk, "hybrid", &parts, out))
    }

    /// `W` of a KEK whose bytes this process holds: derived for each wrap from a 32-byte salt and the binding, so
    /// that no nonce and no 2^32 limit exists (docs/format.md, "Scheme 1 with a local KEK").
    #[must_use]
    pub fn derive_local(
        self,
        backend: &CryptoBackend,
        kek: &Secret<32>,
        salt: &[u8; 32],
        binding: &Digest,
    ) -> Secret<32> {
        Secret::init_with(|out| self.expand(backend, kek.expose(), "local", &[salt, binding], out))
    }
}

/// What the two halves of a hybrid recipient give.
pub(crate) struct HybridInputs<'a> {
    pub(crate) ss_pq: &'a Secret<32>,
    pub(crate) w_c: &'a Secret<32>,
    pub(crate) ct_pq: &'a [u8],
    pub(crate) ek_pq: &'a [u8],
    pub(crate) wrapped_c: &'a [u8],
}

/// All that is derived from one message secret, which is scheduled once. Not for keeping: it stands outside the
/// protected pages.
pub(crate) struct MessageSchedule {
    domain: Domain,
    secret: Box<dyn HmacKey>,
}

impl MessageSchedule {
    pub(crate) fn new(backend: &CryptoBackend, domain: Domain, message_secret: &Secret<32>) -> Self {
        Self {
            domain,
            secret: backend.hash.hmac_key(message_secret.expose()),
        }
    }

    /// What makes and checks `TAG`.
    pub(crate) fn header_mac(&self, backend: &CryptoBackend) -> HeaderMac {
        let mut mac_key = Zeroizing::new([0; 64]);
        self.expand("header-mac", &[], &mut *mac_key);
        HeaderMac(backend.hash.hmac_key(&*mac_key))
    }

    /// `PK`, the input key of the payload.
    pub(crate) fn payload_key(&self) -> Secret<32> {
        Secret::init_with(|out| self.expand("payload", &[], out))
    }

    /// `TS`, the secret of a ticket's records.
    pub(crate) fn record_secret(&self, imm_hash: &Digest) -> Secret<32> {
        Secret::init_with(|out| self.expand("record", &[imm_hash], out))
    }

    fn expand(&self, label: &str, parts: &[&[u8]], out: &mut [u8]) {
        self.domain
            .with_info(label, parts, |info| self.secret.expand(info, out));
    }
}

/// The scheduled key of one message's `TAG`.
pub(crate) struct HeaderMac(Box<dyn HmacKey>);

impl HeaderMac {
    /// `TAG`: HMAC-SHA-512 over the header's raw bytes before it, cut to 32 bytes.
    pub(crate) fn tag(&self, header: &[u8]) -> Digest {
        truncate(&self.0.sign(&[header]))
    }
}

/// Random bytes for an identifier, hedged: a repeated state of the random source (fork, snapshot, broken source)
/// does not at once repeat an identifier, because process, clock and a counter are hashed in.
pub(crate) fn hedged_id<const N: usize>(backend: &CryptoBackend) -> Result<[u8; N], RandomFailed> {
    use std::sync::atomic::{AtomicU64, Ordering};
    static COUNTER: AtomicU64 = AtomicU64::new(0);

    let mut random = [0; 32];
    backend.random.fill(&mut random)?;
    let nanos = std::time::SystemTime::now()
        .duration_since(std::time::UNIX_EPOCH)
        .map_or(0, |since| {
            since.as_secs() * 1_000_000_000 + u64::from(since.subsec_nanos())
        });
    let count = COUNTER.fetch_add(1, Ordering::Relaxed);
    let digest = hash(
        backend,
        "id",
        &[
            &random,
            &process_id().to_be_bytes(),
            &nanos.to_be_bytes(),
            &count.to_be_bytes(),
        ],
    );
    let mut id = [0; N];
    id.copy_from_slice(&digest[..N]);
    Ok(id)
}
