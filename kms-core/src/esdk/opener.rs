//! Opening: client-apis/decrypt.md.

use std::io::{self, BufReader, Read};
use std::sync::Arc;

use zeroize::{Zeroize, Zeroizing};

use super::context::Context;
use super::derive::ContentKey;
use super::edk::EncryptedDataKey;
use super::frame::{FINAL, Part};
use super::header::{Body, Header};
use super::keyring::{Keyring, Materials};
use super::primitives::{Curve, Gcm, SignedBytes};
use super::read::{is_at_end, read_exact};
use super::suite::Commitment;
use crate::audit::{Action, Attempt, AuditTrail, Details, Intent, KeyRef, Reason, Subject};
use crate::caps;
use crate::crypto::{NONCE_LEN, OpenFailed, TAG_LEN};
use crate::error::{CallerFault, Error, EsdkFault, KekError, KekOperation, LimitFault, PolicyFault, Result};

/// Opens messages with any of its wrapping keys.
#[derive(Clone)]
pub struct Opener {
    keyrings: Vec<Arc<dyn Keyring>>,
    required: Context,
    commitment: CommitmentPolicy,
    max_data_keys: usize,
    max_frame: u64,
    trail: AuditTrail,
}

/// Whether messages that do not commit to their key are opened. Those are never written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum CommitmentPolicy {
    /// Only what commits to its key.
    #[default]
    RequireEncryptRequireDecrypt,
    /// Also what does not: for messages of a writer who is trusted not to have made them open to two plaintexts.
    RequireEncryptAllowDecrypt,
}

impl Default for Opener {
    fn default() -> Self {
        Self::new()
    }
}

impl Opener {
    /// An opener without keys, which requires commitment and takes 16 data keys and frames of 64 MiB at most.
    #[must_use]
    pub fn new() -> Self {
        Self {
            keyrings: Vec::new(),
            required: Context::new(),
            commitment: CommitmentPolicy::default(),
            max_data_keys: caps::ESDK_DATA_KEYS,
            max_frame: caps::ESDK_FRAME,
            trail: AuditTrail::none(),
        }
    }

    /// Opens with this key too, least preferred so far.
    #[must_use]
    pub fn keyring(mut self, keyring: Arc<dyn Keyring>) -> Self {
        self.keyrings.push(keyring);
        self
    }

    /// Requires these pairs. Those that a message stores are compared; those that it does not must have been
    /// authenticated with it ("reproduced encryption context").
    #[must_use]
    pub fn require(mut self, context: Context) -> Self {
        self.required = context;
        self
    }

    /// Whether messages that do not commit to their key are opened.
    #[must_use]
    pub fn commitment(mut self, policy: CommitmentPolicy) -> Self {
        self.commitment = policy;
        self
    }

    /// Most encrypted data keys of a message.
    #[must_use]
    pub fn max_data_keys(mut self, most: usize) -> Self {
        self.max_data_keys = most;
        self
    }

    /// Most plaintext bytes of a frame, or of a body without frames: what is held in memory until its tag is checked.
    #[must_use]
    pub fn max_frame(mut self, most: u64) -> Self {
        self.max_frame = most;
        self
    }

    /// Where uses of keys are recorded.
    #[must_use]
    pub fn audit(mut self, trail: AuditTrail) -> Self {
        self.trail = trail;
        self
    }

