//! Ways to change an envelope. Each calls `found` with what it made; equal bytes are left to the caller to skip.

use super::item::Item;
use super::regions::Regions;
use super::specimen::{Given, Layout, Specimen};

/// Called with the name of the way and what it made.
pub type Found<'a> = &'a mut dyn FnMut(&'static str, &Specimen, Given);

/// A generator whose every draw follows from its seed (xorshift64*).
pub struct Draws(u64);

impl Draws {
    pub fn new(seed: u64) -> Self {
        Self(seed | 1)
    }

    pub fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        ((self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33) as usize) % bound.max(1)
    }

    pub fn byte(&mut self) -> u8 {
        self.below(256) as u8
    }
}

fn edit(specimen: &Specimen, change: impl FnOnce(&mut Vec<u8>)) -> Given {
    let mut given = specimen.original();
    change(&mut given.file);
    given
}

/// Every bit of file and payload, one at a time.
pub fn flip_each_bit(specimen: &Specimen, found: Found<'_>) {
    let original = specimen.original();
    for bit in 0..8 * original.file.len() {
        found("bit", specimen, edit(specimen, |file| file[bit / 8] ^= 1 << (bit % 8)));
    }
    for bit in 0..8 * original.payload.as_ref().map_or(0, Vec::len) {
        let mut given = original.clone();
        given.payload.as_mut().unwrap()[bit / 8] ^= 1 << (bit % 8);
        found("bit", specimen, given);
    }
}

/// Cut at each byte, and one byte more.
pub fn truncate_each_byte(specimen: &Specimen, found: Found<'_>) {
    let original = specimen.original();
    for length in 0..original.file.len() {
        found("cut", specimen, edit(specimen, |file| file.truncate(length)));
    }
    for tail in [0, 0xff] {
        found("longer", specimen, edit(specimen, |file| file.push(tail)));
    }
    if let Some(payload) = &original.payload {
        let mut cut = |payload: Vec<u8>| {
            let payload = Some(payload);
            found(
                "cut",
                specimen,
                Given {
                    payload,
                    ..original.clone()
                },
            );
        };
        (0..payload.len()).for_each(|length| cut(payload[..length].to_vec()));
        cut([&payload[..], &[0]].concat());
    }
}

/// Several bytes at random: overwritten, inserted, removed, swapped or copied.
pub fn random_edit(specimen: &Specimen, draws: &mut Draws, found: Found<'_>) {
    let mut given = specimen.original();
    for _ in 0..=draws.below(6) {
        let target = match &mut given.payload {
            Some(payload) if draws.below(3) == 0 && !payload.is_empty() => payload,
            _ => &mut given.file,
        };
        let (at, other) = (draws.below(target.len()), draws.below(target.len()));
        match draws.below(10) {
            0..=5 => target[at] = draws.byte(),
            6 => target.insert(at, draws.byte()),
            7 if target.len() > 1 => drop(target.remove(at)),
            8 => target.swap(at, other),
            _ => {
                let length = draws.below(40).min(target.len() - at).min(target.len() - other);
                target.copy_within(at..at + length, other);
            }
        }
    }
    found("random", specimen, given);
}

/// Lengths of regions changed, alone and with the bytes that they count.
pub fn edit_lengths(specimen: &Specimen, found: Found<'_>) {
    let original = specimen.original();
    for field in [12, 16, 20, 24] {
        let length = u32::from_be_bytes(original.file[field..field + 4].try_into().unwrap());
        for delta in [1_u32, 2, 8, 16, 32, 256, 4096] {
            for changed in [length.wrapping_add(delta), length.wrapping_sub(delta)] {
                let put = |file: &mut Vec<u8>| file[field..field + 4].copy_from_slice(&changed.to_be_bytes());
                found("length", specimen, edit(specimen, put));
                // A neighbour gives what this one takes, so that the header's end stays.
                for giver in [12, 16, 20, 24].into_iter().filter(|giver| *giver != field) {
                    let had = u32::from_be_bytes(original.file[giver..giver + 4].try_into().unwrap());
                    let gives = had.wrapping_add(length).wrapping_sub(changed);
                    let both = |file: &mut Vec<u8>| {
                        put(file);
                        file[giver..giver + 4].copy_from_slice(&gives.to_be_bytes());
                    };
                    found("length", specimen, edit(specimen, both));
                }
            }
        }
    }
    let regions = &specimen.regions;
    for length in [0, 1, 31, 256, 4096] {
        let with = |change: &dyn Fn(&mut Regions)| {
            let mut changed = regions.clone();
            change(&mut changed);
            specimen.given(&changed)
        };
        found("zeros", specimen, with(&|regions| regions.padding.resize(length, 0)));
        found("zeros", specimen, with(&|regions| regions.shares.resize(length, 0)));
        found(
            "zeros",
            specimen,
            with(&|regions| regions.mutable.extend(vec![0; length + 1])),
        );
        found(
            "zeros",
            specimen,
            with(&|regions| regions.immutable.extend(vec![0; length + 1])),
        );
        found(
            "zeros",
            specimen,
            with(&|regions| regions.shares.extend(vec![0; length + 1])),
        );
    }
}

