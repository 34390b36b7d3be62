//! A grant: node keys, and the terms on which they are given (docs/akd.md 4). Sealed as a KS1 sealed secret and signed by
//! its issuer, which is not done here; all of what both sides check about the content is.

use super::bits::Bits;
use super::node::NodeKey;
use super::path::NodePath;
use super::schema::{Schema, TreeId};
use super::scope::Scope;
use super::usage::Usage;
use crate::caps;
use crate::cbor::{self, Reader, Writer};
use crate::crypto::CryptoBackend;
use crate::error::{AkdFault, FormatFault, Result};
use crate::memory::{Secret, SecretBytes};

/// Who gets what from whom, and until when. Times are seconds since 1970.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Terms {
    /// Names the grant: random.
    pub id: [u8; 16],
    /// Name of the issuer's signature key.
    pub issuer: String,
    /// Name of the grantee, for people.
    pub grantee: String,
    /// When it was issued.
    pub issued: u64,
    /// When an honest reader stops using it. What really ends it is the epoch.
    pub not_after: u64,
}

/// Node keys and their terms.
pub struct Grant {
    schema: Schema,
    terms: Terms,
    epochs: (u16, u16),
    closed: bool,
    nodes: Vec<NodeKey>,
}

impl Grant {
    /// Grants the nodes of `scope`, for each of `usages`, from keys at or above them: those of the issuer, or of a grant
    /// that the issuer has itself.
    ///
    /// # Errors
    /// [`AkdFault::AboveEpoch`] where the scope ends above the epoch, [`AkdFault::TooManyEpochs`] for an interval of more
    /// than 4096; [`AkdFault::TooManyNodes`] over 4096; [`AkdFault::NotGranted`] where no source leads to a node;
    /// [`AkdFault::Terms`].
    pub fn issue(
        backend: &CryptoBackend,
        schema: &Schema,
        sources: &[NodeKey],
        usages: &[Usage],
        scope: &Scope,
        terms: Terms,
    ) -> Result<Self> {
        terms.check()?;
        if scope.count(schema)?.saturating_mul(usages.len()) > caps::AKD_NODES {
            return Err(AkdFault::TooManyNodes.into());
        }
        let paths = scope.nodes(schema)?;
        let epochs = epochs_of(schema, &paths)?;
        let mut wanted: Vec<_> = usages
            .iter()
            .flat_map(|usage| paths.iter().map(move |path| (*usage, path)))
            .collect();
        wanted.sort_by_cached_key(|(usage, path)| order(*usage, path));
        wanted.dedup();
        let derive = |(usage, path): (Usage, &NodePath)| {
            let source = find(sources, schema, usage, path).ok_or(AkdFault::NotGranted)?;
            source.descend(backend, schema, path)
        };
        Ok(Self {
            schema: schema.clone(),
            terms,
            epochs,
            closed: scope.is_closed(),
            nodes: wanted.into_iter().map(derive).collect::<Result<_>>()?,
        })
    }

    /// The schema of its tree, as it was then.
    #[must_use]
    pub fn schema(&self) -> &Schema {
        &self.schema
    }

    /// Its terms.
    #[must_use]
    pub fn terms(&self) -> &Terms {
        &self.terms
    }

    /// The first and the last epoch that it reaches into.
    #[must_use]
    pub fn epochs(&self) -> (u16, u16) {
        self.epochs
    }

    /// Whether a wildcard in it stands for the values of its day only.
    #[must_use]
    pub fn is_closed(&self) -> bool {
        self.closed
    }

    /// Its node keys.
    #[must_use]
    pub fn nodes(&self) -> &[NodeKey] {
        &self.nodes
    }

    /// The usages that it has keys for.
    #[must_use]
    pub fn usages(&self) -> Vec<Usage> {
        let has = |usage: &Usage| self.nodes.iter().any(|node| node.usage() == *usage);
        Usage::ALL.into_iter().filter(has).collect()
    }

    /// The key of a node of `schema`, which may have further dimensions than that of the grant.
    ///
    /// # Errors
    /// [`AkdFault::NotGranted`]; [`AkdFault::OtherTree`] and [`AkdFault::SchemaChanged`].
    pub fn node(&self, backend: &CryptoBackend, schema: &Schema, usage: Usage, path: &NodePath) -> Result<NodeKey> {
        schema.check_reads(&self.schema)?;
        let source = find(&self.nodes, schema, usage, path).ok_or(AkdFault::NotGranted)?;
        source.descend(backend, schema, path)
    }

