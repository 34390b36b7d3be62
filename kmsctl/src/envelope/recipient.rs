//! Recipients as `inspect` shows them.

use kms_core::{
    ClassicalHalf, Entry, Header, Level, Quorum, RecipientId, Scheme, Share, Single, WrapMechanism, WrapParams,
};
use serde::Serialize;

use super::posture_name;
use crate::printable::{hex, version};

/// One way to the secret.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "type", rename_all = "kebab-case")]
pub enum RecipientView {
    /// A key that opens alone.
    Single {
        /// The secret it leads to: `data-key` or `message`.
        level: &'static str,
        /// The key.
        #[serde(flatten)]
        member: MemberView,
    },
    /// Several keys of which some must agree.
    Quorum {
        /// Names this sharing.
        id: String,
        /// Members needed.
        threshold: u8,
        /// The secret it leads to.
        level: &'static str,
        /// The members.
        members: Vec<MemberView>,
    },
    /// A scheme that this version does not know.
    Unknown {
        /// Its number.
        scheme_number: u16,
    },
}

/// A key that holds the secret or a share of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct MemberView {
    /// How the secret is protected.
    pub scheme: &'static str,
    /// Key URI; absent for hidden recipients.
    pub key: Option<String>,
    /// What a hidden recipient shows instead.
    pub hint: Option<String>,
    /// Key version as the provider gave it.
    pub version: Option<String>,
    /// Quantum posture by key type.
    pub posture: &'static str,
    /// Who refuses a wrong encryption context: the provider, or only the seal around its answer.
    pub context_bound_by: &'static str,
    /// Bytes that the provider protects.
    pub wrapped_bytes: usize,
    /// Number of times a share was moved; absent outside of quorums.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub share_version: Option<u32>,
    /// Parameters of the scheme.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub params: Option<Box<ParamsView>>,
}

/// Parameters of a scheme.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum ParamsView {
    /// Of `wrap`.
    Wrap {
        /// `rsa-oaep-256`, `aes-kwp` or `aes-kw`.
        mechanism: &'static str,
    },
    /// Of `hpke`.
    Hpke {
        /// HPKE KEM id.
        kem: u16,
        /// Its name.
        kem_name: &'static str,
    },
    /// Of `hybrid`.
    Hybrid {
        /// How the classical half is protected: a mechanism of `wrap`, `bound` or `p256`.
        classical: &'static str,
        /// HPKE KEM id of the post-quantum half.
        kem: u16,
        /// Its name.
        kem_name: &'static str,
        /// Key of the post-quantum half.
        pq_key: Option<String>,
        /// What a hidden recipient shows instead.
        pq_hint: Option<String>,
        /// Its version.
        pq_version: Option<String>,
        /// Bytes of its ciphertext.
        pq_bytes: usize,
    },
    /// Of `passphrase`.
    Passphrase {
        /// Argon2id memory in KiB.
        memory_kib: u32,
        /// Argon2id passes.
        passes: u32,
        /// Argon2id lanes.
        lanes: u32,
    },
}

impl RecipientView {
    /// All recipients of a header, in order.
    #[must_use]
    pub fn all(header: &Header) -> Vec<Self> {
        let mut shares = header.shares().iter();
        let view = |entry: &Entry| match entry {
            Entry::Single(single) => Self::Single {
                level: level_name(single.level),
                member: single.into(),
            },
            Entry::Quorum(quorum) => Self::quorum(quorum, shares.next().map_or(&[], Vec::as_slice)),
            Entry::Unknown(unknown) => Self::Unknown {
                scheme_number: unknown.scheme,
            },
        };
        header.entries().iter().map(view).collect()
    }

    fn quorum(quorum: &Quorum, shares: &[Share]) -> Self {
        let member = |share: &Share| MemberView {
            share_version: Some(share.version),
            ..MemberView::from(&share.recipient)
        };
        Self::Quorum {
            id: hex(&quorum.id),
            threshold: quorum.threshold,
            level: level_name(quorum.level),
            members: shares.iter().map(member).collect(),
        }
    }
}