/// Chunks of the payload swapped, doubled, dropped, moved to the end, or taken from `other`.
pub fn shuffle_chunks(specimen: &Specimen, other: &Specimen, found: Found<'_>) {
    let chunks = |specimen: &Specimen| -> Vec<Vec<u8>> {
        let body = specimen.regions.payload.get(56..).unwrap_or_default();
        body.chunks(16_400).map(<[u8]>::to_vec).collect()
    };
    let (own, theirs) = (chunks(specimen), chunks(other));
    let mut given = |list: Vec<Vec<u8>>| {
        let mut regions = specimen.regions.clone();
        regions.payload = [&specimen.regions.payload[..56], &list.concat()].concat();
        found("chunks", specimen, specimen.given(&regions));
    };
    let edited = |change: &dyn Fn(&mut Vec<Vec<u8>>)| {
        let mut list = own.clone();
        change(&mut list);
        list
    };
    for at in 0..own.len() {
        given(edited(&|list| drop(list.remove(at))));
        given(edited(&|list| list.insert(at, list[at].clone())));
        given(edited(&|list| list.truncate(at)));
        for to in 0..own.len() {
            given(edited(&|list| list.swap(at, to)));
            given(edited(&|list| {
                let moved = list.remove(at);
                list.insert(to, moved);
            }));
        }
        for chunk in &theirs {
            given(edited(&|list| list[at].clone_from(chunk)));
            given(edited(&|list| list.insert(at, chunk.clone())));
            given(edited(&|list| list.push(chunk.clone())));
        }
    }
}

/// Regions of `specimen` replaced by those of `other`, one at a time and in pairs.
pub fn splice(specimen: &Specimen, other: &Specimen, found: Found<'_>) {
    let (own, theirs) = (&specimen.regions, &other.regions);
    for mask in 1_u8..1 << 7 {
        let take = |bit: u8| mask >> bit & 1 == 1;
        if mask.count_ones() > 2 && mask.count_ones() < 6 {
            continue;
        }
        let pick = |bit: u8, own: &[u8], theirs: &[u8]| if take(bit) { theirs.to_vec() } else { own.to_vec() };
        let regions = Regions {
            start: if take(6) { theirs.start } else { own.start },
            immutable: pick(0, &own.immutable, &theirs.immutable),
            mutable: pick(1, &own.mutable, &theirs.mutable),
            padding: pick(2, &own.padding, &theirs.padding),
            tag: pick(3, &own.tag, &theirs.tag),
            shares: pick(4, &own.shares, &theirs.shares),
            payload: pick(5, &own.payload, &theirs.payload),
        };
        if *theirs != regions {
            found("splice", specimen, specimen.given(&regions));
        }
    }
    if specimen.layout == Layout::Attached {
        let both = [own.bytes(), theirs.bytes()].concat();
        found(
            "splice",
            specimen,
            Given {
                file: both,
                payload: None,
            },
        );
    }
}