    /// The required pairs that a message does not store. Once it has opened, they are authenticated with it.
    pub fn unstored<'o>(&'o self, header: &'o Header) -> impl Iterator<Item = (&'o str, &'o str)> {
        let pairs = self.required.pairs();
        pairs.filter(|(key, _)| header.context.value(key).is_none())
    }

    /// Opens a whole message. Nothing is given out unless all of it, and its signature, was verified.
    ///
    /// # Errors
    /// Those of [`Opener::begin`] and of [`OpenReader`].
    pub async fn open(&self, message: &[u8]) -> Result<Zeroizing<Vec<u8>>> {
        // A plaintext is shorter than its message, so that its buffer never grows, which would leave copies.
        let mut plaintext = Zeroizing::new(Vec::with_capacity(message.len()));
        self.begin(message).await?.read_to_end(&mut plaintext)?;
        Ok(plaintext)
    }

    /// Reads and opens the header of a message; the reader gives its plaintext.
    ///
    /// # Errors
    /// [`Error::Esdk`] and [`Error::Limit`] for what is malformed or too large; [`PolicyFault::SuiteUnknown`],
    /// [`PolicyFault::Commitment`], [`PolicyFault::ContextMismatch`]; [`CallerFault::NoConfiguredKey`];
    /// [`Error::Provider`] where a key is not available or stands against its use; else [`Error::DoesNotOpen`].
    pub async fn begin<R: Read>(&self, input: R) -> Result<OpenReader<R>> {
        let mut input = BufReader::with_capacity(READ_AHEAD, input);
        let header = Header::read(&mut input, self.max_data_keys)?;
        let key = self.open_header(&header).await;
        let (key, opened_by) = key.inspect_err(|error| self.note_refusal(&header, error))?;
        OpenReader::new(header, key, opened_by, self.max_frame, input)
    }

    async fn open_header(&self, header: &Header) -> Result<(Gcm, String)> {
        let missing = self.check(header)?;
        let candidates: Vec<_> = self.candidates(header).collect();
        if candidates.is_empty() {
            return Err(CallerFault::NoConfiguredKey.into());
        }
        let keys: Vec<_> = candidates.iter().map(|(key, _)| KeyRef::new(key.uri())).collect();
        let mut intent = self.trail.intent(Action::Open, &subject(header, &keys))?;
        match self.search(header, &missing, &candidates, &mut intent).await {
            Ok(opened) => {
                intent.succeed(&Details::default())?;
                Ok(opened)
            }
            Err(error) => {
                intent.fail(&error, &[])?;
                Err(error)
            }
        }
    }

    /// What needs no key. Returns the required pairs that are not stored.
    fn check(&self, header: &Header) -> Result<Context> {
        let is_strict = self.commitment == CommitmentPolicy::RequireEncryptRequireDecrypt;
        if is_strict && header.suite.commitment() == Commitment::None {
            return Err(PolicyFault::Commitment.into());
        }
        if let Body::Framed(length) = header.body
            && u64::from(length) > self.max_frame
        {
            return Err(LimitFault::Frame.into());
        }
        let missing = header.context.missing_of(&self.required);
        Ok(missing.ok_or(PolicyFault::ContextMismatch)?)
    }

    /// The configured keys, each with what it may have wrapped.
    fn candidates<'c>(
        &'c self,
        header: &'c Header,
    ) -> impl Iterator<Item = (&'c Arc<dyn Keyring>, &'c EncryptedDataKey)> {
        self.keyrings.iter().flat_map(|keyring| {
            let mine = header.data_keys.iter().filter(|data_key| keyring.matches(data_key));
            mine.map(move |data_key| (keyring, data_key))
        })
    }

    async fn search(
        &self,
        header: &Header,
        missing: &Context,
        candidates: &[(&Arc<dyn Keyring>, &EncryptedDataKey)],
        intent: &mut Intent,
    ) -> Result<(Gcm, String)> {
        let materials = Materials {
            suite: header.suite,
            context: &header.context.with(missing),
        };
        let aad = [header.authenticated(), &missing.encode()?].concat();
        let mut telling: Option<KekError> = None;
        for (calls, (keyring, data_key)) in candidates.iter().enumerate() {
            if calls == caps::PROVIDER_CALLS {
                return Err(LimitFault::ProviderCalls.into());
            }
            let call = Attempt::new(KeyRef::new(keyring.uri()), KekOperation::Unwrap);
            match keyring.unwrap(data_key, &materials).await {
                Err(error) => {
                    intent.attempt(&call.failed(error.kind));
                    if error.kind.is_unavailable() || error.kind.is_key_state() {
                        telling.get_or_insert(error);
                    }
                }
                Ok(unwrapped) => {
                    let request_id = unwrapped.request_id.as_deref();
                    let call = Attempt { request_id, ..call };
                    let opened = ContentKey::new(header.suite, &header.message_id, &unwrapped.data_key)
                        .and_then(|key| authenticate(header, &aad, key));
                    match opened {
                        Ok(gcm) => {
                            intent.attempt(&call);
                            return Ok((gcm, keyring.uri().to_owned()));
                        }
                        Err(OpenFailed) => intent.attempt(&call.failed(HEADER_DOES_NOT_OPEN)),
                    }
                }
            }
        }
        Err(telling.map_or(Error::DoesNotOpen, Error::Provider))
    }

    /// Records refusals that came before any key was used. That it could not be recorded is not more important.
    fn note_refusal(&self, header: &Header, error: &Error) {
        if matches!(
            error,
            Error::Policy(_) | Error::Caller(_) | Error::Limit(LimitFault::Frame)
        ) {
            let _ = self.trail.refuse(Action::Open, &subject(header, &[]), error);
        }
    }
}

