//! The tree of a checkpoint, read from its tiles. Every hash that leaves this module was checked against the root.
//!
//! `tlog_tiles::TileHashReader` would be the place for that check, but version 0.2 leaves out tiles that it should
//! compare with their parents, as golang.org/x/mod did until CVE-2026-56865. Proofs need no such reader: they show
//! themselves whether they lead to the root.

use std::cell::RefCell;
use std::collections::HashMap;

use tlog_tiles::{
    Hash, HashReader, RecordProof, Tile, TreeProof, check_record, check_tree, prove_record, prove_tree, tree_hash,
};

use super::checkpoint::Head;
use super::fault::LogError;
use super::tiles::{HEIGHT, TileStore};

pub(super) struct Tree<'a> {
    tiles: &'a TileStore,
    head: Head,
    /// Tiles that were read.
    read: RefCell<HashMap<Tile, Vec<u8>>>,
}

impl<'a> Tree<'a> {
    pub(super) fn new(tiles: &'a TileStore, head: Head) -> Self {
        Self {
            tiles,
            head,
            read: RefCell::default(),
        }
    }

    /// The audit path of the entry `seq`, which has this leaf hash.
    pub(super) fn path(&self, seq: u64, leaf: Hash) -> Result<RecordProof, LogError> {
        let proof = prove_record(self.head.size, seq, self).map_err(|_| DAMAGED)?;
        check_record(&proof, self.head.size, self.head.root, seq, leaf).map_err(|_| DAMAGED)?;
        Ok(proof)
    }

    /// The root of the tree when it had `size` entries, at least 1.
    pub(super) fn root_at(&self, size: u64) -> Result<Hash, LogError> {
        let root = tree_hash(size, self).map_err(|_| DAMAGED)?;
        self.check_root_at(size, root)?;
        Ok(root)
    }

    /// Whether the tree had this root when it had `size` entries, at least 1.
    pub(super) fn check_root_at(&self, size: u64, root: Hash) -> Result<(), LogError> {
        let proof = prove_tree(self.head.size, size, self).map_err(|_| DAMAGED)?;
        check_tree(&proof, self.head.size, self.head.root, size, root).map_err(|_| DAMAGED)
    }

    /// The consistency proof between two earlier sizes, at least 1, of this tree.
    pub(super) fn consistency(&self, old_size: u64, new_size: u64) -> Result<TreeProof, LogError> {
        let (old, new) = (self.root_at(old_size)?, self.root_at(new_size)?);
        let proof = prove_tree(new_size, old_size, self).map_err(|_| DAMAGED)?;
        check_tree(&proof, new_size, new, old_size, old).map_err(|_| DAMAGED)?;
        Ok(proof)
    }

    fn hash(&self, index: u64) -> Result<Hash, tlog_tiles::Error> {
        let tile = Tile::from_index(HEIGHT, index).parent(0, self.head.size);
        let tile = tile.ok_or(tlog_tiles::Error::IndexesNotInTree)?;
        let mut read = self.read.borrow_mut();
        let bytes = match read.get(&tile) {
            Some(bytes) => bytes,
            None => {
                let bytes = self.tiles.read(tile).map_err(|_| tlog_tiles::Error::InvalidTile)?;
                read.entry(tile).or_insert(bytes)
            }
        };
        tile.hash_at_index(bytes, index)
    }
}

impl HashReader for Tree<'_> {
    fn read_hashes(&self, indexes: &[u64]) -> Result<Vec<Hash>, tlog_tiles::Error> {
        indexes.iter().map(|index| self.hash(*index)).collect()
    }
}

const DAMAGED: LogError = LogError::Damaged("the tiles do not lead to the root that the checkpoint signs");
