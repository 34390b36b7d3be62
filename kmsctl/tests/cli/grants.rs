//! Grants of attribute keys, from the root in one home to a grantee in another.

use serde_json::Value;

use super::support::Home;

/// A home with a root, an issuer, and a schema of dataset, epoch and column.
fn house() -> Home {
    let home = Home::with_keys(&["backup"]);
    home.ok(&["key", "create", "root", "--derive"]);
    home.ok(&["key", "create", "issuer", "--signature", "mldsa65-ed25519"]);
    let dimensions = ["dataset", "epoch", "column"].map(|name| ["--dimension", name]);
    home.ok(&[
        &["grant", "schema", "--root", "root"],
        dimensions.as_flattened(),
        &["s.toml"],
    ]
    .concat());
    home.file("issuer.pub", public_key(&home, "issuer"));
    home
}

fn public_key(home: &Home, key: &str) -> String {
    let shown = home.json(&["key", "show", key]).remove(0);
    shown["public_keys"][0]["public_key"].as_str().unwrap().to_owned()
}

/// `grant create` for orders in these epochs; `more` stands before the file.
fn create(epochs: &str, more: &[&str], file: &str) -> Vec<String> {
    let start = "grant create --schema s.toml --issuer issuer --usage ff1 --on dataset=orders --expires 1d --epochs";
    let words = start
        .split(' ')
        .chain([epochs])
        .chain(more.iter().copied())
        .chain([file]);
    words.map(str::to_owned).collect()
}

fn words(arguments: &[String]) -> Vec<&str> {
    arguments.iter().map(String::as_str).collect()
}

fn grants(home: &Home) -> Vec<(String, String)> {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let listed = home.json(&["grant", "list"]);
    listed
        .iter()
        .map(|grant| (text(&grant["grantee"]), text(&grant["state"])))
        .collect()
}

#[test]
fn a_grant_is_for_its_grantee_alone_and_for_what_it_names() {
    let (home, elsewhere) = (house(), Home::new());
    elsewhere.ok(&["key", "create", "inbox", "--kem", "x-wing"]);
    elsewhere.ok(&["key", "export-public", "inbox", "inbox.pub"]);
    home.file("inbox.pub", elsewhere.read("inbox.pub"));
    let columns = ["--on", "column=email", "--on", "column=phone"];
    let recipient = ["--public-key", "inbox.pub", "--grantee", "analysts"];
    let made = create("3..4", &[columns, recipient].concat(), "analysts.grant");
    let made = home.json(&words(&made)).remove(0);
    assert_eq!(
        (&made["nodes"], &made["closed"]),
        (&4.into(), &false.into()),
        "two epochs, two columns"
    );
    for file in ["analysts.grant", "analysts.grant.sig", "issuer.pub"] {
        elsewhere.file(file, home.read(file));
    }
    let shown = elsewhere.json(&["grant", "show", "--pin", "issuer.pub", "--open", "analysts.grant"]);
    let nodes = shown[0]["nodes"].as_array().unwrap();
    assert_eq!(nodes.len(), 4);
    assert_eq!(nodes[0]["node"], "dataset=orders epoch=3 column=email");
    assert_eq!(shown[0]["verified"], true);
    // The issuer cannot open it again, and needs no key to look at it.
    let open = ["grant", "show", "--pin", "issuer.pub", "--open", "analysts.grant"];
    home.fails(&open, 3, "caller.NoConfiguredKey", "caller");
    let nobody = Home::none();
    nobody.file("g", elsewhere.read("analysts.grant"));
    nobody.file("g.sig", elsewhere.read("analysts.grant.sig"));
    assert_eq!(nobody.json(&["grant", "show", "g"])[0]["verified"], false);
    home.audit_is_intact();
    let actions = home.json(&["audit", "show", "-n", "0"]);
    assert!(actions.iter().any(|entry| entry.to_string().contains("\"grant\"")));
}

#[test]
fn foreign_expired_and_revoked_grants_are_refused() {
    let home = house();
    home.ok(&["key", "create", "stranger", "--signature", "mldsa65-ed25519"]);
    home.file("stranger.pub", public_key(&home, "stranger"));
    home.ok(&words(&create("3..17", &["--to", "backup"], "a.grant")));
    home.ok(&words(&create(
        "3..9",
        &["--to", "backup", "--grantee", "short"],
        "b.grant",
    )));
    home.ok(&words(&create(
        "18",
        &["--to", "backup", "--grantee", "long"],
        "c.grant",
    )));
    let foreign = ["grant", "show", "--pin", "stranger.pub", "a.grant"];
    home.fails(&foreign, 3, "data.Signature", "data");
    let swapped = [
        "grant",
        "show",
        "--pin",
        "issuer.pub",
        "--signature",
        "b.grant.sig",
        "a.grant",
    ];
    home.fails(&swapped, 3, "data.Grant", "data");
    let revoked = [
        "grant", "revoke", "--issuer", "issuer", "--all-of", "backup", "--list", "list",
    ];
    let revoked = home.json(&revoked).remove(0);
    assert_eq!(revoked["epoch"], 18, "the first that it does not reach");
    let renew = revoked["to_renew"].as_array().unwrap();
    assert_eq!(renew.len(), 1);
    assert_eq!(renew[0]["grantee"], "short");
    let state = |grantee: &str, state: &str| (grantee.to_owned(), state.to_owned());
    let expected = [
        state("backup", "revoked"),
        state("short", "ended"),
        state("long", "valid"),
    ];
    let listed = grants(&home);
    assert!(expected.iter().all(|grant| listed.contains(grant)), "{listed:?}");
    let heeding = ["grant", "show", "--pin", "issuer.pub", "--revocations", "list"];
    home.fails(&[&heeding[..], &["a.grant"]].concat(), 5, "policy.Revoked", "policy");
    home.ok(&[&heeding[..], &["b.grant"]].concat());
    // The epoch that data is written in now is what a grant is for, where nothing else is said.
    let now =
        "grant create --schema s.toml --issuer issuer --to backup --usage ff1 --on dataset=orders --expires 2020-01-01";
    home.fails(
        &[&now.split(' ').collect::<Vec<_>>()[..], &["d.grant"]].concat(),
        2,
        "akd.Terms",
        "caller",
    );
    let now = now.replace("2020-01-01", "1d");
    let made = home.json(&[&now.split(' ').collect::<Vec<_>>()[..], &["d.grant"]].concat());
    assert_eq!(made[0]["epochs"], serde_json::json!([18, 18]));
    home.fails(
        &["grant", "revoke", "--issuer", "issuer", "--all-of", "nobody"],
        2,
        "caller.Usage",
        "caller",
    );
    let by_another = ["grant", "revoke", "--issuer", "stranger", "--all-of", "short"];
    home.fails(&by_another, 3, "data.Signature", "data");
}

