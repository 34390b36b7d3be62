//! What each role sees, as its owner writes it:
//!
//! ```toml
//! table = "orders"                      # enters every token
//! schema = "orders.toml"                # the schema file of the keys, beside the policy
//! attributes = { dataset = "orders" }   # of all rows
//! class = "region"                      # the column that says which class a row is of
//!
//! [column.email]
//! template = "email"                    # tokens keep this format
//! mask = "*"                            # and masks cover it
//!
//! [role.support]
//! email = { eu = "clear", default = "token" }
//! ```
//!
//! Columns that are not listed stay as they are, for every role. A listed column that a role does not name is hidden.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use kms_core::fpe::Template;
use serde::Deserialize;

use crate::error::ViewError;
use crate::form::{Form, Seen};

/// What each role sees.
#[derive(Debug)]
pub struct Policy {
    /// Names the table in every token.
    pub table: String,
    /// The schema file.
    pub schema: PathBuf,
    /// Attributes that all rows share.
    pub attributes: BTreeMap<String, String>,
    /// The column that says which class a row is of.
    pub class: Option<String>,
    /// Protected columns.
    pub columns: BTreeMap<String, ColumnPolicy>,
    roles: BTreeMap<String, BTreeMap<String, ByClass>>,
}

/// How a column is protected.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ColumnPolicy {
    /// The template's text, where there is one.
    pub template: Option<String>,
    /// Whether its tokens stand in the sealed table; without them a role without keys sees nothing.
    pub token: bool,
    /// What covers a masked value.
    pub mask: Option<char>,
    /// The text of the template that says what is covered, where it is not that of the tokens.
    pub mask_template: Option<String>,
    /// Whether deterministic tokens stand in the sealed table.
    pub deterministic: bool,
}

/// What one role sees.
#[derive(Debug, Clone)]
pub struct RoleView<'p> {
    policy: &'p Policy,
    role: &'p BTreeMap<String, ByClass>,
}

/// What is seen of a column, by class of rows.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(untagged)]
enum ByClass {
    All(Seen),
    Classes(BTreeMap<String, Seen>),
}

impl Policy {
    /// Reads a policy; its schema file stands beside `folder`.
    ///
    /// # Errors
    /// [`ViewError::Policy`], [`ViewError::Template`].
    pub fn parse(text: &str, folder: &Path) -> Result<Self, ViewError> {
        let wire: Wire = toml::from_str(text).map_err(|error| ViewError::Policy(error.message().to_owned()))?;
        let columns = wire
            .column
            .into_iter()
            .map(|(name, column)| Ok((name.clone(), column.checked(&name)?)));
        let policy = Self {
            table: wire.table,
            schema: folder.join(wire.schema),
            attributes: wire.attributes,
            class: wire.class,
            columns: columns.collect::<Result<_, ViewError>>()?,
            roles: wire.role,
        };
        policy.check_roles()?;
        Ok(policy)
    }

    /// What `role` sees.
    ///
    /// # Errors
    /// [`ViewError::Role`].
    pub fn role(&self, role: &str) -> Result<RoleView<'_>, ViewError> {
        let found = self.roles.get(role);
        let role = found.ok_or_else(|| ViewError::Role(role.to_owned()))?;
        Ok(RoleView { policy: self, role })
    }

    /// Every form that a role may see must be one that the column has, or the role would see less than was meant.
    fn check_roles(&self) -> Result<(), ViewError> {
        if self
            .class
            .as_ref()
            .is_some_and(|class| self.columns.contains_key(class))
        {
            return Err(ViewError::Policy(
                "the column of the class is read by everyone; it cannot be protected".to_owned(),
            ));
        }
        for (role, columns) in &self.roles {
            for (name, by_class) in columns {
                let wrong = |what: &str| ViewError::Policy(format!("role `{role}`, column `{name}`: {what}"));
                let column = self
                    .columns
                    .get(name)
                    .ok_or_else(|| wrong("the column is not listed in [column]"))?;
                for seen in by_class.seen() {
                    match seen {
                        Seen::Token if !column.token => {
                            return Err(wrong("tokens need `template`, and `token` not false"));
                        }
                        Seen::Masked if column.mask.is_none() => return Err(wrong("masks need `template` and `mask`")),
                        Seen::Deterministic if !column.deterministic => {
                            return Err(wrong("say `deterministic = true`"));
                        }
                        _ => {}
                    }
                }
                if matches!(by_class, ByClass::Classes(_)) && self.class.is_none() {
                    return Err(wrong("a view by class needs `class`, the column that says it"));
                }
            }
        }
        Ok(())
    }
}

impl ColumnPolicy {
    /// The template.
    ///
    /// # Errors
    /// [`ViewError::Template`].
    pub fn template(&self, column: &str) -> Result<Option<Template>, ViewError> {
        parse(column, self.template.as_deref())
    }

    /// What is covered of a masked value, and by what.
    ///
    /// # Errors
    /// [`ViewError::Template`].
    pub fn mask(&self, column: &str) -> Result<Option<(Template, char)>, ViewError> {
        let template = self.mask_template.as_deref().or(self.template.as_deref());
        Ok(parse(column, template)?.zip(self.mask))
    }

    /// The forms that a sealed table has beside the token.
    pub fn forms(&self) -> impl Iterator<Item = Form> {
        let has = |form: &Form| match form {
            Form::Sealed => true,
            Form::Masked => self.mask.is_some(),
            Form::Deterministic => self.deterministic,
        };
        Form::ALL.into_iter().filter(has)
    }
}

