//! A request until it is answered.

use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, Instant, SystemTime};

use async_trait::async_trait;
use kms_core::{KekError, KekFault, KekOperation, Posture};
use tokio::sync::Semaphore;
use tracing::Instrument;

use super::backoff;
use super::breaker::Breaker;
use super::budget::Budget;
use super::connect::{ConnectFault, KeyExchange};
use super::exchange::{ExchangeFault, HttpClient, Reply, Request};
use super::transport::Transport;
use super::{CallSettings, Endpoint};
use crate::requests;

/// How a cloud is spoken to: who may ask, and what an answer means.
#[async_trait]
pub(crate) trait Protocol: Send + Sync {
    /// The name of the provider, for spans.
    fn name(&self) -> &str;

    /// Adds what proves who asks. With `afresh`, credentials that were refused are not used again. `ahead` is by how
    /// much the service's clock is ahead of ours.
    async fn authorize(&self, request: &mut Request, afresh: bool, ahead: Ahead) -> Result<(), KekFault>;

    /// What a reply means.
    fn judge(&self, reply: &Reply) -> Judgement;

    /// The service's own id of the request.
    fn request_id<'r>(&self, reply: &'r Reply) -> Option<&'r str>;

    /// When the service wants to be asked again, where it says so: by `Retry-After`, unless it has a way of its own.
    fn asks_to_wait(&self, reply: &Reply) -> Option<Duration> {
        retry_after(reply)
    }
}

/// What a reply means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Judgement {
    /// It is the answer.
    Good,
    /// The service did nothing and may do it later: too many requests, or a change under way.
    Later(KekFault),
    /// The service failed, and may have done something.
    Failed(KekFault),
    /// The credentials are not good any more; others may be.
    Reauthorize(KekFault),
    /// The request seems to be from another time.
    Clock(KekFault),
    /// Trying again would give the same.
    Final(KekFault),
}

/// Whether a request may be sent again when nobody knows whether the service has acted on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Repeat {
    /// It asks, or sets what it finds set already.
    Safe,
    /// Each time makes one more.
    Unsafe,
}

/// Seconds by which the service's clock is ahead.
pub(crate) type Ahead = i64;

/// A reply that was found good.
pub(crate) struct Answer {
    pub(crate) reply: Reply,
    pub(crate) request_id: Option<String>,
}

/// A call that failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct CallFault {
    pub(crate) kind: KekFault,
    pub(crate) request_id: Option<String>,
}

impl CallFault {
    pub(crate) fn new(kind: KekFault) -> Self {
        Self { kind, request_id: None }
    }

    /// This process lacks what it needs to call at all.
    pub(super) fn ours() -> Self {
        Self::new(KekFault::Unavailable)
    }

    /// As the rest knows it.
    pub(crate) fn of(self, uri: &str, operation: KekOperation) -> KekError {
        KekError::new(uri, operation, self.kind).of_request(self.request_id)
    }
}

impl From<KekFault> for CallFault {
    fn from(kind: KekFault) -> Self {
        Self::new(kind)
    }
}

/// Calls of one endpoint.
pub(crate) struct Caller {
    http: HttpClient,
    settings: CallSettings,
    budget: Budget,
    breaker: Breaker,
    places: Semaphore,
    ahead: AtomicI64,
    transport: Transport,
    is_tls: bool,
}

impl Caller {
    pub(crate) fn new(endpoint: Endpoint, settings: CallSettings) -> Result<Self, ConnectFault> {
        Ok(Self {
            is_tls: endpoint.is_tls(),
            transport: Transport::default(),
            http: HttpClient::new(endpoint, &settings)?,
            budget: Budget::full(),
            breaker: Breaker::closed(),
            places: Semaphore::new(settings.concurrency.clamp(1, Semaphore::MAX_PERMITS)),
            ahead: AtomicI64::new(0),
            settings,
        })
    }

    /// Sends a request until it is answered, fails for good, or has used its time, its attempts or the budget.
    pub(crate) async fn call(
        &self,
        protocol: &dyn Protocol,
        operation: &'static str,
        request: &Request,
        repeat: Repeat,
    ) -> Result<Answer, CallFault> {
        let span = tracing::debug_span!("kms.call", provider = protocol.name(), operation);
        let deadline = Instant::now() + self.settings.total();
        let attempts = self.attempts(protocol, request, repeat, deadline).instrument(span);
        let ended = tokio::time::timeout(self.settings.total(), attempts).await;
        let ended = ended.unwrap_or_else(|_| Err(CallFault::new(KekFault::Timeout)));
        if let Ok(Answer {
            request_id: Some(id), ..
        }) = &ended
        {
            requests::note(operation, id);
        }
        ended
    }

    async fn attempts(
        &self,
        protocol: &dyn Protocol,
        request: &Request,
        repeat: Repeat,
        deadline: Instant,
    ) -> Result<Answer, CallFault> {
        let (mut number, mut afresh, mut corrected) = (1, false, false);
        loop {
            let outcome = self.attempt(protocol, request, afresh).await;
            let (next, fault) = match outcome {
                Ok(answer) => {
                    if number == 1 {
                        self.budget.give_back();
                    }
                    return Ok(answer);
                }
                Err(failed) => failed,
            };
            let wait = match next {
                Next::Stop => return Err(fault),
                Next::Again(_) if repeat == Repeat::Unsafe => return Err(fault),
                Next::Again(asked) | Next::Harmless(asked) => asked.unwrap_or_else(|| backoff::jittered(number + 1)),
                // Once each: a second refusal of the same kind is the answer.
                Next::Afresh if !afresh => {
                    afresh = true;
                    Duration::ZERO
                }
                Next::Corrected if !corrected => {
                    corrected = true;
                    Duration::ZERO
                }
                Next::Afresh | Next::Corrected => return Err(fault),
            };
            let is_over = number >= self.settings.attempts || Instant::now() + wait >= deadline;
            if is_over || !self.budget.take() {
                return Err(fault);
            }
            tokio::time::sleep(wait).await;
            number += 1;
        }
    }

