//! Where a service is.

use std::net::{IpAddr, Ipv4Addr};

use http::Uri;

/// Scheme, host and port of a service. HTTPS, or HTTP on this machine's own loopback: secrets cross this wire.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Endpoint(Uri);

/// Why a text is no endpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum EndpointFault {
    /// It is no URL of scheme, host and port alone.
    #[error("an endpoint is https://HOST[:PORT] and nothing more")]
    Form,
    /// Plain HTTP to another machine.
    #[error("an endpoint without TLS must be on this machine (127.0.0.1, [::1], localhost); write https://")]
    Plain,
}

impl Endpoint {
    /// Parses an endpoint.
    ///
    /// # Errors
    /// [`EndpointFault`].
    pub fn parse(text: &str) -> Result<Self, EndpointFault> {
        Self::parse_with(text, is_loopback)
    }

    /// Parses the endpoint of a metadata service: plain HTTP is also taken to a link-local address (RFC 3927), which no
    /// router forwards.
    ///
    /// # Errors
    /// [`EndpointFault`].
    pub(crate) fn parse_metadata(text: &str) -> Result<Self, EndpointFault> {
        Self::parse_with(text, |host| is_loopback(host) || is_link_local(host))
    }

    fn parse_with(text: &str, may_be_plain: fn(&str) -> bool) -> Result<Self, EndpointFault> {
        let uri: Uri = text.parse().map_err(|_| EndpointFault::Form)?;
        let authority = uri.authority().ok_or(EndpointFault::Form)?;
        let is_bare = uri.path() == "/" && uri.query().is_none() && !text.contains(['#', '@']);
        // What follows the host is a colon and a number, or nothing.
        let is_numbered = authority.as_str().len() == authority.host().len() || authority.port_u16().is_some();
        if !is_bare || !is_numbered || authority.host().is_empty() {
            return Err(EndpointFault::Form);
        }
        match uri.scheme_str() {
            Some("https") => Ok(Self(uri)),
            Some("http") if may_be_plain(authority.host()) => Ok(Self(uri)),
            Some("http") => Err(EndpointFault::Plain),
            _ => Err(EndpointFault::Form),
        }
    }

    /// Parses the endpoint of a service that this machine itself has, or whoever runs it beside it: plain HTTP to a
    /// link-local address (RFC 3927) stays on the machine's own link.
    #[cfg(feature = "azure")]
    pub(crate) fn on_the_machine(text: &str) -> Result<Self, EndpointFault> {
        match Self::parse(text) {
            Err(EndpointFault::Plain) => {
                let uri: Uri = text.parse().map_err(|_| EndpointFault::Form)?;
                let is_local = uri.host().and_then(|host| host.parse::<Ipv4Addr>().ok());
                match is_local.is_some_and(|address| address.is_link_local()) {
                    true => Ok(Self(uri)),
                    false => Err(EndpointFault::Plain),
                }
            }
            parsed => parsed,
        }
    }

    /// The host; an IPv6 address keeps its brackets.
    #[must_use]
    pub fn host(&self) -> &str {
        self.0.host().unwrap_or_default()
    }

    /// Host and port as a `Host` header has them.
    #[must_use]
    pub fn authority(&self) -> &str {
        self.0.authority().map_or("", http::uri::Authority::as_str)
    }

    pub(crate) fn is_tls(&self) -> bool {
        self.0.scheme_str() == Some("https")
    }

    pub(super) fn uri(&self) -> &Uri {
        &self.0
    }

    /// The endpoint and a path of it.
    pub(crate) fn at(&self, path: &str) -> String {
        format!("{}{path}", self.0.to_string().trim_end_matches('/'))
    }
}

fn is_loopback(host: &str) -> bool {
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    host == "localhost" || bare.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

fn is_link_local(host: &str) -> bool {
    host.parse::<Ipv4Addr>().is_ok_and(|address| address.is_link_local())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn https_anywhere_and_http_on_this_machine() {
        for good in [
            "https://kms.eu-west-1.amazonaws.com",
            "https://h:8443/",
            "http://127.0.0.1:4566",
            "http://[::1]:1",
            "http://localhost:5000",
        ] {
            assert!(Endpoint::parse(good).is_ok(), "{good}");
        }
        for plain in ["http://kms.example", "http://10.0.0.1", "http://localhost.example:80"] {
            assert_eq!(Endpoint::parse(plain), Err(EndpointFault::Plain), "{plain}");
        }
    }

    #[test]
    fn metadata_services_are_on_the_link() {
        assert!(Endpoint::parse_metadata("http://169.254.169.254").is_ok());
        for plain in [
            "http://169.255.169.254",
            "http://metadata.google.internal",
            "http://10.0.0.1",
        ] {
            assert_eq!(Endpoint::parse_metadata(plain), Err(EndpointFault::Plain), "{plain}");
        }
        assert_eq!(Endpoint::parse("http://169.254.169.254"), Err(EndpointFault::Plain));
    }

    #[test]
    fn nothing_but_scheme_host_and_port() {
        for bad in [
            "",
            "kms.example",
            "ftp://h",
            "https://",
            "https://user@h",
            "https://h/path",
            "https://h?q",
            "https://h/#f",
            "https://h:port",
        ] {
            assert_eq!(Endpoint::parse(bad), Err(EndpointFault::Form), "{bad}");
        }
    }

    #[test]
    fn a_path_is_joined_by_one_slash() {
        assert_eq!(Endpoint::parse("https://h:1/").unwrap().at("/a?b"), "https://h:1/a?b");
    }
}
