//! Tokens that do not keep the format: for domains below the floor, and where an altered token has to be noticed.

use data_encoding::BASE64URL_NOPAD;
use zeroize::{Zeroize, Zeroizing};

use super::Template;
use super::column::{ColumnMetadata, Method, OnFault, TokenColumn, TweakKind};
use super::fault::{ColumnError, RowFault, ValueFault};
use super::ff1::Direction;
use super::key::{FpeKey, Use};
use super::tweak::{TweakSource, Tweaks};
use crate::crypto::{DeterministicAead, HmacKey, Sha512};
use crate::record::{ByteColumn, Offset};

/// Keyed deterministic tokens as text in base64url: equal values under equal tweaks have equal tokens. A template says
/// which values are taken; `None` takes every text.
///
/// ```
/// use kms_core::crypto::CryptoBackend;
/// use kms_core::fpe::{FpeKey, OpaqueTokenizer};
/// use kms_core::memory::Secret;
///
/// let key = FpeKey::new(&CryptoBackend::default(), Secret::init_with(|key| key.fill(7)), "people", 1);
/// let tokens = OpaqueTokenizer::siv(&key, None);
/// let token = tokens.encrypt(b"people.born", "1912-06-23")?;
/// assert_eq!(tokens.decrypt(b"people.born", &token)?, "1912-06-23");
/// assert!(tokens.decrypt(b"people.died", &token).is_err());
/// assert!(OpaqueTokenizer::hmac(&key, None).decrypt(b"people.born", &token).is_err());
/// # Ok::<(), kms_core::fpe::ValueFault>(())
/// ```
pub struct OpaqueTokenizer {
    template: Option<Template>,
    key: OpaqueKey,
    hash: &'static dyn Sha512,
    name: String,
    version: u32,
}

enum OpaqueKey {
    Siv(&'static dyn DeterministicAead, Zeroizing<[u8; 64]>),
    Hmac(Box<dyn HmacKey>),
}

impl OpaqueTokenizer {
    /// AES-SIV (RFC 5297) with the tweak as associated data: reversible, and an altered token is refused.
    #[must_use]
    pub fn siv(key: &FpeKey, template: Option<Template>) -> Self {
        let own = OpaqueKey::Siv(key.siv(), key.derive(Use::Siv, template.as_ref()));
        Self::of(key, template, own)
    }

    /// HMAC-SHA-512 over tweak and value, cut to 32 bytes: not reversible.
    #[must_use]
    pub fn hmac(key: &FpeKey, template: Option<Template>) -> Self {
        let own: Zeroizing<[u8; 64]> = key.derive(Use::Hmac, template.as_ref());
        let own = OpaqueKey::Hmac(key.hash().hmac_key(&*own));
        Self::of(key, template, own)
    }

    fn of(key: &FpeKey, template: Option<Template>, own: OpaqueKey) -> Self {
        Self {
            template,
            key: own,
            hash: key.hash(),
            name: key.name().to_owned(),
            version: key.version(),
        }
    }

    /// What a column of these tokens says of itself.
    #[must_use]
    pub fn metadata(&self, tweak: TweakKind) -> ColumnMetadata {
        ColumnMetadata {
            key: self.name.clone(),
            version: self.version,
            method: match self.key {
                OpaqueKey::Siv(..) => Method::Siv,
                OpaqueKey::Hmac(_) => Method::Hmac,
            },
            tweak,
            template: self.template.as_ref().map(ToString::to_string).unwrap_or_default(),
        }
    }

    /// The token of a value.
    ///
    /// # Errors
    /// [`ValueFault`]; [`ValueFault::NoTweak`] for an empty tweak.
    pub fn encrypt(&self, tweak: &[u8], value: &str) -> Result<String, ValueFault> {
        self.one(Direction::Encrypt, tweak, value)
    }

    /// The value of a token.
    ///
    /// # Errors
    /// [`ValueFault::Token`] for every token that was not made here, and for every HMAC.
    pub fn decrypt(&self, tweak: &[u8], token: &str) -> Result<String, ValueFault> {
        self.one(Direction::Decrypt, tweak, token)
    }

