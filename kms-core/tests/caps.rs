//! Every cap of `caps.rs` at its value and one over it: for the reader, which must take the first and refuse the
//! second before any provider is called, and for the writer, which must not make the second.
#![allow(
    clippy::cast_possible_truncation,
    clippy::unwrap_used,
    reason = "numbers are small or meant to be cut; clippy.toml allows unwrap in tests, and this is all tests"
)]

mod hostile;
mod support;

use std::sync::Arc;

use hostile::forge::{Forge, Wrap, record_aad};
use hostile::item::Item;
use hostile::reader::{Party, Reader, assert_silent, party};
use hostile::watched::Answer;
use kms_core::crypto::{PasswordCost, aws_lc};
use kms_core::memory::SecretBytes;
use kms_core::payload::{chunk_offset, ciphertext_range_for, plaintext_len, sealed_len};
use kms_core::*;
use support::{TestKek, run};

/// Two tests a cap of the reader: `make(cap)` opens, `make(cap + 1)` is refused as `error`.
macro_rules! reader_caps {
    ($($at:ident, $over:ident: $make:expr, $cap:expr, $error:expr;)+) => {$(
        #[test]
        fn $at() {
            let envelope: Vec<u8> = $make($cap);
            let opened = wide_reader().open(&envelope);
            assert_eq!(opened.unwrap(), Forge::message(&aws_lc()).plaintext);
        }

        #[test]
        fn $over() {
            let envelope: Vec<u8> = $make($cap + 1);
            let error: Error = $error.into();
            assert_eq!(wide_reader().refuses(&envelope, party(&error), 0), error);
        }
    )+};
}

reader_caps! {
    header_at, header_over: header_of, caps::HEADER, LimitFault::Header;
    context_pairs_at, context_pairs_over: |count| stored(&numbered(count)), caps::CONTEXT_PAIRS, LimitFault::Context;
    context_bytes_at, context_bytes_over: |bytes| stored(&sized(bytes)), caps::CONTEXT, LimitFault::Context;
    label_pairs_at, label_pairs_over: |count| labelled(&numbered(count)), caps::LABEL_PAIRS, LimitFault::Labels;
    label_bytes_at, label_bytes_over: |bytes| labelled(&sized(bytes)), caps::LABELS, LimitFault::Labels;
    hard_recipients_at, hard_recipients_over: recipients, caps::RECIPIENTS_HARD, LimitFault::Recipients;
    quorums_at, quorums_over: quorums, caps::QUORUMS, LimitFault::Recipients;
    quorum_members_at, quorum_members_over: members, caps::QUORUM_MEMBERS, FormatFault::Quorum;
    wrapped_key_at, wrapped_key_over: wrapped_key, caps::WRAPPED_KEY, LimitFault::WrappedKey;
    key_uri_at, key_uri_over: key_uri, caps::KEY_URI, FormatFault::Value;
    key_version_at, key_version_over: key_version, caps::KEY_VERSION, FormatFault::Length;
    depth_at, depth_over: nested, caps::CBOR_DEPTH, LimitFault::Depth;
    key_name_at, key_name_over: key_name, 64, FormatFault::Value;
}

/// A reader that takes as many recipients as the format allows, and knows the required names of these tests.
fn wide_reader() -> Reader {
    let policy = OpenPolicy {
        max_recipients: usize::MAX,
        ..OpenPolicy::default()
    };
    Reader::new(&aws_lc(), &["local://a", "local://b"]).policy(policy)
}

fn header_of(total: usize) -> Vec<u8> {
    let mut forge = Forge::message(&aws_lc());
    forge.padding = vec![0; total - forge.header().len()];
    forge.envelope()
}

fn numbered(count: usize) -> Vec<(String, String)> {
    (0..count).map(|at| (format!("{at:03}"), String::new())).collect()
}

/// One pair whose map is encoded in `bytes`.
fn sized(bytes: usize) -> Vec<(String, String)> {
    // a1, 61 'k', 79 and two bytes of length.
    vec![("k".into(), "v".repeat(bytes - 6))]
}

fn stored(pairs: &[(String, String)]) -> Vec<u8> {
    let mut forge = Forge::message(&aws_lc());
    let pairs: Vec<_> = pairs
        .iter()
        .map(|(key, value)| (key.as_str(), value.as_str()))
        .collect();
    forge.store_context(&pairs);
    let entry = forge.single("local://a");
    forge.with_entries([entry]).envelope()
}

