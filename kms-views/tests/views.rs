//! One table, sealed once: what each role sees with the grants it has, and what must not pass.
#![allow(
    clippy::unwrap_used,
    reason = "clippy.toml allows unwrap in tests, and this is all tests"
)]

use std::path::Path;
use std::sync::Arc;

use kms_core::akd::{Dimension, Grant, NodeKey, Pick, Schema, Terms, TreeId, Usage, Value};
use kms_core::audit::{AuditTrail, MemorySink, Principal};
use kms_core::crypto::CryptoBackend;
use kms_core::fpe::OnFault;
use kms_core::memory::Secret;
use kms_core::record::ByteColumn;
use kms_core::{AkdFault, Error};
use kms_views::{AttributeKeys, Manifest, Policy, StoredColumn, TableReader, TableSealer, ViewError, csv};

const POLICY: &str = r#"
    table = "orders"
    schema = "orders.toml"
    attributes = { dataset = "orders" }
    class = "region"
    [column.email]
    template = "email"
    [column.card]
    template = "pan:bin=6,last=0"
    mask = "*"
    mask_template = "pan:bin=0,last=4"
    deterministic = true
    [column.note]
    [role.analyst]
    email = "token"
    card = "deterministic"
    [role.support]
    email = { eu = "clear", default = "token" }
    card = "masked"
    note = { "eu/de" = "clear" }
    [role.owner]
    email = "clear"
    card = "clear"
    note = "clear"
"#;

const TABLE: &str = "\
id,email,region,card,note
1,anna@example.org,eu/de,4111111111111111,calls back
2,bert@example.org,eu/fr,5500005555555559,
3,carl@example.org,us,4111111111111111,\"two
lines\"
4,,us,,x
";

fn policy() -> Policy {
    Policy::parse(POLICY, Path::new("")).unwrap()
}

fn schema() -> Schema {
    let dimensions = [
        Dimension::text("dataset"),
        Dimension::epoch(),
        Dimension::text("column"),
        Dimension::path("class"),
    ];
    Schema::new(TreeId([7; 16]), dimensions).unwrap()
}

fn root(usage: Usage) -> NodeKey {
    let root = Secret::init_with(|place| place.fill(1));
    NodeKey::root(&CryptoBackend::default(), &schema(), usage, &root)
}

fn owner() -> Arc<AttributeKeys> {
    let keys = AttributeKeys::new(CryptoBackend::default(), schema());
    let usages = [Usage::Aead, Usage::Ff1, Usage::Beacon];
    Arc::new(usages.into_iter().fold(keys, |keys, usage| keys.with_node(root(usage))))
}

fn nobody() -> Arc<AttributeKeys> {
    Arc::new(AttributeKeys::new(CryptoBackend::default(), schema()))
}

/// Keys to open these columns of `classes` in epochs 3 to 4.
fn granted(columns: &[&str], classes: Option<&[&str]>) -> Arc<AttributeKeys> {
    let columns = columns.iter().map(|column| Value::text(*column)).collect();
    let picks = [
        ("dataset", Pick::One(Value::text("orders"))),
        ("epoch", Pick::Interval(3, 4)),
        ("column", Pick::Each(columns)),
    ];
    let classes = classes.map(|classes| {
        (
            "class",
            Pick::Each(classes.iter().map(|class| Value::path(class)).collect()),
        )
    });
    let scope = schema().scope(picks.into_iter().chain(classes)).unwrap();
    let terms = Terms {
        id: [1; 16],
        issuer: "i".to_owned(),
        grantee: "g".to_owned(),
        issued: 0,
        not_after: 1,
    };
    let backend = CryptoBackend::default();
    let grant = Grant::issue(&backend, &schema(), &[root(Usage::Aead)], &[Usage::Aead], &scope, terms).unwrap();
    Arc::new(AttributeKeys::new(backend, schema()).with_grant(grant).unwrap())
}

fn sealed_in(epoch: u16, table: &str) -> (Vec<u8>, Manifest) {
    let mut sealer = TableSealer::new(&policy(), &owner(), epoch, OnFault::Stop, &AuditTrail::none()).unwrap();
    let mut out = Vec::new();
    csv::seal(&policy(), &mut sealer, table.as_bytes(), &mut out).unwrap();
    (out, sealer.finish())
}

/// What a role sees, and how many values it has no key for.
fn seen(sealed: &(Vec<u8>, Manifest), role: &str, keys: &Arc<AttributeKeys>) -> Result<(String, u64), ViewError> {
    let (policy, manifest) = (policy(), Manifest::parse(&sealed.1.to_json()).unwrap());
    let mut reader = TableReader::new(&policy, role, &manifest, keys, &AuditTrail::none())?;
    let mut out = Vec::new();
    csv::view(&policy, &mut reader, &*sealed.0, &mut out)?;
    Ok((String::from_utf8(out).unwrap(), reader.without_key()))
}

