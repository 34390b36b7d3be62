//! Calls that block, made by threads of their own, each with a time limit.
//!
//! Each thread has a session. A module that does not return keeps its thread; the caller is told `Timeout`, and
//! another thread takes the place, up to a number of lost ones.

use std::cell::Cell;
use std::cmp::Reverse;
use std::collections::{BinaryHeap, VecDeque};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, Weak, mpsc};
use std::thread;
use std::time::{Duration, Instant};

use futures::channel::oneshot;
use kms_core::KekFault;

use super::fault::Fault;
use super::seat::{At, Seat};
use super::token::Token;

/// The threads that call one token.
pub(super) struct Calls {
    shared: Arc<Shared>,
    patience: Duration,
    process: u32,
}

/// Whether a call that was under way when the token was lost may be made again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Repeat {
    /// It asks, or makes what nobody else sees.
    Safe,
    /// Each time makes one more.
    Unsafe,
}

struct Shared {
    token: Arc<Token>,
    threads: usize,
    queue: Mutex<Queue>,
    ready: Condvar,
    /// A thread has ended.
    gone: Condvar,
}

#[derive(Default)]
struct Queue {
    jobs: VecDeque<Job>,
    idle: usize,
    working: usize,
    /// Threads whose call is over its time and has not returned.
    lost: usize,
    closed: bool,
}

struct Job {
    body: Box<dyn FnOnce(&mut Seat) + Send>,
    waiter: Weak<dyn Waiter>,
}

/// Who waits for an answer, and no longer than a time.
trait Waiter: Send + Sync {
    /// The call begins; `false` when nobody waits any more.
    fn begin(&self) -> bool;
    /// The time is over: whether a thread is in the call.
    fn give_up(&self) -> bool;
    /// The call returned: whether it had been given up.
    fn is_given_up(&self) -> bool;
}

struct Answer<T> {
    sender: Mutex<Option<Sender<T>>>,
    begun: AtomicBool,
    given_up: AtomicBool,
}

enum Sender<T> {
    Future(oneshot::Sender<Result<T, Fault>>),
    Thread(mpsc::SyncSender<Result<T, Fault>>),
}

impl Calls {
    pub(super) fn new(token: Arc<Token>, threads: usize, patience: Duration) -> Self {
        Self {
            shared: Arc::new(Shared {
                token,
                threads: threads.clamp(1, THREADS),
                queue: Mutex::default(),
                ready: Condvar::new(),
                gone: Condvar::new(),
            }),
            patience,
            process: std::process::id(),
        }
    }

    /// Makes a call. Once begun it goes on to its end, also when nobody waits for it any more.
    pub(super) async fn call<T: Send + 'static>(
        &self,
        repeat: Repeat,
        work: impl Fn(&At<'_>) -> Result<T, Fault> + Send + 'static,
    ) -> Result<T, KekFault> {
        let (sender, receiver) = oneshot::channel();
        self.start(repeat, Sender::Future(sender), work)?;
        match receiver.await {
            Ok(answer) => answer.map_err(|fault| fault.kind),
            Err(_) => Err(KekFault::Unavailable),
        }
    }

    /// The same for a caller that is no future.
    pub(super) fn call_here<T: Send + 'static>(
        &self,
        work: impl Fn(&At<'_>) -> Result<T, Fault> + Send + 'static,
    ) -> Result<T, KekFault> {
        let (sender, receiver) = mpsc::sync_channel(1);
        self.start(Repeat::Safe, Sender::Thread(sender), work)?;
        match receiver.recv() {
            Ok(answer) => answer.map_err(|fault| fault.kind),
            Err(_) => Err(KekFault::Unavailable),
        }
    }

