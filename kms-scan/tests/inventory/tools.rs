//! Keys and certificates by OpenSSL, ssh-keygen and Python's cryptography.

use std::process::Command;

use kms_core::Posture::{Classical, PostQuantum};
use kms_scan::{AssetKind as Kind, DueReason, Exposure, Priority, Purpose, Role, Weakness};

use super::support::{Folder, data, has, is, python, repository, signed_by, weaknesses};

#[test]
fn private_keys_of_openssl() {
    if !has("openssl") {
        return;
    }
    let folder = Folder::new();
    for (name, make, algorithm, purpose) in [
        (
            "rsa",
            "genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048",
            "RSA-2048",
            Purpose::Either,
        ),
        (
            "pss",
            "genpkey -algorithm RSA-PSS -pkeyopt rsa_keygen_bits:3072",
            "RSA-3072",
            Purpose::Signature,
        ),
        (
            "p256",
            "genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256",
            "EC-P-256",
            Purpose::Either,
        ),
        (
            "k1",
            "ecparam -name secp256k1 -genkey -noout",
            "EC-secp256k1",
            Purpose::Either,
        ),
        (
            "bp",
            "ecparam -name brainpoolP384r1 -genkey -noout",
            "EC-brainpoolP384r1",
            Purpose::Either,
        ),
        ("x", "genpkey -algorithm X25519", "X25519", Purpose::Confidentiality),
        ("x448", "genpkey -algorithm X448", "X448", Purpose::Confidentiality),
        ("ed", "genpkey -algorithm ED25519", "Ed25519", Purpose::Signature),
        (
            "dh",
            "genpkey -algorithm DH -pkeyopt group:ffdhe2048",
            "DH-2048",
            Purpose::Confidentiality,
        ),
    ] {
        folder.run(&format!("openssl {make} -out {name}.pem"));
        folder.run(&format!("openssl pkey -in {name}.pem -outform DER -out {name}.der"));
        folder.run(&format!("openssl pkey -in {name}.pem -pubout -out {name}.pub"));
        folder.run(&format!(
            "openssl pkey -in {name}.pem -pubout -outform DER -out {name}.pub.der"
        ));
        for (file, kind, in_clear) in [
            ("pem", Kind::PrivateKey, true),
            ("der", Kind::PrivateKey, true),
            ("pub", Kind::PublicKey, false),
            ("pub.der", Kind::PublicKey, false),
        ] {
            let asset = folder.only(&format!("{name}.{file}"));
            is(&asset, kind, algorithm, Some(Classical));
            assert_eq!((asset.purpose, asset.in_clear), (purpose, in_clear), "{name}.{file}");
            assert_eq!(weaknesses(&asset), [], "{name}.{file}");
            assert_eq!(asset.quantum_level, Some(0));
        }
    }
    let p256 = folder.only("p256.pem");
    assert_eq!(p256.deciding().unwrap().curve.as_deref(), Some("P-256"));
    let rsa = folder.only("rsa.der");
    assert_eq!(rsa.deciding().unwrap().oid.as_deref(), Some("1.2.840.113549.1.1.1"));
    assert_eq!(rsa.deciding().unwrap().classical_bits, Some(112));
}

#[test]
fn keys_that_are_weak_today() {
    if !has("openssl") {
        return;
    }
    let folder = Folder::new();
    folder.run("openssl genrsa -traditional -out short.pem 1024");
    folder.run("openssl ecparam -name prime192v1 -genkey -noout -out p192.pem");
    folder.run("openssl dsaparam -genkey -out dsa.pem 2048");
    folder.run("openssl pkey -in dsa.pem -pubout -out dsa.pub");
    is(&folder.only("short.pem"), Kind::PrivateKey, "RSA-1024", Some(Classical));
    for (name, weakness) in [
        ("short.pem", Weakness::ShortKey),
        ("p192.pem", Weakness::ShortKey),
        ("dsa.pub", Weakness::Dsa),
    ] {
        assert_eq!(weaknesses(&folder.only(name)), [weakness], "{name}");
    }
    // `dsaparam -genkey` writes the parameters before the key: they are no asset.
    is(&folder.only("dsa.pem"), Kind::PrivateKey, "DSA-2048", Some(Classical));
    let findings = folder.findings("2030-01-01");
    assert!(
        findings
            .iter()
            .all(|finding| finding.verdict.priority == Priority::Weak),
        "{findings:#?}"
    );
}

