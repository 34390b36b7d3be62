//! Keys of signed notes: what each half is good for, and that neither can be left out.
#![allow(
    clippy::unwrap_used,
    reason = "clippy.toml allows unwrap in tests, and this is all tests"
)]

use std::str;

use kms_core::crypto::signature::SignatureScheme;
use kms_core::memory::Secret;
use kms_providers::signing::{Content, DetachedError, KeyTextError, NoteError, NoteKey, Statement, VerifierKey};
use signed_note::{Note, StandardVerifier, VerifierList};

const TEXT: &[u8] = b"example.com/log\n17\nbm90IGEgcmVhbCByb290IGhhc2gsIDMyIGI=\n";

fn key_of(name: &str, scheme: SignatureScheme, fill: u8) -> NoteKey {
    let seed = |fill: u8| Secret::init_with(|seed| seed.fill(fill));
    NoteKey::new(name, scheme, &[seed(fill), seed(fill + 1)]).unwrap()
}

fn key(scheme: SignatureScheme) -> NoteKey {
    key_of("example.com/log", scheme, 1)
}

/// Signature lines, from the top.
fn lines(note: &[u8]) -> Vec<String> {
    let lines = str::from_utf8(note).unwrap().lines();
    lines.filter(|line| line.starts_with('—')).map(str::to_owned).collect()
}

#[test]
fn each_scheme_signs_and_verifies() {
    for (scheme, count) in SignatureScheme::ALL.into_iter().zip([2, 1, 1]) {
        let key = key(scheme);
        let note = key.sign(TEXT).unwrap();
        assert_eq!(lines(&note).len(), count, "{}", scheme.name());
        assert_eq!(key.verifier().open(&note).unwrap(), TEXT);
        assert_eq!(key.verifier().is_post_quantum(), scheme != SignatureScheme::Ed25519);
        let other = key_of("example.com/log", scheme, 7);
        assert_eq!(other.verifier().open(&note), Err(NoteError::Signature));
        let renamed = key_of("example.net/log", scheme, 1);
        assert_eq!(renamed.verifier().open(&note), Err(NoteError::Signature));
    }
}

#[test]
fn who_pins_both_halves_accepts_nothing_that_lacks_or_spoils_one() {
    let key = key(SignatureScheme::MlDsa65Ed25519);
    let (note, pinned) = (key.sign(TEXT).unwrap(), key.verifier());
    let both = lines(&note);
    let with = |lines: &[&str]| {
        [str::from_utf8(TEXT).unwrap(), "\n", &lines.join("\n"), "\n"]
            .concat()
            .into_bytes()
    };
    assert!(pinned.open(&with(&[&both[0], &both[1]])).is_ok());
    assert!(pinned.open(&with(&[&both[1], &both[0]])).is_ok(), "in any order");
    for one in &both {
        assert_eq!(pinned.open(&with(&[one])), Err(NoteError::Signature));
    }
    for half in 0..2 {
        let mut spoilt = both.clone();
        let at = spoilt[half].len() - 30;
        let other = if &spoilt[half][at..=at] == "A" { "B" } else { "A" };
        spoilt[half].replace_range(at..=at, other);
        assert_eq!(pinned.open(&with(&[&spoilt[0], &spoilt[1]])), Err(NoteError::Signature));
    }
    let changed = String::from_utf8(note.clone()).unwrap().replacen("17", "18", 1);
    assert_eq!(pinned.open(changed.as_bytes()), Err(NoteError::Signature));

    // Who pins one half alone takes the note, and so does a program that has never heard of the other.
    let texts = pinned.to_string();
    for half in texts.split(' ') {
        assert!(half.parse::<VerifierKey>().unwrap().open(&note).is_ok());
    }
    let standard = StandardVerifier::new(pinned.ed25519().unwrap()).unwrap();
    let parsed = Note::from_bytes(&note).unwrap();
    parsed.verify(&VerifierList::new(vec![Box::new(standard)])).unwrap();
}

