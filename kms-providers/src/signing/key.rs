//! Private keys of notes.

use data_encoding::BASE64;
use ed25519_dalek::Signer as _;
use kms_core::crypto::signature::SignatureScheme;
use kms_core::memory::{Secret, SecretBytes};
use signed_note::{Note, Signer, is_key_name_valid, key_id};
use zeroize::Zeroizing;

use super::ml_dsa::{self, MlDsaSigner};
use super::verifier::{NoteError, VerifierKey};

/// A private key that signs notes under a name.
pub struct NoteKey {
    name: String,
    halves: Vec<Half>,
}

/// One signature line.
enum Half {
    Ed25519(Ed25519Signer),
    MlDsa(MlDsaSigner, Secret<32>),
}

struct Ed25519Signer {
    name: String,
    id: u32,
    key: ed25519_dalek::SigningKey,
}

/// Why a text is no private key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum KeyTextError {
    /// Not `PRIVATE+KEY+name+id+base64`.
    #[error("a key reads PRIVATE+KEY+name+id+base64, one line for each half")]
    Malformed,
    /// Neither Ed25519 nor ML-DSA-65, or the same twice.
    #[error("the key is neither Ed25519 nor ML-DSA-65, nor one of each")]
    Scheme,
    /// The id is another key's.
    #[error("the key's id does not belong to it")]
    Id,
    /// Not a name that signed-note allows.
    #[error("a key's name is 1 to 255 bytes without spaces, `+` and control characters")]
    Name,
}

impl NoteKey {
    /// The key of `seed`: of both halves where the scheme is the pair, each from a seed of its own.
    ///
    /// # Errors
    /// [`KeyTextError::Name`].
    pub fn new(name: &str, scheme: SignatureScheme, seeds: &[Secret<32>; 2]) -> Result<Self, KeyTextError> {
        let [classical, post_quantum] = seeds;
        let ed25519 = || Half::ed25519(name, classical);
        let ml_dsa = || Half::ml_dsa(name, post_quantum);
        let halves = match scheme {
            SignatureScheme::Ed25519 => vec![ed25519()],
            SignatureScheme::MlDsa65 => vec![ml_dsa()],
            SignatureScheme::MlDsa65Ed25519 => vec![ed25519(), ml_dsa()],
            _ => return Err(KeyTextError::Scheme),
        };
        Self::of(name, halves)
    }

    /// Reads `PRIVATE+KEY+<name>+<id>+<type and seed>`, one line for each half. The form of an Ed25519 half is that of
    /// golang.org/x/mod/sumdb/note.
    ///
    /// # Errors
    /// [`KeyTextError`].
    pub fn parse(text: &str) -> Result<Self, KeyTextError> {
        let halves = text.lines().map(Half::parse).collect::<Result<Vec<_>, _>>()?;
        let [first, rest @ ..] = &halves[..] else {
            return Err(KeyTextError::Malformed);
        };
        let is_pair = matches!((first, rest), (Half::Ed25519(_), [Half::MlDsa(..)]));
        if !(rest.is_empty() || is_pair) || rest.iter().any(|half| half.signer().name() != first.signer().name()) {
            return Err(KeyTextError::Scheme);
        }
        let name = first.signer().name().to_owned();
        Self::of(&name, halves)
    }

    /// What [`NoteKey::parse`] reads.
    #[must_use]
    pub fn to_text(&self) -> SecretBytes {
        let lines: Zeroizing<Vec<u8>> =
            Zeroizing::new(self.halves.iter().flat_map(|half| half.to_line().to_vec()).collect());
        SecretBytes::copy_of(&lines)
    }

    /// The name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The public halves.
    #[must_use]
    pub fn verifier(&self) -> VerifierKey {
        let lines: Vec<_> = self.halves.iter().map(Half::verifier_text).collect();
        lines.join(" ").parse().expect("keys made from a valid name")
    }

