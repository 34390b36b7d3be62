//! CBOR as a tree that a test can bend: it is written in the order and with the bytes that the test says, right or
//! wrong.

/// One CBOR item.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Item {
    Uint(u64),
    Negative(u64),
    Bytes(Vec<u8>),
    Text(String),
    Array(Vec<Item>),
    Map(Vec<(Item, Item)>),
    /// false 20, true 21, null 22, undefined 23.
    Simple(u8),
    /// Bytes that are written as they stand.
    Raw(Vec<u8>),
}

impl Item {
    pub fn text(text: &str) -> Self {
        Self::Text(text.to_owned())
    }

    pub fn bytes(bytes: &[u8]) -> Self {
        Self::Bytes(bytes.to_vec())
    }

    /// A map with integer keys, in the order given.
    pub fn fields(pairs: impl IntoIterator<Item = (u64, Item)>) -> Self {
        Self::Map(pairs.into_iter().map(|(key, value)| (Self::Uint(key), value)).collect())
    }

    /// A map of texts in deterministic order.
    pub fn texts<'a>(pairs: impl IntoIterator<Item = (&'a str, &'a str)>) -> Self {
        let mut pairs: Vec<_> = pairs
            .into_iter()
            .map(|(key, value)| (Self::text(key), Self::text(value)))
            .collect();
        pairs.sort_by_key(|(key, _)| key.encode());
        Self::Map(pairs)
    }

    /// `depth` arrays around a null.
    pub fn nested(depth: usize) -> Self {
        (0..depth).fold(Self::Simple(22), |inner, _| Self::Array(vec![inner]))
    }

    pub fn encode(&self) -> Vec<u8> {
        let mut out = Vec::new();
        self.write(&mut out);
        out
    }

    fn write(&self, out: &mut Vec<u8>) {
        match self {
            Self::Uint(value) => head(out, 0, *value),
            Self::Negative(value) => head(out, 1, *value),
            Self::Bytes(bytes) => {
                head(out, 2, bytes.len() as u64);
                out.extend_from_slice(bytes);
            }
            Self::Text(text) => {
                head(out, 3, text.len() as u64);
                out.extend_from_slice(text.as_bytes());
            }
            Self::Array(items) => {
                head(out, 4, items.len() as u64);
                items.iter().for_each(|item| item.write(out));
            }
            Self::Map(pairs) => {
                head(out, 5, pairs.len() as u64);
                for (key, value) in pairs {
                    key.write(out);
                    value.write(out);
                }
            }
            Self::Simple(value) => out.push(7 << 5 | value),
            Self::Raw(bytes) => out.extend_from_slice(bytes),
        }
    }

    /// Reads one well-formed item and says how long it was.
    pub fn decode(bytes: &[u8]) -> (Self, usize) {
        let mut at = 0;
        let item = Self::read(bytes, &mut at);
        (item, at)
    }

    fn read(bytes: &[u8], at: &mut usize) -> Self {
        let (major, short) = (bytes[*at] >> 5, bytes[*at] & 31);
        *at += 1;
        let argument = match short {
            0..24 => u64::from(short),
            24..28 => {
                let width = 1 << (short - 24);
                let value = bytes[*at..*at + width]
                    .iter()
                    .fold(0, |value, byte| value << 8 | u64::from(*byte));
                *at += width;
                value
            }
            _ => panic!("not a deterministic item"),
        };
        let length = usize::try_from(argument).unwrap_or(usize::MAX);
        let mut take = || {
            *at += length;
            bytes[*at - length..*at].to_vec()
        };
        match major {
            0 => Self::Uint(argument),
            1 => Self::Negative(argument),
            2 => Self::Bytes(take()),
            3 => Self::Text(String::from_utf8(take()).unwrap()),
            4 => Self::Array((0..length).map(|_| Self::read(bytes, at)).collect()),
            5 => Self::Map(
                (0..length)
                    .map(|_| (Self::read(bytes, at), Self::read(bytes, at)))
                    .collect(),
            ),
            7 => Self::Simple(short),
            _ => panic!("not a deterministic item"),
        }
    }

    /// The value of an integer key.
    pub fn field(&self, key: u64) -> Option<&Self> {
        self.pairs()
            .iter()
            .find(|(found, _)| *found == Self::Uint(key))
            .map(|(_, value)| value)
    }

    /// The value of an integer key, to be changed.
    pub fn field_mut(&mut self, key: u64) -> &mut Self {
        let pairs = self.pairs_mut().iter_mut();
        let found = pairs.into_iter().find(|(found, _)| *found == Self::Uint(key));
        &mut found.expect("the field is there").1
    }

    /// Sets an integer key; the map stays in deterministic order.
    pub fn set(&mut self, key: u64, value: Self) -> &mut Self {
        self.remove(key);
        let pairs = self.pairs_mut();
        pairs.push((Self::Uint(key), value));
        pairs.sort_by_key(|(key, _)| key.encode());
        self
    }

    /// This map with an integer key set.
    pub fn with(mut self, key: u64, value: Self) -> Self {
        self.set(key, value);
        self
    }

    pub fn remove(&mut self, key: u64) -> &mut Self {
        self.pairs_mut().retain(|(found, _)| *found != Self::Uint(key));
        self
    }

    /// This map without an integer key.
    pub fn without(mut self, key: u64) -> Self {
        self.remove(key);
        self
    }

    pub fn pairs(&self) -> &[(Self, Self)] {
        match self {
            Self::Map(pairs) => pairs,
            _ => panic!("not a map"),
        }
    }

    pub fn pairs_mut(&mut self) -> &mut Vec<(Self, Self)> {
        match self {
            Self::Map(pairs) => pairs,
            _ => panic!("not a map"),
        }
    }

    pub fn items(&self) -> &[Self] {
        match self {
            Self::Array(items) => items,
            _ => panic!("not an array"),
        }
    }

    pub fn items_mut(&mut self) -> &mut Vec<Self> {
        match self {
            Self::Array(items) => items,
            _ => panic!("not an array"),
        }
    }

    pub fn as_bytes(&self) -> &[u8] {
        match self {
            Self::Bytes(bytes) => bytes,
            _ => panic!("not a byte string"),
        }
    }

    /// Every place in the tree, as the path of child numbers that leads there.
    pub fn paths(&self) -> Vec<Vec<usize>> {
        let mut all = vec![Vec::new()];
        for child in 0..self.children() {
            for mut path in self.child(child).paths() {
                path.insert(0, child);
                all.push(path);
            }
        }
        all
    }

    pub fn at_mut(&mut self, path: &[usize]) -> &mut Self {
        match path.split_first() {
            None => self,
            Some((&first, rest)) => match self {
                Self::Array(items) => items[first].at_mut(rest),
                Self::Map(pairs) => {
                    let (key, value) = &mut pairs[first / 2];
                    if first.is_multiple_of(2) { key } else { value }.at_mut(rest)
                }
                _ => panic!("no child there"),
            },
        }
    }

    fn children(&self) -> usize {
        match self {
            Self::Array(items) => items.len(),
            Self::Map(pairs) => 2 * pairs.len(),
            _ => 0,
        }
    }

    fn child(&self, at: usize) -> &Self {
        match self {
            Self::Array(items) => &items[at],
            Self::Map(pairs) if at.is_multiple_of(2) => &pairs[at / 2].0,
            Self::Map(pairs) => &pairs[at / 2].1,
            _ => panic!("no child there"),
        }
    }
}

fn head(out: &mut Vec<u8>, major: u8, argument: u64) {
    let major = major << 5;
    match argument {
        0..24 => out.push(major | argument as u8),
        24..0x100 => out.extend([major | 24, argument as u8]),
        0x100..0x1_0000 => {
            out.push(major | 25);
            out.extend((argument as u16).to_be_bytes());
        }
        0x1_0000..0x1_0000_0000 => {
            out.push(major | 26);
            out.extend((argument as u32).to_be_bytes());
        }
        _ => {
            out.push(major | 27);
            out.extend(argument.to_be_bytes());
        }
    }
}
