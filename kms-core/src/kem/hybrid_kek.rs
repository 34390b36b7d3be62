//! Scheme 4: a classical KEK of any provider and a post-quantum key, both needed (docs/format.md 6.3, docs/hybrid.md).

use std::sync::Arc;

use async_trait::async_trait;
use futures_util::future::{join, try_join};

use super::hpke_kek::{decapsulate, encapsulate};
use super::{KemPublicKey, KemRecipient};
use crate::crypto::kem::Kem;
use crate::crypto::{CryptoBackend, Posture};
use crate::error::{CallerFault, KekError, KekFault, KekOperation};
use crate::header::RecipientId;
use crate::kek::{Binding, ClassicalHalf, Generated, Kek, KekInfo, Scheme, Unwrapped, WrapParams, WrappedKey};
use crate::memory::Secret;
use crate::schedule::HybridInputs;

/// One recipient of two halves: who has only one of them has nothing.
///
/// The classical half may be any KEK: one in an HSM that knows RSA alone, or a symmetric key of a cloud that is reached
/// over a connection somebody may have recorded. The post-quantum half adds what that one lacks, and an attacker who
/// finds a flaw in ML-KEM still faces the first.
pub struct HybridKek {
    backend: CryptoBackend,
    classical: Arc<dyn Kek>,
    pq: Arc<dyn KemRecipient>,
}

impl HybridKek {
    /// `classical` and `pq` together.
    ///
    /// # Errors
    /// [`CallerFault::HybridHalf`] where `classical` is a passphrase, a hybrid, or a key pair other than P-256; and
    /// where `pq` is a key of a classical KEM.
    pub fn new(
        backend: CryptoBackend,
        classical: Arc<dyn Kek>,
        pq: Arc<dyn KemRecipient>,
    ) -> Result<Self, CallerFault> {
        let fits = match classical.scheme() {
            Scheme::WrapBound | Scheme::Wrap => true,
            Scheme::Hpke => classical.kem().is_some_and(|key| key.kem() == Kem::P256),
            Scheme::Hybrid | Scheme::Passphrase => false,
        };
        if !fits || pq.kem().posture() == Posture::Classical || !pq.kem().is_recipient() {
            return Err(CallerFault::HybridHalf);
        }
        Ok(Self { backend, classical, pq })
    }

    /// The classical half; its key URI is that of the recipient.
    #[must_use]
    pub fn classical(&self) -> &Arc<dyn Kek> {
        &self.classical
    }

    /// The post-quantum half.
    #[must_use]
    pub fn pq(&self) -> &Arc<dyn KemRecipient> {
        &self.pq
    }

    /// Asks both halves, at once, and uses neither answer before both are there: which of them failed is not to be
    /// told from the time that it took.
    pub(crate) async fn unwrap_halves(&self, wrapped: &WrappedKey, binding: &Binding<'_>) -> Halves {
        let Some(Split {
            classical,
            ciphertext,
            version,
        }) = self.split(wrapped)
        else {
            let foreign = |uri: &str| KekError::new(uri, KekOperation::Unwrap, KekFault::DoesNotUnwrap);
            return Halves {
                classical: Err(foreign(self.classical.uri())),
                pq: Err(foreign(self.pq.uri())),
            };
        };
        let pq = async {
            let unwrapped = decapsulate(&*self.pq, ciphertext, version).await?;
            Ok((unwrapped, self.pq.public_key(version).await?.key))
        };
        let (classical, pq) = join(self.classical.unwrap(&classical, binding), pq).await;
        Halves { classical, pq }
    }

    /// `W` of both halves.
    pub(crate) fn combine(
        &self,
        wrapped: &WrappedKey,
        binding: &Binding<'_>,
        w_c: &Secret<32>,
        ss_pq: &Secret<32>,
        public: &KemPublicKey,
    ) -> Option<Secret<32>> {
        let Split { ciphertext, .. } = self.split(wrapped)?;
        Some(self.combined(binding, w_c, ss_pq, public, &wrapped.w, ciphertext))
    }

    fn combined(
        &self,
        binding: &Binding<'_>,
        w_c: &Secret<32>,
        ss_pq: &Secret<32>,
        public: &KemPublicKey,
        wrapped_c: &[u8],
        ct_pq: &[u8],
    ) -> Secret<32> {
        let inputs = HybridInputs {
            ss_pq,
            w_c,
            ct_pq,
            ek_pq: public.bytes(),
            wrapped_c,
        };
        binding.domain.combine_hybrid(&self.backend, &inputs, binding.digest)
    }

