//! Input that nobody should make: cut, flipped, deep, long, and in great numbers. Nothing panics, nothing takes long,
//! and what was recognised before it broke is told as broken.

use std::fs;
use std::time::{Duration, Instant};

use kms_scan::{Asset, limits};

use super::support::{Folder, data, has, in_memory, repository};

/// One small file of each format that needs no tool.
fn specimens() -> Vec<(String, Vec<u8>)> {
    let mut all: Vec<(String, Vec<u8>)> = ["encrypted-footer", "plaintext-footer", "plaintext-footer-ctr"]
        .map(|name| (format!("{name}.parquet"), data(&format!("{name}.parquet"))))
        .into();
    for name in ["message-gcm-local-l0-attached", "any-of-three"] {
        let path = repository(&format!("tests/golden/ks1/oracle/{name}.ks1"));
        all.push((format!("{name}.ks1"), fs::read(path).unwrap()));
    }
    let age = "age-encryption.org/v1\n-> X25519 abc\nbody\n-> mlkem768x25519 abc\nbody\n--- MAC\n";
    let jwk = r#"{"keys":[{"kty":"RSA","n":"vwAA","e":"AQAB"},{"kty":"OKP","crv":"X25519","x":"","d":"AA"}]}"#;
    let esdk = [
        &[2, 5, 0x78][..],
        &[1; 32],
        &[0, 0, 0, 1, 0, 4],
        b"mine",
        &[0, 1],
        b"k",
        &[0, 1, 9, 2],
    ]
    .concat();
    all.push(("f.age".into(), age.into()));
    all.push(("k.json".into(), jwk.into()));
    all.push(("m.esdk".into(), esdk));
    all
}

/// The same, and what the tools of this machine make.
fn all_specimens() -> Vec<(String, Vec<u8>)> {
    let mut all = specimens();
    if !has("openssl") || !has("ssh-keygen") {
        return all;
    }
    let folder = Folder::new();
    folder.run("openssl req -x509 -newkey ed25519 -nodes -keyout k.pem -out c.pem -subj /O=A/CN=b -addext keyUsage=keyAgreement");
    folder.run("openssl x509 -in c.pem -outform DER -out c.der; openssl pkey -in k.pem -outform DER -out k.der");
    folder
        .run("openssl genrsa -traditional -out r.key 512; openssl rsa -in r.key -outform DER -traditional -out r.der");
    folder.run("openssl pkcs8 -topk8 -in k.pem -passout pass:words -outform DER -out e.der");
    folder.run("openssl req -new -key k.pem -subj /CN=x -outform DER -out q.der");
    folder.run("ssh-keygen -q -t ed25519 -N '' -f s; ssh-keygen -q -s s -I id -V +1d s.pub");
    for name in [
        "c.pem",
        "c.der",
        "k.der",
        "r.der",
        "e.der",
        "q.der",
        "s",
        "s.pub",
        "s-cert.pub",
    ] {
        all.push((name.into(), fs::read(folder.path().join(name)).unwrap()));
    }
    all
}

#[test]
fn every_specimen_is_found_whole() {
    for (name, bytes) in all_specimens() {
        let found = in_memory(&name, &bytes);
        assert!(
            !found.is_empty() && found.iter().all(|asset| asset.fault.is_none()),
            "{name}: {found:#?}"
        );
    }
}

#[test]
fn files_cut_at_every_byte() {
    for (name, bytes) in all_specimens() {
        for end in 0..bytes.len() {
            sound(&name, &in_memory(&name, &bytes[..end]));
        }
    }
}

#[test]
fn files_with_any_byte_changed() {
    for (name, bytes) in all_specimens() {
        for at in 0..bytes.len() {
            for value in [0, 0x7f, 0x80, 0xff, bytes[at] ^ 1] {
                let mut changed = bytes.clone();
                changed[at] = value;
                sound(&name, &in_memory(&name, &changed));
            }
        }
    }
}

#[test]
fn what_is_cut_off_is_told_and_not_passed_over() {
    for (name, bytes) in specimens() {
        if name.ends_with(".ks1") || name.ends_with(".age") || name.ends_with(".parquet") || name.ends_with(".esdk") {
            let found = in_memory(&name, &bytes[..60.min(bytes.len() * 3 / 4)]);
            assert!(found.len() == 1 && found[0].fault.is_some(), "{name}: {found:#?}");
        }
    }
}

#[test]
fn sequences_ten_thousand_deep() {
    let mut deep = vec![0x05, 0x00];
    for _ in 0..10_000 {
        deep = [&header(deep.len())[..], &deep].concat();
    }
    quick(|| sound("deep.der", &in_memory("deep.der", &deep)));
    let pem = format!(
        "-----BEGIN CERTIFICATE-----\n{}\n-----END CERTIFICATE-----\n",
        data_encoding::BASE64.encode(&deep)
    );
    let found = quick(|| in_memory("deep.pem", &pem));
    assert!(found[0].fault.is_some());
}