fn labelled(pairs: &[(String, String)]) -> Vec<u8> {
    let forge = Forge::message(&aws_lc());
    let labels = Item::texts(pairs.iter().map(|(key, value)| (key.as_str(), value.as_str())));
    forge.clone().with_imm(&forge.imm().with(5, labels)).envelope()
}

fn recipients(count: usize) -> Vec<u8> {
    let forge = Forge::message(&aws_lc());
    let entries = (1..count).map(|at| forge.single(&format!("local://{at}")));
    forge
        .clone()
        .with_entries([forge.single("local://a")].into_iter().chain(entries))
        .envelope()
}

fn quorums(count: usize) -> Vec<u8> {
    let forge = Forge::message(&aws_lc());
    let dealt = (0..count).map(|at| forge.quorum(2, [at as u8; 16], &["local://a", "local://b"]));
    let (entries, shares): (Vec<_>, Vec<_>) = dealt.unzip();
    forge
        .clone()
        .with_entries(entries)
        .with_shares(&Item::Array(shares))
        .envelope()
}

fn members(count: usize) -> Vec<u8> {
    let forge = Forge::message(&aws_lc());
    let uris: Vec<String> = (2..count).map(|at| format!("local://{at}")).collect();
    let mut kids = vec!["local://a", "local://b"];
    kids.extend(uris.iter().map(String::as_str));
    let shares: Vec<_> = (0..count).map(|at| [at as u8; 32]).collect();
    let (entry, bodies) = if count <= caps::QUORUM_MEMBERS {
        forge.quorum(2, [7; 16], &kids)
    } else {
        forge.quorum_of(2, [7; 16], &kids, &shares, &shares)
    };
    forge
        .clone()
        .with_entries([entry])
        .with_shares(&Item::Array(vec![bodies]))
        .envelope()
}

/// `local://a`, and beside it a recipient that the reader has no key for.
fn beside(change: impl FnOnce(Item) -> Item) -> Vec<u8> {
    let forge = Forge::message(&aws_lc());
    let other = change(forge.single("local://other"));
    forge
        .clone()
        .with_entries([other, forge.single("local://a")])
        .envelope()
}

fn wrapped_key(length: usize) -> Vec<u8> {
    beside(|entry| entry.with(4, Item::Bytes(vec![1; length])))
}

fn key_uri(length: usize) -> Vec<u8> {
    beside(|entry| entry.with(2, Item::Text("u".repeat(length))))
}

fn key_version(length: usize) -> Vec<u8> {
    beside(|entry| entry.with(3, Item::Bytes(vec![b'v'; length])))
}

/// An entry of unknown scheme is counted from itself.
fn nested(depth: usize) -> Vec<u8> {
    beside(|_| Item::fields([(1, Item::Uint(40)), (2, Item::nested(depth - 1))]))
}

fn key_name(length: usize) -> Vec<u8> {
    let forge = Forge::message(&aws_lc());
    forge
        .clone()
        .with_imm(&forge.imm().with(6, Item::Text("n".repeat(length))))
        .envelope()
}

/// `count` pairs in all: one stored, the others named; and a reader that supplies as many of them as it may.
fn named(count: usize) -> (Vec<u8>, Reader) {
    let mut forge = Forge::message(&aws_lc());
    let names: Vec<String> = (1..count).map(|at| format!("{at:03}")).collect();
    forge
        .context
        .extend(names.iter().map(|name| (name.clone(), "value".to_owned())));
    let list = Item::Array(names.iter().map(|name| Item::text(name)).collect());
    let imm = forge.imm().with(4, list);
    let entry = forge.single("local://a");
    let supplied: Vec<_> = names.iter().map(|name| (name.as_str(), "value")).collect();
    let reader = Reader::new(&forge.backend, &["local://a"]).require(&supplied);
    (forge.with_imm(&imm).with_entries([entry]).envelope(), reader)
}

#[test]
fn stored_and_named_pairs_at() {
    let (envelope, reader) = named(caps::CONTEXT_PAIRS);
    assert!(reader.open(&envelope).is_ok());
}

