//! Record mode.

mod mode;

pub use mode::RecordMode;

/// Keys of a ticket's records.
pub struct TicketKeys;

impl TicketKeys {
    /// Keys of the records of one ticket.
    pub fn new(
        _: &crate::crypto::CryptoBackend,
        _: crate::Domain,
        _: crate::memory::Secret<32>,
        _: &[u8; 32],
        _: RecordMode,
    ) -> Self {
        Self
    }
}
