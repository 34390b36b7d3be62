//! The vectors of docs/akd.md, which tests/oracle computes on its own.

use std::sync::Arc;

use futures::executor::block_on;

use super::*;
use crate::crypto::CryptoBackend;
use crate::error::AkdFault;
use crate::memory::Secret;
use crate::test_data::backends;
use crate::{HpkeKek, Keyring, Opener, Sealer};

fn sequence<const N: usize>(first: u8) -> [u8; N] {
    std::array::from_fn(|at| first + u8::try_from(at).unwrap())
}

fn schema() -> Schema {
    let dimensions = [
        Dimension::text("dataset"),
        Dimension::epoch(),
        Dimension::text("column"),
        Dimension::path("class"),
        Dimension::new("shard", DimensionKind::Number),
        Dimension::new("customer", DimensionKind::Range { bits: 20 }),
    ];
    Schema::new(TreeId(sequence(0xa0)), dimensions).unwrap()
}

fn path(depth: usize) -> NodePath {
    let values = [
        ("dataset", Value::text("orders")),
        ("epoch", Value::epoch(3)),
        ("column", Value::text("email")),
        ("class", Value::path("eu/größe")),
        ("shard", Value::Number(300)),
        ("customer", Value::Bits(Bits::prefix(20, 5, 19).unwrap())),
    ];
    schema().path(values.into_iter().take(depth)).unwrap()
}

fn hex(bytes: &[u8]) -> String {
    data_encoding::HEXLOWER.encode(bytes)
}

fn node(backend: &CryptoBackend, usage: Usage, depth: usize) -> NodeKey {
    let root = Secret::init_with(|place| *place = sequence(0));
    let root = NodeKey::root(backend, &schema(), usage, &root);
    root.descend(backend, &schema(), &path(depth)).unwrap()
}

/// A line of the vector block of docs/akd.md.
fn printed(name: &str) -> String {
    let block = PAGE.split("```vectors\n").nth(1).unwrap().split("```").next().unwrap();
    let mut lines = block
        .lines()
        .skip_while(|line| !line.starts_with(&format!("{name} = ")));
    let first = lines.next().unwrap_or_else(|| panic!("{name} is not printed"));
    let rest = lines.take_while(|line| line.starts_with(' ')).map(str::trim);
    first.split(" = ").skip(1).chain(rest).collect()
}

#[test]
fn the_schema_of_the_page() {
    let schema = schema();
    assert_eq!(hex(&schema.encode()), printed("schema"));
    assert_eq!(hex(&schema.id(&CryptoBackend::default())), printed("schema id"));
}

#[test]
fn nodes_and_leaves_of_the_page() {
    let mut seen = 0;
    for backend in backends() {
        for usage in Usage::ALL {
            for depth in 0..=6 {
                let name = format!("{} {depth}", usage.name());
                if !PAGE.contains(&format!("\n{name} = ")) {
                    continue;
                }
                let node = node(&backend, usage, depth);
                assert_eq!(hex(node.secret().expose()), printed(&name), "{name}");
                assert_eq!(
                    hex(node.leaf(&backend).secret().expose()),
                    printed(&format!("{name} leaf"))
                );
                seen += 1;
            }
        }
    }
    assert_eq!(seen, 2 * 14, "nodes of the page");
}

#[test]
fn the_grant_of_the_page() {
    let (backend, schema) = (CryptoBackend::default(), schema());
    let sources = [node(&backend, Usage::Aead, 0), node(&backend, Usage::Ff1, 0)];
    let scope = schema.scope([
        ("dataset", Pick::One(Value::text("orders"))),
        ("epoch", Pick::Interval(3, 5)),
    ]);
    let terms = Terms {
        id: sequence(0x10),
        issuer: "keys.example/issuer/1".to_owned(),
        grantee: "analysts".to_owned(),
        issued: 1_766_620_800,
        not_after: 1_798_761_600,
    };
    let usages = [Usage::Ff1, Usage::Aead];
    let grant = Grant::issue(&backend, &schema, &sources, &usages, &scope.unwrap(), terms).unwrap();
    assert_eq!(hex(grant.encode().expose()), printed("grant"));
    let read = Grant::decode(grant.encode().expose()).unwrap();
    let below = read.node(&backend, &schema, Usage::Aead, &path(6)).unwrap();
    assert_eq!(hex(below.secret().expose()), printed("aead 6"));
}

#[test]
fn every_way_down_leads_to_the_same_key() {
    let backend = CryptoBackend::default();
    for usage in Usage::ALL {
        let direct = node(&backend, usage, 6);
        for stop in 0..6 {
            let halfway = node(&backend, usage, stop);
            let key = halfway.descend(&backend, &schema(), &path(6)).unwrap();
            assert!(key.secret().ct_eq(direct.secret()), "by way of {stop}");
        }
    }
}

/// Anyone seals to the public key of a node; whoever has a key at or above it opens.
#[test]
fn producers_seal_to_attributes_and_grantees_open() {
    for backend in backends() {
        let at_epoch = node(&backend, Usage::XWingSeed, 2).leaf(&backend);
        let pair = key_pair(&backend, &at_epoch).unwrap();
        let public = block_on(pair.public_key()).unwrap();
        let digest = backend.hash.digest(&[public.bytes()]);
        assert_eq!(hex(&digest), printed("xwing public SHA-512"));
        let producer = HpkeKek::public(backend.clone(), public);
        let sealed = block_on(Sealer::new(backend.clone()).recipient(Arc::new(producer)).seal(b"row")).unwrap();
        let opener = Opener::new(backend.clone(), Keyring::new().with(Arc::new(pair)));
        assert_eq!(block_on(opener.open(&sealed)).unwrap(), b"row");
        let other = node(&backend, Usage::Aead, 2).leaf(&backend);
        assert_eq!(key_pair(&backend, &other).err(), Some(AkdFault::Usage.into()));
    }
}

/// The path that the steps from the root make is the same question as the values: asked of pairs of every depth.
#[test]
fn a_node_reaches_what_its_edges_lead_to() {
    let schema = schema();
    let mut paths: Vec<_> = (0..=6).map(path).collect();
    let to_class = |class: &str| {
        let above = [
            ("dataset", Value::text("orders")),
            ("epoch", Value::epoch(3)),
            ("column", Value::text("email")),
        ];
        schema
            .path(above.into_iter().chain([("class", Value::path(class))]))
            .unwrap()
    };
    paths.extend(["eu", "eu/größe/de", "eu/x", "e"].map(to_class));
    let to_epochs = |len, value| {
        let bits = Value::Bits(Bits::prefix(16, len, value).unwrap());
        schema
            .path([("dataset", Value::text("orders")), ("epoch", bits)])
            .unwrap()
    };
    paths.extend([to_epochs(15, 1), to_epochs(14, 0), to_epochs(1, 1), to_epochs(16, 2)]);
    let mut reached = 0;
    for above in &paths {
        for below in &paths {
            let by_edges = below.edges(&schema).starts_with(&above.edges(&schema));
            assert_eq!(
                above.reaches(below),
                by_edges,
                "{} {}",
                above.display(&schema),
                below.display(&schema)
            );
            reached += usize::from(by_edges);
        }
    }
    assert!(reached > paths.len());
}

const PAGE: &str = include_str!("../../../docs/akd.md");
