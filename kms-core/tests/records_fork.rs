//! A sealer that goes through a fork: parent and child must not seal under one nonce. Alone in its binary, so that no
//! other thread holds a lock when the process forks.
#![allow(
    clippy::unwrap_used,
    clippy::cast_possible_truncation,
    clippy::cast_possible_wrap,
    reason = "clippy.toml allows unwrap in test functions; their helpers, and small test lengths, are no less test code"
)]
#![cfg(target_os = "linux")]

use kms_core::crypto::CryptoBackend;
use kms_core::memory::Secret;
use kms_core::record::{RecordMode, RecordOpener, RecordPlace, RecordSealer, TicketKeys};
use kms_core::{Domain, Kind, Suite};

fn seal(sealer: &mut RecordSealer) -> Vec<u8> {
    let mut record = Vec::new();
    sealer.seal(RecordPlace::None, b"value", &mut record).unwrap();
    record
}

#[test]
fn parent_and_child_do_not_share_a_writer_id() {
    let domain = Domain {
        suite: Suite::Aes256Gcm,
        kind: Kind::Ticket,
    };
    let secret = Secret::init_with(|place| place.fill(9));
    let ticket = TicketKeys::new(&CryptoBackend::default(), domain, secret, &[1; 32], RecordMode::None).unwrap();
    let mut sealer = ticket.sealer().unwrap();
    let before = seal(&mut sealer);
    let place = tempfile::NamedTempFile::new().unwrap();
    in_fork(|| std::fs::write(place.path(), seal(&mut sealer)).is_ok());
    let (of_child, of_parent) = (std::fs::read(place.path()).unwrap(), seal(&mut sealer));

    assert_eq!(of_parent[..16], before[..16], "the parent goes on");
    assert_eq!(of_parent[16..20], [0, 0, 0, 2]);
    assert_eq!(of_child[..6], before[..6]);
    assert_ne!(of_child[6..16], before[6..16], "the child has a writer id of its own");
    assert_eq!(of_child[16..20], [0, 0, 0, 1]);
    let mut opener = RecordOpener::new();
    opener.insert(ticket);
    for record in [before, of_child, of_parent] {
        let mut plaintext = Vec::new();
        opener.open(RecordPlace::None, &record, &mut plaintext).unwrap();
        assert_eq!(plaintext, b"value");
    }
}

fn in_fork(work: impl FnOnce() -> bool) {
    #[allow(unsafe_code)]
    // SAFETY: the harness's main thread only waits, so the child has every lock to itself; it exits without unwinding.
    unsafe {
        match libc::fork() {
            -1 => panic!("fork failed"),
            0 => libc::_exit(i32::from(!work())),
            child => {
                let mut status = 0;
                assert_eq!(libc::waitpid(child, &raw mut status, 0), child);
                assert!(
                    libc::WIFEXITED(status) && libc::WEXITSTATUS(status) == 0,
                    "the child failed"
                );
            }
        }
    }
}
