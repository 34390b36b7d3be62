//! Which file becomes which: the paths of a command line turned into jobs, before any of them is begun.
//!
//! ```text
//! IN            → IN.ks1, and back
//! IN OUT        → OUT, unless OUT exists and might be meant as a second input
//! IN IN IN…     → each to its own IN.ks1; so too with --each
//! DIR           → every file below, beside itself or mirrored below --out-dir
//! -             → stdin to stdout
//! ```

mod ends;
mod expand;
mod name;
mod run;

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use clap::Args;

pub use run::Worker;

use crate::failure::{Failure, Result};
use expand::{Expansion, Origin};

/// A file, or a standard stream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// Stdin or stdout.
    Stream,
    /// A file.
    File(PathBuf),
}

/// One file to work on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Job {
    /// Where the bytes come from.
    pub input: Place,
    /// Where they go.
    pub output: Place,
}

/// What a command line is to do.
pub struct Jobs {
    /// The jobs, in order.
    list: Vec<Job>,
    /// What could not be made a job.
    failures: Vec<Failure>,
    /// Whether folders for outputs are made.
    mirrored: bool,
}

/// Which way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    /// From plaintext to envelope.
    Seal,
    /// From envelope to plaintext.
    Open,
}

/// Inputs and outputs of a command line.
#[derive(Debug, Clone, Default, Args)]
pub struct Paths {
    /// Files, folders or patterns, `-` for stdin; of two, the second is the output
    #[arg(required = true, value_name = "IN…  [OUT]")]
    pub paths: Vec<PathBuf>,
    /// Write to this file, `-` for stdout
    #[arg(short, long, value_name = "OUT", conflicts_with = "out_dir")]
    pub output: Option<PathBuf>,
    /// Write below this folder, in the tree that the inputs stand in
    #[arg(long, value_name = "DIR")]
    pub out_dir: Option<PathBuf>,
    /// Take every path for an input, also the second of two
    #[arg(long, conflicts_with = "output")]
    pub each: bool,
    /// Overwrite existing outputs
    #[arg(short, long)]
    pub force: bool,
    /// Leave out what has an output already: goes on with a job that was broken off
    #[arg(long, conflicts_with = "force")]
    pub skip_existing: bool,
}

impl Paths {
    /// The jobs. A file or folder that cannot be made one hinders no other: it is told when the jobs are run.
    ///
    /// # Errors
    /// Where it cannot be told what is meant.
    pub fn jobs(&self, direction: Direction) -> Result<Jobs> {
        let (inputs, output) = self.split(direction)?;
        let from_stdin = matches!(inputs, [only] if is_stream(only)).then_some(Path::new("-"));
        if let Some(output) = output.or(from_stdin) {
            let [input] = inputs else {
                return Err(Failure::usage(
                    "one output was named for several inputs",
                    "name a folder with --out-dir, or one input",
                ));
            };
            return self.single(input, output);
        }
        let expansion = Expansion::of(inputs, direction)?;
        let mut jobs = self.collect(Vec::new(), expansion.failures);
        for origin in expansion.origins {
            match self.job(origin, direction) {
                Ok(job) => jobs.list.push(job),
                Err(failure) => jobs.failures.push(failure),
            }
        }
        check_distinct(&jobs.list)?;
        if self.skip_existing {
            let is_done = |job: &Job| matches!(&job.output, Place::File(path) if path.exists());
            jobs.list.retain(|job| !is_done(job));
        }
        Ok(jobs)
    }

    /// Inputs, and the output where one is named.
    fn split(&self, direction: Direction) -> Result<(&[PathBuf], Option<&Path>)> {
        if let Some(output) = &self.output {
            return Ok((&self.paths, Some(output)));
        }
        match &self.paths[..] {
            [input, second] if !self.each && self.out_dir.is_none() => {
                name::check_second(input, second, self.force, direction)?;
                Ok((std::slice::from_ref(input), Some(second)))
            }
            inputs => Ok((inputs, None)),
        }
    }

    fn single(&self, input: &Path, output: &Path) -> Result<Jobs> {
        if input.is_dir() {
            return Err(Failure::usage(
                "a folder has no single output",
                "name a folder for the results with --out-dir, or leave OUT away",
            )
            .at(input));
        }
        let job = Job {
            input: place(input),
            output: place(output),
        };
        Ok(self.collect(vec![job], Vec::new()))
    }

    fn collect(&self, list: Vec<Job>, failures: Vec<Failure>) -> Jobs {
        Jobs {
            list,
            failures,
            mirrored: self.out_dir.is_some(),
        }
    }

    fn job(&self, origin: Origin, direction: Direction) -> Result<Job> {
        let output = match &self.out_dir {
            Some(dir) => dir.join(name::of_output(&origin.relative, direction, true)?),
            None => name::of_output(&origin.path, direction, false)?,
        };
        Ok(Job {
            input: Place::File(origin.path),
            output: Place::File(output),
        })
    }
}

impl Jobs {
    /// How many there are, failures included.
    #[must_use]
    pub fn count(&self) -> usize {
        self.list.len() + self.failures.len()
    }

