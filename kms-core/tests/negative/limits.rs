//! 20, 22, 24 and 26: what asks for more than the caps allow, before any memory is taken or provider called.

use kms_core::{Error, LimitFault, OpenPolicy, caps};

use crate::hostile::forge::{Forge, MARK, Wrap};
use crate::hostile::item::Item;
use crate::hostile::on_both;
use crate::hostile::reader::{Party, Reader};

/// `count` pairs whose dCBOR map has `bytes` bytes.
fn pairs(count: usize, bytes: usize) -> Vec<(String, String)> {
    let mut pairs: Vec<_> = (0..count).map(|at| (format!("{MARK}{at:03}"), String::new())).collect();
    let encode = |pairs: &[(String, String)]| {
        Item::texts(pairs.iter().map(|(key, value)| (key.as_str(), value.as_str())))
            .encode()
            .len()
    };
    while encode(&pairs) < bytes {
        pairs[0].1.push('x');
    }
    assert!(encode(&pairs) == bytes || bytes == 0, "no such length");
    pairs
}

fn stored(forge: &Forge, pairs: &[(String, String)]) -> Forge {
    let mut forge = forge.clone();
    let borrowed: Vec<_> = pairs
        .iter()
        .map(|(key, value)| (key.as_str(), value.as_str()))
        .collect();
    forge.store_context(&borrowed);
    let entry = forge.single("local://a");
    forge.with_entries([entry])
}

#[test]
fn n20_context_over_64_pairs_or_8192_bytes() {
    on_both(|backend| {
        let forge = Forge::message(backend);
        let reader = || Reader::new(backend, &["local://a"]);
        let over = Error::Limit(LimitFault::Context);
        for most in [pairs(64, 0), pairs(1, 8192)] {
            assert_eq!(
                reader().open(&stored(&forge, &most).envelope()).unwrap(),
                forge.plaintext
            );
        }
        for more in [pairs(65, 0), pairs(1, 8193)] {
            let envelope = stored(&forge, &more).envelope();
            assert_eq!(reader().refuses(&envelope, Party::Limit, 0), over);
        }

        // Names alone, stored and named together, and the full context once the values are known.
        let names = |forge: &Forge, names: &[String]| {
            let names = Item::Array(names.iter().map(|name| Item::text(name)).collect());
            forge.clone().with_imm(&forge.imm().with(4, names)).envelope()
        };
        let numbered = |count: usize| (0..count).map(|at| format!("n{at:03}")).collect::<Vec<_>>();
        assert_eq!(reader().refuses(&names(&forge, &numbered(65)), Party::Limit, 0), over);
        assert_eq!(
            reader().refuses(&names(&forge, &numbered(64)), Party::Limit, 0),
            over,
            "and one is stored"
        );
        assert_eq!(
            reader().refuses(&names(&forge, &["n".repeat(8190)]), Party::Limit, 0),
            over
        );
        let mut named = stored(&forge, &pairs(1, 5000));
        named.context.push(("tenant".into(), "t".repeat(4000)));
        let envelope = names(&named, &["tenant".into()]);
        let supplied = reader().require(&[("tenant", &"t".repeat(4000))]);
        assert_eq!(supplied.refuses(&envelope, Party::Limit, 0), over);
    });
}

#[test]
fn n20_labels_over_64_pairs_or_8192_bytes() {
    on_both(|backend| {
        let forge = Forge::message(backend);
        let labelled = |pairs: &[(String, String)]| {
            let labels = Item::texts(pairs.iter().map(|(key, value)| (key.as_str(), value.as_str())));
            forge.clone().with_imm(&forge.imm().with(5, labels)).envelope()
        };
        let reader = Reader::new(backend, &["local://a"]);
        for most in [pairs(64, 0), pairs(1, 8192)] {
            assert_eq!(reader.open(&labelled(&most)).unwrap(), forge.plaintext);
        }
        for more in [pairs(65, 0), pairs(1, 8193)] {
            assert_eq!(
                reader.refuses(&labelled(&more), Party::Limit, 0),
                Error::Limit(LimitFault::Labels)
            );
        }
    });
}

