//! What goes wrong next, at any stand-in.

use std::time::Duration;

use serde_json::Value;

use crate::server::Reply;

/// A way to fail.
#[derive(Debug, Clone)]
pub enum Fault {
    /// A refusal: status, the name of what is wrong, further headers.
    Refuse(u16, &'static str, Vec<(&'static str, String)>),
    /// A page of a proxy, with this status.
    Html(u16),
    /// Half of a body.
    HalfBody,
    /// A body that never ends: more than anybody should read.
    TooLong,
    /// A redirect to somewhere else.
    Redirect(String),
    /// Nothing for this long.
    Silence(Duration),
    /// The connection breaks.
    Close,
    /// The right answer with one field replaced.
    Replace(&'static str, Value),
    /// The right answer without one field.
    Leave(&'static str),
}

impl Fault {
    /// A refusal without further headers.
    #[must_use]
    pub fn refuse(status: u16, exception: &'static str) -> Self {
        Self::Refuse(status, exception, Vec::new())
    }

    /// The reply, where the service does not get to act. `refusal` is the body of its refusals.
    pub(crate) fn reply(&self, headers: &[(String, String)], refusal: fn(u16, &str) -> Value) -> Option<Reply> {
        let mut headers = headers.to_vec();
        let html = b"<html><body>canary-page</body></html>".to_vec();
        Some(match self {
            Self::Refuse(status, exception, more) => {
                headers.extend(more.iter().map(|(name, value)| ((*name).to_owned(), value.clone())));
                Reply::Whole(*status, headers, refusal(*status, exception).to_string().into_bytes())
            }
            Self::Html(status) => Reply::Whole(*status, headers, html),
            Self::HalfBody => Reply::Half(200, headers, br#"{"KeyId":"arn:aws:kms","Plaintext":"#.repeat(8)),
            Self::TooLong => Reply::Whole(200, headers, vec![b' '; 3 << 20]),
            Self::Redirect(to) => {
                headers.push(("location".into(), to.clone()));
                Reply::Whole(307, headers, Vec::new())
            }
            Self::Silence(time) => Reply::Silence(*time),
            Self::Close => Reply::Closed,
            Self::Replace(..) | Self::Leave(_) => return None,
        })
    }

    pub(crate) fn distort(&self, reply: &mut Value) {
        match self {
            Self::Replace(field, value) => reply[*field] = value.clone(),
            Self::Leave(field) => drop(reply.as_object_mut().and_then(|reply| reply.remove(*field))),
            _ => {}
        }
    }
}
