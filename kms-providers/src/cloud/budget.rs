//! How many retries a provider may spend.
//!
//! Attempts per call bound one call; a budget bounds all of them together. When a service fails for everybody, a
//! client that sends everything four times is part of the failure.

use std::sync::{Mutex, PoisonError};

/// A bucket of tokens that retries take from and that calls which are answered at once fill again.
pub(super) struct Budget(Mutex<u32>);

impl Budget {
    pub(super) fn full() -> Self {
        Self(Mutex::new(CAPACITY))
    }

    /// Pays for one retry, if it can be paid.
    pub(super) fn take(&self) -> bool {
        let mut left = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let paid = left.checked_sub(RETRY);
        *left = paid.unwrap_or(*left);
        paid.is_some()
    }

    /// A call was answered at its first attempt.
    pub(super) fn give_back(&self) {
        let mut left = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        *left = CAPACITY.min(*left + 1);
    }
}

/// A hundred retries in a row, then one for every five calls that go well.
const CAPACITY: u32 = 500;
const RETRY: u32 = 5;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hundred_retries_then_one_for_five_good_calls() {
        let budget = Budget::full();
        assert_eq!((0..1_000).filter(|_| budget.take()).count(), 100);
        (0..4).for_each(|_| budget.give_back());
        assert!(!budget.take());
        budget.give_back();
        assert!(budget.take() && !budget.take());
        (0..1_000).for_each(|_| budget.give_back());
        assert_eq!((0..1_000).filter(|_| budget.take()).count(), 100);
    }
}