impl From<&Single> for MemberView {
    fn from(single: &Single) -> Self {
        let (key, hint) = named(&single.id);
        Self {
            scheme: single.scheme.name(),
            key,
            hint,
            version: single.wrapped.version.as_deref().map(version),
            posture: posture_name(single.posture()),
            context_bound_by: match (single.scheme, &single.wrapped.params) {
                (Scheme::WrapBound, _)
                | (
                    _,
                    WrapParams::Hybrid {
                        classical: ClassicalHalf::Bound,
                        ..
                    },
                ) => "provider",
                _ => "seal",
            },
            wrapped_bytes: single.wrapped.w.len(),
            share_version: None,
            params: ParamsView::of(&single.wrapped.params).map(Box::new),
        }
    }
}

impl ParamsView {
    fn of(params: &WrapParams) -> Option<Self> {
        Some(match params {
            WrapParams::Mechanism(mechanism) => Self::Wrap {
                mechanism: mechanism_name(*mechanism),
            },
            WrapParams::Hpke { kem } => Self::Hpke {
                kem: kem.wire(),
                kem_name: kem.name(),
            },
            WrapParams::Hybrid {
                classical,
                kem,
                ciphertext,
                id,
                version: pq_version,
            } => {
                let (pq_key, pq_hint) = named(id);
                Self::Hybrid {
                    classical: half_name(*classical),
                    kem: kem.wire(),
                    kem_name: kem.name(),
                    pq_key,
                    pq_hint,
                    pq_version: pq_version.as_deref().map(version),
                    pq_bytes: ciphertext.len(),
                }
            }
            WrapParams::Passphrase { cost, .. } => Self::Passphrase {
                memory_kib: cost.memory_kib,
                passes: cost.passes,
                lanes: cost.lanes,
            },
            _ => return None,
        })
    }
}

/// The key URI, or what stands in its place.
fn named(id: &RecipientId) -> (Option<String>, Option<String>) {
    match id {
        RecipientId::Kid(kid) => (Some(kid.clone()), None),
        RecipientId::Hint(hint) => (None, Some(hex(hint))),
    }
}

fn half_name(half: ClassicalHalf) -> &'static str {
    match half {
        ClassicalHalf::Mechanism(mechanism) => mechanism_name(mechanism),
        ClassicalHalf::P256 => "p256",
        _ => "bound",
    }
}

fn level_name(level: Level) -> &'static str {
    match level {
        Level::DataKey => "data-key",
        Level::Message => "message",
    }
}

fn mechanism_name(mechanism: WrapMechanism) -> &'static str {
    match mechanism {
        WrapMechanism::RsaOaep256 => "rsa-oaep-256",
        WrapMechanism::AesKwp => "aes-kwp",
        WrapMechanism::AesKw => "aes-kw",
    }
}

#[cfg(test)]
mod tests {
    use kms_core::{Kem, Posture, WrappedKey};

    use super::*;

    fn single(scheme: Scheme, params: WrapParams) -> Single {
        Single {
            scheme,
            id: RecipientId::Hint([7; 8]),
            wrapped: WrappedKey {
                version: Some(vec![0xff]),
                w: vec![0; 40],
                params,
            },
            sealed: [0; 48],
            level: Level::Message,
        }
    }

    #[test]
    fn schemes_that_no_local_key_has_are_shown_too() {
        let hpke = MemberView::from(&single(Scheme::Hpke, WrapParams::Hpke { kem: Kem::XWing }));
        let expected = ParamsView::Hpke {
            kem: 0x647a,
            kem_name: "x-wing",
        };
        assert_eq!(hpke.params, Some(Box::new(expected)));
        assert_eq!((hpke.key, hpke.hint.as_deref()), (None, Some("0707070707070707")));
        assert_eq!(hpke.version.as_deref(), Some("hex:ff"));

        let classical = single(Scheme::Hpke, WrapParams::Hpke { kem: Kem::P256 });
        assert_eq!(classical.posture(), Posture::Classical);
        assert_eq!(MemberView::from(&classical).posture, "classical");
    }
}
