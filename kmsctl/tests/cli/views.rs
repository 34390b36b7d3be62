//! Views from the command line: what goes wrong, and that nothing is left behind. docs/views.md has what goes right.

use super::support::Home;

const POLICY: &str = r#"
table = "people"
schema = "people.toml"
class = "region"
[column.email]
template = "email"
[role.support]
email = { eu = "clear", default = "token" }
"#;

const TABLE: &str = "id,email,region\n1,anna.adams@example.org,eu\n2,carl.clark@example.org,us\n";

fn house() -> Home {
    let home = Home::with_keys(&["support"]);
    home.ok(&["key", "create", "root", "--derive"]);
    home.ok(&["key", "create", "issuer", "--signature", "mldsa65-ed25519"]);
    let dimensions = ["epoch", "column", "class:path"].map(|name| ["--dimension", name]);
    let schema = ["grant", "schema", "--root", "root"];
    home.ok(&[&schema, dimensions.as_flattened(), &["people.toml"]].concat());
    let issuer = home.json(&["key", "show", "issuer"]).remove(0);
    home.file("issuer.pub", issuer["public_keys"][0]["public_key"].as_str().unwrap());
    home.file("views.toml", POLICY);
    home.file("people.csv", TABLE);
    home
}

const SEAL: [&str; 6] = ["view", "seal", "--policy", "views.toml", "people.csv", "sealed.csv"];
const READ: [&str; 8] = [
    "view",
    "read",
    "--policy",
    "views.toml",
    "--role",
    "support",
    "sealed.csv",
    "view.csv",
];

fn grant(home: &Home, epochs: &str) {
    let words =
        "grant create --force --schema people.toml --issuer issuer --to support --usage aead --expires 1d --epochs";
    home.ok(&words.split(' ').chain([epochs, "support.grant"]).collect::<Vec<_>>());
}

fn with_grant(more: &[&'static str]) -> Vec<&'static str> {
    [
        &READ[..6],
        &["--grant", "support.grant", "--pin", "issuer.pub"],
        more,
        &READ[6..],
    ]
    .concat()
}

#[test]
fn nothing_is_left_of_what_fails() {
    let home = house();
    home.file("people.csv", TABLE.replace("carl.clark@", "@"));
    let error = home.fails(&SEAL, 1, "data.Row", "data");
    let message = error["message"].as_str().unwrap();
    assert!(
        message.contains("`email`") && message.contains("row 1") && !message.contains("example"),
        "{message}"
    );
    assert!(
        !home.names().iter().any(|name| name.contains("sealed")),
        "{:?}",
        home.names()
    );
    let passed = home.json(&[&SEAL[..], &["--on-fault", "null"]].concat()).remove(0);
    assert_eq!((&passed["rows"], &passed["without_token"]), (&2.into(), &1.into()));
    home.fails(&SEAL, 1, "system.Io", "environment");
    home.ok(&[&SEAL[..], &["--force", "--on-fault", "null"]].concat());
    home.audit_is_intact();
}

#[test]
fn a_revoked_grant_shows_nothing_more_and_the_next_table_is_of_another_epoch() {
    let home = house();
    grant(&home, "0..2");
    home.ok(&SEAL);
    let shown = home.json(&with_grant(&[])).remove(0);
    assert_eq!((&shown["rows"], &shown["without_key"]), (&2.into(), &0.into()));
    let view = String::from_utf8(home.read("view.csv")).unwrap();
    assert!(view.contains("anna.adams@example.org") && !view.contains("carl"));
    home.ok(&[
        "grant", "revoke", "--issuer", "issuer", "--all-of", "support", "--list", "list",
    ]);
    let heeding = with_grant(&["--force", "--revocations", "list"]);
    home.fails(&heeding, 5, "policy.Revoked", "policy");
    // Who heeds no list goes on reading what was written before, and nothing of what is written now.
    assert_eq!(home.json(&[&SEAL[..], &["--force"]].concat())[0]["epoch"], 3);
    assert_eq!(home.json(&with_grant(&["--force"]))[0]["without_key"], 1);
    let view = String::from_utf8(home.read("view.csv")).unwrap();
    assert!(!view.contains("anna"), "{view}");
}

#[test]
fn what_does_not_belong_together_is_told() {
    let home = house();
    home.ok(&SEAL);
    let without_home = Home::none();
    for file in ["sealed.csv", "sealed.csv.view", "views.toml", "people.toml"] {
        without_home.file(file, home.read(file));
    }
    assert_eq!(without_home.json(&READ)[0]["without_key"], 1, "tokens need no home");
    let altered = String::from_utf8(home.read("sealed.csv.view")).unwrap();
    without_home.file("sealed.csv.view", "{}");
    without_home.fails(&[&READ[..], &["--force"]].concat(), 3, "data.Manifest", "data");
    without_home.file(
        "sealed.csv.view",
        altered.replacen("\"table\": \"people\"", "\"table\": \"other\"", 1),
    );
    without_home.fails(&[&READ[..], &["--force"]].concat(), 2, "caller.Usage", "caller");
    let schema = String::from_utf8(home.read("people.toml")).unwrap();
    home.file("people.toml", schema.replace("name = \"class\"", "name = \"kind\""));
    home.fails(&READ, 3, "akd.SchemaChanged", "data");
    home.fails(&[&SEAL[..], &["--force"]].concat(), 2, "caller.Usage", "caller");
    home.file("people.toml", schema);
    // A record under another row's class.
    let sealed = String::from_utf8(home.read("sealed.csv")).unwrap();
    let cell = |row: usize| sealed.lines().nth(row).unwrap().split(',').nth(2).unwrap().to_owned();
    home.file("sealed.csv", sealed.replacen(&cell(1), &cell(1)[..60], 1));
    grant(&home, "0..2");
    home.fails(&with_grant(&[]), 3, "open.DoesNotOpen", "data");
    assert!(!home.exists("view.csv"));
}
