//! ML-KEM keys from seeds, in the form that `aws-lc-rs` takes.

#[expect(deprecated, reason = "AWS-LC takes no other form; the seed stays what is kept")]
use ml_kem::ExpandedKeyEncoding;
use ml_kem::{FromSeed, KeyExport, MlKem512, MlKem768, MlKem1024};
use zeroize::{Zeroize, Zeroizing};

use crate::crypto::kem::MlKemSet;

/// The expanded form of a key pair (FIPS 203 7.1).
pub(in crate::crypto) struct ExpandedMlKem {
    pub(in crate::crypto) private: Zeroizing<Vec<u8>>,
    pub(in crate::crypto) public: Box<[u8]>,
}

/// Expands a seed.
pub(in crate::crypto) fn expand(set: MlKemSet, seed: &[u8; 64]) -> ExpandedMlKem {
    match set {
        MlKemSet::MlKem512 => expand_as::<MlKem512>(seed),
        MlKemSet::MlKem768 => expand_as::<MlKem768>(seed),
        MlKemSet::MlKem1024 => expand_as::<MlKem1024>(seed),
    }
}

#[expect(deprecated, reason = "AWS-LC takes no other form; the seed stays what is kept")]
fn expand_as<K>(seed: &[u8; 64]) -> ExpandedMlKem
where
    K: FromSeed<SeedSize = ml_kem::array::sizes::U64>,
    K::DecapsulationKey: ExpandedKeyEncoding,
    K::EncapsulationKey: KeyExport,
{
    let (private, public) = K::from_seed(seed.into());
    let mut expanded = private.to_expanded_bytes();
    let private = Zeroizing::new(expanded.to_vec());
    expanded.zeroize();
    ExpandedMlKem {
        private,
        public: public.to_bytes().to_vec().into(),
    }
}