    /// Whether it may be used now.
    ///
    /// # Errors
    /// [`AkdFault::Expired`].
    pub fn check_time(&self, now: u64) -> Result<(), AkdFault> {
        match now > self.terms.not_after {
            true => Err(AkdFault::Expired),
            false => Ok(()),
        }
    }

    /// The content of the sealed secret.
    #[must_use]
    pub fn encode(&self) -> SecretBytes {
        let (mut public, mut places) = (Vec::new(), Vec::with_capacity(self.nodes.len()));
        self.write(&mut Writer(&mut public), |out| {
            out.bytes(&[0; KEY]);
            places.push(out.0.len() - KEY);
        });
        // No key passes through a buffer that grows: each goes straight to its place in the final one.
        let filled = SecretBytes::try_init_with::<std::convert::Infallible>(public.len(), |content| {
            content.copy_from_slice(&public);
            for (place, node) in places.iter().zip(&self.nodes) {
                content[*place..place + KEY].copy_from_slice(node.secret().expose());
            }
            Ok(())
        });
        match filled {
            Ok(content) => content,
            Err(never) => match never {},
        }
    }

    /// Reads what [`Grant::encode`] gives, and checks it as its issuer had to.
    ///
    /// # Errors
    /// [`crate::Error::Format`] for anything but the one encoding; the faults of [`Grant::issue`].
    pub fn decode(content: &[u8]) -> Result<Self> {
        cbor::validate(content, DEPTH)?;
        let (fields, dimensions) = Fields::read(content)?;
        let missing = FormatFault::MissingKey;
        let schema = Schema::new(TreeId(fields.tree.ok_or(missing)?), dimensions)?;
        let nodes = decode_nodes(fields.nodes.ok_or(missing)?, &schema)?;
        let terms = Terms {
            id: fields.id.ok_or(missing)?,
            issuer: fields.issuer.ok_or(missing)?,
            grantee: fields.grantee.ok_or(missing)?,
            issued: fields.issued.ok_or(missing)?,
            not_after: fields.not_after.ok_or(missing)?,
        };
        terms.check()?;
        let epochs = epochs_of(&schema, nodes.iter().map(NodeKey::path))?;
        if fields.epochs != Some(epochs) {
            return Err(AkdFault::Terms.into());
        }
        Ok(Self {
            schema,
            terms,
            epochs,
            closed: fields.closed,
            nodes,
        })
    }

    fn write(&self, out: &mut Writer<'_>, mut key: impl FnMut(&mut Writer<'_>)) {
        out.map(9 + usize::from(self.closed));
        out.uint(1);
        out.bytes(&self.schema.tree().0);
        out.uint(2);
        out.array(self.nodes.len());
        for node in &self.nodes {
            out.array(3);
            out.uint(node.usage().wire());
            node.path().encode(out);
            key(out);
        }
        out.uint(3);
        out.array(2);
        out.uint(self.epochs.0.into());
        out.uint(self.epochs.1.into());
        out.uint(4);
        out.uint(self.terms.not_after);
        out.uint(5);
        out.text(&self.terms.issuer);
        out.uint(6);
        self.schema.encode_dimensions(out);
        out.uint(7);
        out.bytes(&self.terms.id);
        out.uint(8);
        out.text(&self.terms.grantee);
        out.uint(9);
        out.uint(self.terms.issued);
        if self.closed {
            out.uint(10);
            out.uint(1);
        }
    }
}

impl Terms {
    fn check(&self) -> Result<(), AkdFault> {
        // White space at an end would make two names look like one.
        let is_line = |text: &str| {
            (1..=caps::AKD_VALUE).contains(&text.len()) && !text.contains(char::is_control) && text.trim() == text
        };
        match is_line(&self.issuer) && is_line(&self.grantee) && self.issued <= self.not_after {
            true => Ok(()),
            false => Err(AkdFault::Terms),
        }
    }
}

