//! Which node of the tree a cell belongs to: the attributes of the table, its epoch, the column, and behind it the class of
//! the row.

use kms_core::akd::{DimensionKind, NodePath, Schema, Value};

use crate::error::ViewError;
use crate::form::Form;
use crate::policy::Policy;

/// The place of a table's cells.
#[derive(Clone)]
pub(crate) struct Place {
    schema: Schema,
    /// Of the dimensions before the column.
    above: Vec<(String, Value)>,
    /// The kind of the class dimension, where rows have classes.
    class: Option<DimensionKind>,
}

impl Place {
    pub(crate) fn new(policy: &Policy, schema: &Schema, epoch: u16) -> Result<Self, ViewError> {
        let wrong = |what: &str| ViewError::Policy(what.to_owned());
        let dimensions = schema.dimensions();
        let column = dimensions.iter().position(|dimension| dimension.name == COLUMN);
        let column = column.filter(|at| dimensions[*at].kind == DimensionKind::Text);
        let column = column.ok_or_else(|| wrong("the schema needs a text dimension `column`"))?;
        let mut above = Vec::new();
        for dimension in &dimensions[..column] {
            let value = match (dimension.kind, policy.attributes.get(&dimension.name)) {
                (DimensionKind::Epoch, None) => Value::epoch(epoch),
                (DimensionKind::Epoch, Some(_)) => return Err(wrong("the epoch is no attribute of a policy")),
                (kind, Some(text)) => Value::parse(text, kind)?,
                (_, None) => return Err(wrong("`attributes` name every dimension before `column` but the epoch")),
            };
            above.push((dimension.name.clone(), value));
        }
        if above.len() != policy.attributes.len() + 1 {
            return Err(wrong(
                "`attributes` and the epoch are the dimensions before `column`, and no others",
            ));
        }
        let behind = dimensions.get(column + 1).filter(|dimension| dimension.name == CLASS);
        let class = match (&policy.class, behind) {
            (None, _) => None,
            (Some(_), Some(dimension)) => Some(dimension.kind),
            (Some(_), None) => return Err(wrong("rows have classes, so the schema needs `class` behind `column`")),
        };
        Ok(Self {
            schema: schema.clone(),
            above,
            class,
        })
    }

    /// The node of a whole column: the keys of its tokens.
    pub(crate) fn column(&self, column: &str) -> Result<NodePath, ViewError> {
        self.path(Value::text(column), None)
    }

    /// The node of a form in rows of `class`.
    pub(crate) fn cell(&self, form: Form, column: &str, class: Option<&str>) -> Result<NodePath, ViewError> {
        let class = match (self.class, class) {
            (None, _) => None,
            (Some(kind), class) => Some(Value::parse(class.unwrap_or_default(), kind)?),
        };
        self.path(Value::text(form.attribute(column)), class)
    }

    fn path(&self, column: Value, class: Option<Value>) -> Result<NodePath, ViewError> {
        let above = self.above.iter().map(|(name, value)| (name.as_str(), value.clone()));
        let below = [(COLUMN, column)].into_iter().chain(class.map(|class| (CLASS, class)));
        Ok(self.schema.path(above.chain(below))?)
    }
}

const COLUMN: &str = "column";
const CLASS: &str = "class";
