//! Sealing: client-apis/encrypt.md. Framed messages of the two committing suites, nothing else.

use std::io::{self, Write};
use std::sync::Arc;

use zeroize::Zeroizing;

use super::context::Context;
use super::derive::ContentKey;
use super::edk::EncryptedDataKey;
use super::frame::{FINAL, Part, nonce};
use super::header::{Draft, Header};
use super::keyring::{Keyring, Materials, Wrapped};
use super::primitives::{Curve, Gcm, SignedBytes, SigningKey};
use super::suite::{Commitment, Suite};
use crate::audit::{Action, Attempt, AuditTrail, Details, Intent, KeyRef, Subject};
use crate::caps;
use crate::crypto::{CryptoBackend, NONCE_LEN};
use crate::error::{CallerFault, Error, KekError, KekOperation, LimitFault, PolicyFault, Result};
use crate::memory::SecretBytes;

/// Seals messages for all of its wrapping keys, any of which opens.
#[derive(Clone)]
pub struct Sealer {
    backend: CryptoBackend,
    suite: Suite,
    context: Context,
    unstored: Vec<String>,
    keyrings: Vec<Arc<dyn Keyring>>,
    frame_len: u32,
    trail: AuditTrail,
}

impl Sealer {
    /// A sealer with AWS's own defaults: [`Suite::CommittingSigned`], frames of 4096 bytes.
    #[must_use]
    pub fn new(backend: CryptoBackend) -> Self {
        Self {
            backend,
            suite: Suite::CommittingSigned,
            context: Context::new(),
            unstored: Vec::new(),
            keyrings: Vec::new(),
            frame_len: 4096,
            trail: AuditTrail::none(),
        }
    }

    /// The suite: [`Suite::Committing`] or [`Suite::CommittingSigned`].
    #[must_use]
    pub fn suite(mut self, suite: Suite) -> Self {
        self.suite = suite;
        self
    }

    /// The encryption context.
    #[must_use]
    pub fn context(mut self, context: Context) -> Self {
        self.context = context;
        self
    }

    /// Names of pairs that are authenticated and not stored: who opens must supply them ("required encryption context").
    #[must_use]
    pub fn unstored(mut self, names: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.unstored = names.into_iter().map(Into::into).collect();
        self
    }

    /// Seals for this key too. The first generates the data key, if it can.
    #[must_use]
    pub fn keyring(mut self, keyring: Arc<dyn Keyring>) -> Self {
        self.keyrings.push(keyring);
        self
    }

    /// Plaintext bytes of a frame.
    #[must_use]
    pub fn frame_len(mut self, bytes: u32) -> Self {
        self.frame_len = bytes;
        self
    }

    /// Where uses of keys are recorded.
    #[must_use]
    pub fn audit(mut self, trail: AuditTrail) -> Self {
        self.trail = trail;
        self
    }

    /// Seals `plaintext` to a message.
    ///
    /// # Errors
    /// Those of [`Sealer::begin`] and of [`SealWriter`].
    pub async fn seal(&self, plaintext: &[u8]) -> Result<Vec<u8>> {
        let mut writer = self.begin(Vec::with_capacity(plaintext.len() + 1024)).await?;
        writer.write_all(plaintext)?;
        writer.finish()
    }

    /// Writes the header of a message; the writer takes its plaintext.
    ///
    /// # Errors
    /// [`CallerFault::NoRecipients`], [`PolicyFault::Commitment`] for a suite without it,
    /// [`CallerFault::ContextMissing`] for an unstored pair that is not in the context, [`LimitFault::Frame`],
    /// [`LimitFault::DataKeys`]; [`Error::Provider`] when any of the keys cannot wrap.
    pub async fn begin<W: Write>(&self, mut out: W) -> Result<SealWriter<W>> {
        self.check()?;
        let signing = self.suite.curve().map(|_| SigningKey::generate()).transpose();
        let signing = signing.map_err(|_| Error::Random)?;
        let (stored, unstored) = self.contexts(signing.as_ref())?;
        let keys: Vec<_> = self.keyrings.iter().map(|keyring| KeyRef::new(keyring.uri())).collect();
        let subject = Subject {
            keys: &keys,
            ..Subject::default()
        };
        let mut intent = self.trail.intent(Action::Seal, &subject)?;
        match self.header(stored, &unstored, &mut intent).await {
            Err(error) => {
                intent.fail(&error, &[])?;
                Err(error)
            }
            Ok((header, key)) => {
                let message_id = header.message_id.first_chunk();
                intent.succeed(&Details {
                    message_id,
                    ..Details::default()
                })?;
                out.write_all(header.as_bytes())?;
                Ok(SealWriter::new(header, key, signing, self.frame_len, out))
            }
        }
    }

