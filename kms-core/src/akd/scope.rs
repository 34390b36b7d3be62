//! Which nodes a grant is to have. They are counted before the first of them is made.

use super::bits::Bits;
use super::path::NodePath;
use super::schema::{Dimension, DimensionKind, Schema};
use super::value::Value;
use crate::caps;
use crate::error::{AkdFault, Result};

/// What is chosen in one dimension.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Pick {
    /// One value.
    One(Value),
    /// Each of these values.
    Each(Vec<Value>),
    /// A wildcard: every value that there is today. Values that are added later are not in it, and a grant of it says so.
    Every(Vec<Value>),
    /// All numbers from the first to the last: of an epoch or a range.
    Interval(u32, u32),
}

/// A choice in each dimension down to some depth; everything below is in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scope(Vec<Pick>);

impl Scope {
    pub(super) fn new(schema: &Schema, picks: Vec<Pick>) -> Result<Self> {
        for (dimension, pick) in schema.dimensions().iter().zip(&picks) {
            pick.check(dimension)?;
        }
        Ok(Self(picks))
    }

    /// Whether a wildcard in it stands for the values of today only.
    #[must_use]
    pub fn is_closed(&self) -> bool {
        self.0.iter().any(|pick| matches!(pick, Pick::Every(_)))
    }

    /// How many nodes it has.
    ///
    /// # Errors
    /// [`AkdFault::TooManyNodes`] over 4096.
    pub fn count(&self, schema: &Schema) -> Result<usize> {
        let counts = self
            .in_dimensions(schema)
            .map(|(dimension, pick, last)| pick.count(dimension, last));
        let total = counts.fold(1, u64::saturating_mul);
        match usize::try_from(total) {
            Ok(total) if total <= caps::AKD_NODES => Ok(total),
            _ => Err(AkdFault::TooManyNodes.into()),
        }
    }

    /// Its nodes: an interval in the last dimension is covered by few, one before others is each of its numbers.
    ///
    /// # Errors
    /// [`AkdFault::TooManyNodes`] over 4096, before any is made.
    pub fn nodes(&self, schema: &Schema) -> Result<Vec<NodePath>> {
        let mut paths = Vec::with_capacity(self.count(schema)?);
        paths.push(Vec::new());
        for (dimension, pick, last) in self.in_dimensions(schema) {
            let values = pick.values(dimension, last);
            let below = |path: &Vec<Value>| -> Vec<Vec<Value>> {
                let extended = values
                    .iter()
                    .map(|value| [path.as_slice(), std::slice::from_ref(value)].concat());
                extended.collect()
            };
            paths = paths.iter().flat_map(below).collect();
        }
        paths.into_iter().map(|values| NodePath::new(schema, values)).collect()
    }

    fn in_dimensions<'a>(&'a self, schema: &'a Schema) -> impl Iterator<Item = (&'a Dimension, &'a Pick, bool)> {
        let picks = schema.dimensions().iter().zip(&self.0).enumerate();
        picks.map(|(at, (dimension, pick))| (dimension, pick, at + 1 == self.0.len()))
    }
}

impl Pick {
    fn check(&self, dimension: &Dimension) -> Result<(), AkdFault> {
        match self {
            Self::One(value) => value.check(dimension.kind),
            Self::Each(values) | Self::Every(values) => {
                if values.is_empty() {
                    return Err(AkdFault::NoValues);
                }
                let repeated = |(at, value): (usize, &Value)| values[..at].iter().any(|earlier| earlier.reaches(value));
                // Counted before they are compared with each other.
                if values.len() <= caps::AKD_NODES && values.iter().enumerate().any(repeated) {
                    return Err(AkdFault::Repeated);
                }
                values.iter().try_for_each(|value| value.check(dimension.kind))
            }
            Self::Interval(from, to) => match width(dimension.kind).and_then(|width| Bits::cover(width, *from, *to)) {
                Some(_) => Ok(()),
                None => Err(AkdFault::Interval),
            },
        }
    }

