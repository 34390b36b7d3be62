//! The threads that sockets need.
//!
//! kms-core and its callers know no async runtime. So clouds bring their own: two threads for the whole process, made
//! at the first call. A caller's future only waits for a task there, under whatever executor polls it.

use std::future::Future;
use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::runtime::{Builder, Handle, Runtime};
use tokio::task::JoinHandle;

use kms_core::Timer;

use super::CallFault;
use crate::requests;

/// Runs a question. It ends with the future that is returned.
///
/// # Errors
/// That of the question; `Unavailable` when the threads cannot be had.
pub(crate) async fn ask<T, F>(question: F) -> Result<T, CallFault>
where
    T: Send + 'static,
    F: Future<Output = Result<T, CallFault>> + Send + 'static,
{
    Asked(start(question)?).await
}

/// Runs a change. Once begun it goes on to its end, also when nobody waits for it any more.
///
/// # Errors
/// That of the change; `Unavailable` when the threads cannot be had.
pub(crate) async fn to_the_end<T, F>(change: F) -> Result<T, CallFault>
where
    T: Send + 'static,
    F: Future<Output = Result<T, CallFault>> + Send + 'static,
{
    start(change)?.await.unwrap_or_else(|_| Err(CallFault::ours()))
}

/// Waiting on the same threads, for openers that ask a second recipient.
#[must_use]
pub fn timer() -> Arc<dyn Timer> {
    Arc::new(Threads)
}

struct Threads;

impl Timer for Threads {
    fn sleep(&self, time: Duration) -> Pin<Box<dyn Future<Output = ()> + Send>> {
        Box::pin(async move {
            let slept = async move {
                tokio::time::sleep(time).await;
                Ok(())
            };
            if ask(slept).await.is_err() {
                // Without threads nothing is slow, because nothing is under way.
                std::future::pending::<()>().await;
            }
        })
    }
}

fn start<T, F>(task: F) -> Result<JoinHandle<Result<T, CallFault>>, CallFault>
where
    T: Send + 'static,
    F: Future<Output = Result<T, CallFault>> + Send + 'static,
{
    let handle = handle().map_err(|_| CallFault::ours())?;
    Ok(handle.spawn(requests::heard_here(task)))
}

/// The runtime of this process. A child of fork(2) has its parent's memory and none of its threads, so it makes its
/// own; the parent's is left where it is.
fn handle() -> io::Result<Handle> {
    static RUNTIME: Mutex<Option<(u32, Runtime)>> = Mutex::new(None);

    let mut kept = RUNTIME.lock().unwrap_or_else(PoisonError::into_inner);
    let process = std::process::id();
    if let Some((owner, runtime)) = &*kept
        && *owner == process
    {
        return Ok(runtime.handle().clone());
    }
    let runtime = Builder::new_multi_thread()
        .worker_threads(THREADS)
        .thread_name("keystrand-net")
        .enable_io()
        .enable_time()
        .build()?;
    let handle = runtime.handle().clone();
    if let Some((_, inherited)) = kept.replace((process, runtime)) {
        // Dropping it would wait for threads that are not there.
        std::mem::forget(inherited);
    }
    Ok(handle)
}

/// A task that is stopped when nobody waits for it.
struct Asked<T>(JoinHandle<Result<T, CallFault>>);

impl<T> Future for Asked<T> {
    type Output = Result<T, CallFault>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        Pin::new(&mut self.0)
            .poll(context)
            .map(|ended| ended.unwrap_or_else(|_| Err(CallFault::ours())))
    }
}

impl<T> Drop for Asked<T> {
    fn drop(&mut self) {
        self.0.abort();
    }
}

const THREADS: usize = 2;
