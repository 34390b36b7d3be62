//! Many transactions of SQLite in one synchronisation of the file.
//!
//! SQLite has one writer, and a commit waits for the disk. So transactions are savepoints inside one outer
//! transaction: each is released when it is done, and its caller waits until the committer, a task that queues for the
//! connection as everyone does, commits all that were released before its turn. A lone transaction is committed at
//! once; under load, one write to the disk serves all that queued behind the last.

use std::sync::Arc;

use sqlx::{AnyConnection, Connection, Executor};
use tokio::sync::{Mutex, Notify, OwnedMutexGuard, oneshot};
use tokio::task::JoinHandle;

use super::{Result, StoreError};

/// The one writer of an SQLite file.
#[derive(Clone)]
pub(super) struct Group {
    writer: Arc<Mutex<Writer>>,
    released: Arc<Notify>,
    committer: Arc<Committer>,
}

impl Group {
    pub(super) fn new(connection: AnyConnection) -> Self {
        let writer = Arc::new(Mutex::new(Writer {
            connection: Some(connection),
            state: State::Idle,
            waiting: Vec::new(),
        }));
        let released = Arc::new(Notify::new());
        let committer = tokio::spawn(commit_groups(writer.clone(), released.clone()));
        Self {
            writer,
            released,
            committer: Arc::new(Committer(committer)),
        }
    }

    /// Waits for its turn and opens a savepoint.
    pub(super) async fn begin(&self) -> Result<Grouped> {
        let mut writer = self.writer.clone().lock_owned().await;
        writer.enter().await?;
        Ok(Grouped {
            turn: Some(Turn {
                writer,
                released: self.released.clone(),
            }),
        })
    }

    /// Writes the log back into the file and empties it.
    pub(super) async fn truncate_log(&self) -> Result<()> {
        let mut writer = self.writer.lock().await;
        writer.commit().await;
        writer.run("PRAGMA wal_checkpoint(TRUNCATE)").await
    }

    /// Commits what was released and closes the connection.
    pub(super) async fn close(&self) {
        self.committer.0.abort();
        let mut writer = self.writer.lock().await;
        writer.commit().await;
        if let Some(connection) = writer.connection.take() {
            // Everything is committed: a connection that does not close well loses nothing.
            let _ = connection.close().await;
        }
    }
}

/// The task ends with the last handle to its group.
struct Committer(JoinHandle<()>);

impl Drop for Committer {
    fn drop(&mut self) {
        self.0.abort();
    }
}

async fn commit_groups(writer: Arc<Mutex<Writer>>, released: Arc<Notify>) {
    loop {
        released.notified().await;
        writer.lock().await.commit().await;
    }
}

/// A transaction that will be committed together with others. Dropped, it leaves nothing.
pub(super) struct Grouped {
    turn: Option<Turn>,
}

impl Grouped {
    pub(super) fn connection(&mut self) -> Result<&mut AnyConnection> {
        self.turn.as_mut().ok_or_else(closed)?.writer.connection()
    }

    /// Returns when the group is on disk.
    pub(super) async fn commit(mut self) -> Result<()> {
        let mut turn = self.turn.take().ok_or_else(closed)?;
        let (sender, committed) = oneshot::channel();
        turn.writer.release(sender).await?;
        drop(turn);
        committed.await.map_err(|_| closed())?
    }
}

/// While it lives no other transaction runs.
struct Turn {
    writer: OwnedMutexGuard<Writer>,
    released: Arc<Notify>,
}

impl Drop for Turn {
    /// The committer comes next, or after those who wait already: to commit, or to end what was abandoned.
    fn drop(&mut self) {
        self.released.notify_one();
    }
}

struct Writer {
    connection: Option<AnyConnection>,
    state: State,
    waiting: Vec<oneshot::Sender<Result<()>>>,
}

/// Where the connection is. It is written down before a statement is sent, as far as the worst case goes: a caller may
/// stop listening at any moment, and the next one has to know what it finds.
#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    /// No transaction.
    Idle,
    /// In the outer transaction, between savepoints.
    Between,
    /// Inside a savepoint.
    Inside,
    /// A statement that changes the state was sent, and nobody waited for its answer.
    Unknown,
}

impl Writer {
    async fn enter(&mut self) -> Result<()> {
        self.leave_abandoned().await?;
        if self.state == State::Idle {
            self.step("BEGIN IMMEDIATE", State::Between).await?;
        }
        self.step("SAVEPOINT item", State::Inside).await
    }

    async fn release(&mut self, committed: oneshot::Sender<Result<()>>) -> Result<()> {
        self.step("RELEASE item", State::Between).await?;
        self.waiting.push(committed);
        Ok(())
    }

    /// Commits the outer transaction and tells those who wait.
    async fn commit(&mut self) {
        let outcome = match self.leave_abandoned().await {
            Ok(()) if self.state == State::Idle => return,
            Ok(()) => self.step("COMMIT", State::Idle).await,
            Err(error) => Err(error),
        };
        if outcome.is_err() {
            // A full disk, say. What was not committed is gone with the transaction.
            let _ = self.step("ROLLBACK", State::Idle).await;
        }
        self.tell(&outcome.map_err(|error| error.to_string()));
    }

    /// Undoes a transaction that was dropped half way.
    async fn leave_abandoned(&mut self) -> Result<()> {
        match self.state {
            State::Idle | State::Between => Ok(()),
            State::Inside => self.step("ROLLBACK TO item; RELEASE item", State::Between).await,
            State::Unknown => {
                // Whether a transaction is open is not known: without one this fails, and that is the same end.
                let _ = self.step("ROLLBACK", State::Idle).await;
                self.state = State::Idle;
                self.tell(&Err("another transaction of the same group was cut off".into()));
                Ok(())
            }
        }
    }

    fn tell(&mut self, outcome: &std::result::Result<(), String>) {
        for waiting in self.waiting.drain(..) {
            // Who does not wait any more has dropped its end.
            let _ = waiting.send(outcome.clone().map_err(StoreError::Unavailable));
        }
    }

    async fn step(&mut self, statement: &'static str, then: State) -> Result<()> {
        self.state = State::Unknown;
        self.run(statement).await?;
        self.state = then;
        Ok(())
    }

    async fn run(&mut self, statement: &'static str) -> Result<()> {
        self.connection()?.execute(sqlx::raw_sql(statement)).await?;
        Ok(())
    }

    fn connection(&mut self) -> Result<&mut AnyConnection> {
        self.connection.as_mut().ok_or_else(closed)
    }
}

fn closed() -> StoreError {
    StoreError::Unavailable("it was closed".into())
}
