//! What all clouds share: how a request reaches a service and what is made of its failures. A provider adds requests,
//! replies, and who may ask.
//!
//! ```text
//! settings    what [provider.NAME] may say of times, attempts, concurrency, roots and key exchange
//! endpoint    where a service is: from the configuration, never from a key URI
//! runtime     the threads that sockets need; callers may drive a provider with any executor
//! connect     proxy, TCP, TLS: one connector an endpoint; the negotiated key exchange is kept
//! exchange    one request, one reply of bounded size
//! call        a request until it is answered: deadline, retries, credentials that expire, clocks that differ
//! backoff     how long to wait before the next attempt
//! budget      how many retries a provider may spend in all
//! breaker     when not to ask at all
//! transport   whether what crosses the connections of an endpoint can be recorded now and read later
//! body        JSON with secrets in it: bytes in base64, lengths told in advance
//! secret      base64 of secrets in replies, wiped
//! oaep        RSA-OAEP under public keys of services; material on its way in
//! ```
//!
//! **Dropped calls.** A question ends with the future that asked it; a change that has begun goes on to its end,
//! because a key made by half is worse than one nobody waited for.

#![cfg_attr(
    not(all(feature = "aws", feature = "azure", feature = "gcp")),
    allow(dead_code, unused_imports, reason = "each cloud uses a part of what all share")
)]

mod backoff;
mod body;
mod breaker;
mod budget;
mod call;
mod connect;
mod endpoint;
mod exchange;
mod oaep;
mod runtime;
mod secret;
mod settings;
mod transport;

pub(crate) use body::{Blob, Bytes, json};
pub(crate) use call::{Answer, CallFault, Caller, Judgement, Protocol, Repeat, retry_after};
pub(crate) use connect::{ConnectFault, KeyExchange};
pub use endpoint::{Endpoint, EndpointFault};
pub(crate) use exchange::{Reply, Request};
pub(crate) use oaep::{OaepKey, strong};
pub use runtime::timer;
pub(crate) use runtime::{ask, to_the_end};
pub(crate) use secret::{Base64Secret, sized};
pub use settings::CallSettings;