#[test]
fn lengths_that_no_memory_has() {
    for length in [
        &[0x84, 0xff, 0xff, 0xff, 0xff][..],
        &[0x88, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff],
        &[0x80],
    ] {
        sound(
            "x.der",
            &in_memory("x.der", [&[0x30], length, &[0x30, 0x82, 0xff, 0xff]].concat()),
        );
    }
    // A Parquet footer of 4 GiB, and a list in it of 2^62 structs.
    let tail = |footer: &[u8], length: u32| [b"PAR1", footer, &length.to_le_bytes(), b"PAR1"].concat();
    assert!(in_memory("p", tail(b"x", u32::MAX))[0].fault.is_some());
    let list = [0x49, 0xfc, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x3f];
    let found = quick(|| in_memory("p", tail(&list, u32::try_from(list.len()).unwrap())));
    assert!(found[0].fault.is_some(), "{found:?}");
    let nested = vec![0x1c; 100_000];
    let found = quick(|| in_memory("p", tail(&nested, 100_000)));
    assert!(found[0].fault.is_some(), "{found:?}");
    // Sixty-five thousand keys of the Encryption SDK.
    let many = [&[2, 5, 0x78][..], &[1; 32], &[0, 0, 0xff, 0xff], &[0; 6 * 65_535]].concat();
    quick(|| sound("m", &in_memory("m", &many)));
    // A KS1 header that says it is 4 GiB long.
    let mut header = fs::read(repository("tests/golden/ks1/oracle/any-of-three.ks1")).unwrap();
    header[12..32].fill(0xff);
    assert!(in_memory("e.ks1", &header)[0].fault.is_some());
}

#[test]
fn texts_that_are_nothing_but_beginnings() {
    for (unit, count) in [
        ("-----BEGIN CERTIFICATE-----\n", 140_000),
        ("-----BEGIN ", 300_000),
        ("-----BEGIN X-----\n-----END X-----\n", 100_000),
        ("ssh-rsa AAAA\n", 300_000),
        ("ssh-rsa AAAA ", 300_000),
        ("AAAA", 1_000_000),
        ("age1", 1_000_000),
        (
            "age1qqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqq\n",
            60_000,
        ),
        ("{\"kty\":", 400_000),
    ] {
        let text = unit.repeat(count);
        let found = quick(|| in_memory("bomb", &text));
        sound(unit, &found);
        assert!(found.len() <= limits::FINDINGS + 1, "{unit}: {}", found.len());
    }
    let body = format!(
        "-----BEGIN PRIVATE KEY-----\n{}\n-----END PRIVATE KEY-----",
        "A".repeat(4_000_000)
    );
    sound("long", &quick(|| in_memory("long", &body)));
    let blank = format!(
        "-----BEGIN PRIVATE KEY-----\n{}\n-----END PRIVATE KEY-----",
        "\n ".repeat(2_000_000)
    );
    assert!(quick(|| in_memory("blank", &blank))[0].fault.is_some());
}

#[test]
fn more_than_is_listed_is_told() {
    let pem = "-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----\n".repeat(limits::FINDINGS + 10);
    let found = in_memory("many", &pem);
    assert_eq!(found.len(), limits::FINDINGS + 1);
    assert!(found[limits::FINDINGS].fault.as_deref().unwrap().contains("more"));
}

#[test]
fn of_a_large_file_little_is_read() {
    struct Counted(std::sync::Mutex<u64>);
    impl kms_core::payload::ReadAt for Counted {
        fn read_exact_at(&self, buf: &mut [u8], _: u64) -> std::io::Result<()> {
            *self.0.lock().unwrap() += buf.len() as u64;
            buf.fill(b'x');
            Ok(())
        }

        fn size(&self) -> std::io::Result<u64> {
            Ok(1 << 50)
        }
    }
    let large = Counted(std::sync::Mutex::new(0));
    assert_eq!(kms_scan::recognise("large".as_ref(), &large).unwrap(), []);
    let read = *large.0.lock().unwrap();
    assert!(read <= (limits::TEXT + limits::HEAD) as u64, "{read}");
}

/// The head of a SEQUENCE of so many bytes.
fn header(length: usize) -> Vec<u8> {
    let bytes = u32::try_from(length).unwrap().to_be_bytes();
    match length {
        0..=0x7f => vec![0x30, bytes[3]],
        0x80..=0xff => vec![0x30, 0x81, bytes[3]],
        0x100..=0xffff => vec![0x30, 0x82, bytes[2], bytes[3]],
        _ => vec![0x30, 0x83, bytes[1], bytes[2], bytes[3]],
    }
}

/// Whatever was found, its text is of bounded length and can be written.
#[track_caller]
fn sound(name: &str, found: &[Asset]) {
    for asset in found {
        let longest = asset
            .name
            .iter()
            .chain(&asset.issuer)
            .map(|text| text.chars().count())
            .max();
        assert!(longest.unwrap_or(0) <= limits::NAME + 1, "{name}");
        assert!(asset.recipients.len() <= limits::RECIPIENTS, "{name}");
        serde_json::to_string(asset).unwrap();
    }
}

/// Far beyond what it takes, and far below what anything worse than linear would.
#[track_caller]
fn quick<T>(work: impl FnOnce() -> T) -> T {
    let started = Instant::now();
    let made = work();
    assert!(started.elapsed() < Duration::from_secs(30), "{:?}", started.elapsed());
    made
}
