//! Google Cloud KMS with real cryptography, for what no emulator at hand has; and for what a real service does only on
//! its worst day. With it, the servers that give tokens: an OAuth endpoint, a security token service, service accounts
//! that are impersonated, a metadata server.
//!
//! ```text
//! keys       keys, versions, their material and states
//! routes     which method a request is
//! actions    keys, versions, import jobs
//! crypto     what keys do
//! places     key rings, external key managers, Autokey
//! enums      numbers that some clients write in place of names
//! tokens     who may ask
//! ```
//!
//! It has no policies. Google's own client drives it (tests/clouds/judge_gcp.py) and its discovery document judges
//! every reply.

mod actions;
mod crypto;
mod enums;
mod keys;
mod places;
mod routes;
mod tokens;

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard};

use serde_json::{Value, json};

pub use crate::fault::Fault;

use crate::clock;
use crate::server::{Reply, Request, Server};
use keys::Cloud;
use tokens::Tokens;

/// A running stand-in.
pub struct FakeGcp {
    server: Server,
    state: Arc<Mutex<State>>,
}

/// A request as it came.
#[derive(Debug, Clone)]
pub struct Seen {
    /// The method: `encrypt`, `cryptoKeys.create`, `token` …
    pub method: String,
    /// Its body, where that is JSON.
    pub body: Value,
    /// All of it.
    pub request: Request,
}

struct State {
    cloud: Cloud,
    tokens: Tokens,
    faults: VecDeque<Fault>,
    token_faults: VecDeque<Fault>,
    seen: Vec<Seen>,
    /// By how many seconds the server's clock is ahead.
    ahead: i64,
}

/// A refusal: status, code of google.rpc, and what a detail says of it.
type Refusal = (u16, &'static str, Option<&'static str>);

impl FakeGcp {
    /// Starts one.
    #[must_use]
    pub fn start() -> Self {
        Self::at(0)
    }

    /// Starts one at a port.
    #[must_use]
    pub fn at(port: u16) -> Self {
        let state = Arc::new(Mutex::new(State {
            cloud: Cloud::default(),
            tokens: Tokens::new(),
            faults: VecDeque::new(),
            token_faults: VecDeque::new(),
            seen: Vec::new(),
            ahead: 0,
        }));
        let shared = Arc::clone(&state);
        Self {
            server: Server::start(port, move |request| answer(&shared, request)),
            state,
        }
    }

    /// `http://127.0.0.1:PORT`.
    #[must_use]
    pub fn endpoint(&self) -> String {
        self.server.endpoint()
    }

    /// Has the next `times` requests to KMS fail in this way.
    pub fn fail(&self, times: usize, fault: &Fault) {
        let more = std::iter::repeat_n(fault.clone(), times);
        self.state().faults.extend(more);
    }

    /// Has the next `times` requests for tokens fail in this way.
    pub fn fail_tokens(&self, times: usize, fault: &Fault) {
        let more = std::iter::repeat_n(fault.clone(), times);
        self.state().token_faults.extend(more);
    }

    /// Forgets faults that nobody met.
    pub fn heal(&self) {
        self.state().faults.clear();
        self.state().token_faults.clear();
    }

    /// Sets the server's clock ahead.
    pub fn set_clock_ahead(&self, seconds: i64) {
        let mut state = self.state();
        state.ahead = seconds;
        state.cloud.ahead = seconds;
        state.tokens.ahead = seconds;
    }

    /// From now on answers nobody who has no token that is good.
    pub fn require_tokens(&self) {
        self.state().tokens.are_required = true;
    }

    /// Tokens are good for so long, from now on.
    pub fn set_token_life(&self, seconds: i64) {
        self.state().tokens.life = seconds;
    }

    /// Takes back every token.
    pub fn revoke_tokens(&self) {
        self.state().tokens.revoke();
    }

    /// The credentials file of a service account that this stand-in knows.
    #[must_use]
    pub fn service_account_file(&self) -> String {
        let token_uri = format!("{}/token", self.endpoint());
        self.state().tokens.service_account_file(&token_uri)
    }

    /// Wraps that name no version go on using the one that was primary before, as Google may for hours.
    pub fn set_primary_lags(&self, lags: bool) {
        self.state().cloud.primary_lags = lags;
    }

    /// External key managers are not to be reached.
    pub fn set_external_managers_down(&self, are_down: bool) {
        self.state().cloud.are_managers_down = are_down;
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

fn answer(state: &Mutex<State>, request: &Request) -> Reply {
    let mut state = state.lock().unwrap();
    let (verb, target) = request.line.split_once(' ').unwrap_or_default();
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let is_for_tokens = tokens::is_for(path);
    let route = routes::find(verb, path);
    let mut body: Value = serde_json::from_slice(&request.body).unwrap_or_default();
    enums::name_all(&mut body);
    let method = if is_for_tokens {
        "token"
    } else {
        route.as_ref().map_or("", |route| route.method)
    };
    state.seen.push(Seen {
        method: method.to_owned(),
        body: body.clone(),
        request: request.clone(),
    });
    let mut headers = vec![
        ("content-type".to_owned(), "application/json; charset=UTF-8".to_owned()),
        ("date".to_owned(), clock::http_date(state.ahead)),
    ];
    let faults = if is_for_tokens {
        &mut state.token_faults
    } else {
        &mut state.faults
    };
    let fault = faults.pop_front();
    if let Some(reply) = fault.as_ref().and_then(|fault| fault.reply(&headers, refusal)) {
        return reply;
    }
    let acted = if is_for_tokens {
        headers.push(("metadata-flavor".to_owned(), "Google".to_owned()));
        state.tokens.give(path, request, &body)
    } else if !state.tokens.allow(request) {
        Err((401, "UNAUTHENTICATED", Some("ACCESS_TOKEN_EXPIRED")))
    } else {
        match route {
            Some(route) => routes::run(&mut state.cloud, &route, query, &body),
            None => Err((404, "NOT_FOUND", None)),
        }
    };
    match acted {
        Ok(mut reply) => {
            if let Some(fault) = fault {
                fault.distort(&mut reply);
            }
            Reply::Whole(200, headers, reply.to_string().into_bytes())
        }
        Err((status, code, detail)) => {
            let mut body = refusal(status, code);
            if let Some(detail) = detail {
                body["error"]["details"] = detailed(code, detail);
            }
            Reply::Whole(status, headers, body.to_string().into_bytes())
        }
    }
}

fn refusal(status: u16, code: &str) -> Value {
    json!({ "error": { "code": status, "message": "canary-message", "status": code } })
}

fn detailed(code: &str, detail: &str) -> Value {
    match code {
        "FAILED_PRECONDITION" => json!([{
            "@type": "type.googleapis.com/google.rpc.PreconditionFailure",
            "violations": [{ "type": detail, "subject": "canary-subject", "description": "canary-description" }],
        }]),
        _ => json!([{
            "@type": "type.googleapis.com/google.rpc.ErrorInfo",
            "reason": detail,
            "domain": "googleapis.com",
        }]),
    }
}