fn parse(column: &str, template: Option<&str>) -> Result<Option<Template>, ViewError> {
    let parsed = template.map(str::parse).transpose();
    parsed.map_err(|fault| ViewError::Template {
        column: column.to_owned(),
        fault,
    })
}

impl RoleView<'_> {
    /// What is seen of `column` in rows of `class`: by the longest part of the class, from its left, that the policy
    /// names. `None` for a column that is not protected.
    #[must_use]
    pub fn seen(&self, column: &str, class: Option<&str>) -> Option<Seen> {
        self.policy.columns.get(column)?;
        let Some(by_class) = self.role.get(column) else {
            return Some(Seen::Hidden);
        };
        match by_class {
            ByClass::All(seen) => Some(*seen),
            ByClass::Classes(classes) => {
                let mut part = class;
                while let Some(prefix) = part {
                    if let Some(seen) = classes.get(prefix).filter(|_| prefix != DEFAULT) {
                        return Some(*seen);
                    }
                    part = prefix.rsplit_once('/').map(|(above, _)| above);
                }
                Some(classes.get(DEFAULT).copied().unwrap_or(Seen::Hidden))
            }
        }
    }

    /// Whether nothing of a column is seen in any row.
    #[must_use]
    pub fn hides(&self, column: &str) -> bool {
        let protected = self.policy.columns.contains_key(column);
        let seen = self
            .role
            .get(column)
            .map(|by_class| by_class.seen().any(|seen| seen != Seen::Hidden));
        protected && !seen.unwrap_or(false)
    }
}

impl ByClass {
    fn seen(&self) -> Box<dyn Iterator<Item = Seen> + '_> {
        match self {
            Self::All(seen) => Box::new(std::iter::once(*seen)),
            Self::Classes(classes) => Box::new(classes.values().copied()),
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Wire {
    table: String,
    schema: PathBuf,
    #[serde(default)]
    attributes: BTreeMap<String, String>,
    class: Option<String>,
    #[serde(default)]
    column: BTreeMap<String, WireColumn>,
    #[serde(default)]
    role: BTreeMap<String, BTreeMap<String, ByClass>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WireColumn {
    template: Option<String>,
    token: Option<bool>,
    mask: Option<char>,
    mask_template: Option<String>,
    #[serde(default)]
    deterministic: bool,
}

impl WireColumn {
    fn checked(self, name: &str) -> Result<ColumnPolicy, ViewError> {
        let wrong = |what: &str| Err(ViewError::Policy(format!("column `{name}`: {what}")));
        if self.template.is_none() && self.token == Some(true) {
            return wrong("tokens need `template`");
        }
        let covers = self.template.is_some() || self.mask_template.is_some();
        if self.mask.is_some() && !covers || self.mask.is_none() && self.mask_template.is_some() {
            return wrong("masks need `mask`, and `mask_template` or `template`");
        }
        let column = ColumnPolicy {
            token: self.token.unwrap_or(self.template.is_some()),
            template: self.template,
            mask: self.mask,
            mask_template: self.mask_template,
            deterministic: self.deterministic,
        };
        column.template(name)?;
        column.mask(name)?;
        Ok(column)
    }
}

/// What a role sees of rows whose class it does not name.
const DEFAULT: &str = "default";

#[cfg(test)]
mod tests {
    use super::*;

    const POLICY: &str = r#"
        table = "orders"
        schema = "orders.toml"
        attributes = { dataset = "orders" }
        class = "region"
        [column.email]
        template = "email"
        mask = "*"
        [column.note]
        [role.support]
        email = { "eu/de" = "clear", eu = "masked", default = "token" }
        [role.auditor]
        note = "clear"
    "#;

    #[test]
    fn the_longest_part_of_a_class_decides() {
        let policy = Policy::parse(POLICY, Path::new("/p")).unwrap();
        let support = policy.role("support").unwrap();
        let seen = |class| support.seen("email", class);
        assert_eq!(seen(Some("eu/de/by")), Some(Seen::Clear));
        assert_eq!(seen(Some("eu/de")), Some(Seen::Clear));
        assert_eq!(
            seen(Some("eu/den")),
            Some(Seen::Masked),
            "a component, not a beginning of a text"
        );
        assert_eq!(seen(Some("us")), Some(Seen::Token));
        assert_eq!(
            seen(Some("default")),
            Some(Seen::Token),
            "a class of that name is no default"
        );
        assert_eq!(seen(None), Some(Seen::Token));
        assert_eq!(support.seen("id", None), None, "not protected");
        assert_eq!(support.seen("note", Some("eu")), Some(Seen::Hidden), "not named");
        assert!(support.hides("note") && !support.hides("email") && !support.hides("id"));
        assert_eq!(policy.schema, Path::new("/p/orders.toml"));
        assert!(matches!(policy.role("nobody"), Err(ViewError::Role(_))));
    }

    #[test]
    fn a_policy_that_promises_what_a_column_lacks_is_refused() {
        for (from, to) in [
            ("note = \"clear\"", "note = \"token\""),
            ("note = \"clear\"", "note = \"masked\""),
            ("note = \"clear\"", "note = \"deterministic\""),
            ("note = \"clear\"", "color = \"clear\""),
            ("class = \"region\"", ""),
            ("class = \"region\"", "class = \"email\""),
            ("[column.note]", "[column.note]\nmask = \"*\""),
            ("[column.note]", "[column.note]\ntoken = true"),
            ("template = \"email\"", "template = \"no such\""),
            ("table = \"orders\"", "tables = \"orders\""),
        ] {
            assert!(POLICY.contains(from));
            assert!(
                Policy::parse(&POLICY.replacen(from, to, 1), Path::new("")).is_err(),
                "{to}"
            );
        }
    }
}