/// A row as its fields.
fn row(table: &str, at: usize) -> Vec<String> {
    let mut reader = ::csv::Reader::from_reader(table.as_bytes());
    let record = reader.records().nth(at).unwrap().unwrap();
    record.iter().map(str::to_owned).collect()
}

#[test]
fn the_owner_sees_what_was_sealed() {
    let sealed = sealed_in(3, TABLE);
    assert_eq!(seen(&sealed, "owner", &owner()).unwrap(), (TABLE.to_owned(), 0));
    let text = String::from_utf8(sealed.0).unwrap();
    for value in [
        "anna@example.org",
        "carl",
        "calls back",
        "5500005555555559",
        "411111111111",
    ] {
        assert!(!text.contains(value), "{value}");
    }
    let header = text.lines().next().unwrap();
    let forms = "card,card.sealed,card.masked,card.deterministic";
    assert_eq!(header, format!("id,email,email.sealed,region,{forms},note,note.sealed"));
}

#[test]
fn two_roles_see_their_own_views_of_one_file() {
    let sealed = sealed_in(3, TABLE);
    let (analyst, missing) = seen(&sealed, "analyst", &nobody()).unwrap();
    assert_eq!(missing, 0, "tokens need no key");
    assert!(
        analyst.starts_with("id,email,region,card\n"),
        "notes are hidden: {analyst}"
    );
    let (one, two, three) = (row(&analyst, 0), row(&analyst, 1), row(&analyst, 2));
    assert!(one[1].contains('@') && one[1] != "anna@example.org", "{one:?}");
    assert_eq!(one[3], three[3], "equal cards, equal tokens");
    assert_ne!(one[3], two[3]);
    assert_eq!(row(&analyst, 3), ["4", "", "us", ""], "what was empty stays so");

    let keys = granted(&["email", "card.masked", "note"], None);
    let (support, missing) = seen(&sealed, "support", &keys).unwrap();
    assert_eq!(missing, 0);
    assert_eq!(
        row(&support, 0),
        ["1", "anna@example.org", "eu/de", "************1111", "calls back"]
    );
    assert_eq!(
        row(&support, 1),
        ["2", "bert@example.org", "eu/fr", "************5559", ""]
    );
    assert_eq!(
        row(&support, 2)[1],
        three[1],
        "of other classes the same token as the analyst sees"
    );
    assert_eq!(row(&support, 2)[4], "", "hidden in this class");
}

/// The policy is what is meant to be seen; the grants are what can be.
#[test]
fn a_role_without_a_key_gets_the_token_and_never_a_failure() {
    let sealed = sealed_in(3, TABLE);
    let tokens = seen(&sealed, "analyst", &nobody()).unwrap().0;
    let (shown, missing) = seen(&sealed, "owner", &nobody()).unwrap();
    assert_eq!(missing, 3 + 3 + 3, "emails, cards, notes");
    assert_eq!(row(&shown, 0)[1], row(&tokens, 0)[1]);
    assert_eq!(row(&shown, 0)[4], "", "notes have no token");
    // With one class granted, one class opens.
    let keys = granted(&["email"], Some(&["eu"]));
    let (shown, missing) = seen(&sealed, "owner", &keys).unwrap();
    assert_eq!(
        (row(&shown, 0)[1].as_str(), row(&shown, 1)[1].as_str()),
        ("anna@example.org", "bert@example.org")
    );
    assert_eq!(row(&shown, 2)[1], row(&tokens, 2)[1]);
    assert_eq!(missing, 1 + 3 + 3);
    // Who may see the mask cannot open the value.
    let (shown, _) = seen(&sealed, "owner", &granted(&["card.masked"], None)).unwrap();
    assert!(!shown.contains("4111111111111111"));
    assert_eq!(
        row(&seen(&sealed, "support", &granted(&["card"], None)).unwrap().0, 0)[3].len(),
        16
    );
}

#[test]
fn a_grant_ends_with_its_epochs() {
    let keys = granted(&["email"], None);
    for (epoch, opens) in [(2, false), (3, true), (4, true), (5, false)] {
        let (shown, _) = seen(&sealed_in(epoch, TABLE), "owner", &keys).unwrap();
        assert_eq!(shown.contains("anna@example.org"), opens, "epoch {epoch}");
    }
    let one = seen(&sealed_in(3, TABLE), "analyst", &nobody()).unwrap();
    let other = seen(&sealed_in(4, TABLE), "analyst", &nobody()).unwrap();
    assert_ne!(one, other, "tokens are of their epoch");
}