#[test]
fn stored_and_named_pairs_over() {
    let (envelope, reader) = named(caps::CONTEXT_PAIRS + 1);
    assert_eq!(reader.refuses(&envelope, Party::Limit, 0), LimitFault::Context.into());
}

/// IMM cannot be that long and right in everything else, so at the cap something else is refused.
#[test]
fn imm_at() {
    let refused = wide_reader().refuses(&imm_of(caps::IMM), Party::Limit, 0);
    assert_eq!(refused, LimitFault::Labels.into());
}

#[test]
fn imm_over() {
    assert_eq!(
        wide_reader().refuses(&imm_of(caps::IMM + 1), Party::Limit, 0),
        LimitFault::Imm.into()
    );
}

fn imm_of(length: usize) -> Vec<u8> {
    let forge = Forge::message(&aws_lc());
    let with = |filler: usize| {
        let labels = Item::Map(vec![(Item::text("x"), Item::Bytes(vec![0; filler]))]);
        forge.clone().with_imm(&forge.imm().with(5, labels))
    };
    let surplus = with(length).immutable.len() - length;
    let forge = with(length - surplus);
    assert_eq!(forge.immutable.len(), length);
    forge.envelope()
}

#[test]
fn default_recipients_at() {
    let reader = Reader::new(&aws_lc(), &["local://a"]);
    assert!(reader.open(&recipients(caps::RECIPIENTS_DEFAULT)).is_ok());
}

#[test]
fn default_recipients_over() {
    let reader = Reader::new(&aws_lc(), &["local://a"]);
    let error = reader.refuses(&recipients(caps::RECIPIENTS_DEFAULT + 1), Party::Limit, 0);
    assert_eq!(error, LimitFault::Recipients.into());
}

/// A reader of `failing` keys that give a wrong secret and one that is right.
fn with_failing(failing: usize) -> (Vec<u8>, Reader) {
    let uris: Vec<String> = (0..=failing).map(|at| format!("local://{at}")).collect();
    let uris: Vec<&str> = uris.iter().map(String::as_str).collect();
    let forge = Forge::message(&aws_lc());
    let reader = Reader::new(&forge.backend, &uris);
    reader.keks[..failing]
        .iter()
        .for_each(|kek| kek.answers(Answer::WrongSecret));
    let entries: Vec<_> = uris.iter().map(|uri| forge.single(uri)).collect();
    (forge.with_entries(entries).envelope(), reader)
}

#[test]
fn provider_calls_at() {
    let (envelope, reader) = with_failing(caps::PROVIDER_CALLS - 1);
    assert!(reader.open(&envelope).is_ok());
    assert_eq!(reader.calls(), caps::PROVIDER_CALLS);
}

#[test]
fn provider_calls_over() {
    let (envelope, reader) = with_failing(caps::PROVIDER_CALLS);
    reader.refuses(&envelope, Party::Flat, caps::PROVIDER_CALLS);
}

/// A quorum may use as many calls as it has members, else one of nine could never open.
#[test]
fn provider_calls_of_a_large_quorum() {
    let forge = Forge::message(&aws_lc());
    let uris: Vec<String> = (0..16).map(|at| format!("local://{at}")).collect();
    let uris: Vec<&str> = uris.iter().map(String::as_str).collect();
    let (entry, shares) = forge.quorum(15, [7; 16], &uris);
    let envelope = forge
        .clone()
        .with_entries([entry])
        .with_shares(&Item::Array(vec![shares]))
        .envelope();
    let reader = Reader::new(&forge.backend, &uris);
    reader.keks[3].answers(Answer::WrongSecret);
    assert_eq!(reader.open(&envelope).unwrap(), forge.plaintext);
    assert_eq!(reader.calls(), 16);
}

fn passphrase_header(cost: [u64; 3]) -> Result<Header> {
    let forge = Forge::message(&aws_lc());
    let wrap = Wrap {
        scheme: 5,
        ..Wrap::local("passphrase:")
    };
    let params = [
        (1, Item::bytes(&[9; 16])),
        (2, Item::Uint(cost[0])),
        (3, Item::Uint(cost[1])),
        (4, Item::Uint(cost[2])),
    ];
    let entry = forge.sealed(&wrap, &[0; 32]).with(6, Item::fields(params));
    Header::parse_prefix(&forge.with_entries([entry]).envelope(), 1)
}