    fn start<T: Send + 'static>(
        &self,
        repeat: Repeat,
        sender: Sender<T>,
        work: impl Fn(&At<'_>) -> Result<T, Fault> + Send + 'static,
    ) -> Result<(), KekFault> {
        // A child of fork(2) has none of these threads, and PKCS #11 6.7.1 wants a module of its own for it.
        if std::process::id() != self.process {
            return Err(KekFault::Unavailable);
        }
        let answer = Arc::new(Answer {
            sender: Mutex::new(Some(sender)),
            begun: AtomicBool::new(false),
            given_up: AtomicBool::new(false),
        });
        let waiter: Arc<dyn Waiter> = answer.clone();
        let job = Job {
            waiter: Arc::downgrade(&waiter),
            body: Box::new(move |seat| answer.tell(seat.run(repeat, &work))),
        };
        self.shared.admit(job)?;
        watch(Instant::now() + self.patience, &waiter, &self.shared);
        Ok(())
    }
}

impl Drop for Calls {
    fn drop(&mut self) {
        let mut queue = self.shared.queue();
        queue.closed = true;
        self.shared.ready.notify_all();
        if IS_WORKER.get() {
            return;
        }
        // Modules do not expect calls while the process ends, and closing a session is one.
        let is_busy = |queue: &mut Queue| queue.working > queue.lost;
        let left = self.shared.gone.wait_timeout_while(queue, FAREWELL, is_busy);
        drop(left);
    }
}

impl Shared {
    fn queue(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn admit(self: &Arc<Self>, job: Job) -> Result<(), KekFault> {
        let mut queue = self.queue();
        if queue.lost >= LOST {
            return Err(KekFault::Unavailable);
        }
        queue.jobs.push_back(job);
        if queue.idle < queue.jobs.len() && queue.working - queue.lost < self.threads {
            let shared = Arc::clone(self);
            let started = thread::Builder::new()
                .name("keystrand-pkcs11".into())
                .spawn(move || shared.work());
            match started {
                Ok(_) => queue.working += 1,
                Err(_) if queue.working > queue.lost => {}
                Err(_) => {
                    queue.jobs.pop_back();
                    return Err(KekFault::Unavailable);
                }
            }
        }
        drop(queue);
        self.ready.notify_one();
        Ok(())
    }

    /// One thread: takes jobs until there are no more to come.
    fn work(&self) {
        IS_WORKER.set(true);
        let mut seat = Seat::new(Arc::clone(&self.token));
        while let Some(job) = self.next() {
            let Some(waiter) = job.waiter.upgrade().filter(|waiter| waiter.begin()) else {
                continue;
            };
            // A module that breaks its contract in a way that the bindings do not expect ends its call, not the thread.
            if catch_unwind(AssertUnwindSafe(|| (job.body)(&mut seat))).is_err() {
                seat = Seat::new(Arc::clone(&self.token));
            }
            if waiter.is_given_up() {
                let mut queue = self.queue();
                queue.lost -= 1;
                // Another has taken the place.
                if queue.working - queue.lost > self.threads {
                    break;
                }
            }
        }
        drop(seat);
        self.queue().working -= 1;
        self.gone.notify_all();
    }

    fn next(&self) -> Option<Job> {
        let mut queue = self.queue();
        loop {
            if let Some(job) = queue.jobs.pop_front() {
                return Some(job);
            }
            if queue.closed {
                return None;
            }
            queue.idle += 1;
            queue = self.ready.wait(queue).unwrap_or_else(PoisonError::into_inner);
            queue.idle -= 1;
        }
    }
}

impl<T> Answer<T> {
    fn tell(&self, result: Result<T, Fault>) {
        // Where nobody listens any more there is nobody to tell.
        match self.taken() {
            Some(Sender::Future(sender)) => drop(sender.send(result)),
            Some(Sender::Thread(sender)) => drop(sender.send(result)),
            None => {}
        }
    }

