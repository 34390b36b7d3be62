//! Group commit: threads that record at the same time share one sync. The first to come commits for all that wait
//! while it does; no thread of its own is needed.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, OnceLock, PoisonError};

use kms_core::AuditFault;

type Ticket = Arc<OnceLock<Result<(), AuditFault>>>;

/// Entries that wait for their commit.
#[derive(Default)]
pub(super) struct Group {
    queue: Mutex<Queue>,
    settled: Condvar,
}

#[derive(Default)]
struct Queue {
    entries: Vec<Vec<u8>>,
    /// Settled when `entries` are committed.
    ticket: Ticket,
    led: bool,
}

impl Group {
    /// Commits `entries`, in order and together with those of other threads, by one call of `commit`.
    pub(super) fn submit(
        &self,
        entries: impl IntoIterator<Item = Vec<u8>>,
        commit: impl FnOnce(&[Vec<u8>]) -> Result<(), AuditFault>,
    ) -> Result<(), AuditFault> {
        let mut queue = self.queue();
        queue.entries.extend(entries);
        let ticket = queue.ticket.clone();
        while queue.led {
            queue = self.settled.wait(queue).unwrap_or_else(PoisonError::into_inner);
            if let Some(result) = ticket.get() {
                return *result;
            }
        }
        // A leader settles the ticket of the entries that it takes before it steps down. Nobody leads and this ticket
        // is not settled, so its entries are still in the queue.
        queue.led = true;
        let entries = std::mem::take(&mut queue.entries);
        let ticket = std::mem::take(&mut queue.ticket);
        drop(queue);
        let lead = Lead { group: self, ticket };
        *lead.ticket.get_or_init(|| commit(&entries))
    }

    fn queue(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Steps down and wakes the others, also when the commit panics.
struct Lead<'a> {
    group: &'a Group,
    ticket: Ticket,
}

impl Drop for Lead<'_> {
    fn drop(&mut self) {
        let _ = self.ticket.set(Err(AuditFault::Failed));
        self.group.queue().led = false;
        self.group.settled.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::thread;
    use std::time::Duration;

    use super::*;

    #[test]
    fn many_threads_share_few_commits_and_each_gets_its_own_result() {
        let group = Group::default();
        let commits = AtomicUsize::new(0);
        let committed = Mutex::new(Vec::new());
        thread::scope(|scope| {
            for name in 0..8_u8 {
                let (group, commits, committed) = (&group, &commits, &committed);
                scope.spawn(move || {
                    for n in 0..50_u8 {
                        group
                            .submit([vec![name, n]], |entries| {
                                commits.fetch_add(1, Ordering::Relaxed);
                                thread::sleep(Duration::from_micros(200));
                                committed.lock().unwrap().extend_from_slice(entries);
                                Ok(())
                            })
                            .unwrap();
                        assert!(
                            committed.lock().unwrap().contains(&vec![name, n]),
                            "acknowledged before the commit"
                        );
                    }
                });
            }
        });
        assert_eq!(committed.lock().unwrap().len(), 400);
        assert!(
            commits.load(Ordering::Relaxed) < 300,
            "{commits:?} commits of 400 entries"
        );
    }

    #[test]
    fn a_failed_commit_fails_its_entries_only() {
        let group = Group::default();
        assert_eq!(
            group.submit([vec![1]], |_| Err(AuditFault::Full)),
            Err(AuditFault::Full)
        );
        assert_eq!(
            group.submit([vec![2]], |entries| {
                assert_eq!(entries, [[2]]);
                Ok(())
            }),
            Ok(())
        );
    }

    #[test]
    fn a_commit_that_panics_does_not_block_the_next() {
        let group = Group::default();
        let panicked = thread::scope(|scope| scope.spawn(|| group.submit([vec![1]], |_| panic!())).join().is_err());
        assert!(panicked);
        assert_eq!(group.submit([vec![2]], |_| Ok(())), Ok(()));
    }
}