    /// Whether stdout is an output.
    #[must_use]
    pub fn use_stdout(&self) -> bool {
        self.list.iter().any(|job| job.output == Place::Stream)
    }
}

impl Place {
    /// The path, `-` for a stream.
    #[must_use]
    pub fn path(&self) -> &Path {
        match self {
            Self::Stream => Path::new("-"),
            Self::File(path) => path,
        }
    }
}

/// Two jobs with one output would overwrite each other.
fn check_distinct(jobs: &[Job]) -> Result<()> {
    let mut seen = HashSet::new();
    match jobs.iter().find(|job| !seen.insert(job.output.path())) {
        None => Ok(()),
        Some(job) => Err(Failure::usage(
            "two inputs would have this output",
            "seal or open them with different --out-dir",
        )
        .at(job.output.path())),
    }
}

fn place(path: &Path) -> Place {
    if is_stream(path) {
        Place::Stream
    } else {
        Place::File(path.to_owned())
    }
}

fn is_stream(path: &Path) -> bool {
    path == Path::new("-")
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    fn paths(paths: &[&Path]) -> Paths {
        Paths {
            paths: paths.iter().map(|path| path.to_path_buf()).collect(),
            ..Paths::default()
        }
    }

    fn outputs(jobs: &Jobs) -> Vec<&Path> {
        assert!(jobs.failures.is_empty());
        jobs.list.iter().map(|job| job.output.path()).collect()
    }

    #[test]
    fn names_go_forth_and_back() {
        let folder = tempfile::tempdir().unwrap();
        let plain = folder.path().join("a.csv");
        let sealed = folder.path().join("a.csv.ks1");
        fs::write(&plain, "x").unwrap();
        assert_eq!(outputs(&paths(&[&plain]).jobs(Direction::Seal).unwrap()), [&sealed]);
        fs::write(&sealed, "x").unwrap();
        assert_eq!(outputs(&paths(&[&sealed]).jobs(Direction::Open).unwrap()), [&plain]);
        let nameless = paths(&[&plain]).jobs(Direction::Open).unwrap();
        assert_eq!(
            (nameless.list.len(), nameless.failures[0].exit),
            (0, crate::exit::Exit::Usage)
        );
    }

    #[test]
    fn the_second_of_two_is_the_output_unless_it_might_be_an_input() {
        let folder = tempfile::tempdir().unwrap();
        let (a, b, new) = ["a.csv", "b.csv", "new"].map(|name| folder.path().join(name)).into();
        fs::write(&a, "a").unwrap();
        fs::write(&b, "precious").unwrap();
        assert_eq!(outputs(&paths(&[&a, &new]).jobs(Direction::Seal).unwrap()), [&new]);

        let ambiguous = paths(&[&a, &b]);
        assert!(
            ambiguous
                .jobs(Direction::Seal)
                .err()
                .unwrap()
                .message
                .contains("exists")
        );
        // Not even by force: they look like siblings.
        let forced = Paths {
            force: true,
            ..ambiguous.clone()
        };
        assert!(forced.jobs(Direction::Seal).is_err());
        let each = Paths {
            each: true,
            ..ambiguous
        };
        assert_eq!(each.jobs(Direction::Seal).unwrap().count(), 2);
        let named = Paths {
            output: Some(b.clone()),
            force: true,
            ..paths(&[&a])
        };
        assert_eq!(outputs(&named.jobs(Direction::Seal).unwrap()), [&b]);
    }

    #[test]
    fn folders_are_mirrored() {
        let folder = tempfile::tempdir().unwrap();
        let tree = folder.path().join("tree");
        fs::create_dir_all(tree.join("sub")).unwrap();
        fs::write(tree.join("one"), "1").unwrap();
        fs::write(tree.join("sub/two"), "2").unwrap();
        let mirrored = Paths {
            out_dir: Some("/out".into()),
            ..paths(&[&tree])
        };
        let jobs = mirrored.jobs(Direction::Seal).unwrap();
        assert_eq!(
            outputs(&jobs),
            [Path::new("/out/tree/one.ks1"), Path::new("/out/tree/sub/two.ks1")]
        );
        let beside = paths(&[&tree]).jobs(Direction::Seal).unwrap();
        assert_eq!(outputs(&beside), [tree.join("one.ks1"), tree.join("sub/two.ks1")]);
    }

    #[test]
    fn streams_stay_streams() {
        let both = paths(&[Path::new("-")]).jobs(Direction::Seal).unwrap();
        assert_eq!(
            (&both.list[0].input, &both.list[0].output),
            (&Place::Stream, &Place::Stream)
        );
        let to_file = paths(&[Path::new("-"), Path::new("/nowhere/x")])
            .jobs(Direction::Open)
            .unwrap();
        assert_eq!(to_file.list[0].output, Place::File("/nowhere/x".into()));
        let three = paths(&[Path::new("-"), Path::new("a"), Path::new("b")]);
        assert!(three.jobs(Direction::Seal).is_err());
    }
}