/// Whether the data key is that of this header: its commitment and its tag.
fn authenticate(header: &Header, aad: &[u8], key: ContentKey) -> Result<Gcm, OpenFailed> {
    if !key.is_committed(header.commitment.as_ref()) {
        return Err(OpenFailed);
    }
    key.gcm.open(header.iv, aad, &mut [], &header.tag)?;
    Ok(key.gcm)
}

/// Reads the plaintext of a message: a frame at a time, each given out when its tag was checked.
///
/// The last frame is held back until the signature, where there is one, was checked too. So what was read is authentic
/// at its place, but not complete, and not signed, until `read` returns 0; until then whoever uses it must be able to
/// take that back. On an error, later reads give the same error.
pub struct OpenReader<R> {
    header: Header,
    opened_by: String,
    key: Gcm,
    signed: Option<(SignedBytes, Curve, Vec<u8>)>,
    max_frame: u64,
    inner: BufReader<R>,
    /// Number of the next frame.
    next: u32,
    state: State,
    /// Plaintext from `given` on waits to be read.
    frame: Zeroizing<Vec<u8>>,
    given: usize,
}

enum State {
    Reading,
    Complete,
    Failed(Error),
}

impl<R: Read> OpenReader<R> {
    fn new(header: Header, key: Gcm, opened_by: String, max_frame: u64, inner: BufReader<R>) -> Result<Self> {
        let signed = header.suite.curve().map(|curve| {
            // The header's tag has authenticated the context, so this is what the writer has put there.
            let text = header.context.public_key().unwrap_or_default().as_bytes();
            let public = data_encoding::BASE64.decode(text).map_err(|_| EsdkFault::PublicKey)?;
            let mut bytes = SignedBytes::new(curve);
            bytes.update(header.as_bytes());
            Ok::<_, Error>((bytes, curve, public))
        });
        Ok(Self {
            signed: signed.transpose()?,
            header,
            opened_by,
            key,
            max_frame,
            inner,
            next: 1,
            state: State::Reading,
            frame: Zeroizing::default(),
            given: 0,
        })
    }

    /// The header, authenticated.
    #[must_use]
    pub fn header(&self) -> &Header {
        &self.header
    }

    /// The key that opened the message, by the name that it has here.
    #[must_use]
    pub fn opened_by(&self) -> &str {
        &self.opened_by
    }

    fn open_next(&mut self) -> Result<()> {
        let is_last = match self.header.body {
            Body::Whole => self.open_whole()?,
            Body::Framed(length) => self.open_frame(length)?,
        };
        if is_last {
            self.check_signature()?;
            if !is_at_end(&mut self.inner)? {
                return Err(EsdkFault::TrailingBytes.into());
            }
            self.state = State::Complete;
        }
        Ok(())
    }

