//! Locate: conditions become SQL, so that the database finds, counts and pages.

use std::fmt::Write;

use sqlx::any::AnyArguments;
use sqlx::query::Query as Statement;
use sqlx::{Any, AnyConnection, AssertSqlSafe, Row};

use super::object::state_at;
use super::{IndexValue, Result, TenantId};

/// What to find. Every condition has to hold; none finds all.
#[derive(Clone, Debug, Default)]
pub struct Query {
    /// The conditions.
    pub conditions: Vec<Condition>,
    /// At most so many.
    pub limit: Option<u32>,
    /// After so many, newest first.
    pub offset: u32,
}

/// A condition on an object.
#[derive(Clone, Debug)]
pub enum Condition {
    /// Its object type.
    Kind(u32),
    /// Who made it.
    Owner(String),
    /// Its state at a time, in seconds since 1970.
    State {
        /// The number of the state.
        state: u32,
        /// When.
        at: i64,
    },
    /// One of the attribute's values is this one.
    Equals(String, IndexValue),
    /// One of the attribute's values is in this range, both ends included.
    Between(String, i64, i64),
    /// The attribute has a value.
    Has(String),
}

/// What was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// Unique identifiers, newest first.
    pub uids: Vec<String>,
    /// How many there are without limit and offset.
    pub total: u64,
}

impl Query {
    pub(super) async fn run(&self, connection: &mut AnyConnection, tenant: TenantId) -> Result<Found> {
        let mut filter = Filter::new(tenant);
        for condition in self.by_selectivity() {
            filter.add(condition);
        }
        let page = filter.page(self.limit, self.offset);
        let rows = page.statement().fetch_all(&mut *connection).await?;
        let uids = rows
            .iter()
            .map(|row| row.try_get("uid"))
            .collect::<sqlx::Result<Vec<String>>>()?;
        let total = match self.counted(uids.len()) {
            Some(total) => total,
            None => count(&filter, connection).await?,
        };
        Ok(Found { uids, total })
    }

    /// The number of all that match, where the page tells.
    fn counted(&self, on_page: usize) -> Option<u64> {
        let full = self
            .limit
            .is_some_and(|limit| on_page >= usize::try_from(limit).unwrap_or(usize::MAX));
        let past_the_end = on_page == 0 && self.offset > 0;
        (!full && !past_the_end).then(|| u64::from(self.offset) + on_page as u64)
    }

    /// The condition that leaves the fewest objects first: it drives the search, the others are asked of what it finds.
    fn by_selectivity(&self) -> Vec<&Condition> {
        let mut conditions: Vec<_> = self.conditions.iter().collect();
        conditions.sort_by_key(|condition| match condition {
            Condition::Equals(_, IndexValue::Text(_) | IndexValue::Bytes(_)) => 0,
            Condition::Between(..) => 1,
            Condition::Equals(_, IndexValue::Number(_)) => 2,
            Condition::Kind(_) | Condition::Owner(_) | Condition::State { .. } => 3,
            Condition::Has(_) => 4,
        });
        conditions
    }
}

async fn count(filter: &Filter, connection: &mut AnyConnection) -> Result<u64> {
    let row = filter.count().statement().fetch_one(connection).await?;
    let total: i64 = row.try_get("total")?;
    Ok(u64::try_from(total).unwrap_or_default())
}

/// A WHERE clause and what is bound to it.
#[derive(Clone)]
struct Filter {
    clause: String,
    bound: Vec<Bound>,
    driven: bool,
}

#[derive(Clone)]
enum Bound {
    Number(i64),
    Text(String),
    Bytes(Vec<u8>),
}

impl Filter {
    fn new(tenant: TenantId) -> Self {
        Self {
            clause: "WHERE tenant = $1".into(),
            bound: vec![Bound::Number(tenant.0)],
            driven: false,
        }
    }

    fn add(&mut self, condition: &Condition) {
        match condition {
            Condition::Kind(kind) => self.compare("kind", Bound::Number(i64::from(*kind))),
            Condition::Owner(owner) => self.compare("owner", Bound::Text(owner.clone())),
            Condition::State { state, at } => {
                let at = self.bind(Bound::Number(*at));
                self.compare(&state_at(&at), Bound::Number(i64::from(*state)));
            }
            Condition::Equals(attribute, value) => {
                let value = self.bind(Bound::Bytes(value.stored()));
                self.indexed(attribute, &format!(" AND value = {value}"));
            }
            Condition::Between(attribute, from, to) => {
                let (from, to) = (self.bind(Bound::Number(*from)), self.bind(Bound::Number(*to)));
                self.indexed(attribute, &format!(" AND number BETWEEN {from} AND {to}"));
            }
            Condition::Has(attribute) => self.indexed(attribute, ""),
        }
    }

    fn compare(&mut self, column: &str, value: Bound) {
        let value = self.bind(value);
        write!(self.clause, " AND {column} = {value}").expect("a String takes whatever is written");
    }

    /// The first one lists the objects to look at; the next ones are looked up for each of them.
    fn indexed(&mut self, attribute: &str, test: &str) {
        let attribute = self.bind(Bound::Text(attribute.into()));
        let entries = format!("FROM index_entries e WHERE e.tenant = $1 AND e.attribute = {attribute}{test}");
        let clause = if self.driven {
            format!(" AND EXISTS (SELECT 1 {entries} AND e.uid = objects.uid)")
        } else {
            format!(" AND uid IN (SELECT e.uid {entries})")
        };
        self.driven = true;
        self.clause.push_str(&clause);
    }

    fn bind(&mut self, value: Bound) -> String {
        self.bound.push(value);
        format!("${}", self.bound.len())
    }

    fn page(&self, limit: Option<u32>, offset: u32) -> Ready {
        let mut all = self.clone();
        // PostgreSQL has no word for "no limit" that SQLite has, too.
        let limit = all.bind(Bound::Number(limit.map_or(i64::MAX, i64::from)));
        let offset = all.bind(Bound::Number(i64::from(offset)));
        let clause = &all.clause;
        Ready {
            sql: format!("SELECT uid FROM objects {clause} ORDER BY sequence DESC LIMIT {limit} OFFSET {offset}"),
            bound: all.bound,
        }
    }

    fn count(&self) -> Ready {
        Ready {
            sql: format!("SELECT COUNT(*) AS total FROM objects {}", self.clause),
            bound: self.bound.clone(),
        }
    }
}

/// A statement whose every `$n` has its value.
struct Ready {
    sql: String,
    bound: Vec<Bound>,
}

impl Ready {
    fn statement(self) -> Statement<'static, Any, AnyArguments> {
        self.bound
            .into_iter()
            .fold(sqlx::query(AssertSqlSafe(self.sql)), |query, value| match value {
                Bound::Number(number) => query.bind(number),
                Bound::Text(text) => query.bind(text),
                Bound::Bytes(bytes) => query.bind(bytes),
            })
    }
}