fn passphrase_kek(cost: [u64; 3]) -> Result<PassphraseKek> {
    let kek = PassphraseKek::new(aws_lc(), SecretBytes::copy_of(b"correct horse"));
    let [memory_kib, passes, lanes] = cost.map(|value| u32::try_from(value).unwrap());
    kek.with_cost(PasswordCost {
        memory_kib,
        passes,
        lanes,
    })
}

const LEAST: [u64; 3] = [65_536, 1, 1];

fn cost_with(which: usize, value: u32) -> [u64; 3] {
    let mut cost = LEAST;
    cost[which] = value.into();
    cost
}

#[track_caller]
fn cost_is_taken(which: usize, value: u32) {
    assert!(passphrase_header(cost_with(which, value)).is_ok());
    assert!(passphrase_kek(cost_with(which, value)).is_ok());
}

#[track_caller]
fn cost_is_refused(which: usize, value: u32) {
    let read = passphrase_header(cost_with(which, value)).map(|_| ()).unwrap_err();
    assert_silent(&read);
    assert_eq!(read, LimitFault::PasswordCost.into());
    let made = passphrase_kek(cost_with(which, value)).map(|_| ()).unwrap_err();
    assert_eq!(made, CallerFault::PasswordCost.into());
}

#[test]
fn argon2_memory_at() {
    cost_is_taken(0, *caps::ARGON2_MEMORY_KIB.start());
    cost_is_taken(0, *caps::ARGON2_MEMORY_KIB.end());
}

#[test]
fn argon2_memory_outside() {
    cost_is_refused(0, caps::ARGON2_MEMORY_KIB.start() - 1);
    cost_is_refused(0, caps::ARGON2_MEMORY_KIB.end() + 1);
}

#[test]
fn argon2_passes_at() {
    cost_is_taken(1, *caps::ARGON2_PASSES.start());
    cost_is_taken(1, *caps::ARGON2_PASSES.end());
}

#[test]
fn argon2_passes_outside() {
    cost_is_refused(1, caps::ARGON2_PASSES.start() - 1);
    cost_is_refused(1, caps::ARGON2_PASSES.end() + 1);
}

#[test]
fn argon2_lanes_at() {
    cost_is_taken(2, *caps::ARGON2_LANES.start());
    cost_is_taken(2, *caps::ARGON2_LANES.end());
}

#[test]
fn argon2_lanes_outside() {
    cost_is_refused(2, caps::ARGON2_LANES.start() - 1);
    cost_is_refused(2, caps::ARGON2_LANES.end() + 1);
}

#[test]
fn chunk_at() {
    let chunk = caps::CHUNK as u64;
    assert_eq!(sealed_len(chunk - 1), Some(56 + chunk - 1 + 16), "one chunk");
    assert_eq!(
        sealed_len(chunk),
        Some(56 + chunk + 2 * 16),
        "a full chunk is never the last"
    );
}

#[test]
fn chunk_over() {
    let chunk = caps::CHUNK as u64;
    assert_eq!(sealed_len(chunk + 1), Some(56 + chunk + 1 + 2 * 16), "two chunks");
    // A single chunk that is longer than the cap: the payload reads as a full one and a broken second.
    let mut forge = Forge::message(&aws_lc());
    let (key, base, _) = forge.payload_keys();
    forge.plaintext = vec![1; caps::CHUNK + 1];
    let long = [forge.payload_start(), forge.seal_with(&key, &base, &forge.plaintext)].concat();
    wide_reader().refuses_detached(&forge.header(), &long, Party::Flat, 1);
}

const MOST_PLAINTEXT: u64 = caps::CHUNKS * caps::CHUNK as u64 - 1;

#[test]
fn chunks_at() {
    let sealed = sealed_len(MOST_PLAINTEXT).unwrap();
    assert_eq!(plaintext_len(sealed), Ok(MOST_PLAINTEXT));
    assert!(chunk_offset(caps::CHUNKS - 1).is_some());
    assert!(ciphertext_range_for(&(MOST_PLAINTEXT - 1..MOST_PLAINTEXT), 0).is_some());
}