    fn count(&self, dimension: &Dimension, is_last: bool) -> u64 {
        match self {
            Self::One(_) => 1,
            Self::Each(values) | Self::Every(values) => values.len() as u64,
            Self::Interval(..) if is_last => self.values(dimension, is_last).len() as u64,
            Self::Interval(from, to) => u64::from(to - from) + 1,
        }
    }

    fn values(&self, dimension: &Dimension, is_last: bool) -> Vec<Value> {
        match self {
            Self::One(value) => vec![value.clone()],
            Self::Each(values) | Self::Every(values) => values.clone(),
            Self::Interval(from, to) => {
                let width = width(dimension.kind).expect("checked when the scope was made");
                let bits = match is_last {
                    true => Bits::cover(width, *from, *to),
                    false => (*from..=*to).map(|number| Bits::exact(width, number)).collect(),
                };
                let bits = bits.expect("checked when the scope was made");
                bits.into_iter().map(Value::Bits).collect()
            }
        }
    }
}

fn width(kind: DimensionKind) -> Option<u8> {
    kind.bits()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::akd::TreeId;

    fn schema() -> Schema {
        let dimensions = [
            Dimension::text("dataset"),
            Dimension::epoch(),
            Dimension::text("column"),
        ];
        Schema::new(TreeId([1; 16]), dimensions).unwrap()
    }

    fn columns(count: usize) -> Vec<Value> {
        (0..count).map(|number| Value::text(format!("c{number}"))).collect()
    }

    fn scope(epochs: Pick, columns: Option<Pick>) -> Result<Scope> {
        let picks = [("dataset", Pick::One(Value::text("orders"))), ("epoch", epochs)];
        schema().scope(picks.into_iter().chain(columns.map(|pick| ("column", pick))))
    }

    #[test]
    fn an_interval_is_covered_below_which_all_is_granted_and_enumerated_otherwise() {
        let schema = schema();
        let all = scope(Pick::Interval(3, 17), None).unwrap();
        assert_eq!(all.nodes(&schema).unwrap().len(), 4);
        let some = scope(Pick::Interval(3, 17), Some(Pick::Each(columns(2)))).unwrap();
        assert_eq!(some.nodes(&schema).unwrap().len(), 30);
        assert!(!some.is_closed());
        let every = scope(Pick::Interval(3, 17), Some(Pick::Every(columns(2)))).unwrap();
        assert!(every.is_closed());
        assert_eq!(every.nodes(&schema), some.nodes(&schema));
    }

    #[test]
    fn nodes_are_counted_before_they_are_made() {
        let schema = schema();
        let of = |epochs: u32, names| scope(Pick::Interval(1, epochs), Some(Pick::Each(columns(names)))).unwrap();
        assert_eq!(of(64, 64).nodes(&schema).unwrap().len(), caps::AKD_NODES);
        let over = Err(AkdFault::TooManyNodes.into());
        assert_eq!(of(4097, 1).count(&schema), over);
        assert_eq!(of(65_535, 1_000).nodes(&schema).map(|nodes| nodes.len()), over);
    }

    #[test]
    fn what_is_no_choice_is_refused() {
        let fault = |epochs, columns| scope(epochs, columns).unwrap_err();
        assert_eq!(fault(Pick::Interval(4, 3), None), AkdFault::Interval.into());
        assert_eq!(fault(Pick::Interval(0, 65_536), None), AkdFault::Interval.into());
        let epoch = || Pick::One(Value::epoch(1));
        assert_eq!(fault(epoch(), Some(Pick::Interval(0, 1))), AkdFault::Interval.into());
        assert_eq!(fault(epoch(), Some(Pick::Each(Vec::new()))), AkdFault::NoValues.into());
        let twice = [columns(1), columns(1)].concat();
        assert_eq!(fault(epoch(), Some(Pick::Each(twice))), AkdFault::Repeated.into());
        assert_eq!(
            fault(epoch(), Some(Pick::One(Value::Number(1)))),
            AkdFault::ValueKind.into()
        );
    }
}
