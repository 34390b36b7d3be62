//! The binary, as an operator or a script uses it.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod audit;
mod aws;
mod azure;
mod clouds;
mod credentials;
mod decrypt;
mod docs;
mod doctor;
mod encrypt;
mod fpe;
mod gcp;
mod grants;
mod help;
mod init;
mod inspect;
mod json;
mod keys;
mod messages;
mod migrate;
mod pairs;
mod pipes;
#[cfg(feature = "pkcs11")]
mod pkcs11;
mod processes;
mod recipients;
mod rewrap;
mod rotate;
mod scan;
mod secrets;
mod signatures;
mod support;
mod terminal;
mod transport;
mod views;