#[test]
fn private_keys_under_a_passphrase() {
    if !has("openssl") {
        return;
    }
    let folder = Folder::new();
    folder.run("openssl ecparam -name prime256v1 -genkey -noout -out k");
    let convert = "openssl pkcs8 -topk8 -in k -passout pass:words";
    folder.run(&format!("{convert} -v2 aes-256-cbc -iter 600000 -out good.pem"));
    folder.run(&format!("{convert} -scrypt -out scrypt.pem"));
    folder.run(&format!("{convert} -v2 des3 -out 3des.pem"));
    folder.run(&format!("{convert} -v2 aes-128-cbc -iter 10 -outform DER -out few.der"));
    folder.run(&format!("{convert} -v1 PBE-SHA1-3DES -out v1.pem"));
    folder.run("openssl ec -in k -aes256 -passout pass:words -out traditional.pem");
    for (name, at_rest, weak) in [
        ("good.pem", &["PBKDF2", "AES-256-CBC"][..], &[][..]),
        ("scrypt.pem", &["scrypt", "AES-256-CBC"], &[]),
        ("3des.pem", &["PBKDF2", "3DES-CBC"], &[Weakness::OldCipher]),
        ("few.der", &["PBKDF2", "AES-128-CBC"], &[Weakness::FastPassphrase]),
        ("v1.pem", &["PBES1"], &[Weakness::OldCipher]),
        (
            "traditional.pem",
            &["MD5, one round", "AES-256-CBC"],
            &[Weakness::FastPassphrase],
        ),
    ] {
        let asset = folder.only(name);
        assert_eq!(
            (asset.kind, asset.in_clear, &asset.fault),
            (Kind::PrivateKey, false, &None),
            "{name}"
        );
        let used = asset.algorithms.iter().filter(|used| used.role == Role::AtRest);
        let used: Vec<_> = used.map(|used| used.algorithm.name.as_str()).collect();
        assert_eq!(used, at_rest, "{name}");
        assert_eq!(weaknesses(&asset), weak, "{name}");
    }
    assert_eq!(folder.only("traditional.pem").posture, Some(Classical));
    assert_eq!(folder.only("good.pem").posture, None);
}

#[test]
fn certificates_by_what_they_may_do() {
    if !has("openssl") {
        return;
    }
    let folder = Folder::new();
    let make = "openssl req -x509 -nodes -keyout /dev/null -days 400 -subj /O=Acme/CN=";
    folder.run(&format!(
        "{make}sign -newkey rsa:2048 -addext keyUsage=digitalSignature,keyCertSign -out sign.pem"
    ));
    folder.run(&format!(
        "{make}seal -newkey rsa:2048 -addext keyUsage=keyEncipherment -out seal.pem"
    ));
    folder.run(&format!(
        "{make}both -newkey rsa:2048 -addext keyUsage=digitalSignature,keyEncipherment -out both.pem"
    ));
    folder.run(&format!(
        "{make}ed -newkey ed25519 -addext keyUsage=critical,digitalSignature -out ed.pem"
    ));
    folder.run("openssl x509 -in seal.pem -outform DER -out seal.der");
    for (name, purpose) in [
        ("sign.pem", Purpose::Signature),
        ("seal.pem", Purpose::Confidentiality),
        ("seal.der", Purpose::Confidentiality),
        ("both.pem", Purpose::Either),
        ("ed.pem", Purpose::Signature),
    ] {
        let asset = folder.only(name);
        assert_eq!((asset.kind, asset.purpose), (Kind::Certificate, purpose), "{name}");
        assert_eq!(asset.expires.unwrap().days_since(asset.created.unwrap()), 400);
        assert_eq!(asset.issuer, asset.name);
    }
    let seal = folder.only("seal.der");
    is(&seal, Kind::Certificate, "RSA-2048", Some(Classical));
    assert_eq!(
        (seal.name.as_deref(), signed_by(&seal)),
        (Some("CN=seal, O=Acme"), "RSA-SHA256")
    );
    let findings = folder.findings("2026-11-22");
    let exposed = findings
        .iter()
        .filter(|finding| finding.verdict.exposure == Exposure::Harvest);
    assert_eq!(exposed.count(), 2);
    assert_eq!(
        findings
            .iter()
            .filter(|finding| finding.verdict.exposure == Exposure::Forgery)
            .count(),
        2
    );
}

