//! The stand-in for Google Cloud KMS as a program of its own, for judges in other languages. It runs until its input
//! closes.
#![allow(
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "it tells its port to who started it"
)]

use std::io::Read;

use keystrand_fakes::gcp::FakeGcp;

fn main() {
    let fake = FakeGcp::start();
    println!("{}", fake.endpoint());
    std::io::stdin().read_to_end(&mut Vec::new()).unwrap();
}
