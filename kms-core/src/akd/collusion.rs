//! Whether grants together open more than each alone. On a tree small enough to list every node, an adversary with two
//! grants does everything that can be done with their keys: walks every edge from every key, as often as it likes, also
//! edges that lead nowhere, and takes every leaf.

use std::collections::{BTreeSet, HashMap};

use super::derive;
use super::path::Edge;
use super::value::EdgeValue;
use super::*;
use crate::crypto::CryptoBackend;
use crate::memory::Secret;

const USAGES: [Usage; 2] = [Usage::Aead, Usage::Ff1];

/// Two datasets, four epochs by their last two bits, two columns.
fn schema() -> Schema {
    let dimensions = [
        Dimension::text("dataset"),
        Dimension::epoch(),
        Dimension::text("column"),
        Dimension::new("class", DimensionKind::Range { bits: 2 }),
    ];
    Schema::new(TreeId([9; 16]), dimensions).unwrap()
}

const DATASETS: [&str; 2] = ["orders", "people"];
const COLUMNS: [&str; 2] = ["email", "phone"];
const EPOCHS: std::ops::Range<u16> = 0..4;

/// Every node at or below the epochs.
fn every_node() -> Vec<NodePath> {
    let schema = schema();
    let mut paths = Vec::new();
    for dataset in DATASETS {
        for epoch in EPOCHS {
            let above = [("dataset", Value::text(dataset)), ("epoch", Value::epoch(epoch))];
            paths.push(schema.path(above.clone()).unwrap());
            for column in COLUMNS {
                let above = above.clone().into_iter().chain([("column", Value::text(column))]);
                paths.push(schema.path(above.clone()).unwrap());
                let inner =
                    (1..=2).flat_map(|len| (0..1 << len).map(move |value| Bits::prefix(2, len, value).unwrap()));
                let below = inner.map(|bits| {
                    schema
                        .path(above.clone().chain([("class", Value::Bits(bits))]))
                        .unwrap()
                });
                paths.extend(below);
            }
        }
        let inner = Bits::prefix(16, 15, 1).unwrap();
        paths.push(
            schema
                .path([("dataset", Value::text(dataset)), ("epoch", Value::Bits(inner))])
                .unwrap(),
        );
    }
    paths
}

struct World {
    /// What every key of the tree, and every leaf, is the key of.
    names: HashMap<[u8; 32], (Usage, NodePath)>,
    /// What one step leads to from each of them: with every usage, at every depth, along every edge that the schema
    /// has, whether or not it belongs there. What is the key of nothing is left out.
    steps: HashMap<[u8; 32], Vec<[u8; 32]>>,
    nodes: Vec<(Usage, NodePath, [u8; 32])>,
}

impl World {
    fn new() -> Self {
        let (backend, schema) = (CryptoBackend::default(), schema());
        let root = Secret::init_with(|place| place.fill(3));
        let (mut names, mut nodes) = (HashMap::new(), Vec::new());
        for usage in USAGES {
            let top = NodeKey::root(&backend, &schema, usage, &root);
            for path in every_node() {
                let node = top.descend(&backend, &schema, &path).unwrap();
                let key = *node.secret().expose();
                assert!(
                    names.insert(key, (usage, path.clone())).is_none(),
                    "two nodes with one key"
                );
                let leaf = *node.leaf(&backend).secret().expose();
                assert!(
                    names.insert(leaf, (usage, path.clone())).is_none(),
                    "a leaf that is another key"
                );
                nodes.push((usage, path, key));
            }
        }
        let steps = names.keys().map(|key| (*key, steps(&backend, key, &names))).collect();
        Self { names, steps, nodes }
    }

    /// Everything that can be derived from these keys.
    fn derivable(&self, keys: &[[u8; 32]]) -> BTreeSet<(Usage, NodePath)> {
        let mut known = keys.to_vec();
        let mut at = 0;
        while at < known.len() {
            let next = self.steps[&known[at]].iter().filter(|key| !known.contains(key));
            let next: Vec<_> = next.copied().collect();
            known.extend(next);
            at += 1;
        }
        known.iter().map(|key| self.names[key].clone()).collect()
    }
}

fn steps(backend: &CryptoBackend, key: &[u8; 32], names: &HashMap<[u8; 32], (Usage, NodePath)>) -> Vec<[u8; 32]> {
    let (tree, edges) = (schema().tree(), every_edge());
    let key = Secret::init_with(|place| *place = *key);
    let mut found = Vec::new();
    for usage in USAGES {
        for depth in 0..=20 {
            let below = edges
                .iter()
                .map(|edge| derive::walk(backend, &key, tree, usage, depth, &[*edge]));
            let leaf = derive::leaf(backend, &key, tree, usage, depth);
            let derived = below.chain([leaf]).map(|derived| *derived.expose());
            found.extend(derived.filter(|derived| names.contains_key(derived)));
        }
    }
    found
}