    /// Returns whether it was the last.
    fn open_frame(&mut self, frame_len: u32) -> Result<bool> {
        let first = u32::from_be_bytes(self.array()?);
        let is_last = first == FINAL;
        let sequence = if is_last {
            u32::from_be_bytes(self.array()?)
        } else {
            first
        };
        if sequence != self.next {
            return Err(EsdkFault::FrameSequence.into());
        }
        let iv = self.array()?;
        let length = if is_last {
            u32::from_be_bytes(self.array()?)
        } else {
            frame_len
        };
        if length > frame_len {
            return Err(EsdkFault::FrameLength.into());
        }
        let part = if is_last { Part::Final } else { Part::Frame };
        self.open_part(part, sequence, iv, u64::from(length))?;
        if !is_last {
            self.next = self.next.checked_add(1).ok_or(LimitFault::Frames)?;
        }
        Ok(is_last)
    }

    fn open_whole(&mut self) -> Result<bool> {
        let iv = self.array()?;
        let length = u64::from_be_bytes(self.array()?);
        if length > self.max_frame {
            return Err(LimitFault::Frame.into());
        }
        self.open_part(Part::Whole, 1, iv, length)?;
        Ok(true)
    }

    fn open_part(&mut self, part: Part, sequence: u32, iv: [u8; NONCE_LEN], length: u64) -> Result<()> {
        self.fill_frame(length)?;
        let tag: [u8; TAG_LEN] = self.array()?;
        let aad = part.aad(&self.header.message_id, sequence, length);
        let opened = self.key.open(iv, &aad, &mut self.frame, &tag);
        opened.map_err(|_| Error::DoesNotOpen)?;
        self.given = 0;
        Ok(())
    }

    /// Reads a ciphertext, in steps: what a message claims is not allocated before it is there.
    fn fill_frame(&mut self, length: u64) -> Result<()> {
        let length = usize::try_from(length).map_err(|_| LimitFault::Frame)?;
        self.frame.clear();
        while self.frame.len() < length {
            let start = self.frame.len();
            let end = length.min(start.max(STEP) * 2);
            self.frame.resize(end, 0);
            read_exact(&mut self.inner, &mut self.frame[start..])?;
        }
        if let Some((signed, ..)) = &mut self.signed {
            signed.update(&self.frame);
        }
        Ok(())
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N]> {
        let mut bytes = [0; N];
        read_exact(&mut self.inner, &mut bytes)?;
        if let Some((signed, ..)) = &mut self.signed {
            signed.update(&bytes);
        }
        Ok(bytes)
    }

    fn check_signature(&mut self) -> Result<()> {
        let Some((bytes, curve, public)) = self.signed.take() else {
            return Ok(());
        };
        let length = u16::from_be_bytes(self.array()?);
        let mut signature = vec![0; usize::from(length)];
        read_exact(&mut self.inner, &mut signature)?;
        bytes.verify(curve, &public, &signature).map_err(|_| Error::DoesNotOpen)
    }
}

impl<R: Read> Read for OpenReader<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        while self.given == self.frame.len() && !out.is_empty() {
            match &self.state {
                State::Complete => return Ok(0),
                State::Failed(error) => return Err(error.clone().into()),
                State::Reading => {}
            }
            if let Err(error) = self.open_next() {
                self.frame.zeroize();
                self.given = 0;
                self.state = State::Failed(error.clone());
                return Err(error.into());
            }
        }
        let count = out.len().min(self.frame.len() - self.given);
        out[..count].copy_from_slice(&self.frame[self.given..self.given + count]);
        self.given += count;
        Ok(count)
    }
}

fn subject<'a>(header: &'a Header, keys: &'a [KeyRef<'a>]) -> Subject<'a> {
    Subject {
        keys,
        // Message ids of version 1 have half the length; the trail has no field for them.
        message_id: header.message_id.first_chunk(),
        ..Subject::default()
    }
}

const HEADER_DOES_NOT_OPEN: Reason = Reason::fixed(
    "esdk.HeaderDoesNotOpen",
    "the data key unwraps, but the header does not open: another message's key, or altered bytes",
);
const READ_AHEAD: usize = 64 << 10;
const STEP: usize = 64 << 10;
