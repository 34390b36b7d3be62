//! What can go wrong in a session.

use std::io;

use bytes::Bytes;

use crate::registry::{Operation, ResultReason};
use crate::ttlv::{DecodeError, EncodeError};

/// Why a call has no result.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ClientError {
    /// The connection failed. It is unknown whether the server performed the operation; connect anew.
    #[error("the connection to the KMIP server failed; connect anew and look whether the operation was performed: {0}")]
    Connection(#[from] io::Error),
    /// The certificates or the key do not serve, or the handshake failed.
    #[error("TLS with the KMIP server: {0}")]
    Tls(#[from] rustls::Error),
    /// A PEM file does not read.
    #[error("the {0} is not PEM as expected; give certificates and a key in PEM")]
    Pem(&'static str),
    /// The name is no host name or address.
    #[error("the server's name is no host name and no address")]
    ServerName,
    /// The session broke earlier.
    #[error("the session broke earlier; connect anew")]
    Broken,
    /// The request is too long.
    #[error(transparent)]
    Encode(#[from] EncodeError),
    /// The answer does not read.
    #[error("the KMIP server's answer does not read: {0}")]
    Decode(#[from] DecodeError),
    /// The answer belongs to another request.
    #[error("the KMIP server answered something else than was asked; connect anew")]
    OtherAnswer,
    /// The server performed nothing and said why. The message is the server's.
    #[error("the KMIP server refused {operation:?}: {reason:?}{}", .message.as_deref().map(|text| format!(" ({text:?})")).unwrap_or_default())]
    Refused {
        /// What was asked.
        operation: Operation,
        /// Why.
        reason: ResultReason,
        /// For people.
        message: Option<String>,
    },
    /// The server works on it: poll with this value.
    #[error("the KMIP server works on it; poll for the result")]
    Pending(Bytes),
    /// There is no version that both speak.
    #[error("the KMIP server speaks no version that this client does")]
    NoCommonVersion,
}
