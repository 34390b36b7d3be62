//! The `kmsctl` binary; everything stands in the library of the same name.

use std::process::ExitCode;

fn main() -> ExitCode {
    // Before any argument is read: from here on no other process of this user can look at this one's memory.
    let hardened = kms_core::memory::harden_process();
    kmsctl::run(std::env::args_os(), hardened.is_ok()).into()
}
