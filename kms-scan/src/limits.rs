//! How much of a file is read, and how much of it is reported. Each worker holds one file at a time, so memory is
//! bounded by these, the number of workers and the number of findings.

/// Bytes from the start of every file: enough to know what it is.
pub const HEAD: usize = 8 << 10;
/// Bytes of a text that are searched for keys and certificates.
pub const TEXT: usize = 4 << 20;
/// Bytes of a DER object that is a file of its own.
pub const DER: usize = 1 << 20;
/// Bytes of a Parquet footer; those of very wide tables are larger, and are then named and not read.
pub const PARQUET_FOOTER: usize = 16 << 20;
/// Bytes of the header of an AWS Encryption SDK message.
pub const ESDK_HEADER: usize = 64 << 10;
/// Findings in one file. What is beyond is told as one finding.
pub const FINDINGS: usize = 4096;
/// Characters of a name that somebody else wrote: subjects, comments, key ids.
pub const NAME: usize = 256;
/// Recipients of one file that are listed.
pub const RECIPIENTS: usize = 64;
