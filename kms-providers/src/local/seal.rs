//! The envelope around a keystore: a KS1 sealed secret with one recipient.

use std::sync::Arc;

use kms_core::audit::AuditTrail;
use kms_core::crypto::CryptoBackend;
use kms_core::memory::SecretBytes;
use kms_core::payload::plaintext_len;
use kms_core::{
    CallerFault, EncryptionContext, Entry, Error, FormatFault, Header, Kek, KekFault, Keyring, Kind, LimitFault,
    Opener, PolicyFault, Scheme, Sealer,
};

use super::remembered::Remembered;

/// Seals and opens keystores under one KEK.
pub(super) struct Seal {
    backend: CryptoBackend,
    trail: AuditTrail,
    kek: Arc<dyn Kek>,
    passphrase: Option<Arc<Remembered>>,
}

impl Seal {
    pub(super) fn new(backend: CryptoBackend, trail: AuditTrail, kek: Arc<dyn Kek>) -> Self {
        let remembered = (kek.scheme() == Scheme::Passphrase).then(|| Arc::new(Remembered::new(Arc::clone(&kek))));
        Self {
            backend,
            trail,
            kek: remembered.clone().map_or(kek, |passphrase| passphrase),
            passphrase: remembered,
        }
    }

    /// Seals `content`, and opens the result again: what is about to replace the only copy must be readable.
    pub(super) async fn seal(&self, content: &SecretBytes) -> Result<Vec<u8>, KekFault> {
        let sealer = Sealer::new(self.backend.clone())
            .audit(self.trail.clone())
            .sealed_secret();
        let sealer = sealer.recipient(Arc::clone(&self.kek));
        let sealer = sealer.context(context().map_err(|error| fault(&error))?);
        let sealed = sealer.seal(content.expose()).await.map_err(|error| fault(&error))?;
        if !self.open(&sealed).await?.ct_eq(content) {
            return Err(KekFault::Corrupt);
        }
        Ok(sealed)
    }

    pub(super) async fn open(&self, sealed: &[u8]) -> Result<SecretBytes, KekFault> {
        self.try_open(sealed).await.map_err(|error| fault(&error))
    }

    async fn try_open(&self, sealed: &[u8]) -> Result<SecretBytes, Error> {
        let header = Header::parse_prefix(sealed, RECIPIENTS)?;
        if header.domain().kind != Kind::SealedSecret {
            return Err(FormatFault::WrongKind.into());
        }
        let payload = &sealed[header.len()..];
        header.check_payload_start(payload)?;
        let length = usize::try_from(plaintext_len(payload.len() as u64)?).map_err(|_| LimitFault::Plaintext)?;
        let keyring = Keyring::new().with(Arc::clone(&self.kek));
        let opener = Opener::new(self.backend.clone(), keyring).audit(self.trail.clone());
        let opener = opener.require(context()?);
        let opened = opener.open_header(header).await?;
        let keys = opened.keys().payload()?;
        let content = SecretBytes::try_init_with(length, |place| keys.open_into(payload, place))?;
        self.confirm(opened.header());
        Ok(content)
    }

    fn confirm(&self, header: &Header) {
        let Some(passphrase) = &self.passphrase else {
            return;
        };
        for entry in header.entries() {
            if let Entry::Single(single) = entry {
                passphrase.confirm(&single.wrapped.params);
            }
        }
    }
}

/// With it, no other sealed secret under the same KEK (a grant) can be put in the keystore's place.
fn context() -> Result<EncryptionContext, Error> {
    EncryptionContext::from_pairs([("purpose", "keystrand-keystore")])
}

/// A keystore is not told apart from a forgery further than the envelope does: what is malformed is damage, what does
/// not open may be either.
fn fault(error: &Error) -> KekFault {
    match error {
        Error::DoesNotOpen => KekFault::BadPassphrase,
        Error::Provider(provider) if provider.kind == KekFault::DoesNotUnwrap => KekFault::BadPassphrase,
        Error::Provider(provider) => provider.kind,
        Error::Caller(CallerFault::NoConfiguredKey) => KekFault::OtherSeal,
        Error::Policy(PolicyFault::SuiteUnknown) => KekFault::TooNew,
        Error::Audit(_) => KekFault::Unaudited,
        Error::Random => KekFault::Random,
        _ => KekFault::Corrupt,
    }
}

/// Recipients of a keystore.
const RECIPIENTS: usize = 1;