/// The first and the last epoch of these nodes, none of which may stand above the epoch: it would reach into every epoch
/// to come.
fn epochs_of<'a>(schema: &Schema, paths: impl IntoIterator<Item = &'a NodePath>) -> Result<(u16, u16), AkdFault> {
    let epochs = paths.into_iter().map(|path| path.epochs(schema));
    let epochs: Vec<Bits> = epochs.collect::<Option<_>>().ok_or(AkdFault::AboveEpoch)?;
    let first = epochs.iter().map(|bits| bits.first()).min().ok_or(AkdFault::NoValues)?;
    let last = epochs.iter().map(|bits| bits.last()).max().ok_or(AkdFault::NoValues)?;
    if last - first >= caps::GRANT_EPOCHS {
        return Err(AkdFault::TooManyEpochs);
    }
    let narrow = |epoch: u32| u16::try_from(epoch).expect("epochs have 16 bits");
    Ok((narrow(first), narrow(last)))
}

/// The first of `sources` that leads to `path`.
fn find<'a>(sources: &'a [NodeKey], schema: &Schema, usage: Usage, path: &NodePath) -> Option<&'a NodeKey> {
    sources
        .iter()
        .find(|node| node.usage() == usage && node.reaches(schema, path))
}

/// Nodes of a grant stand in the order of their encodings.
fn order(usage: Usage, path: &NodePath) -> Vec<u8> {
    cbor::encode(|out| {
        out.uint(usage.wire());
        path.encode(out);
    })
}

fn decode_nodes(mut reader: Reader<'_>, schema: &Schema) -> Result<Vec<NodeKey>> {
    let count = usize::try_from(reader.array()?).unwrap_or(usize::MAX);
    if count > caps::AKD_NODES {
        return Err(AkdFault::TooManyNodes.into());
    }
    let (mut nodes, mut before) = (Vec::with_capacity(count), Vec::new());
    for _ in 0..count {
        if reader.array()? != 3 {
            return Err(FormatFault::Length.into());
        }
        let usage = Usage::from_wire(reader.uint()?).ok_or(FormatFault::Value)?;
        let path = NodePath::decode(&mut reader, schema)?;
        let place = order(usage, &path);
        if place <= before {
            return Err(FormatFault::Value.into());
        }
        before = place;
        let key: &[u8; KEY] = reader.bytes()?.try_into().map_err(|_| FormatFault::Length)?;
        let key = Secret::init_with(|place| place.copy_from_slice(key));
        nodes.push(NodeKey::new(schema, usage, path, key));
    }
    Ok(nodes)
}

/// The fields of a content as they stand there. Nodes are read when the schema is known.
#[derive(Default)]
struct Fields<'a> {
    tree: Option<[u8; 16]>,
    nodes: Option<Reader<'a>>,
    epochs: Option<(u16, u16)>,
    not_after: Option<u64>,
    issuer: Option<String>,
    id: Option<[u8; 16]>,
    grantee: Option<String>,
    issued: Option<u64>,
    closed: bool,
}

impl<'a> Fields<'a> {
    fn read(content: &'a [u8]) -> Result<(Self, Vec<super::Dimension>)> {
        let (mut fields, mut dimensions) = (Self::default(), None);
        Reader::new(content).fields(|key, reader| {
            match key {
                1 => fields.tree = Some(reader.array_of()?),
                2 => {
                    fields.nodes = Some(reader.clone());
                    reader.raw(DEPTH)?;
                }
                3 if reader.array()? == 2 => fields.epochs = Some((reader.small()?, reader.small()?)),
                3 => return Err(FormatFault::Length.into()),
                4 => fields.not_after = Some(reader.uint()?),
                5 => fields.issuer = Some(reader.text()?.to_owned()),
                6 => dimensions = Some(Schema::decode_dimensions(reader)?),
                7 => fields.id = Some(reader.array_of()?),
                8 => fields.grantee = Some(reader.text()?.to_owned()),
                9 => fields.issued = Some(reader.uint()?),
                10 if reader.uint()? == 1 => fields.closed = true,
                10 => return Err(FormatFault::Value.into()),
                _ => return Err(FormatFault::UnknownKey.into()),
            }
            Ok(())
        })?;
        Ok((fields, dimensions.ok_or(FormatFault::MissingKey)?))
    }
}