    fn check(&self) -> Result<()> {
        if self.keyrings.is_empty() {
            return Err(CallerFault::NoRecipients.into());
        }
        if self.keyrings.len() > caps::ESDK_DATA_KEYS {
            return Err(LimitFault::DataKeys.into());
        }
        if self.suite.commitment() == Commitment::None {
            return Err(PolicyFault::Commitment.into());
        }
        if self.frame_len == 0 || u64::from(self.frame_len) > caps::ESDK_FRAME {
            return Err(LimitFault::Frame.into());
        }
        if self.unstored.iter().any(|name| self.context.value(name).is_none()) {
            return Err(CallerFault::ContextMissing.into());
        }
        Ok(())
    }

    /// The pairs that are stored, the public key among them, and those that are not.
    fn contexts(&self, signing: Option<&SigningKey>) -> Result<(Context, Context)> {
        let (mut stored, unstored) = self.context.split(&self.unstored);
        if let Some(signing) = signing {
            let public = signing.public().map_err(|_| Error::Random)?;
            stored.set_public_key(data_encoding::BASE64.encode(&public));
        }
        Ok((stored, unstored))
    }

    async fn header(&self, stored: Context, unstored: &Context, intent: &mut Intent) -> Result<(Header, Gcm)> {
        let (data_key, data_keys) = self.data_keys(&stored.with(unstored), intent).await?;
        let mut message_id = [0; 32];
        self.backend.random.fill(&mut message_id)?;
        let key = ContentKey::new(self.suite, &message_id, &data_key).map_err(|_| Error::Random)?;
        let draft = Draft {
            suite: self.suite,
            message_id: &message_id,
            context: stored,
            data_keys,
            frame_len: self.frame_len,
            commitment: &key.commitment,
        };
        let header = Header::write(draft, |body| {
            let aad = [body, &unstored.encode()?].concat();
            // The only tag under this key and nonce, for ever: the key is fresh by its message id.
            Ok(key.gcm.seal([0; NONCE_LEN], &aad, &mut []))
        })?;
        Ok((header, key.gcm))
    }

    async fn data_keys(&self, context: &Context, intent: &mut Intent) -> Result<(SecretBytes, Vec<EncryptedDataKey>)> {
        let materials = Materials {
            suite: self.suite,
            context,
        };
        let (first, others) = self.keyrings.split_first().ok_or(CallerFault::NoRecipients)?;
        let generated = first.generate(&materials).await;
        let (data_key, wrapped) = match noted(generated, &**first, intent)? {
            Some(generated) => (generated.data_key, generated.wrapped),
            None => {
                let fill = |out: &mut [u8]| self.backend.random.fill(out);
                let data_key = SecretBytes::try_init_with(self.suite.key_len(), fill)?;
                let wrapped = first.wrap(&data_key, &materials).await;
                (data_key, noted(wrapped, &**first, intent)?)
            }
        };
        note(intent, &**first, &wrapped);
        let mut data_keys = vec![wrapped.data_key];
        for keyring in others {
            let wrapped = keyring.wrap(&data_key, &materials).await;
            let wrapped = noted(wrapped, &**keyring, intent)?;
            note(intent, &**keyring, &wrapped);
            data_keys.push(wrapped.data_key);
        }
        Ok((data_key, data_keys))
    }
}

