//! What a record is bound to; fixed for a ticket when it is sealed.

/// What a ticket's records are bound to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum RecordMode {
    /// Nothing beyond the ticket.
    None = 0,
    /// The column.
    Column = 1,
    /// The column and the row.
    Row = 2,
}

impl RecordMode {
    /// The mode of this name, as it stands in the ticket's label `ks1-mode`.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::None, Self::Column, Self::Row]
            .into_iter()
            .find(|mode| mode.name() == name)
    }

    /// Name in the ticket's label and for people.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Column => "column",
            Self::Row => "row",
        }
    }
}