#[test]
fn chunks_over() {
    assert_eq!(sealed_len(MOST_PLAINTEXT + 1), None);
    let sealed = sealed_len(MOST_PLAINTEXT).unwrap();
    assert_eq!(plaintext_len(sealed + 17), Err(FormatFault::PayloadLength));
    assert_eq!(chunk_offset(caps::CHUNKS), None);
    assert_eq!(ciphertext_range_for(&(MOST_PLAINTEXT + 1..MOST_PLAINTEXT + 2), 0), None);
}

/// A ticket of `suite` and the sealer and opener of its records.
fn records(suite: u16) -> (Forge, record::RecordSealer, record::RecordOpener) {
    let forge = Forge::of(&aws_lc(), suite, 2);
    let ticket = run(Reader::new(&forge.backend, &["local://a"])
        .opener
        .open_ticket(&forge.header()))
    .unwrap();
    let mut opener = record::RecordOpener::new();
    opener.insert(ticket.clone());
    (forge, ticket.sealer().unwrap(), opener)
}

const PLACE: record::RecordPlace<'_> = record::RecordPlace::Column("column");

#[test]
fn record_at() {
    for (suite, overhead) in [(1, 36), (2, 36), (0x10, 22)] {
        let (_, mut sealer, mut opener) = records(suite);
        let (mut record, mut plaintext) = (Vec::new(), Vec::new());
        sealer
            .seal(PLACE, &vec![7; caps::RECORD - overhead], &mut record)
            .unwrap();
        assert_eq!(record.len(), caps::RECORD);
        opener.open(PLACE, &record, &mut plaintext).unwrap();
        assert_eq!(plaintext.len(), caps::RECORD - overhead);
    }
}

#[test]
fn record_over() {
    for (suite, overhead) in [(1, 36), (2, 36), (0x10, 22)] {
        let (forge, mut sealer, mut opener) = records(suite);
        let long = vec![7; caps::RECORD - overhead + 1];
        let mut out = Vec::new();
        assert_eq!(sealer.seal(PLACE, &long, &mut out), Err(LimitFault::Record.into()));
        let aad = record_aad(1, "column", b"");
        let record = match suite {
            0x10 => forge.deterministic_record(&aad, &long),
            _ => forge.record(&aad, &[1; 10], 1, &long),
        };
        assert_eq!(record.len(), caps::RECORD + 1);
        assert_eq!(opener.open(PLACE, &record, &mut out), Err(LimitFault::Record.into()));
        assert!(out.is_empty());
    }
}

/// The counter's last value is a record's; that the next record gets a new writer id is tested beside the sealer.
#[test]
fn records_of_a_writer_at() {
    let (forge, _, mut opener) = records(1);
    let record = forge.record(
        &record_aad(1, "column", b""),
        &[1; 10],
        caps::RECORDS_PER_WRITER,
        b"last",
    );
    let mut out = Vec::new();
    opener.open(PLACE, &record, &mut out).unwrap();
    assert_eq!(out, b"last");
}

#[test]
fn record_keys_at_and_over() {
    let (forge, _, mut opener) = records(1);
    let aad = record_aad(1, "column", b"");
    let record = |writer: usize| {
        let mut id = [0; 10];
        id[..8].copy_from_slice(&writer.to_be_bytes());
        forge.record(&aad, &id, 1, b"x")
    };
    for round in 0..2 {
        for writer in 0..=caps::RECORD_KEYS {
            let mut out = Vec::new();
            opener.open(PLACE, &record(writer), &mut out).unwrap();
            assert_eq!(out, b"x", "round {round}, writer {writer}");
        }
    }
}

fn sealer() -> Sealer {
    Sealer::new(aws_lc())
}

fn kek(uri: &str) -> Arc<dyn Kek> {
    Arc::new(TestKek::new(&aws_lc(), uri, 1))
}

fn seals(sealer: &Sealer) -> Result<()> {
    let envelope = run(sealer.seal(b"x"))?;
    let header = Header::parse_prefix(&envelope, usize::MAX).expect("what a writer makes a reader takes");
    assert_eq!(header.reencoded().unwrap(), header.as_bytes());
    Ok(())
}

#[test]
fn the_writer_holds_contexts_to_their_caps() {
    let with = |pairs: Vec<(String, String)>| EncryptionContext::from_pairs(pairs);
    for pairs in [numbered(caps::CONTEXT_PAIRS), sized(caps::CONTEXT)] {
        seals(&sealer().recipient(kek("local://a")).context(with(pairs).unwrap())).unwrap();
    }
    for pairs in [numbered(caps::CONTEXT_PAIRS + 1), sized(caps::CONTEXT + 1)] {
        assert_eq!(with(pairs), Err(LimitFault::Context.into()));
    }
}

