//! Names of outputs, and the caution before one is overwritten.

use std::ffi::OsStr;
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use kms_core::Prelude;

use super::{Direction, is_stream};
use crate::failure::{Failure, Result};

/// The output of `input` where none is named. In a folder of its own it needs no other name.
pub(super) fn of_output(input: &Path, direction: Direction, elsewhere: bool) -> Result<PathBuf> {
    match direction {
        Direction::Seal => {
            let mut name = input.as_os_str().to_owned();
            name.push(".");
            name.push(ENVELOPE);
            Ok(name.into())
        }
        Direction::Open if OPENABLE.iter().any(|name| input.extension() == Some(OsStr::new(name))) => {
            Ok(input.with_extension(""))
        }
        Direction::Open if elsewhere => Ok(input.to_owned()),
        Direction::Open => Err(Failure::usage(
            "the name does not end in .ks1 or .encrypted, so it does not tell the name of the plaintext",
            "name the output: kmsctl decrypt IN OUT",
        )
        .at(input)),
    }
}

/// Whether the second of two paths may be taken for the output. What exists may be meant as a second input: by force it
/// is overwritten, but not if it looks like a sibling of the first. `encrypt --force *.csv` with two files must not
/// seal one over the other.
pub(super) fn check_second(input: &Path, second: &Path, force: bool, direction: Direction) -> Result<()> {
    if is_stream(second) || is_stream(input) || !second.exists() {
        return Ok(());
    }
    if force && second.is_file() && !are_siblings(input, second, direction) {
        return Ok(());
    }
    let next = match second.is_dir() {
        true => "say --out-dir to write below this folder, or --each to take it for an input".to_owned(),
        false => format!(
            "say --output {} --force to overwrite it, or --each to take it for an input",
            second.display()
        ),
    };
    Err(Failure::exists("exists; is it the output, or a second input?", next).at(second))
}

fn are_siblings(input: &Path, second: &Path, direction: Direction) -> bool {
    let same_extension = input.extension().is_some() && input.extension() == second.extension();
    same_extension && (direction == Direction::Open || !starts_an_envelope(second))
}

/// Whether a file starts as an envelope does.
pub(super) fn starts_an_envelope(path: &Path) -> bool {
    let mut start = Vec::with_capacity(Prelude::LEN);
    let read = File::open(path).and_then(|file| file.take(Prelude::LEN as u64).read_to_end(&mut start));
    read.is_ok() && Prelude::parse(&start).is_ok()
}

const ENVELOPE: &str = "ks1";
/// What plaintexts lose: ours, and that of AWS's command line for messages of its SDK.
const OPENABLE: [&str; 2] = [ENVELOPE, "encrypted"];