    /// What each half is asked for; `None` where the entry belongs to other kinds of key.
    fn split<'w>(&self, wrapped: &'w WrappedKey) -> Option<Split<'w>> {
        let WrapParams::Hybrid {
            classical,
            kem,
            ciphertext,
            version,
            ..
        } = &wrapped.params
        else {
            return None;
        };
        let params = match (classical, self.classical.scheme()) {
            (ClassicalHalf::Bound, Scheme::WrapBound) => WrapParams::None,
            (ClassicalHalf::Mechanism(mechanism), Scheme::Wrap) => WrapParams::Mechanism(*mechanism),
            (ClassicalHalf::P256, Scheme::Hpke) => WrapParams::Hpke { kem: Kem::P256 },
            _ => return None,
        };
        (*kem == self.pq.kem()).then(|| Split {
            classical: WrappedKey {
                version: wrapped.version.clone(),
                w: wrapped.w.clone(),
                params,
            },
            ciphertext,
            version: version.as_deref(),
        })
    }
}

fn hybrid_posture(classical: Posture, pq: Posture) -> Posture {
    match classical.max(pq) {
        Posture::Classical => Posture::Classical,
        _ => Posture::Hedged,
    }
}

/// What each half is asked for.
struct Split<'w> {
    classical: WrappedKey,
    ciphertext: &'w [u8],
    version: Option<&'w [u8]>,
}

/// What both halves answered.
pub(crate) struct Halves {
    pub(crate) classical: Result<Unwrapped, KekError>,
    pub(crate) pq: Result<(Unwrapped, KemPublicKey), KekError>,
}

#[async_trait]
impl Kek for HybridKek {
    fn uri(&self) -> &str {
        self.classical.uri()
    }

    fn scheme(&self) -> Scheme {
        Scheme::Hybrid
    }

    /// Both have to fall, so it is as strong as the stronger half, and then falls to no single assumption. Where the
    /// secrets of both cross connections that can be recorded and read later, it is as weak as those.
    fn posture(&self) -> Posture {
        hybrid_posture(self.classical.posture(), self.pq.posture())
    }

    async fn settled_posture(&self) -> Result<Posture, KekError> {
        let (classical, pq) = try_join(self.classical.settled_posture(), self.pq.settled_posture()).await?;
        Ok(hybrid_posture(classical, pq))
    }

    fn exposes(&self) -> &[String] {
        self.classical.exposes()
    }

    fn opens(&self) -> bool {
        self.classical.opens() && self.pq.opens()
    }

    fn hybrid(&self) -> Option<&HybridKek> {
        Some(self)
    }

    async fn generate(&self, binding: &Binding<'_>) -> Result<Generated, KekError> {
        let (classical, pq) = try_join(self.classical.generate(binding), encapsulate(&self.backend, &*self.pq)).await?;
        let half = ClassicalHalf::of(&classical.wrapped.params);
        let half = half.ok_or_else(|| KekError::new(self.classical.uri(), KekOperation::Wrap, KekFault::BadReply))?;
        let WrappedKey { version, w, .. } = classical.wrapped;
        let secret = self.combined(binding, &classical.secret, &pq.secret, &pq.public, &w, &pq.ciphertext);
        let params = WrapParams::Hybrid {
            classical: half,
            kem: self.pq.kem(),
            ciphertext: pq.ciphertext,
            id: RecipientId::Kid(self.pq.uri().to_owned()),
            version: pq.version,
        };
        Ok(Generated {
            secret,
            wrapped: WrappedKey { version, w, params },
            request_id: classical.request_id,
        })
    }

    async fn unwrap(&self, wrapped: &WrappedKey, binding: &Binding<'_>) -> Result<Unwrapped, KekError> {
        let Halves { classical, pq } = self.unwrap_halves(wrapped, binding).await;
        let (classical, (pq, public)) = (classical?, pq?);
        let secret = self.combine(wrapped, binding, &classical.secret, &pq.secret, &public);
        let failed = || KekError::new(self.uri(), KekOperation::Unwrap, KekFault::DoesNotUnwrap);
        Ok(Unwrapped {
            secret: secret.ok_or_else(failed)?,
            request_id: classical.request_id,
        })
    }

    /// The classical half's version and place; both are named as the trust domain, because both are needed.
    async fn describe(&self) -> Result<KekInfo, KekError> {
        let (classical, pq) = try_join(self.classical.describe(), self.pq.describe()).await?;
        let info = KekInfo {
            algorithm: format!("{} and {}", classical.algorithm, pq.algorithm),
            exportable: classical.exportable && pq.exportable,
            posture: self.posture(),
            trust_domain: match classical.trust_domain == pq.trust_domain {
                true => classical.trust_domain,
                false => format!("{} + {}", classical.trust_domain, pq.trust_domain),
            },
            ..classical
        };
        Ok(info)
    }
}

impl ClassicalHalf {
    fn of(params: &WrapParams) -> Option<Self> {
        match params {
            WrapParams::None => Some(Self::Bound),
            WrapParams::Mechanism(mechanism) => Some(Self::Mechanism(*mechanism)),
            WrapParams::Hpke { kem: Kem::P256 } => Some(Self::P256),
            _ => None,
        }
    }
}