#[test]
fn the_writer_holds_labels_to_their_caps() {
    let with = |pairs: Vec<(String, String)>| {
        Labels::from_pairs(pairs.into_iter().map(|(key, value)| (key, LabelValue::Text(value))))
    };
    for pairs in [numbered(caps::LABEL_PAIRS), sized(caps::LABELS)] {
        let options = || MessageOptions {
            labels: with(pairs.clone()).unwrap(),
            ..MessageOptions::default()
        };
        let message = run(sealer().recipient(kek("local://a")).begin(options())).unwrap();
        assert!(Header::parse_prefix(message.header(), 1).is_ok());
        // The record mode of a ticket is a label too, and finds no room.
        let ticket = run(sealer()
            .recipient(kek("local://a"))
            .ticket(record::RecordMode::None)
            .begin(options()));
        assert_eq!(ticket.map(|_| ()).unwrap_err(), LimitFault::Labels.into());
    }
    for pairs in [numbered(caps::LABEL_PAIRS + 1), sized(caps::LABELS + 1)] {
        assert_eq!(with(pairs), Err(LimitFault::Labels.into()));
    }
}

#[test]
fn the_writer_holds_recipients_to_their_caps() {
    let with = |count: usize| (0..count).fold(sealer(), |sealer, at| sealer.recipient(kek(&format!("local://{at}"))));
    let refused = Err(PolicyFault::RecipientCount.into());
    assert_eq!(seals(&with(caps::RECIPIENTS_DEFAULT)), Ok(()));
    assert_eq!(seals(&with(caps::RECIPIENTS_DEFAULT + 1)), refused);
    assert_eq!(seals(&with(caps::RECIPIENTS_HARD).max_recipients(64)), Ok(()));
    assert_eq!(seals(&with(caps::RECIPIENTS_HARD + 1).max_recipients(65)), refused);

    let quorum = |members: usize| Recipient::quorum(2, (0..members).map(|at| kek(&format!("local://m{at}"))));
    let quorums = |count: usize| (0..count).fold(sealer(), |sealer, _| sealer.add(quorum(2)));
    assert_eq!(seals(&quorums(caps::QUORUMS)), Ok(()));
    assert_eq!(seals(&quorums(caps::QUORUMS + 1)), refused);
    assert_eq!(seals(&sealer().add(quorum(caps::QUORUM_MEMBERS))), Ok(()));
    let too_many = sealer().max_recipients(64).add(quorum(caps::QUORUM_MEMBERS + 1));
    assert_eq!(seals(&too_many), Err(CallerFault::Quorum.into()));
}

#[test]
fn the_writer_holds_names_to_their_caps() {
    let uri = |length: usize| sealer().recipient(kek(&"u".repeat(length)));
    assert_eq!(seals(&uri(caps::KEY_URI)), Ok(()));
    assert_eq!(seals(&uri(caps::KEY_URI + 1)), Err(CallerFault::KeyUri.into()));
    let named = |length: usize| sealer().recipient(kek("local://a")).key_name("n".repeat(length));
    assert_eq!(seals(&named(64)), Ok(()));
    assert_eq!(seals(&named(65)), Err(CallerFault::KeyName.into()));
    assert_eq!(seals(&named(0)), Err(CallerFault::KeyName.into()));
}

#[test]
fn the_writer_holds_the_header_to_its_cap() {
    let key = run(sealer().recipient(kek("local://a")).data_key()).unwrap();
    let with = |spare: usize| {
        let options = MessageOptions {
            reserve: Reserve::Spare(spare),
            ..MessageOptions::default()
        };
        key.begin(options).map(|message| message.header().len())
    };
    let bare = key.begin(MessageOptions {
        reserve: Reserve::None,
        ..MessageOptions::default()
    });
    let room = caps::HEADER - bare.unwrap().header().len();
    assert_eq!(with(room), Ok(caps::HEADER));
    assert_eq!(with(room + 1), Err(LimitFault::Header.into()));
    assert_eq!(with(usize::MAX), Err(LimitFault::Header.into()));
}
