//! What the connections of an endpoint are worth.
//!
//! A symmetric key in a cloud is as strong as ever, but its secrets cross the network at each wrap and unwrap. Who
//! records a connection with a classical key exchange reads them with a quantum computer later. So the posture of such a
//! key is the weaker of the two. A service may be served by many machines that do not all offer the same: the weakest
//! that was met lately counts.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use kms_core::Posture;

use super::connect::KeyExchange;

/// The connections that replies came over.
#[derive(Default)]
pub(super) struct Transport(Mutex<Seen>);

#[derive(Default)]
struct Seen {
    is_known: bool,
    last: Option<KeyExchange>,
    /// When and over what something last crossed that can be read later.
    classical: Option<(Instant, Option<KeyExchange>)>,
}

impl Transport {
    /// Notes a reply. What is not TLS does not leave this machine.
    pub(super) fn note(&self, is_tls: bool, exchange: Option<KeyExchange>) {
        let mut seen = self.seen();
        seen.is_known = true;
        seen.last = exchange;
        if is_tls && !exchange.is_some_and(KeyExchange::is_post_quantum) {
            seen.classical = Some((Instant::now(), exchange));
        }
    }

    /// Whether there was a reply yet.
    pub(super) fn is_known(&self) -> bool {
        self.seen().is_known
    }

    /// The posture of a key whose secrets cross these connections.
    pub(super) fn carried(&self, key: Posture) -> Posture {
        match self.seen().classical() {
            Some(_) => Posture::Classical,
            None => key,
        }
    }

    /// The key exchange that [`Transport::carried`] goes by.
    pub(super) fn key_exchange(&self) -> Option<KeyExchange> {
        let seen = self.seen();
        seen.classical().unwrap_or(seen.last)
    }

    fn seen(&self) -> MutexGuard<'_, Seen> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Seen {
    fn classical(&self) -> Option<Option<KeyExchange>> {
        let (at, exchange) = self.classical?;
        (at.elapsed() < REMEMBERED).then_some(exchange)
    }
}

/// Longer than an idle connection is kept.
const REMEMBERED: Duration = Duration::from_secs(300);

#[cfg(test)]
mod tests {
    use rustls::NamedGroup;

    use super::*;

    #[test]
    fn the_weakest_connection_counts() {
        let transport = Transport::default();
        assert!(!transport.is_known());
        assert_eq!(transport.carried(Posture::Hedged), Posture::Hedged);
        transport.note(false, None);
        transport.note(true, Some(KeyExchange(NamedGroup::X25519MLKEM768)));
        assert_eq!(transport.carried(Posture::Hedged), Posture::Hedged);
        transport.note(true, Some(KeyExchange(NamedGroup::X25519)));
        transport.note(true, Some(KeyExchange(NamedGroup::X25519MLKEM768)));
        assert_eq!(transport.carried(Posture::Hedged), Posture::Classical);
        assert_eq!(transport.key_exchange(), Some(KeyExchange(NamedGroup::X25519)));
    }

    #[test]
    fn tls_without_a_named_group_is_classical() {
        let transport = Transport::default();
        transport.note(true, None);
        assert_eq!(transport.carried(Posture::PostQuantum), Posture::Classical);
    }
}
