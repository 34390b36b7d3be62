//! The shape of every result, held against a snapshot: a script that reads a field today reads it tomorrow.

use std::collections::BTreeMap;
use std::fs;

use serde_json::Value;

use super::support::{Home, lines, repository};

#[test]
fn results_keep_their_shape() {
    let home = Home::none();
    let mut shapes = BTreeMap::new();
    let mut note = |name: &str, values: Vec<Value>| {
        assert!(!values.is_empty(), "{name}");
        for value in values {
            shapes.entry(format!("{name} {}", shape(&value))).or_insert(());
        }
    };
    note("init", home.json(&["init", "--key-file"]));
    note("key create", home.json(&["key", "create", "k"]));
    home.ok(&["key", "create", "other"]);
    note(
        "key create",
        home.json(&["key", "create", "named", "--uri", "local://k"]),
    );
    home.file("d/a", "a");
    note("encrypt", home.json(&["encrypt", "--key", "k", "d/a"]));
    note("decrypt", home.json(&["decrypt", "d/a.ks1", "back"]));
    note("rotate", home.json(&["rotate", "k", "--rewrap", "d"]));
    note("rewrap", home.json(&["rewrap", "d", "--add", "other"]));
    note("rewrap --dry-run", home.json(&["rewrap", "d", "--dry-run"]));
    let migrate = ["migrate", "--to", "KS1-AES256GCMSIV", "d"];
    note("migrate --dry-run", home.json(&[&migrate[..], &["--dry-run"]].concat()));
    note("migrate", home.json(&migrate));
    home.file("d/cut.pem", "-----BEGIN CERTIFICATE-----\nMAA=\n");
    home.file("d/f.age", "age-encryption.org/v1\n-> X25519 abc\ndef\n--- mac\n");
    note("scan", home.json(&["scan", "d", "--cbom", "cbom.json"]));
    note("key disable", home.json(&["key", "disable", "other"]));
    note("key destroy", home.json(&["key", "destroy", "k/1"]));
    note("key list", home.json(&["key", "list"]));
    note("key show", home.json(&["key", "show", "named"]));
    note("audit verify", home.json(&["audit", "verify", "--headers", "d"]));
    note("audit prove", home.json(&["audit", "prove", "0"]));
    note("audit checkpoint", home.json(&["audit", "checkpoint"]));
    note("audit checkpoint --key", home.json(&["audit", "checkpoint", "--key"]));
    let mut entry = home.json(&["audit", "show", "-n", "1"]).remove(0);
    entry["event"] = Value::Null; // OCSF; its shape is the audit log's own
    note("audit show", vec![entry]);
    home.ok(&["key", "create", "root", "--derive"]);
    home.ok(&["key", "create", "issuer", "--signature", "mldsa65-ed25519"]);
    let schema = [
        "grant",
        "schema",
        "--root",
        "root",
        "--dimension",
        "dataset",
        "--dimension",
        "epoch",
        "s.toml",
    ];
    note("grant schema", home.json(&schema));
    let mut grant = vec![
        "grant", "create", "--schema", "s.toml", "--issuer", "issuer", "--to", "k", "--usage", "ff1",
    ];
    grant.extend(["--on", "dataset=d", "--expires", "1d"]);
    note("grant create", home.json(&[&grant[..], &["a.grant"]].concat()));
    note(
        "grant create",
        home.json(&[&grant[..], &["--grantee", "later", "b.grant"]].concat()),
    );
    let shown = home.json(&["key", "show", "issuer"]).remove(0);
    home.file("issuer.pub", shown["public_keys"][0]["public_key"].as_str().unwrap());
    note(
        "grant show",
        home.json(&["grant", "show", "--pin", "issuer.pub", "a.grant"]),
    );
    note(
        "grant show --open",
        home.json(&["grant", "show", "--pin", "issuer.pub", "--open", "a.grant"]),
    );
    note("grant list", home.json(&["grant", "list"]));
    note(
        "grant revoke",
        home.json(&["grant", "revoke", "--issuer", "issuer", "--all-of", "k"]),
    );
    home.file(
        "v.toml",
        "table = \"t\"\nschema = \"t.toml\"\n[column.a]\n[role.r]\na = \"clear\"\n",
    );
    home.file("t.csv", "a\n1\n");
    home.ok(&[
        "grant",
        "schema",
        "--root",
        "root",
        "--dimension",
        "epoch",
        "--dimension",
        "column",
        "t.toml",
    ]);
    let seal = ["view", "seal", "--policy", "v.toml", "t.csv", "t.sealed.csv"];
    note("view seal", home.json(&seal));
    let read = [
        "view",
        "read",
        "--policy",
        "v.toml",
        "--role",
        "r",
        "t.sealed.csv",
        "t.view.csv",
    ];
    note("view read", home.json(&read));
    note("doctor", home.json(&["doctor"]));
    note(
        "error",
        lines(home.run(&["--json", "decrypt", "missing"]).stderr.as_bytes()),
    );
    note("error", lines(home.run(&["--json", "nonsense"]).stderr.as_bytes()));
    let text: String = shapes.keys().map(|shape| format!("{shape}\n")).collect();
    let path = repository("kmsctl/tests/snapshots/json.txt");
    let expected = fs::read_to_string(&path).unwrap_or_default();
    assert_eq!(text, expected, "if the change is meant, write it to {}", path.display());
}

/// Field names in order, with the kind of each value.
fn shape(value: &Value) -> String {
    match value {
        Value::Null => "null".to_owned(),
        Value::Bool(_) => "bool".to_owned(),
        Value::Number(_) => "number".to_owned(),
        Value::String(_) => "text".to_owned(),
        Value::Array(items) => format!("[{}]", items.first().map(shape).unwrap_or_default()),
        Value::Object(fields) => {
            let fields: Vec<_> = fields
                .iter()
                .map(|(name, value)| format!("{name}: {}", shape(value)))
                .collect();
            format!("{{{}}}", fields.join(", "))
        }
    }
}
