//! Argon2id (RFC 9106) for both backends.

use argon2::{Algorithm, Argon2, Block, Params, Version};
use zeroize::Zeroizing;

use super::{KEY_LEN, OpenFailed, PasswordCost, PasswordKdf};

/// Argon2id version 0x13 with a 32-byte output, without secret and without associated data.
pub(super) struct Argon2id;

impl PasswordKdf for Argon2id {
    fn derive(
        &self,
        passphrase: &[u8],
        salt: &[u8; 16],
        cost: PasswordCost,
        out: &mut [u8; KEY_LEN],
    ) -> Result<(), OpenFailed> {
        let params = Params::new(cost.memory_kib, cost.passes, cost.lanes, Some(KEY_LEN)).map_err(|_| OpenFailed)?;
        let mut memory = working_memory(params.block_count())?;
        Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
            .hash_password_into_with_memory(passphrase, salt, out, &mut memory[..])
            .map_err(|_| OpenFailed)
    }
}

/// The blocks, wiped when dropped: they hold the passphrase's hash and all that follows from it. Up to 2 GiB, so
/// that having too little memory is an error and not an abort.
fn working_memory(blocks: usize) -> Result<Zeroizing<Vec<Block>>, OpenFailed> {
    let mut memory = Vec::new();
    memory.try_reserve_exact(blocks).map_err(|_| OpenFailed)?;
    memory.resize(blocks, Block::new());
    Ok(Zeroizing::new(memory))
}