#[test]
fn private_keys_come_back_from_their_text() {
    for scheme in SignatureScheme::ALL {
        let key = key(scheme);
        let text = String::from_utf8(key.to_text().expose().to_vec()).unwrap();
        let again = NoteKey::parse(&text).unwrap();
        assert_eq!(again.verifier().to_string(), key.verifier().to_string());
        assert!(again.verifier().open(&key.sign(TEXT).unwrap()).is_ok());
        let altered = text.replacen("example.com", "example.org", 1);
        assert_eq!(NoteKey::parse(&altered).err(), Some(KeyTextError::Id));
    }
    let text = |scheme| String::from_utf8(key(scheme).to_text().expose().to_vec()).unwrap();
    let (ed25519, ml_dsa) = (text(SignatureScheme::Ed25519), text(SignatureScheme::MlDsa65));
    for no_pair in [
        ed25519.repeat(2),
        [&ml_dsa[..], &ed25519].concat(),
        text(SignatureScheme::MlDsa65Ed25519) + &ed25519,
    ] {
        assert_eq!(NoteKey::parse(&no_pair).err(), Some(KeyTextError::Scheme));
    }
    for nothing in [
        "",
        "PRIVATE+KEY",
        "PRIVATE+KEY+n+00000000+AQ==",
        "PRIVATE+KEY+n+00000000+%",
    ] {
        assert_eq!(
            NoteKey::parse(nothing).err(),
            Some(KeyTextError::Malformed),
            "{nothing}"
        );
    }
}

#[test]
fn public_keys_that_are_none_are_refused() {
    let pair = key(SignatureScheme::MlDsa65Ed25519).verifier().to_string();
    let (ed25519, ml_dsa) = pair.split_once(' ').unwrap();
    for text in [
        String::new(),
        "x".into(),
        format!("{ml_dsa} {ed25519}"),
        format!("{ed25519} {ed25519}"),
        format!("{pair} {ml_dsa}"),
        pair.replacen("example.com", "example.org", 1),
        pair[..pair.len() - 8].to_owned(),
        format!("{pair} "),
    ] {
        assert_eq!(
            text.parse::<VerifierKey>().unwrap_err(),
            NoteError::VerifierKey,
            "{text}"
        );
    }
}

#[test]
fn names_that_signed_note_does_not_allow_are_refused() {
    let seeds = [Secret::init_with(|_| ()), Secret::init_with(|_| ())];
    for name in ["", "a b", "a+b", "a\nb", &"n".repeat(256)] {
        let refused = NoteKey::new(name, SignatureScheme::Ed25519, &seeds).err();
        assert_eq!(refused, Some(KeyTextError::Name), "{name:?}");
    }
}

#[test]
fn a_detached_signature_is_of_one_content_for_one_context_by_one_key() {
    for scheme in SignatureScheme::ALL {
        let key = key(scheme);
        let of = |content: &[u8], context| Statement::new(Content::of(content).unwrap(), context).unwrap();
        let plain = of(b"release 1", None);
        let signature = plain.sign(&key).unwrap();
        let verifier = key.verifier();
        assert_eq!(plain.check(&signature, &verifier), Ok(()));
        assert_eq!(
            of(b"release 2", None).check(&signature, &verifier),
            Err(DetachedError::OtherContent)
        );
        assert_eq!(
            of(b"release 1", Some("c")).check(&signature, &verifier),
            Err(DetachedError::OtherContext)
        );
        let bound = of(b"release 1", Some("c"));
        let signature = bound.sign(&key).unwrap();
        assert_eq!(bound.check(&signature, &verifier), Ok(()));
        assert_eq!(plain.check(&signature, &verifier), Err(DetachedError::OtherContext));
        let other = key_of("example.com/log", scheme, 9).verifier();
        assert_eq!(bound.check(&signature, &other), Err(NoteError::Signature.into()));
    }
}

#[test]
fn what_is_signed_has_one_form() {
    let key = key(SignatureScheme::Ed25519);
    let statement = Statement::new(Content::of(&b"x"[..]).unwrap(), Some("c")).unwrap();
    let text = statement.to_text();
    for other in [
        text.replace("v1", "v2"),
        text.replace("size 1", "size 01"),
        text.replace("size 1", "size +1"),
        text.replace("context c\n", "context c\ncontext d\n"),
        text.replace("sha512 a", "sha512 A"),
        text.replace("context c", "comment c"),
        String::from_utf8(TEXT.to_vec()).unwrap(),
    ] {
        assert_ne!(other, text);
        let signed = key.sign(other.as_bytes()).unwrap();
        assert_eq!(
            statement.check(&signed, &key.verifier()),
            Err(DetachedError::NoStatement),
            "{other}"
        );
    }
    assert_eq!(
        statement.check(text.as_bytes(), &key.verifier()),
        Err(NoteError::Malformed.into())
    );
    for context in ["", "two\nlines", &"c".repeat(256)] {
        let content = Content::of(&b"x"[..]).unwrap();
        assert_eq!(Statement::new(content, Some(context)), Err(DetachedError::Context));
    }
}