#[test]
fn n22_seventeen_and_sixty_five_recipients() {
    on_both(|backend| {
        let forge = Forge::message(backend);
        let entry = forge.single("local://a");
        let with = |count: usize| {
            let strangers = (1..count).map(|at| forge.single(&format!("local://{MARK}{at}")));
            forge
                .clone()
                .with_entries(std::iter::once(entry.clone()).chain(strangers))
                .envelope()
        };
        let allowing = |max_recipients| {
            Reader::new(backend, &["local://a"]).policy(OpenPolicy {
                max_recipients,
                ..OpenPolicy::default()
            })
        };
        let over = Error::Limit(LimitFault::Recipients);
        assert_eq!(
            allowing(caps::RECIPIENTS_DEFAULT).open(&with(16)).unwrap(),
            forge.plaintext
        );
        assert_eq!(
            Reader::new(backend, &["local://a"]).refuses(&with(17), Party::Limit, 0),
            over
        );
        assert_eq!(allowing(64).open(&with(64)).unwrap(), forge.plaintext);
        for allowed in [64, 65, usize::MAX] {
            assert_eq!(allowing(allowed).refuses(&with(65), Party::Limit, 0), over);
        }

        // Shares and unknown entries count too.
        let kids: Vec<String> = (0..16).map(|at| format!("local://{at}")).collect();
        let kids: Vec<&str> = kids.iter().map(String::as_str).collect();
        let (quorum, shares) = forge.quorum(2, [7; 16], &kids);
        let unknown = Item::fields([(1, Item::Uint(40))]);
        let crowded = forge
            .clone()
            .with_entries([quorum, unknown])
            .with_shares(&Item::Array(vec![shares]));
        let reader = Reader::new(backend, &["local://0", "local://1"]);
        assert_eq!(reader.refuses(&crowded.envelope(), Party::Limit, 0), over);
    });
}

#[test]
fn n24_wrapped_key_over_8192_bytes() {
    on_both(|backend| {
        let forge = Forge::message(backend);
        let beside = |length: usize| {
            let long = forge.single("local://b").with(4, Item::Bytes(vec![0xee; length]));
            forge.clone().with_entries([forge.single("local://a"), long]).envelope()
        };
        let reader = Reader::new(backend, &["local://a"]);
        assert_eq!(reader.open(&beside(8192)).unwrap(), forge.plaintext);
        assert_eq!(
            reader.refuses(&beside(8193), Party::Limit, 0),
            Error::Limit(LimitFault::WrappedKey)
        );
    });
}

#[test]
fn n26_argon2_cost_outside_the_bounds() {
    on_both(|backend| {
        let forge = Forge::message(backend);
        let wrap = Wrap {
            scheme: 5,
            ..Wrap::local("passphrase:")
        };
        let costs = |memory: u64, passes: u64, lanes: u64| {
            let params = Item::fields([
                (1, Item::bytes(&[9; 16])),
                (2, Item::Uint(memory)),
                (3, Item::Uint(passes)),
                (4, Item::Uint(lanes)),
            ]);
            forge
                .clone()
                .with_entries([forge.sealed(&wrap, &[0; 32]).with(6, params)])
                .envelope()
        };
        let passphrase = kms_core::memory::SecretBytes::copy_of(b"correct horse");
        let kek = kms_core::PassphraseKek::new(backend.clone(), passphrase);
        let reader = Reader::with(
            backend,
            vec![crate::hostile::watched::Watched::new(std::sync::Arc::new(kek))],
        );
        for (memory, passes, lanes) in [
            (1 << 31, 1, 1),
            (1 << 32, 1, 1),
            (u64::MAX, 1, 1),
            (2_097_153, 1, 1),
            (65_535, 1, 1),
            (0, 1, 1),
            (65_536, 0, 1),
            (65_536, 17, 1),
            (65_536, 1 << 33, 1),
            (65_536, 1, 0),
            (65_536, 1, 17),
        ] {
            let error = reader.refuses(&costs(memory, passes, lanes), Party::Limit, 0);
            assert_eq!(error, Error::Limit(LimitFault::PasswordCost));
        }
        reader.refuses(&costs(65_536, 1, 1), Party::Flat, 1);
    });
}
