//! The right edge of the Merkle tree: all that is needed to append to it (RFC 6962 2.1) and to write its tiles.

use tlog_tiles::{HASH_SIZE, Hash, HashReader, Tile, record_hash, tree_hash};

use super::bundle;
use super::fault::LogError;
use super::tiles::{FULL, HEIGHT, TileStore};

/// The rightmost, partial tile of each level, the rightmost bundle, and the full tiles that were not yet written.
#[derive(Debug, Default)]
pub(super) struct Edge {
    size: u64,
    /// At least one level; the bytes of less than a full tile each.
    levels: Vec<Vec<u8>>,
    bundle: Vec<u8>,
    full: Vec<(Tile, Vec<u8>)>,
}

impl Edge {
    /// The edge of the tree of `size`, from its tiles. The hashes are not checked: the caller compares a root that
    /// they lead to.
    pub(super) fn load(tiles: &TileStore, size: u64) -> Result<Self, LogError> {
        let mut edge = Self {
            size,
            ..Self::default()
        };
        for level in 0.. {
            let width = width_at(level, size);
            if level > 0 && size >> (HEIGHT * level) == 0 {
                break;
            }
            edge.levels.push(match tile_at(level, size) {
                Some(tile) => read_hashes(tiles, tile)?,
                None => Vec::new(),
            });
            debug_assert_eq!(edge.levels[usize::from(level)].len(), width as usize * HASH_SIZE);
        }
        if let Some(mut tile) = tile_at(0, size) {
            tile.set_is_data();
            edge.bundle = tiles.read(tile)?;
            edge.check_bundle()?;
        }
        Ok(edge)
    }

    /// Entries of the tree.
    pub(super) fn size(&self) -> u64 {
        self.size
    }

    /// Appends an entry.
    pub(super) fn push(&mut self, entry: &[u8]) -> Result<(), LogError> {
        bundle::push(&mut self.bundle, entry)?;
        let mut hash = record_hash(entry);
        self.size += 1;
        for level in 0.. {
            if self.levels.len() == usize::from(level) {
                self.levels.push(Vec::new());
            }
            let tile = &mut self.levels[usize::from(level)];
            tile.extend(hash.0);
            if tile.len() < FULL {
                break;
            }
            let bytes = std::mem::take(tile);
            hash = Tile::subtree_hash(&bytes);
            let index = (self.size >> (HEIGHT * (level + 1))) - 1;
            self.full
                .push((Tile::new(HEIGHT, level, index, 1 << HEIGHT, false), bytes));
            if level == 0 {
                let bundle = std::mem::take(&mut self.bundle);
                self.full.push((Tile::new(HEIGHT, 0, index, 1 << HEIGHT, true), bundle));
            }
        }
        Ok(())
    }

    /// The root hash.
    pub(super) fn root(&self) -> Result<Hash, LogError> {
        tree_hash(self.size, self).map_err(|_| LogError::Damaged("a tile is cut short"))
    }

    /// The full tiles since the last call of [`Edge::forget_full`].
    pub(super) fn full(&self) -> &[(Tile, Vec<u8>)] {
        &self.full
    }

    /// To be called when the full tiles are on disk.
    pub(super) fn forget_full(&mut self) {
        self.full.clear();
    }

    /// The partial tiles, entries first.
    pub(super) fn partial(&self) -> impl Iterator<Item = (Tile, &[u8])> {
        let entries = tile_at(0, self.size).map(|mut tile| {
            tile.set_is_data();
            (tile, self.bundle.as_slice())
        });
        let hashes = (0..).zip(&self.levels).filter_map(|(level, bytes)| {
            let tile = tile_at(level, self.size)?;
            Some((tile, bytes.as_slice()))
        });
        entries.into_iter().chain(hashes)
    }

    fn check_bundle(&self) -> Result<(), LogError> {
        let mut hashes = self.levels[0].chunks_exact(HASH_SIZE);
        for entry in bundle::entries(&self.bundle) {
            if hashes.next() != Some(&record_hash(entry?).0) {
                return Err(LogError::Damaged("an entry bundle does not fit its tile"));
            }
        }
        match hashes.next() {
            None => Ok(()),
            Some(_) => Err(LogError::Damaged("an entry bundle has too few entries")),
        }
    }
}

impl HashReader for Edge {
    /// The root needs only subtrees on the right edge, and those lie in the partial tiles.
    fn read_hashes(&self, indexes: &[u64]) -> Result<Vec<Hash>, tlog_tiles::Error> {
        let read = |index: &u64| {
            let tile = Tile::from_index(HEIGHT, *index);
            let bytes = self.levels.get(usize::from(tile.level()));
            tile.hash_at_index(bytes.ok_or(tlog_tiles::Error::InvalidTile)?, *index)
        };
        indexes.iter().map(read).collect()
    }
}

/// The partial tile of `level` in the tree of `size`; `None` when it is empty.
pub(super) fn tile_at(level: u8, size: u64) -> Option<Tile> {
    let width = width_at(level, size);
    let index = size >> (HEIGHT * level) >> HEIGHT;
    (width > 0).then(|| Tile::new(HEIGHT, level, index, width, false))
}

fn width_at(level: u8, size: u64) -> u32 {
    u32::from((size >> (HEIGHT * level)).to_le_bytes()[0])
}

fn read_hashes(tiles: &TileStore, tile: Tile) -> Result<Vec<u8>, LogError> {
    let bytes = tiles.read(tile)?;
    if bytes.len() == tile.width() as usize * HASH_SIZE {
        Ok(bytes)
    } else {
        Err(LogError::Damaged("a tile has the wrong length"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The recursive definition of RFC 6962 2.1, independent of tiles.
    fn merkle_tree_hash(leaves: &[Vec<u8>]) -> Hash {
        match leaves {
            [] => tlog_tiles::EMPTY_HASH,
            [leaf] => record_hash(leaf),
            _ => {
                let split = leaves.len().next_power_of_two() / 2;
                let (left, right) = leaves.split_at(split);
                tlog_tiles::node_hash(merkle_tree_hash(left), merkle_tree_hash(right))
            }
        }
    }

    #[test]
    fn the_root_is_that_of_rfc_6962_at_every_size() {
        let leaves: Vec<_> = (0..700_u32).map(|n| n.to_be_bytes().to_vec()).collect();
        let mut edge = Edge::default();
        for (size, leaf) in leaves.iter().enumerate() {
            assert_eq!(edge.root().unwrap(), merkle_tree_hash(&leaves[..size]), "size {size}");
            edge.push(leaf).unwrap();
        }
    }

    #[test]
    fn an_edge_loaded_from_its_tiles_goes_on_as_the_one_that_wrote_them() {
        let dir = tempfile::tempdir().unwrap();
        let tiles = TileStore::new(dir.path());
        let mut edge = Edge::default();
        let mut loaded = Vec::new();
        for n in 0..66_000_u32 {
            if [1, 255, 256, 257, 65_535, 65_536, 65_537].contains(&n) {
                for (tile, bytes) in edge.full() {
                    tiles.write(*tile, bytes).unwrap();
                }
                for (tile, bytes) in edge.partial() {
                    tiles.write(tile, bytes).unwrap();
                }
                edge.forget_full();
                loaded.push(Edge::load(&tiles, u64::from(n)).unwrap());
            }
            for edge in loaded.iter_mut().chain([&mut edge]) {
                edge.push(&n.to_be_bytes()).unwrap();
            }
        }
        for other in loaded {
            assert_eq!(
                (other.size(), other.root().unwrap()),
                (edge.size(), edge.root().unwrap())
            );
        }
    }
}
