//! 39 and 40: the encryption context.

use kms_core::{CallerFault, Error, PolicyFault};

use crate::hostile::forge::{Forge, MARK};
use crate::hostile::item::Item;
use crate::hostile::on_both;
use crate::hostile::reader::{Party, Reader};

/// An envelope whose context has the pair `tenant` = `t1` that is not stored.
fn external(backend: &kms_core::crypto::CryptoBackend) -> Forge {
    let mut forge = Forge::message(backend);
    forge.context.push(("tenant".into(), "t1".into()));
    let imm = forge.imm().with(4, Item::Array(vec![Item::text("tenant")]));
    let entry = forge.single("local://a");
    forge.with_imm(&imm).with_entries([entry])
}

#[test]
fn n39_context_changed_by_one_byte() {
    on_both(|backend| {
        let forge = Forge::message(backend);
        let envelope = forge.envelope();
        let at = envelope
            .windows(MARK.len())
            .position(|window| window == MARK.as_bytes())
            .unwrap();
        for offset in 0..MARK.len() {
            let mut changed = envelope.clone();
            changed[at + offset] ^= 1;
            Reader::new(backend, &["local://a"]).refuses(&changed, Party::Flat, 1);
        }
        // Even whoever knows the data key, and so makes the TAG right, cannot move a recipient to another context.
        let imm = forge.imm().with(3, Item::texts([("purpose", "other")]));
        let moved = forge.with_imm(&imm).envelope();
        Reader::new(backend, &["local://a"]).refuses(&moved, Party::Flat, 1);
    });
}

#[test]
fn n39_required_pair_missing_or_different() {
    on_both(|backend| {
        let stored = Forge::message(backend).envelope();
        for pairs in [
            &[("purpose", "other")][..],
            &[("tenant", "t1")],
            &[("purpose", MARK), ("extra", "x")],
        ] {
            let reader = Reader::new(backend, &["local://a"]).require(pairs);
            let error = reader.refuses(&stored, Party::Policy, 0);
            assert_eq!(error, Error::Policy(PolicyFault::ContextMismatch));
        }
        let forge = external(backend);
        let reader = Reader::new(backend, &["local://a"]);
        let error = reader.refuses(&forge.envelope(), Party::Caller, 0);
        assert_eq!(error, Error::Caller(CallerFault::ContextMissing));
        let reader = Reader::new(backend, &["local://a"]).require(&[("tenant", "t1"), ("purpose", MARK)]);
        assert_eq!(reader.open(&forge.envelope()).unwrap(), forge.plaintext);
    });
}

#[test]
fn n39_required_names_that_are_malformed() {
    on_both(|backend| {
        let forge = external(backend);
        let named = |names: &[&str]| {
            let names = Item::Array(names.iter().map(|name| Item::text(name)).collect());
            forge.clone().with_imm(&forge.imm().with(4, names)).envelope()
        };
        for names in [
            &[][..],
            &["b", "a"],
            &["aa", "b"],
            &["a", "a"],
            &["purpose"],
            &[""],
            &["a\0"],
            &["ks1-a"],
            &["aws:a"],
        ] {
            let reader = Reader::new(backend, &["local://a"]).require(&[("tenant", "t1")]);
            reader.refuses(&named(names), Party::Format, 0);
        }
    });
}

#[test]
fn n40_wrong_value_for_a_pair_that_is_not_stored() {
    on_both(|backend| {
        let envelope = external(backend).envelope();
        for value in ["t2", "", "T1", "t1 "] {
            let reader = Reader::new(backend, &["local://a"]).require(&[("tenant", value)]);
            reader.refuses(&envelope, Party::Flat, 1);
            let [(uri, reason)] = &reader.attempts()[..] else {
                panic!("one call")
            };
            assert_eq!(
                (uri.as_str(), reason.as_deref()),
                ("local://a", Some("recipient.SealDoesNotOpen"))
            );
        }
    });
}
