//! 21, 23, 25 and 27: recipients of the wrong shape, and a passphrase in company.

use std::sync::Arc;

use kms_core::memory::SecretBytes;
use kms_core::{Error, FormatFault, OpenPolicy, PassphraseKek, PolicyFault};

use crate::hostile::forge::{Forge, Wrap};
use crate::hostile::item::Item;
use crate::hostile::on_both;
use crate::hostile::reader::{Party, Reader};
use crate::hostile::watched::Watched;

#[test]
fn n21_no_recipients() {
    on_both(|backend| {
        let forge = Forge::message(backend).with_entries([]);
        let error = Reader::new(backend, &["local://a"]).refuses(&forge.envelope(), Party::Format, 0);
        assert_eq!(error, Error::Format(FormatFault::Recipients));
        let without = forge.mutable().without(3);
        Reader::new(backend, &["local://a"]).refuses(&forge.with_mut(&without).envelope(), Party::Format, 0);
    });
}

#[test]
fn n23_seal_of_47_or_49_bytes() {
    on_both(|backend| {
        for length in [0, 47, 49, 64] {
            let forge = Forge::message(backend).with_first(|entry| {
                entry.set(5, Item::Bytes(vec![0; length]));
            });
            let error = Reader::new(backend, &["local://a"]).refuses(&forge.envelope(), Party::Format, 0);
            assert_eq!(error, Error::Format(FormatFault::Length));
        }
        for (key, length) in [(1, 31), (1, 33), (2, 15), (2, 17)] {
            let forge = Forge::message(backend);
            let forge = forge
                .clone()
                .with_imm(&forge.imm().with(key, Item::Bytes(vec![0; length])));
            let error = Reader::new(backend, &["local://a"]).refuses(&forge.envelope(), Party::Format, 0);
            assert_eq!(error, Error::Format(FormatFault::Length));
        }
    });
}

#[test]
fn n25_encapsulated_key_of_the_wrong_length() {
    on_both(|backend| {
        let forge = Forge::message(backend);
        let beside = |kem: u64, length: usize| {
            let wrap = Wrap {
                scheme: 3,
                ..Wrap::local("hpke:key")
            };
            let entry = forge.sealed(&wrap, &[0; 32]).with(4, Item::Bytes(vec![1; length]));
            let entry = entry.with(6, Item::fields([(1, Item::Uint(kem))]));
            forge
                .clone()
                .with_entries([entry, forge.single("local://a")])
                .envelope()
        };
        let reader = Reader::new(backend, &["local://a"]);
        for (kem, length) in [
            (0x0010, 65),
            (0x0011, 97),
            (0x0020, 32),
            (0x0040, 768),
            (0x0041, 1088),
            (0x0042, 1568),
            (0x0050, 1153),
            (0x0051, 1665),
            (0x647a, 1120),
        ] {
            assert_eq!(
                reader.open(&beside(kem, length)).unwrap(),
                forge.plaintext,
                "{kem:#x} is skipped"
            );
            for wrong in [length - 1, length + 1] {
                let error = reader.refuses(&beside(kem, wrong), Party::Format, 0);
                assert_eq!(error, Error::Format(FormatFault::Length));
            }
        }
        reader.refuses(&beside(0x0012, 133), Party::Format, 0);
        reader.refuses(&beside(1 << 16, 65), Party::Format, 0);
    });
}

#[test]
fn n25_wrapped_key_of_the_wrong_length() {
    on_both(|backend| {
        let forge = Forge::message(backend);
        let beside = |mechanism: u64, length: usize| {
            let wrap = Wrap {
                scheme: 2,
                ..Wrap::local("pkcs11:object=b")
            };
            let entry = forge.sealed(&wrap, &[0; 32]).with(4, Item::Bytes(vec![1; length]));
            let entry = entry.with(6, Item::fields([(1, Item::Uint(mechanism))]));
            forge
                .clone()
                .with_entries([entry, forge.single("local://a")])
                .envelope()
        };
        let reader = Reader::new(backend, &["local://a"]);
        for (mechanism, length) in [(1, 256), (1, 1024), (2, 40), (3, 40)] {
            assert_eq!(reader.open(&beside(mechanism, length)).unwrap(), forge.plaintext);
        }
        for (mechanism, length) in [
            (1, 255),
            (1, 1025),
            (2, 39),
            (2, 41),
            (3, 39),
            (3, 48),
            (0, 40),
            (4, 40),
        ] {
            reader.refuses(&beside(mechanism, length), Party::Format, 0);
        }
    });
}

#[test]
fn n27_passphrase_beside_another_recipient() {
    on_both(|backend| {
        let forge = Forge::message(backend);
        let wrap = Wrap {
            scheme: 5,
            ..Wrap::local("passphrase:")
        };
        let cost = [
            (1, Item::bytes(&[9; 16])),
            (2, Item::Uint(65_536)),
            (3, Item::Uint(1)),
            (4, Item::Uint(1)),
        ];
        let passphrase = forge.sealed(&wrap, &[0x44; 32]).with(6, Item::fields(cost));
        let mixed = forge
            .clone()
            .with_entries([forge.single("local://a"), passphrase.clone()])
            .envelope();
        let error = Reader::new(backend, &["local://a"]).refuses(&mixed, Party::Policy, 0);
        assert_eq!(error, Error::Policy(PolicyFault::PassphraseMixed));
        let twice = forge.clone().with_entries([passphrase.clone(), passphrase]).envelope();
        let kek = PassphraseKek::new(backend.clone(), SecretBytes::copy_of(b"x"));
        let reader = Reader::with(backend, vec![Watched::new(Arc::new(kek))]);
        reader.refuses(&twice, Party::Policy, 0);

        let allowing = Reader::new(backend, &["local://a"]).policy(OpenPolicy {
            mixed_passphrase: true,
            ..OpenPolicy::default()
        });
        assert_eq!(allowing.open(&mixed).unwrap(), forge.plaintext);
    });
}
