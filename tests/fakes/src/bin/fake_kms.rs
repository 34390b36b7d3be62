//! The stand-in for AWS KMS as a program of its own, for judges in other languages. It runs until its input closes.
#![allow(
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "it tells its port to who started it"
)]

use std::io::Read;

use keystrand_fakes::aws::FakeKms;

fn main() {
    let fake = FakeKms::start("eu-west-1");
    println!("{}", fake.endpoint());
    std::io::stdin().read_to_end(&mut Vec::new()).unwrap();
}