/// Bytes of a node key.
const KEY: usize = 32;
/// Content, nodes, node, path, value.
const DEPTH: usize = 5;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Error;
    use crate::akd::{Dimension, Pick, Value};

    fn schema() -> Schema {
        let dimensions = [Dimension::text("dataset"), Dimension::epoch(), Dimension::path("class")];
        Schema::new(TreeId([0xa0; 16]), dimensions).unwrap()
    }

    fn terms() -> Terms {
        Terms {
            id: [7; 16],
            issuer: "keys.example/issuer/1".to_owned(),
            grantee: "analysts".to_owned(),
            issued: 1_000,
            not_after: 2_000,
        }
    }

    fn sources(backend: &CryptoBackend) -> Vec<NodeKey> {
        let root = Secret::init_with(|place| place.fill(1));
        [Usage::Aead, Usage::Ff1]
            .map(|usage| NodeKey::root(backend, &schema(), usage, &root))
            .into()
    }

    fn issue(epochs: Pick, classes: Option<Pick>, usages: &[Usage]) -> Result<Grant> {
        let backend = CryptoBackend::default();
        let picks = [("dataset", Pick::One(Value::text("orders"))), ("epoch", epochs)];
        let scope = schema().scope(picks.into_iter().chain(classes.map(|pick| ("class", pick))))?;
        Grant::issue(&backend, &schema(), &sources(&backend), usages, &scope, terms())
    }

    #[test]
    fn a_grant_reads_back_and_leads_where_it_did() {
        let backend = CryptoBackend::default();
        let classes = Pick::Every(vec![Value::path("eu/de"), Value::path("eu/fr")]);
        let grant = issue(Pick::Interval(3, 5), Some(classes), &[Usage::Ff1, Usage::Aead]).unwrap();
        assert_eq!(
            (grant.nodes().len(), grant.epochs(), grant.is_closed()),
            (12, (3, 5), true)
        );
        let content = grant.encode();
        let read = Grant::decode(content.expose()).unwrap();
        assert_eq!(read.terms(), grant.terms());
        assert_eq!(read.usages(), [Usage::Aead, Usage::Ff1]);
        assert!(read.encode().ct_eq(&content));
        let below = schema()
            .path([
                ("dataset", Value::text("orders")),
                ("epoch", Value::epoch(4)),
                ("class", Value::path("eu/de/by")),
            ])
            .unwrap();
        let from_root = sources(&backend)[0].descend(&backend, &schema(), &below).unwrap();
        let from_grant = read.node(&backend, &schema(), Usage::Aead, &below).unwrap();
        assert!(from_root.secret().ct_eq(from_grant.secret()));
        let refused = |usage, path| read.node(&backend, &schema(), usage, &path).err();
        assert_eq!(refused(Usage::Wrap, below), Some(AkdFault::NotGranted.into()));
        let other = schema()
            .path([("dataset", Value::text("orders")), ("epoch", Value::epoch(6))])
            .unwrap();
        assert_eq!(refused(Usage::Aead, other), Some(AkdFault::NotGranted.into()));
        assert_eq!(read.check_time(2_000), Ok(()));
        assert_eq!(read.check_time(2_001), Err(AkdFault::Expired));
    }

    #[test]
    fn no_grant_stands_above_the_epoch_or_lasts_for_ever() {
        let backend = CryptoBackend::default();
        let scope = schema().scope([("dataset", Pick::One(Value::text("orders")))]).unwrap();
        let above = Grant::issue(&backend, &schema(), &sources(&backend), &[Usage::Aead], &scope, terms());
        assert_eq!(above.err(), Some(AkdFault::AboveEpoch.into()));
        assert!(issue(Pick::Interval(1, caps::GRANT_EPOCHS), None, &[Usage::Aead]).is_ok());
        let long = issue(Pick::Interval(1, caps::GRANT_EPOCHS + 1), None, &[Usage::Aead]);
        assert_eq!(long.err(), Some(AkdFault::TooManyEpochs.into()));
        // The recipient checks it again: a content as a careless issuer would have made it.
        let mut careless = issue(Pick::One(Value::epoch(3)), None, &[Usage::Aead]).unwrap();
        let path = schema().path([("dataset", Value::text("orders"))]).unwrap();
        let node = sources(&backend)[0].descend(&backend, &schema(), &path).unwrap();
        careless.nodes = vec![node];
        let read = |grant: &Grant| Grant::decode(grant.encode().expose()).err();
        assert_eq!(read(&careless), Some(AkdFault::AboveEpoch.into()));
        careless = issue(Pick::Interval(3, 5), None, &[Usage::Aead]).unwrap();
        careless.epochs = (3, 4);
        assert_eq!(
            read(&careless),
            Some(AkdFault::Terms.into()),
            "keys for more than it says"
        );
        careless.nodes.clear();
        assert_eq!(read(&careless), Some(AkdFault::NoValues.into()));
    }

    #[test]
    fn what_was_granted_can_be_granted_on_and_no_more() {
        let backend = CryptoBackend::default();
        let grant = issue(Pick::Interval(3, 5), None, &[Usage::Ff1]).unwrap();
        let again = |epochs, usage| {
            let picks = [("dataset", Pick::One(Value::text("orders"))), ("epoch", epochs)];
            let scope = schema().scope(picks).unwrap();
            Grant::issue(&backend, &schema(), grant.nodes(), &[usage], &scope, terms())
        };
        assert!(again(Pick::One(Value::epoch(4)), Usage::Ff1).is_ok());
        for (epochs, usage) in [
            (Pick::One(Value::epoch(6)), Usage::Ff1),
            (Pick::One(Value::epoch(4)), Usage::Aead),
        ] {
            assert_eq!(again(epochs, usage).err(), Some(AkdFault::NotGranted.into()));
        }
    }

    #[test]
    fn the_usages_count_too() {
        let classes = |count: usize| Pick::Each((0..count).map(|class| Value::path(&format!("c{class}"))).collect());
        let epoch = || Pick::One(Value::epoch(1));
        assert!(issue(epoch(), Some(classes(2_048)), &[Usage::Aead, Usage::Ff1]).is_ok());
        let over = issue(epoch(), Some(classes(2_049)), &[Usage::Aead, Usage::Ff1]);
        assert_eq!(over.err(), Some(AkdFault::TooManyNodes.into()));
    }

    #[test]
    fn altered_contents_are_refused_or_say_something_else() {
        let grant = issue(Pick::Interval(3, 5), Some(Pick::One(Value::path("eu"))), &[Usage::Aead]).unwrap();
        let content = grant.encode();
        let content = content.expose();
        for at in 0..content.len() {
            assert!(Grant::decode(&content[..at]).is_err(), "cut at {at}");
            for bit in 0..8 {
                let mut changed = content.to_vec();
                changed[at] ^= 1 << bit;
                // Never the same grant from other bytes: what reads encodes to what was read.
                if let Ok(read) = Grant::decode(&changed) {
                    assert_eq!(read.encode().expose(), changed, "byte {at}");
                }
            }
        }
        let trailing = [content, &[0]].concat();
        assert_eq!(
            Grant::decode(&trailing).err(),
            Some(Error::Format(FormatFault::TrailingBytes))
        );
    }

    proptest::proptest! {
        #[test]
        fn any_bytes_are_judged_without_panic(bytes: Vec<u8>) {
            let _ = Grant::decode(&bytes);
            let _ = Schema::decode(&bytes);
        }
    }

    #[test]
    fn terms_are_lines_and_end_after_they_begin() {
        let backend = CryptoBackend::default();
        let scope = schema()
            .scope([
                ("dataset", Pick::One(Value::text("orders"))),
                ("epoch", Pick::Interval(1, 1)),
            ])
            .unwrap();
        let changes: [fn(&mut Terms); 5] = [
            |terms| terms.issuer = String::new(),
            |terms| terms.grantee = "two\nlines".to_owned(),
            |terms| terms.grantee = "g".repeat(257),
            |terms| terms.grantee = "analysts ".to_owned(),
            |terms| terms.not_after = 999,
        ];
        for change in changes {
            let mut terms = terms();
            change(&mut terms);
            let issued = Grant::issue(&backend, &schema(), &sources(&backend), &[Usage::Aead], &scope, terms);
            assert_eq!(issued.err(), Some(AkdFault::Terms.into()));
        }
    }
}