#[test]
fn what_is_no_grant_is_refused_before_anything_is_written() {
    let home = house();
    home.ok(&["key", "create", "classical", "--signature", "ed25519"]);
    let fails = |arguments: &[&str], code, cause: &str| {
        home.fails(arguments, code, cause, "caller");
        assert!(!home.exists("x.grant"), "{arguments:?}");
    };
    let with = |epochs: &str, more: &[&str]| create(epochs, &[more, &["--to", "backup"]].concat(), "x.grant");
    let cases: [(Vec<String>, &str); 7] = [
        (with("5..3", &[]), "akd.Interval"),
        (with("0..65535", &[]), "akd.TooManyEpochs"),
        (
            with(
                "1..1000",
                &[
                    "--on", "column=a", "--on", "column=b", "--on", "column=c", "--on", "column=d", "--on", "column=e",
                ],
            ),
            "akd.TooManyNodes",
        ),
        (with("3", &["--on", "color=red"]), "akd.UnknownAttribute"),
        (with("3", &["--on", "column=*"]), "akd.NoValues"),
        (with("3", &["--on", "column=e\u{301}"]), "akd.NotNormalized"),
        (with("3", &["--on", "epoch=4"]), "akd.Repeated"),
    ];
    for (arguments, cause) in &cases {
        fails(&words(arguments), 2, cause);
    }
    let by = |issuer: &str| {
        words(&with("3", &[]))
            .iter()
            .map(|word| {
                if *word == "issuer" {
                    issuer.to_owned()
                } else {
                    (*word).to_owned()
                }
            })
            .collect::<Vec<_>>()
    };
    fails(&words(&by("classical")), 2, "caller.Usage");
    fails(&words(&by("backup")), 2, "caller.Usage");
    fails(&words(&by("root")), 2, "caller.Usage");
    // A schema that was changed where it must not be.
    home.ok(&words(&create("3", &["--to", "backup"], "good.grant")));
    let schema = String::from_utf8(home.read("s.toml")).unwrap();
    home.file("s.toml", schema.replace("name = \"column\"", "name = \"field\""));
    home.fails(&words(&with("3", &[])), 3, "akd.SchemaChanged", "data");
    home.file(
        "s.toml",
        format!("{schema}\n[[dimension]]\nname = \"class\"\nkind = \"path\"\nvalues = [\"eu\", \"us\"]\n"),
    );
    let made = with("3", &["--on", "column=email", "--on", "class=*"]);
    assert_eq!(home.json(&words(&made))[0]["closed"], true);
    home.fails(&words(&made), 1, "system.Io", "environment");
    home.file("s.toml", "tree = 1");
    home.fails(
        &words(&create("3", &["--to", "backup"], "y.grant")),
        2,
        "caller.Usage",
        "caller",
    );
}

#[test]
fn roots_seal_nothing_and_sign_nothing() {
    let home = house();
    home.file("x", "x");
    assert_ne!(home.run(&["encrypt", "--key", "root", "x"]).code, 0);
    assert!(!home.exists("x.ks1"));
    home.fails(&["sign", "--key", "root", "x"], 2, "caller.Usage", "caller");
    let shown = home.json(&["key", "show", "root"]).remove(0);
    assert_eq!(shown["derives"], "attribute-keys");
    // A rotated root is another one; the schema goes on naming the first.
    home.ok(&["rotate", "root"]);
    home.ok(&words(&create("3", &["--to", "backup"], "a.grant")));
    home.ok(&["key", "disable", "root"]);
    home.fails(
        &words(&create("3", &["--to", "backup"], "b.grant")),
        5,
        "provider.Disabled",
        "provider",
    );
    let no_root = ["grant", "schema", "--root", "backup", "--dimension", "epoch", "t.toml"];
    home.fails(&no_root, 2, "caller.Usage", "caller");
    let no_epoch = ["grant", "schema", "--root", "root", "--dimension", "dataset", "t.toml"];
    home.fails(&no_epoch, 2, "akd.Schema", "caller");
}

/// The envelope of a grant is one as any other: its key rotates, and the signature stands.
#[test]
fn a_grant_follows_the_rotation_of_its_key() {
    let home = house();
    home.ok(&words(&create("3..5", &["--to", "backup"], "a.grant")));
    assert!(home.inspect("a.grant").to_string().contains("sealed-secret"));
    let before = home.read("a.grant");
    home.ok(&["rotate", "backup", "--rewrap", "a.grant"]);
    assert_ne!(home.read("a.grant"), before);
    let shown = home.json(&["grant", "show", "--pin", "issuer.pub", "--open", "a.grant"]);
    assert!(!shown[0]["nodes"].as_array().unwrap().is_empty());
}
