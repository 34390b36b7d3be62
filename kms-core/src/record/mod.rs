//! Record mode.

mod mode;

pub use mode::RecordMode;
