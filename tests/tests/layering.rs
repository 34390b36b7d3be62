//! The architecture as a test: which crate may use which, what kms-core never touches, and where unsafe code stands
//! (CONTRIBUTING.md, "The shape"). Each rule has a twin that shows it a violation, so that none can pass by looking
//! at nothing.
#![allow(
    clippy::unwrap_used,
    reason = "clippy.toml allows it in test functions; their helpers are no less test code"
)]

#[path = "layering/source.rs"]
mod source;
#[path = "layering/workspace.rs"]
mod workspace;

use source::Source;
use workspace::{Member, default_tree, members, rust_files};

/// Which members of the workspace each member may name. A crate that is missing here fails the test.
const ARROWS: &[(&str, &[&str])] = &[
    ("kmip", &[]),
    ("kms-core", &[]),
    ("kms-providers", &["kms-core"]),
    ("kms-scan", &["kms-core", "kms-providers"]),
    (
        "kmsctl",
        &[
            "kms-core",
            "kms-providers",
            "kms-scan",
            "keystrand-fakes",
            "keystrand-shim",
        ],
    ),
    ("keystrand-fakes", &[]),
    ("keystrand-shim", &[]),
    (
        "keystrand-tests",
        &[
            "kms-core",
            "kms-providers",
            "kms-scan",
            "kmsctl",
            "keystrand-fakes",
            "keystrand-shim",
        ],
    ),
];

/// What kms-core leaves to its callers: files, network, other processes, and every async runtime.
const OUTSIDE: &[&str] = &[
    "std::fs",
    "std::net",
    "std::os::unix::net",
    "std::process::Command",
    "tokio",
    "async_std",
    "smol",
];

/// `File` gets `ReadAt`, so that callers can pass files that they opened; nothing here opens one.
const FILE_EXCEPTION: (&str, &str) = ("kms-core/src/payload/read_at.rs", "std::fs::File");

/// Files with unsafe code. In the product there is one; fork(2) has no safe form.
const UNSAFE: &[&str] = &[
    "kms-core/src/memory/pages.rs",
    "kms-core/tests/process.rs",
    "kms-core/tests/records_fork.rs",
    // Modules that C calls, for tests: no product links or loads them.
    "tests/kryoptic/src/lib.rs",
    "tests/shim/src/calls.rs",
    "tests/shim/src/cloud.rs",
    "tests/shim/src/lib.rs",
    "tests/shim/src/real.rs",
];

/// Beginnings of the names of crates that default features must not bring: cloud SDKs, network stacks, runtimes.
const NOT_BY_DEFAULT: &[&str] = &[
    "aws-config",
    "aws-sdk",
    "aws-smithy",
    "azure",
    "cryptoki",
    "gcloud",
    "google-cloud",
    "hyper",
    "openssl",
    "reqwest",
    "rustls",
    "tokio",
    "ureq",
];

