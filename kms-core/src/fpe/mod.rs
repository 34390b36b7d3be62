//! Format-preserving encryption: a token looks like its value, so that it fits the columns, validators and programs that
//! were made for the value.
//!
//! **The promise.** A [`Template`] says what of a value is encrypted and what its token looks like; a [`Tokenizer`] takes
//! columns of values to tokens and back. Where a token cannot be made, or would be weak, there is an error that says why
//! and never what the value was. What it does not promise is integrity: any text that looks like a token decrypts to
//! something (docs/fpe.md).
//!
//! ```text
//! ff1         the cipher: SP 800-38G, many values at once
//! alphabet    which symbols, in which order
//! template    what of a value is encrypted
//! tweak       what else a token depends on: table, column, row
//! key         a key for each template and use
//! tokenizer   values and columns to tokens and back
//! opaque      tokens that do not keep the format: AES-SIV and HMAC; masked columns
//! column      columns of tokens, and what they say of themselves
//! fault       what is wrong with a template or a value
//! ```

mod alphabet;
mod column;
mod fault;
mod ff1;
mod key;
mod opaque;
mod template;
mod tokenizer;
mod tweak;

pub use alphabet::{Alphabet, NAMED_ALPHABETS, NamedAlphabet};
pub use column::{ColumnMetadata, METADATA_KEY, Method, OnFault, TokenColumn, TweakKind};
pub use fault::{ColumnError, RowFault, TemplateError, ValueFault};
pub use ff1::{DOMAIN_FLOOR, Direction, EachTweak, Ff1, Ff1Error, MAX_LENGTH};
pub use key::FpeKey;
pub use opaque::OpaqueTokenizer;
pub use template::{TEMPLATE_TYPES, Template, TemplateType};
pub use tokenizer::Tokenizer;
pub use tweak::{ColumnName, RowIds, Tweaks};
