//! Every cap of the format, in one place. Each is checked before any allocation and before any provider call,
//! and tested at and over its value. Changing one is a format decision (docs/format.md, "Caps").

/// Bytes of prelude, IMM, MUT, PAD, TAG and SHARES together.
pub const HEADER: usize = 1 << 20;
/// Bytes of the immutable region.
pub const IMM: usize = 32 << 10;
/// Pairs of an encryption context, stored and external together.
pub const CONTEXT_PAIRS: usize = 64;
/// Encoded bytes of an encryption context.
pub const CONTEXT: usize = 8192;
/// Pairs of labels.
pub const LABEL_PAIRS: usize = 64;
/// Encoded bytes of labels.
pub const LABELS: usize = 8192;
/// Recipients and shares, unless the caller allows more.
pub const RECIPIENTS_DEFAULT: usize = 16;
/// Recipients and shares, whatever the caller allows.
pub const RECIPIENTS_HARD: usize = 64;
/// Quorums of one envelope.
pub const QUORUMS: usize = 4;
/// Members of one quorum.
pub const QUORUM_MEMBERS: usize = 16;
/// Bytes of a wrapped secret `w`.
pub const WRAPPED_KEY: usize = 8192;
/// Bytes of a key URI.
pub const KEY_URI: usize = 512;
/// Bytes of a key version or key-material id.
pub const KEY_VERSION: usize = 256;
/// Levels of nesting inside a CBOR region.
pub const CBOR_DEPTH: usize = 4;
/// Provider calls that one open may make.
pub const PROVIDER_CALLS: usize = 8;
/// Argon2id memory in KiB, lowest and highest.
pub const ARGON2_MEMORY_KIB: std::ops::RangeInclusive<u32> = 65_536..=2_097_152;
/// Argon2id passes, lowest and highest.
pub const ARGON2_PASSES: std::ops::RangeInclusive<u32> = 1..=16;
/// Argon2id lanes, lowest and highest.
pub const ARGON2_LANES: std::ops::RangeInclusive<u32> = 1..=16;
/// Plaintext bytes of one payload chunk.
pub const CHUNK: usize = 16_384;
/// Chunks of one payload.
pub const CHUNKS: u64 = 1 << 38;
/// Bytes of one record, overhead included.
pub const RECORD: usize = 1 << 20;
/// Records of one writer id.
pub const RECORDS_PER_WRITER: u32 = u32::MAX;
/// Plaintext bytes of one writer id.
pub const BYTES_PER_WRITER: u64 = 1 << 40;
/// Record keys that a reader keeps.
pub const RECORD_KEYS: usize = 4096;
/// Encrypted data keys of an AWS Encryption SDK message, unless the caller allows more.
pub const ESDK_DATA_KEYS: usize = 16;
/// Plaintext bytes of one frame of an AWS Encryption SDK message, or of a body without frames, unless the caller allows
/// more: each is held in memory until its tag is checked.
pub const ESDK_FRAME: u64 = 64 << 20;
/// Dimensions of a schema of attributes.
pub const AKD_DIMENSIONS: usize = 16;
/// Bytes of a dimension's name.
pub const AKD_NAME: usize = 64;
/// Bytes of a text value, and of a component of a path.
pub const AKD_VALUE: usize = 256;
/// Components of a path.
pub const AKD_COMPONENTS: usize = 32;
/// Node keys of one grant, over all usages.
pub const AKD_NODES: usize = 4096;
/// Epochs from the first to the last of one grant.
pub const GRANT_EPOCHS: u32 = 4096;
