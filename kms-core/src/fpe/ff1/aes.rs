//! AES with a key of any length, behind the closures of the `aes` crate: it finds out at run time whether the processor
//! has AES-NI, VAES with 256 or 512 bits, or the ARMv8 instructions, and compiles what is passed to it for each.

use aes::cipher::consts::U16;
use aes::cipher::{BlockCipherEncClosure, BlockCipherEncrypt, KeyInit};
use aes::{Aes128Enc, Aes192Enc, Aes256Enc, Block};

use super::Ff1Error;

/// A scheduled key. It wipes itself when it is dropped.
pub(crate) enum Aes {
    Aes128(Aes128Enc),
    Aes192(Aes192Enc),
    Aes256(Box<Aes256Enc>),
}

impl Aes {
    pub(crate) fn new(key: &[u8]) -> Result<Self, Ff1Error> {
        match key.len() {
            16 => Aes128Enc::new_from_slice(key).map(Self::Aes128),
            24 => Aes192Enc::new_from_slice(key).map(Self::Aes192),
            _ => Aes256Enc::new_from_slice(key).map(|key| Self::Aes256(Box::new(key))),
        }
        .map_err(|_| Ff1Error::KeyLength)
    }

    pub(crate) fn encrypt(&self, block: u128) -> u128 {
        let mut bytes = Block::from(block.to_be_bytes());
        self.encrypt_blocks(std::slice::from_mut(&mut bytes));
        u128::from_be_bytes(bytes.into())
    }

    pub(crate) fn encrypt_blocks(&self, blocks: &mut [Block]) {
        match self {
            Self::Aes128(key) => key.encrypt_blocks(blocks),
            Self::Aes192(key) => key.encrypt_blocks(blocks),
            Self::Aes256(key) => key.encrypt_blocks(blocks),
        }
    }

    /// Runs `work` with the widest instructions that there are.
    pub(crate) fn run(&self, work: impl BlockCipherEncClosure<BlockSize = U16>) {
        match self {
            Self::Aes128(key) => key.encrypt_with_backend(work),
            Self::Aes192(key) => key.encrypt_with_backend(work),
            Self::Aes256(key) => key.encrypt_with_backend(work),
        }
    }
}
