//! The envelope around a keystore: a KS1 sealed secret with one recipient.

use std::sync::Arc;

use kms_core::crypto::CryptoBackend;
use kms_core::memory::SecretBytes;
use kms_core::payload::plaintext_len;
use kms_core::{
    CallerFault, EncryptionContext, Error, Header, Kek, KekFault, Keyring, Kind, LimitFault, Opener, PolicyFault,
    Scheme, Sealer,
};

use super::remembered::Remembered;

/// Seals and opens keystores under one KEK.
pub(super) struct Seal {
    backend: CryptoBackend,
    kek: Arc<dyn Kek>,
}

impl Seal {
    pub(super) fn new(backend: CryptoBackend, kek: Arc<dyn Kek>) -> Self {
        let kek = match kek.scheme() {
            Scheme::Passphrase => Arc::new(Remembered::new(kek)),
            _ => kek,
        };
        Self { backend, kek }
    }

    /// Seals `content`, and opens the result again: what is about to replace the only copy must be readable.
    pub(super) async fn seal(&self, content: &SecretBytes) -> Result<Vec<u8>, KekFault> {
        let sealer = Sealer::new(self.backend.clone()).sealed_secret();
        let sealer = sealer.context(context()?).recipient(Arc::clone(&self.kek));
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
        let header = Header::parse_prefix(sealed, 1)?;
        if header.domain().kind != Kind::SealedSecret {
            return Err(kms_core::FormatFault::WrongKind.into());
        }
        let payload = &sealed[header.len()..];
        header.check_payload_start(payload)?;
        let length = usize::try_from(plaintext_len(payload.len() as u64)?).map_err(|_| LimitFault::Plaintext)?;
        let keyring = Keyring::new().with(Arc::clone(&self.kek));
        let opener = Opener::new(self.backend.clone(), keyring).require(context()?);
        let opened = opener.open_header(header).await?;
        let keys = opened.keys().payload()?;
        SecretBytes::try_init_with(length, |place| keys.open_into(payload, place))
    }
}

/// No other sealed secret under the same KEK (a grant) can be put in the keystore's place.
fn context() -> Result<EncryptionContext, KekFault> {
    EncryptionContext::try_from_pairs([("purpose", "keystrand-keystore")]).map_err(|_| KekFault::Unsupported)
}

fn fault(error: &Error) -> KekFault {
    match error {
        Error::DoesNotOpen => KekFault::BadPassphrase,
        Error::Provider(provider) => match provider.kind {
            KekFault::DoesNotUnwrap => KekFault::BadPassphrase,
            other => other,
        },
        Error::Caller(CallerFault::NoConfiguredKey) => KekFault::OtherSeal,
        Error::Policy(PolicyFault::SuiteUnknown) => KekFault::TooNew,
        Error::Random => KekFault::Random,
        _ => KekFault::Corrupt,
    }
}
