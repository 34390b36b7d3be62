//! What can be wrong with a message, without a byte of its content.

use super::Tag;

/// A message that does not read: which item, where, and why.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("item {tag} at byte {offset}: {fault}")]
pub struct DecodeError {
    /// What is wrong.
    pub fault: Fault,
    /// The item that is wrong, or the structure that lacks it.
    pub tag: Tag,
    /// Where that item begins in the message.
    pub offset: usize,
}

/// Why a message does not read. The sender is at fault, except for [`Fault::is_limit`]: there it may be a cap of ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Fault {
    /// More bytes than `Limits::frame`.
    #[error("the message is longer than this side accepts; send it in parts or raise the limit")]
    FrameTooLong,
    /// More levels than `Limits::depth`.
    #[error("structures are nested deeper than this side accepts")]
    TooDeep,
    /// More items than `Limits::items`.
    #[error("the message has more items than this side accepts; send smaller batches")]
    TooManyItems,
    /// More characters than `Limits::text`.
    #[error("the text is longer than this side accepts; send it in parts or raise the limit")]
    TextTooLong,
    /// The length goes past the end of the structure or message.
    #[error("its length goes past the end of what holds it")]
    Truncated,
    /// Bytes stand after the message.
    #[error("bytes follow the message; a frame holds one message")]
    Trailing,
    /// The tag is in neither range.
    #[error("its tag is in no range that KMIP assigns")]
    UnassignedTag,
    /// No such type.
    #[error("it has a type that KMIP does not define")]
    UnknownType,
    /// The type has another length.
    #[error("its type does not have this length")]
    WrongLength,
    /// Padding is not zero.
    #[error("its padding is not zero")]
    WrongPadding,
    /// Neither 0 nor 1.
    #[error("a Boolean is neither 0 nor 1")]
    NotABoolean,
    /// Not UTF-8.
    #[error("a TextString is not UTF-8")]
    NotUtf8,
    /// The field has another type.
    #[error("it has a type that this field cannot have")]
    UnexpectedType,
    /// A field that must be there is not.
    #[error("the field is required and missing")]
    Missing,
    /// A field that stands once stands twice.
    #[error("the field may stand only once")]
    Duplicate,
    /// The message is another one.
    #[error("this is another message than the one expected here")]
    WrongMessage,
    /// BatchCount and the items differ.
    #[error("BatchCount is not the number of batch items")]
    WrongBatchCount,
    /// Text that is no XML or JSON of KMIP.
    #[error("the text is not in the form of the KMIP profiles")]
    NotText,
    /// A name that no table has.
    #[error("the name is in no table of KMIP; use the number")]
    UnknownName,
    /// A value that its type does not have.
    #[error("the text is no value of its type")]
    NotAValue,
}

impl Fault {
    /// Whether a cap was met, so that a reader with higher limits might read the message.
    pub const fn is_limit(self) -> bool {
        matches!(
            self,
            Self::FrameTooLong | Self::TooDeep | Self::TooManyItems | Self::TextTooLong
        )
    }
}

/// A message that cannot be written: the caller put too much into it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("item {tag} is longer than a TTLV length can say (4 GiB); split it")]
pub struct EncodeError {
    /// The item.
    pub tag: Tag,
}