/// Recipients taken out, doubled, put in another order, or brought in from `other`.
pub fn edit_recipients(specimen: &Specimen, other: &Specimen, found: Found<'_>) {
    let own = Item::decode(&specimen.regions.mutable).0;
    let theirs = Item::decode(&other.regions.mutable).0;
    let (list, guests) = (own.field(3).unwrap().items(), theirs.field(3).unwrap().items());
    let mut given = |entries: Vec<Item>| {
        let mut regions = specimen.regions.clone();
        regions.mutable = own.clone().with(3, Item::Array(entries)).encode();
        found("recipients", specimen, specimen.given(&regions));
    };
    for at in 0..list.len() {
        let without: Vec<_> = [&list[..at], &list[at + 1..]].concat();
        given(without.clone());
        given([list, &list[at..=at]].concat());
        for to in 0..=without.len() {
            let mut moved = without.clone();
            moved.insert(to, list[at].clone());
            given(moved);
        }
        for guest in guests {
            let mut replaced = list.to_vec();
            replaced[at] = guest.clone();
            given(replaced);
            let mut added = list.to_vec();
            added.insert(at, guest.clone());
            given(added);
            given([list, std::slice::from_ref(guest)].concat());
        }
    }
}

/// Every value of IMM, MUT and SHARES bent in every way that its type allows; the encoding stays well-formed.
pub fn bend_items(specimen: &Specimen, found: Found<'_>) {
    let regions = &specimen.regions;
    for (region, put) in [(&regions.immutable, 0), (&regions.mutable, 1), (&regions.shares, 2)] {
        if region.is_empty() {
            continue;
        }
        let (item, length) = Item::decode(region);
        let tail = &region[length..];
        for path in item.paths() {
            for bent in bends(item.clone().at_mut(&path)) {
                let mut changed = item.clone();
                *changed.at_mut(&path) = bent;
                let mut bytes = changed.encode();
                let mut regions = regions.clone();
                match put {
                    0 => regions.immutable = bytes,
                    1 => regions.mutable = bytes,
                    _ => {
                        bytes.extend_from_slice(tail);
                        let room = regions.shares.len();
                        if bytes[room.min(bytes.len())..].iter().all(|byte| *byte == 0) {
                            bytes.resize(room, 0);
                        }
                        regions.shares = bytes;
                    }
                }
                found("item", specimen, specimen.given(&regions));
            }
        }
    }
}

fn bends(item: &Item) -> Vec<Item> {
    match item {
        Item::Uint(value) => {
            let near = [value.wrapping_add(1), value.wrapping_sub(1), value ^ 0x80, 0, u64::MAX];
            near.into_iter()
                .map(Item::Uint)
                .chain([Item::Negative(*value), Item::Simple(22)])
                .collect()
        }
        Item::Negative(value) => vec![Item::Uint(*value), Item::Negative(value ^ 1)],
        Item::Bytes(bytes) => bent_bytes(bytes).into_iter().map(Item::Bytes).collect(),
        Item::Text(text) => {
            let bent = bent_bytes(text.as_bytes()).into_iter();
            let texts = bent.filter_map(|bytes| String::from_utf8(bytes).ok()).map(Item::Text);
            texts.chain([Item::bytes(text.as_bytes())]).collect()
        }
        Item::Array(items) => rearranged(items).into_iter().map(Item::Array).collect(),
        Item::Map(pairs) => rearranged(pairs).into_iter().map(Item::Map).collect(),
        Item::Simple(value) => vec![Item::Simple(value ^ 1), Item::Uint(0)],
        Item::Raw(_) => Vec::new(),
    }
}

fn bent_bytes(bytes: &[u8]) -> Vec<Vec<u8>> {
    let mut all = vec![Vec::new(), [bytes, b"x"].concat(), [&[0], bytes].concat()];
    if let Some((_, shorter)) = bytes.split_last() {
        all.push(shorter.to_vec());
        for at in [0, bytes.len() / 2, bytes.len() - 1] {
            let mut flipped = bytes.to_vec();
            flipped[at] ^= 1;
            all.push(flipped);
        }
    }
    all
}

fn rearranged<T: Clone>(items: &[T]) -> Vec<Vec<T>> {
    let mut all = vec![Vec::new(), items.iter().rev().cloned().collect()];
    for at in 0..items.len() {
        all.push([&items[..at], &items[at + 1..]].concat());
        all.push([&items[..=at], &items[at..]].concat());
        let mut swapped = items.to_vec();
        swapped.swap(at, (at + 1) % items.len());
        all.push(swapped);
    }
    all
}
