//! Paths in JSON: text, or bytes where they are none.

use std::ffi::OsStr;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Deserializer, Serialize, Serializer};

#[derive(Serialize, Deserialize)]
#[serde(untagged)]
enum Text<'a> {
    Utf8(std::borrow::Cow<'a, str>),
    Bytes(Vec<u8>),
}

pub(super) fn serialize<S: Serializer>(path: &Path, serializer: S) -> Result<S::Ok, S::Error> {
    match path.to_str() {
        Some(text) => serializer.serialize_str(text),
        None => Text::Bytes(path.as_os_str().as_bytes().to_vec()).serialize(serializer),
    }
}

pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<PathBuf, D::Error> {
    Ok(match Text::deserialize(deserializer)? {
        Text::Utf8(text) => PathBuf::from(text.into_owned()),
        Text::Bytes(bytes) => PathBuf::from(std::ffi::OsString::from_vec(bytes)),
    })
}

/// The same for lists.
pub(super) mod list {
    use super::{Deserialize, Deserializer, OsStr, Path, PathBuf, Serialize, Serializer};

    #[derive(Serialize)]
    struct Borrowed<'a>(#[serde(serialize_with = "super::serialize")] &'a Path);

    #[derive(Deserialize)]
    struct Owned(#[serde(deserialize_with = "super::deserialize")] PathBuf);

    pub(in crate::files) fn serialize<S: Serializer>(paths: &[PathBuf], serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(
            paths
                .iter()
                .map(|path| Borrowed(Path::new(AsRef::<OsStr>::as_ref(path)))),
        )
    }

    pub(in crate::files) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<PathBuf>, D::Error> {
        let paths = Vec::<Owned>::deserialize(deserializer)?;
        Ok(paths.into_iter().map(|path| path.0).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Serialize, Deserialize, PartialEq, Debug)]
    struct Holder {
        #[serde(with = "super")]
        one: PathBuf,
        #[serde(with = "super::list")]
        many: Vec<PathBuf>,
    }

    #[test]
    fn every_path_survives() {
        let odd = PathBuf::from(OsStr::from_bytes(b"/a/\xff\xfe"));
        let holder = Holder {
            one: odd.clone(),
            many: vec![PathBuf::from("/a/ä \"\n"), odd],
        };
        let text = serde_json::to_string(&holder).unwrap();
        assert!(!text.contains('\n'));
        assert_eq!(serde_json::from_str::<Holder>(&text).unwrap(), holder);
    }
}