    async fn attempt(
        &self,
        protocol: &dyn Protocol,
        request: &Request,
        afresh: bool,
    ) -> Result<Answer, (Next, CallFault)> {
        let fail = |next, kind: KekFault| (next, CallFault::new(kind));
        // A closed semaphore is never made.
        let _place = self.places.acquire().await;
        let mut request = request.clone();
        let authorized = protocol.authorize(&mut request, afresh, self.ahead()).await;
        authorized.map_err(|kind| {
            fail(
                if kind.is_unavailable() {
                    Next::Harmless(None)
                } else {
                    Next::Stop
                },
                kind,
            )
        })?;
        let admission = self.breaker.admit(Instant::now());
        let admission = admission.ok_or_else(|| fail(Next::Stop, KekFault::Unavailable))?;
        let exchanged = self.http.exchange(&request, self.settings.attempt()).await;
        let reply = match exchanged {
            Ok(reply) => reply,
            Err(fault) => {
                admission.failed(Instant::now());
                tracing::debug!(?fault, "no reply");
                return Err(match fault {
                    ExchangeFault::NotSent => fail(Next::Harmless(None), KekFault::Unavailable),
                    ExchangeFault::NotSendable => fail(Next::Stop, KekFault::Denied),
                    ExchangeFault::Timeout => fail(Next::Again(None), KekFault::Timeout),
                    ExchangeFault::Broken => fail(Next::Again(None), KekFault::Unavailable),
                    ExchangeFault::TooLong => fail(Next::Stop, KekFault::BadReply),
                });
            }
        };
        self.transport.note(self.is_tls, reply.key_exchange);
        let judgement = protocol.judge(&reply);
        match judgement {
            Judgement::Failed(_) => admission.failed(Instant::now()),
            _ => admission.answered(),
        }
        let request_id = protocol.request_id(&reply).and_then(well_formed);
        tracing::debug!(status = reply.status, request_id, key_exchange = ?reply.key_exchange, ?judgement, "reply");
        let shift = self.note_clock(&reply);
        let (next, kind) = match judgement {
            Judgement::Good => return Ok(Answer { reply, request_id }),
            Judgement::Later(kind) => (Next::Harmless(protocol.asks_to_wait(&reply)), kind),
            Judgement::Failed(kind) => (Next::Again(protocol.asks_to_wait(&reply)), kind),
            Judgement::Reauthorize(kind) => (Next::Afresh, kind),
            Judgement::Clock(kind) if shift >= SKEW => (Next::Corrected, kind),
            Judgement::Clock(kind) | Judgement::Final(kind) => (Next::Stop, kind),
        };
        Err((next, CallFault { kind, request_id }))
    }

    /// By how much the service's clock is ahead, as far as replies have told.
    pub(crate) fn ahead(&self) -> Ahead {
        self.ahead.load(Ordering::Relaxed)
    }

    /// The posture of a key of which secrets cross these connections.
    pub(crate) fn carried(&self, key: Posture) -> Posture {
        self.transport.carried(key)
    }

    /// The key exchange that decides it.
    pub(crate) fn key_exchange(&self) -> Option<KeyExchange> {
        self.transport.key_exchange()
    }

    /// Whether the service has answered anything yet, so that its connections are known.
    pub(crate) fn is_met(&self) -> bool {
        self.transport.is_known()
    }

    /// Learns the service's time; how far that is from what was believed.
    fn note_clock(&self, reply: &Reply) -> u64 {
        let told = reply
            .header("date")
            .and_then(|date| httpdate::parse_http_date(date).ok());
        let Some(told) = told else { return 0 };
        let ahead = seconds_between(told, SystemTime::now());
        self.ahead.swap(ahead, Ordering::Relaxed).abs_diff(ahead)
    }
}

/// The key exchange of the connection that an answer came over.
impl Answer {
    pub(crate) fn key_exchange(&self) -> Option<KeyExchange> {
        self.reply.key_exchange
    }
}

enum Next {
    /// The failure stands.
    Stop,
    /// Nobody knows whether the service has acted. It may say when it wants to be asked again.
    Again(Option<Duration>),
    /// The service has not acted. It may say when it will.
    Harmless(Option<Duration>),
    /// With other credentials.
    Afresh,
    /// By the service's clock.
    Corrected,
}

/// The header (RFC 9110 10.2.3).
pub(crate) fn retry_after(reply: &Reply) -> Option<Duration> {
    backoff::asked_for(reply.header("retry-after")?, SystemTime::now())
}

fn seconds_between(later: SystemTime, earlier: SystemTime) -> i64 {
    let whole = |span: Duration| i64::try_from(span.as_secs()).unwrap_or(i64::MAX);
    match later.duration_since(earlier) {
        Ok(span) => whole(span),
        Err(error) => -whole(error.duration()),
    }
}

/// Ids go into the audit trail and into error messages, so nothing but an id does.
fn well_formed(id: &str) -> Option<String> {
    let is_id = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.' | b':' | b'/' | b'=' | b'+');
    let is_well_formed = matches!(id.len(), 1..=REQUEST_ID_LEN) && id.bytes().all(is_id);
    is_well_formed.then(|| id.to_owned())
}

/// Signatures are good for five minutes; a difference of one is worth another attempt.
const SKEW: u64 = 60;
const REQUEST_ID_LEN: usize = 128;