/// Notes the failure of a key for the outcome.
fn noted<T>(outcome: Result<T, KekError>, keyring: &dyn Keyring, intent: &mut Intent) -> Result<T> {
    outcome.map_err(|error| {
        let call = Attempt::new(KeyRef::new(keyring.uri()), KekOperation::Wrap);
        intent.attempt(&call.failed(error.kind));
        error.into()
    })
}

fn note(intent: &mut Intent, keyring: &dyn Keyring, wrapped: &Wrapped) {
    let request_id = wrapped.request_id.as_deref();
    intent.attempt(&Attempt {
        request_id,
        ..Attempt::new(KeyRef::new(keyring.uri()), KekOperation::Wrap)
    });
}

/// Writes a message. Without [`SealWriter::finish`] it is cut, and does not open.
pub struct SealWriter<W> {
    header: Header,
    key: Gcm,
    signing: Option<(SigningKey, SignedBytes)>,
    out: W,
    /// Number of the next frame.
    next: u32,
    frame_len: usize,
    /// Plaintext of the next frame. It is sealed when there is more, for the last frame is another kind.
    frame: Zeroizing<Vec<u8>>,
}

impl<W: Write> SealWriter<W> {
    fn new(header: Header, key: Gcm, signing: Option<SigningKey>, frame_len: u32, out: W) -> Self {
        let signing = signing.map(|key| {
            let mut bytes = SignedBytes::new(Curve::P384);
            bytes.update(header.as_bytes());
            (key, bytes)
        });
        let frame_len = usize::try_from(frame_len).expect("held to 64 MiB");
        Self {
            header,
            key,
            signing,
            out,
            next: 1,
            frame_len,
            frame: Zeroizing::new(Vec::with_capacity(frame_len)),
        }
    }

    /// The header, as written.
    #[must_use]
    pub fn header(&self) -> &Header {
        &self.header
    }

    /// Writes the last frame and the signature, and gives back what was written to. It is not flushed.
    ///
    /// # Errors
    /// [`Error::Io`]; [`LimitFault::Frames`].
    pub fn finish(mut self) -> Result<W> {
        let length = u32::try_from(self.frame.len()).expect("held to 64 MiB");
        let head = [
            &FINAL.to_be_bytes()[..],
            &self.next.to_be_bytes(),
            &nonce(self.next),
            &length.to_be_bytes(),
        ];
        self.write_part(Part::Final, &head.concat())?;
        if let Some((key, bytes)) = self.signing.take() {
            let signature = bytes.sign(&key).map_err(|_| Error::Random)?;
            let length = u16::try_from(signature.len()).expect("a P-384 signature has at most 104 bytes");
            self.out.write_all(&length.to_be_bytes())?;
            self.out.write_all(&signature)?;
        }
        Ok(self.out)
    }

    fn write_frame(&mut self) -> Result<()> {
        // The last frame needs a number too.
        let following = self.next.checked_add(1).filter(|_| self.next < FINAL - 1);
        let following = following.ok_or(LimitFault::Frames)?;
        let head = [&self.next.to_be_bytes()[..], &nonce(self.next)].concat();
        self.write_part(Part::Frame, &head)?;
        self.next = following;
        Ok(())
    }

    fn write_part(&mut self, part: Part, head: &[u8]) -> Result<()> {
        let aad = part.aad(&self.header.message_id, self.next, self.frame.len() as u64);
        let tag = self.key.seal(nonce(self.next), &aad, &mut self.frame);
        for bytes in [head, &self.frame, &tag] {
            if let Some((_, signed)) = &mut self.signing {
                signed.update(bytes);
            }
            self.out.write_all(bytes)?;
        }
        self.frame.clear();
        Ok(())
    }
}

impl<W: Write> Write for SealWriter<W> {
    fn write(&mut self, plaintext: &[u8]) -> io::Result<usize> {
        if self.frame.len() == self.frame_len && !plaintext.is_empty() {
            self.write_frame()?;
        }
        let count = plaintext.len().min(self.frame_len - self.frame.len());
        self.frame.extend_from_slice(&plaintext[..count]);
        Ok(count)
    }

    /// Flushes what whole frames have given.
    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}
