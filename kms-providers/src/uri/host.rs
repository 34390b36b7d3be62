//! Host and port.

use std::fmt;
use std::net::{Ipv4Addr, Ipv6Addr};
use std::num::NonZeroU16;

use super::UriFault;

/// `HOST[:PORT]`, in its only form: lower case, IPv6 in brackets and shortened (RFC 5952), no leading zeros.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Authority {
    host: Box<str>,
    port: Option<NonZeroU16>,
}

impl Authority {
    /// The host; an IPv6 address keeps its brackets.
    #[must_use]
    pub fn host(&self) -> &str {
        &self.host
    }

    /// The port, where one is given.
    #[must_use]
    pub fn port(&self) -> Option<u16> {
        self.port.map(NonZeroU16::get)
    }

    pub(super) fn parse(text: &str) -> Result<Self, UriFault> {
        let host_end = match text.starts_with('[') {
            true => text.find(']').map(|bracket| bracket + 1),
            false => text.find(':'),
        };
        let (host, rest) = text.split_at(host_end.unwrap_or(text.len()));
        let port = match rest.strip_prefix(':') {
            Some(port) => Some(parse_port(port)?),
            None if rest.is_empty() => None,
            None => return Err(UriFault::Host),
        };
        if !is_host(host) {
            return Err(UriFault::Host);
        }
        Ok(Self {
            host: host.into(),
            port,
        })
    }
}

impl fmt::Display for Authority {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.host)?;
        self.port.map_or(Ok(()), |port| write!(f, ":{port}"))
    }
}

fn parse_port(text: &str) -> Result<NonZeroU16, UriFault> {
    if !text.bytes().all(|b| b.is_ascii_digit()) || text.starts_with('0') {
        return Err(UriFault::Port);
    }
    text.parse().map_err(|_| UriFault::Port)
}

fn is_host(text: &str) -> bool {
    if let Some(address) = text.strip_prefix('[').and_then(|t| t.strip_suffix(']')) {
        return address
            .parse::<Ipv6Addr>()
            .is_ok_and(|parsed| parsed.to_string() == address);
    }
    // RFC 3986 3.2.2: what looks like an IPv4 address is one.
    if text.bytes().all(|b| b.is_ascii_digit() || b == b'.') {
        return text.parse::<Ipv4Addr>().is_ok();
    }
    text.len() <= DNS_NAME_LEN && text.split('.').all(is_dns_label)
}

/// RFC 1123 2.1.
fn is_dns_label(label: &str) -> bool {
    matches!(label.len(), 1..=DNS_LABEL_LEN)
        && label
            .bytes()
            .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
        && !label.starts_with('-')
        && !label.ends_with('-')
}

const DNS_NAME_LEN: usize = 253;
const DNS_LABEL_LEN: usize = 63;
