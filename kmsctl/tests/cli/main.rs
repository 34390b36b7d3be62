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
mod gcp;
mod help;
mod init;
mod inspect;
mod json;
mod keys;
mod messages;
mod migrate;
mod pairs;
mod pipes;
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
