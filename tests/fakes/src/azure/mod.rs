//! A vault and a managed HSM with real cryptography, who issues tokens for them, and what a real service does only on
//! its worst day.
//!
//! ```text
//! keys       keys, their versions and states; RSA-OAEP, AES key wrap, AES-GCM
//! routes     requests and replies of the vault
//! material   creating, importing, releasing: how key material comes and goes
//! tokens     Entra's token endpoint and the metadata service
//! fault      what goes wrong next
//! ```
//!
//! As in Azure, a disabled RSA key goes on wrapping, and an expired key goes on unwrapping. It checks tokens, but has no
//! permissions. azure-keyvault-keys drives it (tests/clouds/judge_azure.py) and holds its replies against its own models.

mod fault;
mod keys;
mod material;
mod routes;
mod tokens;

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard};

use serde_json::{Value, json};

pub use fault::Fault;
pub use tokens::{CLIENT, FEDERATED, SECRET, TENANT, Tokens};

use crate::server::{Reply, Request, Server};
use keys::Keys;

/// A running stand-in.
pub struct FakeVault {
    server: Server,
    state: Arc<Mutex<State>>,
}

/// A request to the vault as it came.
#[derive(Debug, Clone)]
pub struct Seen {
    /// `POST /keys/NAME/VERSION/wrapkey`, without the query.
    pub line: String,
    /// Its parameters.
    pub body: Value,
    /// All of it.
    pub request: Request,
}

struct State {
    keys: Keys,
    tokens: Tokens,
    faults: VecDeque<Fault>,
    seen: Vec<Seen>,
    ahead: i64,
    count: u64,
}

impl FakeVault {
    /// Starts a vault with an HSM for what wants one ("premium").
    #[must_use]
    pub fn vault() -> Self {
        Self::start(Keys::of_a_vault(), "https://vault.azure.net")
    }

    /// Starts a managed HSM.
    #[must_use]
    pub fn managed_hsm() -> Self {
        Self::start(Keys::of_an_hsm(), "https://managedhsm.azure.net")
    }

    fn start(keys: Keys, resource: &'static str) -> Self {
        let state = Arc::new(Mutex::new(State {
            keys,
            tokens: Tokens::of(resource),
            faults: VecDeque::new(),
            seen: Vec::new(),
            ahead: 0,
            count: 0,
        }));
        let shared = Arc::clone(&state);
        Self {
            server: Server::start(0, move |request| answer(&mut shared.lock().unwrap(), request)),
            state,
        }
    }

    /// `http://127.0.0.1:PORT`: the vault, who issues tokens, and the metadata service.
    #[must_use]
    pub fn endpoint(&self) -> String {
        self.server.endpoint()
    }

    /// Has the next `times` requests that carry a token fail in this way.
    pub fn fail(&self, times: usize, fault: &Fault) {
        let more = std::iter::repeat_n(fault.clone(), times);
        self.state().faults.extend(more);
    }

    /// Has the next `times` requests for tokens fail in this way.
    pub fn fail_tokens(&self, times: usize, fault: &Fault) {
        let more = std::iter::repeat_n(fault.clone(), times);
        self.state().tokens.faults.extend(more);
    }

    /// Forgets faults that nobody met.
    pub fn heal(&self) {
        self.state().faults.clear();
        self.state().tokens.faults.clear();
    }

    /// Sets the server's clock ahead.
    pub fn set_clock_ahead(&self, seconds: i64) {
        self.state().ahead = seconds;
    }

    /// How many days deleted keys are kept; 0 is a vault without soft deletion.
    pub fn keep_deleted(&self, days: u64) {
        self.state().keys.recoverable_days = days;
    }

    /// Sets the dates of a key's current version: from when and until when it wraps.
    pub fn set_dates(&self, name: &str, not_before: Option<i64>, expires: Option<i64>) {
        let mut state = self.state();
        let version = state.keys.keys.get_mut(name).unwrap().versions.last_mut().unwrap();
        (version.not_before, version.expires) = (not_before, expires);
    }

    /// Who issues tokens, and what it wants of them.
    pub fn tokens<T>(&self, change: impl FnOnce(&mut Tokens) -> T) -> T {
        change(&mut self.state().tokens)
    }

    /// The requests to the vault since the last time that this was asked.
    #[must_use]
    pub fn seen(&self) -> Vec<Seen> {
        std::mem::take(&mut self.state().seen)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }
}

/// A refusal: status, code, inner code.
type Refusal = (u16, &'static str, &'static str);

fn answer(state: &mut State, request: &Request) -> Reply {
    let (method, target) = request.line.split_once(' ').unwrap_or_default();
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    if let Some(reply) = state.tokens.answer(method, path, query, request) {
        return reply;
    }
    let body: Value = serde_json::from_slice(&request.body).unwrap_or_default();
    state.seen.push(Seen {
        line: format!("{method} {path}"),
        body: body.clone(),
        request: request.clone(),
    });
    state.count += 1;
    let headers = headers(state);
    let Some(token) = request.header("authorization") else {
        return challenge(headers, &state.tokens.challenge());
    };
    let fault = state.faults.pop_front();
    if let Some(reply) = fault.as_ref().and_then(|fault| fault.reply(&headers)) {
        return reply;
    }
    if let Err(why) = state.tokens.check(token) {
        return challenge(headers, &why);
    }
    let asked = routes::Asked {
        method,
        path,
        query,
        host: request.header("host").unwrap_or_default(),
        body: &body,
    };
    match routes::run(&mut state.keys, &asked) {
        Ok(Value::Null) => Reply::Whole(204, headers, Vec::new()),
        Ok(mut reply) => {
            if let Some(fault) = fault {
                fault.distort(&mut reply);
            }
            Reply::Whole(200, headers, reply.to_string().into_bytes())
        }
        Err(refusal) => refuse(headers, refusal),
    }
}

fn challenge(mut headers: Vec<(String, String)>, wanted: &str) -> Reply {
    headers.push(("www-authenticate".into(), wanted.to_owned()));
    refuse(headers, (401, "Unauthorized", ""))
}

fn refuse(headers: Vec<(String, String)>, (status, code, inner): Refusal) -> Reply {
    let mut error = json!({ "code": code, "message": "canary-message" });
    if !inner.is_empty() {
        error["innererror"] = json!({ "code": inner });
    }
    Reply::Whole(status, headers, json!({ "error": error }).to_string().into_bytes())
}

fn headers(state: &State) -> Vec<(String, String)> {
    vec![
        ("x-ms-request-id".into(), format!("fake-{:08}", state.count)),
        ("content-type".into(), "application/json; charset=utf-8".into()),
        ("date".into(), crate::clock::http_date(state.ahead)),
    ]
}
