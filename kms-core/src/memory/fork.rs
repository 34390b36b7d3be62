use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};

use super::pages;

/// Notices that this process is a fork of the one that made the sentinel.
///
/// A writer that counts nonces holds one and asks it before each use of its key: after a fork, parent and child would
/// both go on from the same count. On Linux the answer is one load from a page that the kernel zeroes in the child
/// (`MADV_WIPEONFORK`); elsewhere the process id is compared. A snapshot or clone of a virtual machine is not noticed.
pub struct ForkSentinel(Mark);

enum Mark {
    Generation { word: &'static AtomicU64, made_in: u64 },
    Process(u32),
}

impl ForkSentinel {
    /// A sentinel for the process as it is now.
    #[must_use]
    pub fn new() -> Self {
        match word() {
            Some(word) => Self(Mark::Generation {
                word,
                made_in: generation(word),
            }),
            None => Self(Mark::Process(std::process::id())),
        }
    }

    /// Whether this is still the process that made the sentinel.
    #[must_use]
    pub fn is_intact(&self) -> bool {
        match self.0 {
            Mark::Generation { word, made_in } => word.load(Ordering::Relaxed) == made_in,
            Mark::Process(id) => std::process::id() == id,
        }
    }
}

impl Default for ForkSentinel {
    fn default() -> Self {
        Self::new()
    }
}

/// The id of this process. On Linux the system is asked once, and once more after a fork.
pub(crate) fn process_id() -> u64 {
    static WORD: OnceLock<Option<&'static AtomicU64>> = OnceLock::new();
    match WORD.get_or_init(pages::word_wiped_on_fork) {
        Some(word) => kept_process_id(word),
        None => u64::from(std::process::id()),
    }
}

/// No process has the id 0: a zero word means that none was kept since the start or the last fork.
fn kept_process_id(word: &AtomicU64) -> u64 {
    match word.load(Ordering::Relaxed) {
        0 => {
            let id = u64::from(std::process::id());
            word.store(id, Ordering::Relaxed);
            id
        }
        id => id,
    }
}

fn word() -> Option<&'static AtomicU64> {
    static WORD: OnceLock<Option<&'static AtomicU64>> = OnceLock::new();
    *WORD.get_or_init(pages::word_wiped_on_fork)
}

/// The generation of this process. A zero word means that none was chosen since the start or the last fork. `NEXT`
/// lives on ordinary pages: a child inherits it and so never chooses a generation that one of its ancestors had when
/// it forked, and no inherited sentinel becomes intact again.
fn generation(word: &AtomicU64) -> u64 {
    static NEXT: AtomicU64 = AtomicU64::new(1);

    let current = word.load(Ordering::Relaxed);
    if current != 0 {
        return current;
    }
    let fresh = NEXT.fetch_add(1, Ordering::Relaxed);
    match word.compare_exchange(0, fresh, Ordering::Relaxed, Ordering::Relaxed) {
        Ok(_) => fresh,
        Err(chosen_meanwhile) => chosen_meanwhile,
    }
}

#[cfg(test)]
impl ForkSentinel {
    /// What a sentinel is in a forked child.
    pub(crate) fn broken() -> Self {
        Self(Mark::Process(!std::process::id()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wiped_word_breaks_old_sentinels_and_not_new_ones() {
        let word: &'static AtomicU64 = Box::leak(Box::new(AtomicU64::new(0)));
        let sentinel = |word| {
            ForkSentinel(Mark::Generation {
                word,
                made_in: generation(word),
            })
        };
        let (first, second) = (sentinel(word), sentinel(word));
        assert!(first.is_intact() && second.is_intact());

        word.store(0, Ordering::Relaxed); // what the kernel does in the child
        assert!(!first.is_intact() && !second.is_intact());
        let of_child = sentinel(word);
        assert!(of_child.is_intact());
        assert!(!first.is_intact(), "the child's generation is another one");
    }

    #[test]
    fn the_process_id_is_kept_until_the_word_is_wiped() {
        let word = AtomicU64::new(0);
        assert_eq!(kept_process_id(&word), u64::from(std::process::id()));
        word.store(7, Ordering::Relaxed); // what the child would inherit without the wipe
        assert_eq!(kept_process_id(&word), 7);
        word.store(0, Ordering::Relaxed); // what the kernel does in the child
        assert_eq!(kept_process_id(&word), process_id());
    }
}
