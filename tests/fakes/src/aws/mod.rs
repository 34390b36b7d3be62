//! KMS with real cryptography, for what no emulator has: key material that rotates and is named, attested replies,
//! custom key stores, states that are enforced; and for what a real service does only on its worst day.
//!
//! ```text
//! keys       keys, their material and states; AES-256-GCM, RSA-OAEP
//! actions    requests and replies
//! cms        replies for an attested recipient (RFC 5652), as AWS encodes them
//! ```
//!
//! It does not check signatures or attestation documents, and has no policies. boto3 drives it (tests/clouds/judge_aws.py)
//! and holds its replies against AWS' own model.

mod actions;
mod cms;
mod keys;

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard};

use serde_json::{Value, json};

pub use crate::fault::Fault;

use crate::clock;
use crate::server::{Reply, Request, Server};
use crate::tls::Tls;
use keys::Keys;
pub(crate) use keys::random;

/// A running stand-in.
pub struct FakeKms {
    server: Server,
    state: Arc<Mutex<State>>,
}

/// A request as it came.
#[derive(Debug, Clone)]
pub struct Seen {
    /// The action: `Decrypt`.
    pub action: String,
    /// Its parameters.
    pub body: Value,
    /// Its headers.
    pub request: Request,
}

struct State {
    keys: Keys,
    faults: VecDeque<Fault>,
    seen: Vec<Seen>,
    /// By how many seconds the server's clock is ahead.
    ahead: i64,
    count: u64,
}

impl FakeKms {
    /// Starts one for the keys of a region.
    #[must_use]
    pub fn start(region: &str) -> Self {
        Self::at(region, 0)
    }

    /// Starts one at a port.
    #[must_use]
    pub fn at(region: &str, port: u16) -> Self {
        Self::serving(region, ACCOUNT, |state| {
            Server::start(port, move |request| answer(&state, request))
        })
    }

    /// Starts one that speaks TLS.
    #[must_use]
    pub fn over_tls(region: &str, tls: &Tls) -> Self {
        Self::serving(region, ACCOUNT, |state| {
            Server::start_tls(tls, move |request| answer(&state, request))
        })
    }

    /// Starts one for the keys of an account in a region.
    #[must_use]
    pub fn of_account(region: &str, account: &str) -> Self {
        Self::serving(region, account, |state| {
            Server::start(0, move |request| answer(&state, request))
        })
    }

    fn serving(region: &str, account: &str, serve: impl FnOnce(Arc<Mutex<State>>) -> Server) -> Self {
        let state = Arc::new(Mutex::new(State {
            keys: Keys::of_region(region, account),
            faults: VecDeque::new(),
            seen: Vec::new(),
            ahead: 0,
            count: 0,
        }));
        Self {
            server: serve(Arc::clone(&state)),
            state,
        }
    }

    /// `http://127.0.0.1:PORT`.
    #[must_use]
    pub fn endpoint(&self) -> String {
        self.server.endpoint()
    }

    /// Has the next `times` requests fail in this way.
    pub fn fail(&self, times: usize, fault: &Fault) {
        let more = std::iter::repeat_n(fault.clone(), times);
        self.state().faults.extend(more);
    }

    /// Forgets faults that nobody met.
    pub fn heal(&self) {
        self.state().faults.clear();
    }

    /// Sets the server's clock ahead. Requests that were signed five minutes off are then refused, as AWS does.
    pub fn set_clock_ahead(&self, seconds: i64) {
        self.state().ahead = seconds;
    }

    /// The requests since the last time that this was asked.
    #[must_use]
    pub fn seen(&self) -> Vec<Seen> {
        std::mem::take(&mut self.state().seen)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }
}

const ACCOUNT: &str = "111122223333";

/// A secret as an attested recipient gets it, for judges of that form.
#[must_use]
pub fn seal_for_recipient(secret: &[u8], spki: &[u8]) -> Vec<u8> {
    cms::seal(secret, spki).unwrap()
}

fn answer(state: &Mutex<State>, request: &Request) -> Reply {
    let mut state = state.lock().unwrap();
    let target = request.header("x-amz-target").unwrap_or_default();
    let action = target.trim_start_matches("TrentService.").to_owned();
    let body: Value = serde_json::from_slice(&request.body).unwrap_or_default();
    state.seen.push(Seen {
        action: action.clone(),
        body: body.clone(),
        request: request.clone(),
    });
    state.count += 1;
    let headers = headers(&state);
    let fault = state.faults.pop_front();
    if let Some(reply) = fault.as_ref().and_then(|fault| fault.reply(&headers, refusal)) {
        return reply;
    }
    if is_off(request, state.ahead) {
        return refuse(headers, "InvalidSignatureException");
    }
    match actions::run(&mut state.keys, &action, &body) {
        Ok(mut reply) => {
            if let Some(fault) = fault {
                fault.distort(&mut reply);
            }
            Reply::Whole(200, headers, reply.to_string().into_bytes())
        }
        Err(exception) => refuse(headers, exception),
    }
}

fn refuse(headers: Vec<(String, String)>, exception: &str) -> Reply {
    let status = if exception == "KMSInternalException" { 500 } else { 400 };
    Reply::Whole(status, headers, refusal(status, exception).to_string().into_bytes())
}

fn refusal(_: u16, exception: &str) -> Value {
    json!({ "__type": exception, "message": "canary-message" })
}

fn headers(state: &State) -> Vec<(String, String)> {
    vec![
        ("x-amzn-requestid".into(), format!("fake-{:08}", state.count)),
        ("content-type".into(), "application/x-amz-json-1.1".into()),
        ("date".into(), clock::http_date(state.ahead)),
    ]
}

/// Whether the request was signed more than five minutes off the server's clock.
fn is_off(request: &Request, ahead: i64) -> bool {
    let Some(signed) = request.header("x-amz-date").and_then(keys::seconds_of) else {
        return false;
    };
    signed.abs_diff(clock::now() + ahead) > 300
}
