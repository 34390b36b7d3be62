//! States of keys and versions, kept in a data object of the token beside the key.
//!
//! Keys whose versions are all in use have none. PKCS #11 knows no disabled key: the states bind who uses the token by
//! Keystrand, and the token's own users and rights everybody else.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

use cryptoki::object::{Attribute, AttributeType, ObjectClass, ObjectHandle};
use kms_core::KekFault;

use super::attributes;
use super::fault::Fault;
use super::seat::At;
use crate::keyset::State;

/// What is on record of a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Record {
    /// Counts changes: where two were written, the later one holds.
    revision: u64,
    pub(super) key: State,
    /// Of the versions that are not simply in use.
    pub(super) versions: BTreeMap<String, State>,
}

impl Default for Record {
    fn default() -> Self {
        Self {
            revision: 0,
            key: State::Enabled,
            versions: BTreeMap::new(),
        }
    }
}

impl Record {
    pub(super) fn version(&self, name: &str) -> State {
        self.versions.get(name).copied().unwrap_or(State::Enabled)
    }

    pub(super) fn set(&mut self, name: &str, state: State) {
        match state {
            State::Enabled => drop(self.versions.remove(name)),
            other => drop(self.versions.insert(name.to_owned(), other)),
        }
    }

    /// The record of the key `name`; that of a key without one is empty.
    pub(super) fn read(at: &At<'_>, name: &[u8]) -> Result<Self, Fault> {
        if !at.place.profile.traits().keeps_data {
            return Ok(Self::default());
        }
        let mut latest = Self::default();
        for object in find(at, name)? {
            let value = attributes::bytes(at.session, object, AttributeType::Value, LENGTH)?;
            let record = value.as_ref().and_then(|value| Self::parse(value));
            let record = record.ok_or_else(|| Fault::new(KekFault::Corrupt))?;
            if record.revision >= latest.revision {
                latest = record;
            }
        }
        Ok(latest)
    }

    /// The names of all keys that have a record.
    pub(super) fn labels(at: &At<'_>) -> Result<BTreeSet<Vec<u8>>, Fault> {
        if !at.place.profile.traits().keeps_data {
            return Ok(BTreeSet::new());
        }
        let template = [
            Attribute::Class(ObjectClass::DATA),
            Attribute::Token(true),
            Attribute::Application(APPLICATION.into()),
        ];
        let mut labels = BTreeSet::new();
        for object in attributes::find(at.session, &template)? {
            let label = attributes::bytes(at.session, object, AttributeType::Label, LABEL)?;
            labels.extend(label.map(|label| label.to_vec()));
        }
        Ok(labels)
    }

    /// Writes the record anew, then takes the earlier ones away: a crash between leaves two, of which the later holds.
    pub(super) fn write(&mut self, at: &At<'_>, name: &[u8]) -> Result<(), Fault> {
        if !at.place.profile.traits().keeps_data {
            return Err(Fault::new(KekFault::Unsupported));
        }
        let earlier = find(at, name)?;
        self.revision += 1;
        at.session.create_object(&[
            Attribute::Class(ObjectClass::DATA),
            Attribute::Token(true),
            Attribute::Private(true),
            Attribute::Application(APPLICATION.into()),
            Attribute::Label(name.to_vec()),
            Attribute::Value(self.text().into_bytes()),
        ])?;
        for object in earlier {
            at.session.destroy_object(object)?;
        }
        Ok(())
    }

    fn text(&self) -> String {
        let mut text = format!("{HEAD} {}\nkey {}\n", self.revision, word(self.key));
        for (name, state) in &self.versions {
            // Writing to a String does not fail.
            let _ = writeln!(text, "version {name} {}", word(*state));
        }
        text
    }

    fn parse(bytes: &[u8]) -> Option<Self> {
        let mut lines = std::str::from_utf8(bytes).ok()?.lines();
        let revision = lines.next()?.strip_prefix(HEAD)?.trim_start().parse().ok()?;
        let key = state(lines.next()?.strip_prefix("key ")?)?;
        let mut versions = BTreeMap::new();
        for line in lines {
            let (name, of) = line.strip_prefix("version ")?.split_once(' ')?;
            versions.insert(name.to_owned(), state(of)?);
        }
        Some(Self {
            revision,
            key,
            versions,
        })
    }
}

fn find(at: &At<'_>, name: &[u8]) -> Result<Vec<ObjectHandle>, Fault> {
    attributes::find(
        at.session,
        &[
            Attribute::Class(ObjectClass::DATA),
            Attribute::Token(true),
            Attribute::Application(APPLICATION.into()),
            Attribute::Label(name.to_vec()),
        ],
    )
}

fn word(state: State) -> String {
    match state {
        State::Enabled => "enabled".into(),
        State::Disabled => "disabled".into(),
        State::PendingDestruction { due } => format!("destroy {due}"),
        State::Destroyed => "destroyed".into(),
    }
}

fn state(word: &str) -> Option<State> {
    Some(match word {
        "enabled" => State::Enabled,
        "disabled" => State::Disabled,
        "destroyed" => State::Destroyed,
        _ => State::PendingDestruction {
            due: word.strip_prefix("destroy ")?.parse().ok()?,
        },
    })
}

const APPLICATION: &str = "keystrand";
const HEAD: &str = "keystrand 1";
const LABEL: usize = 256;
const LENGTH: usize = 1 << 16;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_is_read_as_it_was_written() {
        let mut record = Record {
            revision: 7,
            key: State::PendingDestruction { due: 1_800_000_000 },
            ..Record::default()
        };
        record.set("1-00000001", State::Destroyed);
        record.set("2-00000002", State::Disabled);
        record.set("3-00000003", State::Enabled);
        assert_eq!(Record::parse(record.text().as_bytes()), Some(record));
        for damaged in [
            "",
            "keystrand 2 1\nkey enabled\n",
            "keystrand 1 1\n",
            "keystrand 1 1\nkey on\n",
        ] {
            assert_eq!(Record::parse(damaged.as_bytes()), None, "{damaged:?}");
        }
    }
}