    fn taken(&self) -> Option<Sender<T>> {
        self.sender.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

impl<T: Send> Waiter for Answer<T> {
    fn begin(&self) -> bool {
        let sender = self.sender.lock().unwrap_or_else(PoisonError::into_inner);
        self.begun.store(true, Ordering::Relaxed);
        match &*sender {
            Some(Sender::Future(sender)) => !sender.is_canceled(),
            Some(Sender::Thread(_)) => true,
            None => false,
        }
    }

    fn give_up(&self) -> bool {
        let mut sender = self.sender.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(waiting) = sender.take() else { return false };
        let timeout = Err(Fault::new(KekFault::Timeout));
        match waiting {
            Sender::Future(sender) => drop(sender.send(timeout)),
            Sender::Thread(sender) => drop(sender.send(timeout)),
        }
        let is_in_call = self.begun.load(Ordering::Relaxed);
        self.given_up.store(is_in_call, Ordering::Relaxed);
        is_in_call
    }

    fn is_given_up(&self) -> bool {
        // After the sender's lock: `give_up` decides under it.
        drop(self.sender.lock().unwrap_or_else(PoisonError::into_inner));
        self.given_up.load(Ordering::Relaxed)
    }
}

/// Gives an answer up when its time is over. One thread looks after all of them.
fn watch(until: Instant, waiter: &Arc<dyn Waiter>, shared: &Arc<Shared>) {
    static CLOCK: Mutex<Option<mpsc::Sender<Watched>>> = Mutex::new(None);
    static NUMBER: AtomicU64 = AtomicU64::new(0);

    let watched = Watched {
        until,
        number: NUMBER.fetch_add(1, Ordering::Relaxed),
        waiter: Arc::downgrade(waiter),
        shared: Arc::downgrade(shared),
    };
    let mut clock = CLOCK.lock().unwrap_or_else(PoisonError::into_inner);
    let sent = match &*clock {
        Some(running) => running.send(watched).err().map(|unsent| unsent.0),
        None => Some(watched),
    };
    if let Some(watched) = sent {
        let (sender, receiver) = mpsc::channel();
        let spawned = thread::Builder::new()
            .name("keystrand-pkcs11-clock".into())
            .spawn(move || look_after(&receiver));
        if spawned.is_ok() {
            drop(sender.send(watched));
            *clock = Some(sender);
        }
    }
}

struct Watched {
    until: Instant,
    number: u64,
    waiter: Weak<dyn Waiter>,
    shared: Weak<Shared>,
}

fn look_after(receiver: &mpsc::Receiver<Watched>) {
    let mut waiting: BinaryHeap<Reverse<Watched>> = BinaryHeap::new();
    loop {
        let pause = waiting
            .peek()
            .map_or(LONG, |next| next.0.until.saturating_duration_since(Instant::now()));
        match receiver.recv_timeout(pause) {
            Ok(watched) => waiting.push(Reverse(watched)),
            Err(mpsc::RecvTimeoutError::Timeout) => {}
            Err(mpsc::RecvTimeoutError::Disconnected) => return,
        }
        while waiting.peek().is_some_and(|next| next.0.until <= Instant::now()) {
            let Some(Reverse(over)) = waiting.pop() else { break };
            over.end();
        }
    }
}

impl Watched {
    fn end(&self) {
        let (Some(waiter), Some(shared)) = (self.waiter.upgrade(), self.shared.upgrade()) else {
            return;
        };
        // Counted before the thread can notice that it was given up.
        let mut queue = shared.queue();
        if waiter.give_up() {
            queue.lost += 1;
        }
    }
}

impl PartialEq for Watched {
    fn eq(&self, other: &Self) -> bool {
        self.number == other.number
    }
}

impl Eq for Watched {}

impl PartialOrd for Watched {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Watched {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        (self.until, self.number).cmp(&(other.until, other.number))
    }
}

thread_local! {
    /// Whether this is a thread that calls a token: it cannot wait for its own end.
    static IS_WORKER: Cell<bool> = const { Cell::new(false) };
}

/// How long the end of a provider waits for calls that are under way.
const FAREWELL: Duration = Duration::from_secs(2);
const THREADS: usize = 256;
/// Threads that may be stuck in a module before it is left alone.
const LOST: usize = 16;
const LONG: Duration = Duration::from_secs(3_600);