#[test]
fn altered_and_exchanged_records_are_told_with_their_place() {
    let sealed = sealed_in(3, TABLE);
    let text = String::from_utf8(sealed.0.clone()).unwrap();
    let place = |table: String| {
        let error = seen(&(table.into_bytes(), sealed.1.clone()), "owner", &owner()).unwrap_err();
        match error {
            ViewError::Cell { column, row, error } => (column, row, error),
            other => panic!("{other}"),
        }
    };
    // Column 2 is email.sealed, 5 is card.sealed.
    let (first, second) = (row(&text, 0), row(&text, 1));
    let mut altered = first[2].clone();
    altered.replace_range(60..61, if &altered[60..61] == "A" { "B" } else { "A" });
    assert_eq!(
        place(text.replacen(&first[2], &altered, 1)),
        ("email".to_owned(), 0, Error::DoesNotOpen)
    );
    let other_column = place(text.replacen(&second[2], &second[5], 1));
    assert_eq!((other_column.0.as_str(), other_column.1), ("email", 1));
    let unknown = format!("AAAAAAAA{}", &first[2][8..]);
    assert!(
        matches!(place(text.replacen(&first[2], &unknown, 1)).2, Error::Caller(_)),
        "no ticket of the table"
    );
    assert_eq!(
        place(text.replacen(&first[2], "***", 1)).2,
        Error::Format(kms_core::FormatFault::Record)
    );
    // A manifest of another sealing of the same table: its tickets are others.
    let other = (sealed.0, sealed_in(3, TABLE).1);
    assert!(matches!(seen(&other, "owner", &owner()), Err(ViewError::Cell { .. })));
}

#[test]
fn another_schema_another_table_and_another_policy_are_told_before_anything_is_read() {
    let sealed = sealed_in(3, TABLE);
    let of = |schema: Schema| Arc::new(AttributeKeys::new(CryptoBackend::default(), schema));
    let mut dimensions = schema().dimensions().to_vec();
    dimensions.push(Dimension::text("purpose"));
    let longer = Schema::new(schema().tree(), dimensions.clone()).unwrap();
    assert!(
        seen(&sealed, "analyst", &of(longer)).is_ok(),
        "dimensions may be added behind"
    );
    dimensions.swap(0, 2);
    let swapped = of(Schema::new(schema().tree(), dimensions).unwrap());
    let fault = |keys| match seen(&sealed, "analyst", keys) {
        Err(ViewError::Core(Error::Akd(fault))) => fault,
        other => panic!("{other:?}"),
    };
    assert_eq!(fault(&swapped), AkdFault::SchemaChanged);
    let elsewhere = of(Schema::new(TreeId([8; 16]), schema().dimensions().to_vec()).unwrap());
    assert_eq!(fault(&elsewhere), AkdFault::OtherTree);
    assert!(matches!(seen(&sealed, "nobody", &nobody()), Err(ViewError::Role(_))));
    let with = |from: &str, to: &str| {
        let policy = Policy::parse(&POLICY.replacen(from, to, 1), Path::new("")).unwrap();
        TableReader::new(&policy, "analyst", &sealed.1, &nobody(), &AuditTrail::none()).err()
    };
    assert!(matches!(
        with("table = \"orders\"", "table = \"people\""),
        Some(ViewError::Policy(_))
    ));
    assert!(matches!(
        with("[column.note]", "[column.note]\n[column.phone]"),
        Some(ViewError::Policy(_))
    ));
    for manifest in ["{}", "[]", "{\"keystrand_view\": 2}"] {
        assert!(matches!(
            Manifest::parse(manifest.as_bytes()),
            Err(ViewError::Manifest(_))
        ));
    }
}

#[test]
fn a_value_that_fits_no_template_is_told_without_it_or_passed_on() {
    let table = TABLE.replacen("5500005555555559", "5500005555555558", 1);
    let seal = |on_fault| {
        let mut sealer = TableSealer::new(&policy(), &owner(), 3, on_fault, &AuditTrail::none()).unwrap();
        let mut out = Vec::new();
        let done = csv::seal(&policy(), &mut sealer, table.as_bytes(), &mut out)?;
        Ok::<_, ViewError>((done, (out, sealer.finish())))
    };
    let message = seal(OnFault::Stop).err().unwrap().to_string();
    assert!(
        message.contains("`card`") && message.contains("row 1") && !message.contains("5500"),
        "{message}"
    );
    let (done, sealed) = seal(OnFault::Null).unwrap();
    assert_eq!((done.rows, done.without_token), (4, 1));
    assert_eq!(
        seen(&sealed, "owner", &owner()).unwrap().0,
        table,
        "it is sealed all the same"
    );
    let keys = granted(&["card.masked"], None);
    assert_eq!(row(&seen(&sealed, "support", &keys).unwrap().0, 1)[3], "");
}

