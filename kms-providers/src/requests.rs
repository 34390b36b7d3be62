//! The clouds' own ids of the requests that a change took.
//!
//! A change may be several requests (a key, then its alias), and its result is a key, not a list of ids. So whoever wants
//! them listens while the change is under way; what clouds do on threads of their own is heard too.

use std::cell::RefCell;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};

use serde::Serialize;

/// A request that a cloud answered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct CloudRequest {
    /// What was asked, in the cloud's terms: `CreateKey`.
    pub operation: &'static str,
    /// The cloud's own id of it.
    pub id: String,
}

/// Runs `work`, and tells which requests it took, in the order of their answers. One that failed stands in the error.
pub async fn with_requests<T>(work: impl Future<Output = T>) -> (T, Vec<CloudRequest>) {
    let heard = Heard::default();
    let made = Listening {
        heard: Some(heard.clone()),
        work: Box::pin(work),
    };
    let made = made.await;
    let requests = std::mem::take(&mut *heard.0.lock().unwrap_or_else(PoisonError::into_inner));
    (made, requests)
}

/// `task` on another thread, heard by whoever listens here.
#[cfg_attr(not(feature = "cloud"), expect(dead_code, reason = "clouds have threads"))]
pub(crate) fn heard_here<F: Future + Send + 'static>(task: F) -> impl Future<Output = F::Output> + Send + 'static {
    Listening {
        heard: LISTENER.with_borrow(Clone::clone),
        work: Box::pin(task),
    }
}

/// Tells whoever listens.
#[cfg_attr(not(feature = "cloud"), expect(dead_code, reason = "clouds have requests"))]
pub(crate) fn note(operation: &'static str, id: &str) {
    LISTENER.with_borrow(|listener| {
        if let Some(Heard(requests)) = listener {
            let request = CloudRequest {
                operation,
                id: id.to_owned(),
            };
            requests.lock().unwrap_or_else(PoisonError::into_inner).push(request);
        }
    });
}

#[derive(Clone, Default)]
struct Heard(Arc<Mutex<Vec<CloudRequest>>>);

/// Work that is heard: while it is polled, its thread knows who listens.
struct Listening<F> {
    heard: Option<Heard>,
    work: Pin<Box<F>>,
}

impl<F: Future> Future for Listening<F> {
    type Output = F::Output;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<F::Output> {
        let _outer = Restore(LISTENER.replace(self.heard.clone()));
        self.work.as_mut().poll(context)
    }
}

/// Who listened before, also when the work panics.
struct Restore(Option<Heard>);

impl Drop for Restore {
    fn drop(&mut self) {
        LISTENER.set(self.0.take());
    }
}

thread_local! {
    static LISTENER: RefCell<Option<Heard>> = const { RefCell::new(None) };
}

#[cfg(test)]
mod tests {
    use futures::executor::block_on;

    use super::*;

    #[test]
    fn what_happens_inside_is_heard_and_nothing_else() {
        note("before", "1");
        let (result, requests) = block_on(with_requests(async {
            note("a", "2");
            let (_, inner) = with_requests(async { note("b", "3") }).await;
            assert_eq!(inner.len(), 1);
            let elsewhere = heard_here(async { note("c", "4") });
            std::thread::spawn(|| block_on(elsewhere)).join().unwrap();
            "done"
        }));
        note("after", "5");
        assert_eq!(result, "done");
        let ids: Vec<_> = requests.iter().map(|request| request.id.as_str()).collect();
        assert_eq!(ids, ["2", "4"]);
    }
}
