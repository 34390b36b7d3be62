//! Tokens, kept until shortly before they expire.

use std::fmt;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use http::HeaderValue;
use kms_core::KekFault;
use serde::de::{Error, Visitor};
use serde::{Deserialize, Deserializer};
use tokio::sync::Mutex;
use zeroize::{Zeroize, Zeroizing};

use super::Identity;

/// What a token is for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::azure) struct Wanted {
    /// Who is to accept it.
    pub(in crate::azure) resource: String,
    /// Who is to issue it, where that is not configured.
    pub(in crate::azure) tenant: Option<String>,
    /// What it has to say besides.
    pub(in crate::azure) claims: Option<String>,
}

/// Tokens of one identity.
pub(in crate::azure) struct Tokens {
    identity: Identity,
    kept: Mutex<Option<(Wanted, Token)>>,
}

/// An access token as a header has it. Marked sensitive, so that nothing prints it.
#[derive(Clone)]
pub(super) struct Token {
    header: HeaderValue,
    /// From then on another is asked for.
    renew: Instant,
    expires: Instant,
}

/// What an issuer answers.
#[derive(Deserialize)]
pub(super) struct Issued {
    access_token: TokenText,
    #[serde(default)]
    expires_in: Option<Seconds>,
    #[serde(default)]
    expires_on: Option<Seconds>,
    #[serde(default)]
    refresh_in: Option<Seconds>,
}

impl Tokens {
    pub(in crate::azure) fn new(identity: Identity) -> Self {
        Self {
            identity,
            kept: Mutex::default(),
        }
    }

    /// The `Authorization` header. With `afresh`, not the token that was given last: it was refused.
    pub(in crate::azure) async fn header(&self, wanted: &Wanted, afresh: bool) -> Result<HeaderValue, KekFault> {
        // Others wait here: one renewal is enough for all.
        let mut kept = self.kept.lock().await;
        let now = Instant::now();
        let usable = kept
            .as_ref()
            .filter(|(of, token)| !afresh && of == wanted && now < token.expires);
        if let Some((_, token)) = usable.filter(|(_, token)| now < token.renew) {
            return Ok(token.header.clone());
        }
        match self.identity.token(wanted).await {
            Ok(token) => {
                let header = token.header.clone();
                *kept = Some((wanted.clone(), token));
                Ok(header)
            }
            // It is good for some minutes yet; the next call tries again.
            Err(_) if usable.is_some() => {
                let (wanted, mut token) = kept.take().ok_or(KekFault::Denied)?;
                token.renew = now + RETRY;
                let header = token.header.clone();
                *kept = Some((wanted, token));
                Ok(header)
            }
            Err(fault) => Err(fault),
        }
    }
}

impl Token {
    pub(super) fn of(issued: &Issued) -> Result<Self, KekFault> {
        let lifetime = issued.lifetime().ok_or(KekFault::BadReply)?;
        let text = Zeroizing::new(format!("Bearer {}", issued.access_token.0.as_str()));
        let mut header = HeaderValue::from_str(&text).map_err(|_| KekFault::BadReply)?;
        header.set_sensitive(true);
        let now = Instant::now();
        let early = issued
            .refresh_in
            .as_ref()
            .map(|Seconds(seconds)| Duration::from_secs(*seconds));
        let renew = early.unwrap_or_else(|| lifetime.saturating_sub(RENEW_BEFORE.min(lifetime / 2)));
        Ok(Self {
            header,
            renew: now + renew.min(lifetime),
            expires: now + lifetime.saturating_sub(MARGIN.min(lifetime / 2)),
        })
    }
}

impl Issued {
    fn lifetime(&self) -> Option<Duration> {
        let left = match (&self.expires_in, &self.expires_on) {
            (Some(Seconds(left)), _) => *left,
            (None, Some(Seconds(until))) => {
                until.checked_sub(SystemTime::now().duration_since(UNIX_EPOCH).ok()?.as_secs())?
            }
            (None, None) => return None,
        };
        (1..=LONGEST).contains(&left).then(|| Duration::from_secs(left))
    }
}

/// The text of a token, wiped. The reply's own bytes are wiped with it.
struct TokenText(Zeroizing<String>);

impl<'de> Deserialize<'de> for TokenText {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Text;

        impl Visitor<'_> for Text {
            type Value = TokenText;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a token")
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<TokenText, E> {
                match text.is_empty() {
                    true => Err(E::custom("no token")),
                    false => Ok(TokenText(Zeroizing::new(text.to_owned()))),
                }
            }

            fn visit_string<E: Error>(self, mut text: String) -> Result<TokenText, E> {
                let kept = self.visit_str(&text);
                text.zeroize();
                kept
            }
        }

        deserializer.deserialize_str(Text)
    }
}

/// Entra writes numbers, metadata services write texts.
struct Seconds(u64);

impl<'de> Deserialize<'de> for Seconds {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Number;

        impl Visitor<'_> for Number {
            type Value = Seconds;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("seconds")
            }

            fn visit_u64<E: Error>(self, number: u64) -> Result<Seconds, E> {
                Ok(Seconds(number))
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<Seconds, E> {
                text.parse().map(Seconds).map_err(|_| E::custom("no number of seconds"))
            }
        }

        deserializer.deserialize_any(Number)
    }
}

/// Tokens live for an hour or more; a request that takes a minute must not outlive its own.
const RENEW_BEFORE: Duration = Duration::from_secs(300);
const MARGIN: Duration = Duration::from_secs(30);
const RETRY: Duration = Duration::from_secs(30);
const LONGEST: u64 = 30 * 86_400;

#[cfg(test)]
mod tests {
    use super::*;

    fn token(json: &str) -> Result<Token, KekFault> {
        Token::of(&serde_json::from_str(json).map_err(|_| KekFault::BadReply)?)
    }

    #[test]
    fn lifetimes_are_read_in_every_form() {
        let until = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs() + 3_600;
        for json in [
            r#"{"access_token":"t","expires_in":3600}"#.to_owned(),
            r#"{"access_token":"t","expires_in":"3600","token_type":"Bearer"}"#.to_owned(),
            format!(r#"{{"access_token":"t","expires_on":"{until}"}}"#),
        ] {
            let token = token(&json).unwrap();
            let left = token.expires.duration_since(Instant::now()).as_secs();
            assert!((3_560..=3_570).contains(&left), "{json}: {left}");
            assert!(token.renew < token.expires);
            assert_eq!(format!("{:?}", token.header), "Sensitive");
        }
        let early = token(r#"{"access_token":"t","expires_in":86400,"refresh_in":43200}"#).unwrap();
        assert!(early.renew.duration_since(Instant::now()).as_secs() <= 43_200);
    }

    #[test]
    fn what_is_no_token_is_not_taken_for_one() {
        for json in [
            "{}",
            r#"{"access_token":"","expires_in":3600}"#,
            r#"{"access_token":"t"}"#,
            r#"{"access_token":"t","expires_in":0}"#,
            r#"{"access_token":"t","expires_in":-1}"#,
            r#"{"access_token":"t","expires_on":"1"}"#,
            r#"{"access_token":"t\r\nx: y","expires_in":3600}"#,
            r#"{"access_token":"t","expires_in":99999999999}"#,
            r#"{"access_token":7,"expires_in":3600}"#,
        ] {
            assert!(token(json).is_err(), "{json}");
        }
    }
}