#[test]
fn tables_that_do_not_fit_are_refused() {
    let seal = |table: &str| {
        let mut sealer = TableSealer::new(&policy(), &owner(), 3, OnFault::Stop, &AuditTrail::none()).unwrap();
        csv::seal(&policy(), &mut sealer, table.as_bytes(), &mut Vec::new())
            .err()
            .map(|error| error.to_string())
    };
    let says = |table: &str, what: &str| {
        let message = seal(table).unwrap_or_else(|| panic!("{what}"));
        assert!(message.contains(what), "{message}");
    };
    says("id,email,region,card\n", "`note`");
    says("email,region,card,note,email.sealed\n", "`email.sealed`");
    says("email,email,region,card,note\n", "`email`");
    says("email,region,card,note\nanna@example.org,eu,\n", "line 2 has 3 fields");
    says("email,region,card,note\nanna@example.org,,,\n", "component of a path");
    says(
        "email,region,card,note\nanna@example.org,eu//de,,\n",
        "component of a path",
    );
    assert_eq!(seal("email,region,card,note\n"), None, "no rows are a table");
    let keys = granted(&["email", "card", "card.masked", "note"], None);
    let refused = TableSealer::new(&policy(), &keys, 3, OnFault::Stop, &AuditTrail::none());
    assert!(
        matches!(refused, Err(ViewError::Core(Error::Akd(AkdFault::NotGranted)))),
        "no key for tokens"
    );
}

/// Rows of several batches keep their order, and faults are told by the row of the table.
#[test]
fn long_tables_are_worked_on_in_batches() {
    let line = |number: u32| format!("{number},user{number}@example.org,eu,,note {number}\n");
    let table: String = ["id,email,region,card,note\n".to_owned()]
        .into_iter()
        .chain((0..20_000).map(line))
        .collect();
    let sealed = sealed_in(3, &table);
    assert!(seen(&sealed, "owner", &owner()).unwrap().0 == table);
    let text = String::from_utf8(sealed.0).unwrap();
    let record = row(&text, 19_000)[2].clone();
    let altered = text.replacen(&record, &row(&text, 19_001)[9], 1);
    let error = seen(&(altered.into_bytes(), sealed.1), "owner", &owner())
        .err()
        .unwrap();
    assert!(error.to_string().contains("row 19000"), "{error}");
}

/// A caller may be inside an executor already.
#[test]
fn views_enter_no_executor() {
    futures::executor::block_on(async {
        let sealed = sealed_in(3, TABLE);
        assert!(seen(&sealed, "owner", &owner()).is_ok());
    });
}

/// What bindings call: columns with 32-bit offsets and bitmaps, no file.
#[test]
fn columns_of_arrow_pass_without_a_file() {
    let (policy, log) = (policy(), Arc::new(MemorySink::new()));
    let trail = AuditTrail::new(log.clone(), Principal::named("anna"));
    let mut sealer = TableSealer::new(&policy, &owner(), 3, OnFault::Stop, &trail).unwrap();
    let (offsets, bytes, bitmap) = ([0_i32, 16, 16, 32], b"anna@example.orgbert@example.org", [0b101_u8]);
    let values = ByteColumn::new(&offsets, bytes)
        .unwrap()
        .with_validity(&bitmap, 0)
        .unwrap();
    let (class_offsets, class_bytes) = ([0_i32, 5, 7, 9], b"eu/deusus");
    let classes = ByteColumn::new(&class_offsets, class_bytes).unwrap();
    let email = sealer
        .columns_mut()
        .iter_mut()
        .find(|column| column.name() == "email")
        .unwrap();
    let sealed = email.seal(&values, Some(&classes)).unwrap();
    assert!(sealed.sealed.as_column().value(1).is_none());
    let manifest = sealer.finish();
    assert_eq!(log.events().len(), 2 * 2, "an intent and an outcome for each ticket");
    let keys = granted(&["email"], Some(&["eu"]));
    let mut reader = TableReader::new(&policy, "owner", &manifest, &keys, &trail).unwrap();
    let email = reader
        .columns_mut()
        .iter_mut()
        .find(|column| column.name() == "email")
        .unwrap();
    let stored = StoredColumn {
        token: sealed.token.as_ref().map(|tokens| tokens.as_column()),
        sealed: Some(sealed.sealed.as_column()),
        masked: None,
        deterministic: None,
    };
    let shown = email.view(&stored, 3, Some(&classes)).unwrap();
    let shown = shown.as_column();
    assert_eq!(shown.value(0), Some(&b"anna@example.org"[..]));
    assert_eq!(shown.value(1), None);
    assert_eq!(shown.value(2), stored.token.and_then(|tokens| tokens.value(2)));
}
