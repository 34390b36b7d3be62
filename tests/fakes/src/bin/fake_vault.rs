//! The stand-ins for Azure as a program of its own, for judges in other languages: a vault, then a managed HSM. It runs
//! until its input closes.
#![allow(
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "it tells its ports to who started it"
)]

use std::io::Read;

use keystrand_fakes::azure::FakeVault;

fn main() {
    let (vault, hsm) = (FakeVault::vault(), FakeVault::managed_hsm());
    println!("{}", vault.endpoint());
    println!("{}", hsm.endpoint());
    std::io::stdin().read_to_end(&mut Vec::new()).unwrap();
}