#[test]
fn the_signature_of_an_issuer_counts_and_that_of_a_root_does_not() {
    if !has("openssl") {
        return;
    }
    let folder = Folder::new();
    folder.run("openssl req -x509 -newkey rsa:2048 -sha1 -nodes -keyout ca.key -out ca.pem -subj /CN=root -days 9000");
    folder.run("openssl req -new -newkey rsa:2048 -nodes -keyout leaf.key -out leaf.csr -subj /CN=leaf");
    folder.run("openssl x509 -req -in leaf.csr -CA ca.pem -CAkey ca.key -CAcreateserial -sha1 -days 30 -out leaf.pem");
    folder.run("openssl x509 -req -in leaf.csr -CA ca.pem -CAkey ca.key -CAcreateserial -md5 -days 30 -out md5.pem");
    folder.run("openssl req -x509 -newkey rsa:2048 -nodes -keyout pss.key -out pss.pem -subj /CN=p -sigopt rsa_padding_mode:pss");
    assert_eq!(weaknesses(&folder.only("ca.pem")), []);
    assert_eq!(signed_by(&folder.only("ca.pem")), "RSA-SHA1");
    assert_eq!(weaknesses(&folder.only("leaf.pem")), [Weakness::Sha1]);
    assert_eq!(weaknesses(&folder.only("md5.pem")), [Weakness::Md5]);
    assert_eq!(
        (signed_by(&folder.only("pss.pem")), weaknesses(&folder.only("pss.pem"))),
        ("RSA-PSS", vec![])
    );
    is(
        &folder.only("leaf.csr"),
        Kind::CertificateRequest,
        "RSA-2048",
        Some(Classical),
    );
    assert_eq!(folder.only("leaf.csr").name.as_deref(), Some("CN=leaf"));
    folder.run("openssl ca -help 2>/dev/null; openssl crl2pkcs7 -nocrl -certfile ca.pem -out bundle.p7b");
    assert_eq!(folder.only("bundle.p7b").name.as_deref(), Some("CMS signed data"));
}

