//! Asynchronous provider calls from blocking code.

use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};
use std::thread::{self, Thread};

/// Drives `future` on this thread. Unlike the executors' own ways, this may stand inside another one's task.
pub(super) fn block_on<F: Future>(future: F) -> F::Output {
    let mut future = pin!(future);
    let waker = Waker::from(Arc::new(Unpark(thread::current())));
    let mut context = Context::from_waker(&waker);
    loop {
        match future.as_mut().poll(&mut context) {
            Poll::Ready(output) => return output,
            Poll::Pending => thread::park(),
        }
    }
}

struct Unpark(Thread);

impl Wake for Unpark {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_future_that_another_thread_wakes_is_driven_also_inside_an_executor() {
        let answer = || {
            let (sender, receiver) = futures::channel::oneshot::channel();
            thread::spawn(move || sender.send(7));
            block_on(receiver).unwrap()
        };
        assert_eq!(answer(), 7);
        assert_eq!(futures::executor::block_on(async { answer() }), 7);
    }
}