#[test]
fn arrows_point_one_way() {
    let members = members();
    assert!(
        members.iter().any(|member| member.name == "kms-core"),
        "no workspace found"
    );
    let wrong: Vec<_> = members
        .iter()
        .flat_map(|member| forbidden_arrows(member, ARROWS))
        .collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn a_wrong_arrow_is_seen() {
    let member = |name: &str, uses: &[&str]| Member {
        name: name.into(),
        manifest: "Cargo.toml".into(),
        uses: uses.iter().map(|&name| name.into()).collect(),
    };
    assert_eq!(
        forbidden_arrows(&member("kmsctl", &["kms-core", "kms-providers"]), ARROWS),
        [""; 0]
    );
    assert_eq!(
        forbidden_arrows(&member("kms-core", &["kms-providers"]), ARROWS),
        ["kms-core → kms-providers"]
    );
    assert_eq!(
        forbidden_arrows(&member("stranger", &[]), ARROWS),
        ["stranger: no row in ARROWS"]
    );
}

#[test]
fn the_core_does_no_input_or_output() {
    let files = rust_files(&["kms-core/src"]);
    assert!(files.len() > 20, "kms-core/src was not found");
    let tests: Vec<_> = files.iter().flat_map(Source::test_modules).collect();
    let product = files.iter().filter(|file| !tests.contains(&file.path));
    let wrong: Vec<_> = product.flat_map(outside_names).collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn input_and_output_are_seen() {
    let names = |text: &str| outside_names(&Source::new("kms-core/src/x.rs", text)).len();
    assert_eq!(names("use std::fs::File;"), 1);
    assert_eq!(
        names("use std::{collections::HashMap, net::{TcpStream, UdpSocket}};"),
        2
    );
    assert_eq!(names("use std::{self, fs as files};"), 1);
    assert_eq!(
        names("fn f() { tokio :: spawn(async {}); let _ = ::std::fs::read(\"x\"); }"),
        2
    );
    assert_eq!(names("use std::process; fn f() { process::Command::new(\"x\"); }"), 1);
    assert_eq!(
        names("// std::fs\n/* tokio::spawn */ const A: &str = \"std::fs::read\"; use std::fmt;"),
        0
    );
    let (file, name) = FILE_EXCEPTION;
    assert!(outside_names(&Source::new(file, &format!("impl ReadAt for {name} {{}}"))).is_empty());
    assert_eq!(
        outside_names(&Source::new(file, "fn f() { std::fs::File::open(p); }")).len(),
        1
    );
}

#[test]
fn modules_for_tests_are_told_from_others() {
    let text =
        "#[cfg(test)]\nmod a;\n#[cfg(all(test, unix))] mod b;\n#[cfg(unix)] mod c;\nmod d; mod e { use x::test; }";
    assert_eq!(
        Source::new("k/src/mod.rs", text).test_modules(),
        ["k/src/a.rs", "k/src/b.rs"]
    );
    assert_eq!(
        Source::new("k/src/x.rs", "#[cfg(test)] mod tests;").test_modules(),
        ["k/src/x/tests.rs"]
    );
}

#[test]
fn unsafe_code_stands_where_it_is_listed() {
    let files = rust_files(&[
        "kmip",
        "kms-core",
        "kms-providers",
        "kms-scan",
        "kmsctl",
        "tests",
        "benches",
        "fuzz",
    ]);
    let found: Vec<_> = files
        .iter()
        .filter(|file| file.has_word("unsafe"))
        .map(|file| &file.path)
        .collect();
    assert_eq!(found, UNSAFE, "unsafe code moved: see UNSAFE in this test");
}

#[test]
fn unsafe_code_is_seen() {
    let has = |text: &str| Source::new("x.rs", text).has_word("unsafe");
    assert!(has("fn f() { unsafe { g() } }"));
    assert!(has("#[unsafe(no_mangle)] fn f() {}"));
    assert!(has("let c = '\"'; unsafe impl Send for A {}"));
    assert!(!has(
        "#![deny(unsafe_code)] // unsafe\nconst A: &str = \"unsafe\"; const B: &str = r#\"unsafe\"#;"
    ));
}

#[test]
fn default_features_bring_no_cloud_sdk_and_no_network() {
    for name in ["kmip", "kms-core", "kms-providers", "kms-scan"] {
        let crates = default_tree(name, &[]);
        assert!(crates.iter().any(|found| found == "zeroize"), "no tree of {name}");
        let wrong: Vec<_> = crates.iter().filter(|name| is_network(name)).collect();
        assert!(wrong.is_empty(), "{name} brings {wrong:?}");
    }
}

/// The command line comes with clouds, and can be had without.
#[test]
fn the_command_line_has_networks_only_by_its_features() {
    let crates = default_tree("kmsctl", &["--no-default-features"]);
    let wrong: Vec<_> = crates.iter().filter(|name| is_network(name)).collect();
    assert!(wrong.is_empty(), "kmsctl brings {wrong:?}");
    assert!(default_tree("kmsctl", &[]).iter().any(|name| name == "rustls"));
}

#[test]
fn a_cloud_sdk_is_seen() {
    assert!(is_network("aws-sdk-kms") && is_network("tokio") && is_network("reqwest"));
    assert!(!is_network("aws-lc-rs") && !is_network("tokenizer") && !is_network("kms-providers"));
}

#[test]
fn every_crate_takes_the_lints_of_the_workspace() {
    let lax: Vec<_> = members()
        .into_iter()
        .filter(|member| !inherits_lints(&member.text()))
        .collect();
    assert!(lax.is_empty(), "{lax:?}");
}

#[test]
fn missing_lints_are_seen() {
    assert!(inherits_lints("[package]\nname = \"a\"\n[lints]\nworkspace = true"));
    assert!(!inherits_lints("[package]\nname = \"a\""));
    assert!(!inherits_lints(
        "[package]\nname = \"a\"\n[lints.rust]\nmissing_docs = \"allow\""
    ));
}

fn forbidden_arrows(member: &Member, arrows: &[(&str, &[&str])]) -> Vec<String> {
    let Some((_, allowed)) = arrows.iter().find(|(name, _)| *name == member.name) else {
        return vec![format!("{}: no row in ARROWS", member.name)];
    };
    // A crate's tests may depend on the crate itself with further features.
    let wrong = member
        .uses
        .iter()
        .filter(|used| **used != member.name && !allowed.contains(&used.as_str()));
    wrong.map(|used| format!("{} → {used}", member.name)).collect()
}

fn outside_names(file: &Source) -> Vec<String> {
    let outside = |name: &String| {
        let under = |root: &&str| {
            name.strip_prefix(*root)
                .is_some_and(|rest| rest.is_empty() || rest.starts_with("::"))
        };
        OUTSIDE.iter().any(under) && (file.path.as_str(), name.as_str()) != FILE_EXCEPTION
    };
    let names = file.names().into_iter().filter(outside);
    names.map(|name| format!("{}: {name}", file.path)).collect()
}

fn is_network(name: &str) -> bool {
    let under = |start: &&str| {
        name.strip_prefix(*start)
            .is_some_and(|rest| rest.is_empty() || rest.starts_with(['-', '_']))
    };
    NOT_BY_DEFAULT.iter().any(under)
}

fn inherits_lints(manifest: &str) -> bool {
    let manifest: toml::Table = manifest.parse().unwrap();
    let inherited = manifest.get("lints").and_then(|lints| lints.get("workspace"));
    inherited.and_then(toml::Value::as_bool) == Some(true)
}