    /// Signs `text` with every half.
    ///
    /// # Errors
    /// [`NoteError::Text`]; [`NoteError::Random`].
    pub fn sign(&self, text: &[u8]) -> Result<Vec<u8>, NoteError> {
        let mut note = Note::new(text, &[]).map_err(|_| NoteError::Text)?;
        let signers: Vec<_> = self.halves.iter().map(Half::signer).collect();
        note.add_sigs(&signers).map_err(|_| NoteError::Random)?;
        Ok(note.to_bytes())
    }

    fn of(name: &str, halves: Vec<Half>) -> Result<Self, KeyTextError> {
        let fits = is_key_name_valid(name) && name.len() <= 255 && !name.contains(char::is_control);
        if !fits {
            return Err(KeyTextError::Name);
        }
        Ok(Self {
            name: name.to_owned(),
            halves,
        })
    }
}

impl Half {
    fn ed25519(name: &str, seed: &Secret<32>) -> Self {
        let key = ed25519_dalek::SigningKey::from_bytes(seed.expose());
        let public = [&[ED25519], key.verifying_key().as_bytes().as_slice()].concat();
        Self::Ed25519(Ed25519Signer {
            name: name.to_owned(),
            id: key_id(name, &public),
            key,
        })
    }

    fn ml_dsa(name: &str, seed: &Secret<32>) -> Self {
        let kept = Secret::init_with(|out| out.copy_from_slice(seed.expose()));
        Self::MlDsa(MlDsaSigner::new(name, seed), kept)
    }

    fn parse(line: &str) -> Result<Self, KeyTextError> {
        let fields: Vec<_> = line.splitn(5, '+').collect();
        let ["PRIVATE", "KEY", name, id, encoded] = fields[..] else {
            return Err(KeyTextError::Malformed);
        };
        let bytes = Zeroizing::new(BASE64.decode(encoded.as_bytes()).map_err(|_| KeyTextError::Malformed)?);
        let (kind, seed) = bytes.split_last_chunk::<32>().ok_or(KeyTextError::Malformed)?;
        let seed = Secret::init_with(|out| out.copy_from_slice(seed));
        let half = match kind {
            [ED25519] => Self::ed25519(name, &seed),
            ml_dsa::TYPE => Self::ml_dsa(name, &seed),
            _ => return Err(KeyTextError::Scheme),
        };
        if format!("{:08x}", half.signer().key_id()) != id {
            return Err(KeyTextError::Id);
        }
        Ok(half)
    }

    fn to_line(&self) -> Zeroizing<Vec<u8>> {
        let (kind, seed): (&[u8], &[u8; 32]) = match self {
            Self::Ed25519(signer) => (&[ED25519], signer.key.as_bytes()),
            Self::MlDsa(_, seed) => (ml_dsa::TYPE, seed.expose()),
        };
        let secret = Zeroizing::new([kind, seed].concat());
        let encoded = Zeroizing::new(BASE64.encode(&secret));
        let signer = self.signer();
        let line = format!("PRIVATE+KEY+{}+{:08x}+{}\n", signer.name(), signer.key_id(), *encoded);
        Zeroizing::new(line.into_bytes())
    }

    fn verifier_text(&self) -> String {
        let public = match self {
            Self::Ed25519(signer) => [&[ED25519], signer.key.verifying_key().as_bytes().as_slice()].concat(),
            Self::MlDsa(signer, _) => signer.public(),
        };
        let signer = self.signer();
        format!("{}+{:08x}+{}", signer.name(), signer.key_id(), BASE64.encode(&public))
    }

    fn signer(&self) -> &dyn Signer {
        match self {
            Self::Ed25519(signer) => signer,
            Self::MlDsa(signer, _) => signer,
        }
    }
}

impl Signer for Ed25519Signer {
    fn name(&self) -> &str {
        &self.name
    }

    fn key_id(&self) -> u32 {
        self.id
    }

    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, ed25519_dalek::SignatureError> {
        Ok(self.key.try_sign(message)?.to_vec())
    }
}

/// Signature type of signed-note, "Signature types".
const ED25519: u8 = 1;