fn every_edge() -> Vec<Edge<'static>> {
    let texts = DATASETS.into_iter().map(|value| ("dataset", value));
    let texts = texts.chain(COLUMNS.into_iter().map(|value| ("column", value)));
    let bits = ["epoch", "class"]
        .into_iter()
        .flat_map(|dimension| [0, 1].map(|bit| (dimension, bit)));
    let texts = texts.map(|(dimension, value)| Edge {
        dimension,
        value: EdgeValue::Text(value),
    });
    let bits = bits.map(|(dimension, bit)| Edge {
        dimension,
        value: EdgeValue::Number(bit),
    });
    texts.chain(bits).collect()
}

/// What one grant gives is its subtree, and what two give is the union of both. Every step takes one key, so nothing else
/// could be; that no step leads out of a subtree is what is shown here, for every pair of nodes.
#[test]
fn two_grants_open_what_each_opened_and_nothing_else() {
    let world = World::new();
    assert_eq!(world.nodes.len(), 244);
    let below = |grant: &(Usage, NodePath, [u8; 32])| -> BTreeSet<_> {
        let below = world
            .nodes
            .iter()
            .filter(|node| node.0 == grant.0 && grant.1.reaches(&node.1));
        below.map(|node| (node.0, node.1.clone())).collect()
    };
    let alone: Vec<_> = world.nodes.iter().map(below).collect();
    for (at, one) in world.nodes.iter().enumerate() {
        assert_eq!(world.derivable(&[one.2]), alone[at]);
        for (other_at, other) in world.nodes.iter().enumerate().skip(at + 1) {
            let together = world.derivable(&[one.2, other.2]);
            assert!(
                together
                    .iter()
                    .all(|node| alone[at].contains(node) || alone[other_at].contains(node))
            );
            assert_eq!(together.len(), alone[at].union(&alone[other_at]).count());
        }
    }
}

/// The mixture that keys for each dimension would allow: (orders, email) and (people, phone) give no (orders, phone).
#[test]
fn dimensions_do_not_mix() {
    let (world, schema) = (World::new(), schema());
    let key = |dataset, column| {
        let values = [
            ("dataset", Value::text(dataset)),
            ("epoch", Value::epoch(1)),
            ("column", Value::text(column)),
        ];
        let path = schema.path(values).unwrap();
        let found = world
            .nodes
            .iter()
            .find(|node| node.0 == Usage::Aead && node.1 == path)
            .unwrap();
        (found.2, (found.0, found.1.clone()))
    };
    let derivable = world.derivable(&[key("orders", "email").0, key("people", "phone").0]);
    assert!(derivable.contains(&key("orders", "email").1));
    assert!(!derivable.contains(&key("orders", "phone").1));
    assert!(!derivable.contains(&key("people", "email").1));
}

/// Who was granted epochs up to some day has no key of the next one, and who joins later has none of the past.
#[test]
fn what_ends_with_an_epoch_ends_there() {
    let (backend, schema) = (CryptoBackend::default(), schema());
    let root = Secret::init_with(|place| place.fill(3));
    let sources = USAGES.map(|usage| NodeKey::root(&backend, &schema, usage, &root));
    let grant = |epochs| {
        let picks = [("dataset", Pick::One(Value::text("orders"))), ("epoch", epochs)];
        let scope = schema.scope(picks).unwrap();
        let terms = Terms {
            id: [1; 16],
            issuer: "i".to_owned(),
            grantee: "g".to_owned(),
            issued: 0,
            not_after: 1,
        };
        Grant::issue(&backend, &schema, &sources, &USAGES, &scope, terms).unwrap()
    };
    let (revoked, remaining) = (grant(Pick::Interval(3, 17)), grant(Pick::Interval(3, 18)));
    let joined = grant(Pick::One(Value::epoch(18)));
    for epoch in 0..=40 {
        let cell = schema.path([
            ("dataset", Value::text("orders")),
            ("epoch", Value::epoch(epoch)),
            ("column", Value::text("email")),
        ]);
        let cell = cell.unwrap();
        for usage in USAGES {
            let opens = |grant: &Grant| grant.node(&backend, &schema, usage, &cell).is_ok();
            assert_eq!(opens(&revoked), (3..=17).contains(&epoch), "{epoch}");
            assert_eq!(opens(&remaining), (3..=18).contains(&epoch), "{epoch}");
            assert_eq!(opens(&joined), epoch == 18, "{epoch}");
        }
    }
}
