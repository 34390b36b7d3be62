//! An envelope cut at its regions, to be put together again in another way.

/// The regions of one envelope; [`Regions::bytes`] writes lengths that fit them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Regions {
    /// Magic, kind, flags and suite.
    pub start: [u8; 12],
    pub immutable: Vec<u8>,
    pub mutable: Vec<u8>,
    pub padding: Vec<u8>,
    pub tag: Vec<u8>,
    pub shares: Vec<u8>,
    pub payload: Vec<u8>,
}

impl Regions {
    /// Cuts a well-formed envelope.
    pub fn of(envelope: &[u8]) -> Self {
        let length = |at: usize| u32::from_be_bytes(envelope[at..at + 4].try_into().unwrap()) as usize;
        let mut rest = &envelope[32..];
        let mut take = |count: usize| {
            let (part, after) = rest.split_at(count);
            rest = after;
            part.to_vec()
        };
        Self {
            start: envelope[..12].try_into().unwrap(),
            immutable: take(length(12)),
            mutable: take(length(16)),
            padding: take(length(20)),
            tag: take(32),
            shares: take(length(24)),
            payload: rest.to_vec(),
        }
    }

    pub fn bytes(&self) -> Vec<u8> {
        let mut out = self.start.to_vec();
        for region in [&self.immutable, &self.mutable, &self.padding, &self.shares] {
            out.extend((region.len() as u32).to_be_bytes());
        }
        out.extend([0; 4]);
        for region in [
            &self.immutable,
            &self.mutable,
            &self.padding,
            &self.tag,
            &self.shares,
            &self.payload,
        ] {
            out.extend_from_slice(region);
        }
        out
    }

    pub fn header_len(&self) -> usize {
        64 + self.immutable.len() + self.mutable.len() + self.padding.len() + self.shares.len()
    }
}