#[test]
fn a_chain_in_one_file_is_several_certificates_with_their_lines() {
    if !has("openssl") {
        return;
    }
    let folder = Folder::new();
    for name in ["a", "b", "c"] {
        folder.run(&format!(
            "openssl req -x509 -newkey ed25519 -nodes -keyout {name}.key -out {name}.pem -subj /CN={name}"
        ));
    }
    folder.run(
        "{ echo '# a bundle'; openssl x509 -in a.pem -text; cat b.pem; sed 's/^/    /' c.pem; cat a.key; } > chain.txt",
    );
    let found = folder.all("chain.txt");
    let names: Vec<_> = found.iter().map(|asset| (asset.kind, asset.name.as_deref())).collect();
    let expected = [Some("CN=a"), Some("CN=b"), Some("CN=c")].map(|name| (Kind::Certificate, name));
    assert_eq!(names[..3], expected);
    assert_eq!(names[3], (Kind::PrivateKey, None));
    let text = std::fs::read_to_string(folder.path().join("chain.txt")).unwrap();
    for asset in &found {
        let place = asset.place.text();
        let line: usize = place.rsplit(':').next().unwrap().parse().unwrap();
        assert!(text.lines().nth(line - 1).unwrap().contains("-----BEGIN"), "{place}");
    }
    folder.run(r#"printf '{"private_key": "%s"}' "$(awk '{printf "%s\\n", $0}' b.key)" > account.json"#);
    is(
        &folder.only("account.json"),
        Kind::PrivateKey,
        "Ed25519",
        Some(Classical),
    );
}

#[test]
fn containers_are_named_and_not_looked_into() {
    if !has("openssl") {
        return;
    }
    let folder = Folder::new();
    folder.run("openssl req -x509 -newkey rsa:2048 -nodes -keyout k -out c -subj /CN=x");
    folder.run("openssl pkcs12 -export -in c -inkey k -passout pass:words -out store.p12");
    folder.run("echo secret | openssl enc -aes-256-cbc -pbkdf2 -pass pass:words -out file.enc");
    folder.run("echo secret | openssl cms -encrypt -aes256 -outform DER -out mail.p7m c");
    for (name, what) in [
        ("store.p12", "PKCS #12 key store"),
        ("file.enc", "output of `openssl enc`"),
        ("mail.p7m", "CMS enveloped data"),
    ] {
        let asset = folder.only(name);
        assert_eq!(
            (asset.kind, asset.name.as_deref(), asset.posture),
            (Kind::Container, Some(what), None)
        );
    }
    folder.run("openssl genrsa -out crl.key 2048 && touch index && echo 01 > number && printf '[ca]\ndefault_ca=d\n[d]\ndatabase=index\ncrlnumber=number\ndefault_md=sha256\n' > conf && openssl ca -config conf -gencrl -keyfile k -cert c -crldays 9 -out crl.pem && openssl crl -in crl.pem -outform DER -out list.crl");
    assert_eq!(folder.all("list.crl"), []);
    assert_eq!(folder.all("crl.pem"), []);
}

#[test]
fn keys_of_ssh() {
    if !has("ssh-keygen") {
        return;
    }
    let folder = Folder::new();
    for (name, kind, algorithm) in [
        ("rsa", "rsa -b 3072", "RSA-3072"),
        ("p384", "ecdsa -b 384", "ECDSA-P-384"),
        ("ed", "ed25519", "Ed25519"),
    ] {
        folder.run(&format!("ssh-keygen -q -t {kind} -N '' -C who@where -f {name}"));
        let private = folder.only(name);
        is(&private, Kind::PrivateKey, algorithm, Some(Classical));
        assert!(private.in_clear && private.purpose == Purpose::Signature);
        let public = folder.only(&format!("{name}.pub"));
        is(&public, Kind::SshKey, algorithm, Some(Classical));
        assert_eq!((public.name.as_deref(), public.in_clear), (Some("who@where"), false));
    }
    folder.run("ssh-keygen -q -t ed25519 -N words -f locked");
    let locked = folder.only("locked");
    is(&locked, Kind::PrivateKey, "Ed25519", Some(Classical));
    assert!(!locked.in_clear && locked.algorithm(Role::AtRest).unwrap().name == "bcrypt-pbkdf");
    folder.run("ssh-keygen -q -e -f rsa.pub > rfc4716");
    is(&folder.only("rfc4716"), Kind::SshKey, "RSA-3072", Some(Classical));
}

#[test]
fn certificates_and_lists_of_ssh() {
    if !has("ssh-keygen") {
        return;
    }
    let folder = Folder::new();
    for name in ["ca", "user"] {
        folder.run(&format!("ssh-keygen -q -t ed25519 -N '' -C {name} -f {name}"));
    }
    folder.run("ssh-keygen -q -s ca -I 'laptop of M' -n root -V 20260101000000Z:20260201000000Z user.pub");
    let certificate = folder.only("user-cert.pub");
    is(&certificate, Kind::SshCertificate, "Ed25519", Some(Classical));
    assert_eq!(
        (certificate.name.as_deref(), signed_by(&certificate)),
        (Some("laptop of M"), "Ed25519")
    );
    assert_eq!(certificate.expires.unwrap().to_string(), "2026-02-01T00:00:00Z");
    folder.run("cp user-cert.pub laptop-cert.pub && ssh-keygen -q -s ca -I for-ever -h -n host user.pub && mv user-cert.pub host-cert.pub");
    let host = folder.only("host-cert.pub");
    assert_eq!((host.created, host.expires), (None, None));

    folder.run("{ echo '# hosts'; printf '[a.example]:22,10.0.0.1 '; cut -d' ' -f1,2 ca.pub; printf '@cert-authority *.b '; cut -d' ' -f1,2 user.pub; } > known_hosts");
    let names: Vec<_> = folder
        .all("known_hosts")
        .into_iter()
        .map(|asset| asset.name.unwrap())
        .collect();
    assert_eq!(names, ["[a.example]:22,10.0.0.1", "*.b"]);
    folder.run("{ printf 'command=\"echo AAAA\",no-pty '; cat ca.pub; cat user.pub; echo '#'; sed 's/^/# /' ca.pub; echo ssh-rsa AAAAB3Nz; } > authorized_keys");
    let found = folder.all("authorized_keys");
    assert_eq!(
        found.iter().map(|asset| asset.fault.is_some()).collect::<Vec<_>>(),
        [false, false, true]
    );
    assert_eq!(found[0].name.as_deref(), Some("ca"));

    let findings = folder.findings("2026-03-01");
    let due = findings
        .iter()
        .find(|finding| finding.asset.name.as_deref() == Some("laptop of M"))
        .unwrap();
    assert_eq!(due.verdict.due.unwrap().reason, DueReason::Expires);
    assert!(due.is_due());
}

#[test]
fn a_key_on_a_token_is_known_as_such() {
    // ssh-keygen makes these with a token only.
    let point = [&[0, 0, 0, 32][..], &[9; 32]].concat();
    let application = b"\0\0\0\x04ssh:";
    let blob = [b"\0\0\0\x1ask-ssh-ed25519@openssh.com".as_slice(), &point, application].concat();
    let line = format!(
        "sk-ssh-ed25519@openssh.com {} token\n",
        data_encoding::BASE64.encode(&blob)
    );
    let found = super::support::in_memory("id.pub", line);
    is(&found[0], Kind::SshKey, "Ed25519", Some(Classical));
    assert_eq!(found[0].notes, ["on a security key"]);
}

#[test]
fn post_quantum_keys_of_python() {
    let Some(python) =
        python("cryptography.hazmat.primitives.asymmetric.mldsa, cryptography.hazmat.primitives.asymmetric.mlkem")
    else {
        return;
    };
    let folder = Folder::new();
    let script = folder.file("keys.py", data("keys.py"));
    let made = Command::new(python).arg(script).arg(folder.path()).output().unwrap();
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    for (name, kind, algorithm, level, purpose) in [
        (
            "mlkem768.pem",
            Kind::PrivateKey,
            "ML-KEM-768",
            3,
            Purpose::Confidentiality,
        ),
        (
            "mlkem1024.pub.pem",
            Kind::PublicKey,
            "ML-KEM-1024",
            5,
            Purpose::Confidentiality,
        ),
        ("mldsa65.pem", Kind::PrivateKey, "ML-DSA-65", 3, Purpose::Signature),
        ("mldsa87.pub.pem", Kind::PublicKey, "ML-DSA-87", 5, Purpose::Signature),
    ] {
        let asset = folder.only(name);
        is(&asset, kind, algorithm, Some(PostQuantum));
        assert_eq!((asset.quantum_level, asset.purpose), (Some(level), purpose));
    }
    let agree = folder.only("agree.der");
    is(&agree, Kind::Certificate, "EC-P-256", Some(Classical));
    assert_eq!(
        (agree.purpose, signed_by(&agree)),
        (Purpose::Confidentiality, "ECDSA-SHA384")
    );
    assert_eq!(agree.created.unwrap().to_string(), "2026-01-02T03:04:05Z");
    assert_eq!(
        (agree.name.as_deref(), agree.issuer.as_deref()),
        (Some("CN=agree.example"), Some("CN=An issuer"))
    );
    if String::from_utf8_lossy(&made.stdout).contains("pq-signed.pem") {
        assert_eq!(signed_by(&folder.only("pq-signed.pem")), "ML-DSA-65");
    }
}

#[test]
fn only_a_private_key_that_others_read_is_called_so() {
    if !has("openssl") {
        return;
    }
    let folder = Folder::new();
    folder.run(
        "openssl genpkey -algorithm ED25519 -out k && cp k shared && cp k group && openssl pkey -in k -pubout -out pub",
    );
    folder.run("chmod 600 k; chmod 644 shared pub; chmod 640 group");
    let weak: Vec<_> = folder
        .findings("2026-11-22")
        .into_iter()
        .filter(|finding| finding.verdict.weaknesses == [Weakness::ReadableByOthers])
        .map(|finding| finding.asset.place.text())
        .collect();
    assert_eq!(weak, [format!("{}:1", folder.path().join("shared").display())]);
}

#[test]
fn nothing_is_found_where_there_is_nothing() {
    for path in [
        "kms-core/src/lib.rs",
        "Cargo.lock",
        "docs/kmsctl.md",
        "kms-scan/src/format/pem.rs",
    ] {
        let path = repository(path);
        let found = kms_scan::recognise(&path, &std::fs::File::open(&path).unwrap()).unwrap();
        assert_eq!(found, [], "{}", path.display());
    }
}