    /// Appends the tokens of a column to `out`, or the values of tokens. Nulls stay null.
    ///
    /// # Errors
    /// As [`Tokenizer::column`](super::Tokenizer::column).
    pub fn column<O: Offset>(
        &self,
        direction: Direction,
        tweaks: Tweaks<'_, O>,
        values: &ByteColumn<'_, O>,
        on_fault: OnFault,
        out: &mut TokenColumn<O>,
    ) -> Result<(), ColumnError> {
        let mut tweaks = TweakSource::new(self.hash, tweaks, values.len())?;
        out.fill(values, on_fault, |row, value, bytes| {
            let value = std::str::from_utf8(value).map_err(|_| ValueFault::NotText)?;
            self.append(direction, tweaks.of(row)?, value, bytes)
        })
    }

    fn one(&self, direction: Direction, tweak: &[u8], value: &str) -> Result<String, ValueFault> {
        let mut out = Vec::new();
        if tweak.is_empty() {
            return Err(ValueFault::NoTweak);
        }
        self.append(direction, tweak, value, &mut out)?;
        String::from_utf8(out).map_err(|_| ValueFault::NotText)
    }

    fn append(&self, direction: Direction, tweak: &[u8], value: &str, out: &mut Vec<u8>) -> Result<(), ValueFault> {
        match (&self.key, direction) {
            (OpaqueKey::Siv(siv, key), Direction::Encrypt) => {
                self.check(value)?;
                let mut token = [&[0; SIV_LEN], value.as_bytes()].concat();
                let (iv, text) = token.split_at_mut(SIV_LEN);
                iv.copy_from_slice(&siv.seal_in_place(key, tweak, text));
                encode(&token, out);
                Ok(())
            }
            (OpaqueKey::Siv(siv, key), Direction::Decrypt) => {
                let token = BASE64URL_NOPAD
                    .decode(value.as_bytes())
                    .map_err(|_| ValueFault::Token)?;
                let (iv, text) = token.split_first_chunk::<SIV_LEN>().ok_or(ValueFault::Token)?;
                let begin = out.len();
                out.extend_from_slice(text);
                siv.open_in_place(key, tweak, &mut out[begin..], iv)
                    .map_err(|_| ValueFault::Token)
            }
            (OpaqueKey::Hmac(key), Direction::Encrypt) => {
                self.check(value)?;
                let length = (tweak.len() as u64).to_be_bytes();
                encode(&key.sign(&[&length, tweak, value.as_bytes()])[..HMAC_LEN], out);
                Ok(())
            }
            (OpaqueKey::Hmac(_), Direction::Decrypt) => Err(ValueFault::Token),
        }
    }

    fn check(&self, value: &str) -> Result<(), ValueFault> {
        self.template.as_ref().map_or(Ok(()), |template| template.check(value))
    }
}

fn encode(token: &[u8], out: &mut Vec<u8>) {
    let begin = out.len();
    out.resize(begin + BASE64URL_NOPAD.encode_len(token.len()), 0);
    BASE64URL_NOPAD.encode_mut(token, &mut out[begin..]);
}

impl<O: Offset> TokenColumn<O> {
    /// Appends what `work` makes of each value.
    pub(super) fn fill(
        &mut self,
        values: &ByteColumn<'_, O>,
        on_fault: OnFault,
        mut work: impl FnMut(usize, &[u8], &mut Vec<u8>) -> Result<(), ValueFault>,
    ) -> Result<(), ColumnError> {
        self.reserve(values.len(), values.byte_len());
        for row in 0..values.len() {
            let begin = self.bytes().len();
            let ended = match values.value(row).map(|value| work(row, value, self.bytes())) {
                None => self.end_row(false),
                Some(Ok(())) => self.end_row(true),
                Some(Err(fault)) => {
                    self.bytes().truncate(begin);
                    self.end_failed(RowFault { row, fault }, on_fault)
                }
            };
            if ended.is_err() {
                self.bytes().zeroize();
                self.clear();
                return ended;
            }
        }
        Ok(())
    }
}

impl Template {
    /// Appends the masked values of a column to `out` ([`Template::mask`]). Nulls stay null.
    ///
    /// # Errors
    /// [`ColumnError`].
    pub fn mask_column<O: Offset>(
        &self,
        mask: char,
        values: &ByteColumn<'_, O>,
        on_fault: OnFault,
        out: &mut TokenColumn<O>,
    ) -> Result<(), ColumnError> {
        out.fill(values, on_fault, |_, value, bytes| {
            let value = std::str::from_utf8(value).map_err(|_| ValueFault::NotText)?;
            bytes.extend_from_slice(self.mask(value, mask)?.as_bytes());
            Ok(())
        })
    }
}

const SIV_LEN: usize = 16;
const HMAC_LEN: usize = 32;
