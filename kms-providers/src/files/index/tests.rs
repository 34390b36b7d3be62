use super::*;

fn key(text: &str) -> KeyUri {
    text.parse().unwrap()
}

type Entry<'a> = (&'a str, &'a str, &'a [(&'a str, Option<&'a str>)]);

fn lines(index: &KeyIndex, facts: &[Entry<'_>]) {
    for (what, path, keys) in facts {
        let keys: Vec<_> = keys
            .iter()
            .map(|(uri, version)| ((*uri).to_owned(), version.map(|version| version.as_bytes().to_vec())))
            .collect();
        let line = match *what {
            "needs" => Fact::new(Path::new(path), &keys).needs(),
            "has" => Fact::new(Path::new(path), &keys).has(),
            _ => Line::forgotten(PathBuf::from(path)),
        };
        index.append(&[line], false).unwrap();
    }
}

const A1: (&str, Option<&str>) = ("local://a", Some("1"));
const A2: (&str, Option<&str>) = ("local://a", Some("2"));
const UNKNOWN: (&str, Option<&str>) = ("local://a", None);

#[test]
fn need_ends_only_when_the_new_header_is_settled() {
    let home = tempfile::tempdir().unwrap();
    let index = KeyIndex::open(home.path());
    assert_eq!(index.still_needed(&key("local://a/1")).unwrap(), 0);
    lines(
        &index,
        &[("has", "/x", &[A1]), ("has", "/y", &[A1]), ("needs", "/x", &[A2])],
    );
    assert_eq!(index.still_needed(&key("local://a/1")).unwrap(), 2);
    assert_eq!(index.still_needed(&key("local://a/2")).unwrap(), 1);
    lines(&index, &[("has", "/x", &[A2])]);
    assert_eq!(index.still_needed(&key("local://a/1")).unwrap(), 1);
    assert_eq!(index.still_needed(&key("local://a")).unwrap(), 2);
    assert_eq!(index.still_needed(&key("local://b")).unwrap(), 0);
}

#[test]
fn an_unknown_version_may_be_any_and_a_resource_name_ends_with_its_number() {
    let home = tempfile::tempdir().unwrap();
    let index = KeyIndex::open(home.path());
    let gcp = "gcp-kms://projects/p/locations/l/keyRings/r/cryptoKeys/k";
    let name = "projects/p/locations/l/keyRings/r/cryptoKeys/k/cryptoKeyVersions/3";
    lines(
        &index,
        &[("has", "/x", &[UNKNOWN]), ("has", "/y", &[(gcp, Some(name))])],
    );
    assert_eq!(index.still_needed(&key("local://a/7")).unwrap(), 1);
    assert_eq!(
        index.still_needed(&key(&format!("{gcp}/cryptoKeyVersions/3"))).unwrap(),
        1
    );
    assert_eq!(
        index
            .still_needed(&key(&format!("{gcp}/cryptoKeyVersions/13")))
            .unwrap(),
        0
    );
}

#[test]
fn what_is_below_a_forgotten_path_no_longer_counts() {
    let home = tempfile::tempdir().unwrap();
    let index = KeyIndex::open(home.path());
    lines(
        &index,
        &[("has", "/d/x", &[A1]), ("has", "/d/e/y", &[A1]), ("has", "/dz", &[A1])],
    );
    assert_eq!(index.forget(Path::new("/d")).unwrap(), 2);
    assert_eq!(index.still_needed(&key("local://a/1")).unwrap(), 1);
}

#[test]
fn a_cut_line_is_passed_over_and_the_next_one_stands() {
    let home = tempfile::tempdir().unwrap();
    let index = KeyIndex::open(home.path());
    lines(&index, &[("has", "/x", &[A1]), ("has", "/y", &[A1])]);
    let path = home.path().join(FILE_NAME);
    let text = fs::read(&path).unwrap();
    fs::write(&path, &text[..text.len() - 9]).unwrap();
    lines(&index, &[("has", "/z", &[A1])]);
    assert_eq!(index.still_needed(&key("local://a/1")).unwrap(), 2);
}

#[test]
fn compaction_keeps_every_answer() {
    let home = tempfile::tempdir().unwrap();
    let index = KeyIndex::open(home.path());
    // Twice the size below which compaction is not worth its while.
    for round in 0..120 {
        let batch: Vec<_> = (0..1000)
            .map(|n| {
                let keys = [(
                    "local://a".to_owned(),
                    Some(if n % 3 == round % 3 {
                        b"1".to_vec()
                    } else {
                        b"2".to_vec()
                    }),
                )];
                Fact::new(Path::new(&format!("/no/such/folder/file-{n:05}")), &keys).has()
            })
            .collect();
        index.append(&batch, false).unwrap();
    }
    lines(
        &index,
        &[("needs", "/no/such/folder/file-00000", &[("local://b", Some("1"))])],
    );
    index.forget(Path::new("/no/such/folder/file-00003")).unwrap();
    let answers =
        || ["local://a/1", "local://a/2", "local://a", "local://b"].map(|uri| index.still_needed(&key(uri)).unwrap());
    let before = answers();
    let size = || fs::metadata(home.path().join(FILE_NAME)).unwrap().len();
    let (large, _) = (size(), index.compact().unwrap());
    assert!(size() * 20 < large, "{} of {large} bytes", size());
    assert_eq!(answers(), before);
    let small = size();
    index.compact().unwrap();
    assert_eq!(size(), small, "nothing to gain");
    assert_eq!(fs::read_dir(home.path()).unwrap().count(), 1);
}
