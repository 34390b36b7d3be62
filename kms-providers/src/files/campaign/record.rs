//! The record of a run: what it is to do, what became of each file, how it ended.

use std::fs::{File, OpenOptions};
use std::io::{self, BufRead, BufReader, Read, Seek, SeekFrom, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use serde::{Deserialize, Serialize};

use super::{CampaignProgress, Plan, RunId, RunSummary};
use crate::durable::{Flush, failpoint};
use crate::files::error::{At, FileError, FileFault};
use crate::files::path_text;

/// A line of the record.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Line {
    /// The first line.
    Run { id: RunId, started: u64, plan: Plan },
    /// A new header is about to be put in place.
    Pending {
        #[serde(with = "path_text")]
        path: PathBuf,
    },
    /// It was.
    Done {
        #[serde(with = "path_text")]
        path: PathBuf,
        sequence: u64,
    },
    /// Nothing was to be done.
    Already {
        #[serde(with = "path_text")]
        path: PathBuf,
    },
    /// Something that a crash left was put right.
    Recovered {
        #[serde(with = "path_text")]
        path: PathBuf,
    },
    /// Left as it was.
    Failed {
        #[serde(with = "path_text")]
        path: PathBuf,
        reason: String,
    },
    /// The last line of a run that was not killed.
    End {
        rewrapped: u64,
        already: u64,
        recovered: u64,
        failed: u64,
        stopped: bool,
    },
}

/// The open record. Who has it has the run to itself.
pub(super) struct RunRecord {
    id: RunId,
    path: PathBuf,
    out: Mutex<Out>,
}

struct Out {
    file: File,
    synced: Instant,
}

impl RunRecord {
    pub(super) fn begin(folder: &Path, plan: &Plan) -> Result<Self, FileError> {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let mut number = now.as_millis();
        loop {
            // Thirteen digits are milliseconds until the year 2286.
            let id = RunId(format!("{number:013}"));
            let path = file_of(folder, &id);
            match OpenOptions::new()
                .read(true)
                .append(true)
                .create_new(true)
                .mode(0o600)
                .open(&path)
            {
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => number += 1,
                file => {
                    let record = Self::locked(id, path, file)?;
                    record.write_first(now.as_secs(), plan).at(&record.path)?;
                    return Ok(record);
                }
            }
        }
    }

    pub(super) fn resume(folder: &Path, id: &RunId) -> Result<(Self, Plan), FileError> {
        let path = file_of(folder, id);
        let file = OpenOptions::new().read(true).append(true).open(&path);
        let record = Self::locked(id.clone(), path, file)?;
        let plan = first(&record.path)?.ok_or(FileFault::RunRecord).at(&record.path)?.1;
        // What a crash has cut ends here.
        record.write(&[]).at(&record.path)?;
        Ok((record, plan))
    }

    pub(super) fn id(&self) -> &RunId {
        &self.id
    }

    /// Adds lines, and makes all of them durable some times a second.
    pub(super) fn add(&self, lines: &[Line]) -> Result<(), FileError> {
        if lines.is_empty() {
            return Ok(());
        }
        self.write(lines)
            .and_then(|()| failpoint::pass("run::batch_recorded"))
            .at(&self.path)
    }

    pub(super) fn end(&self, counts: &CampaignProgress, stopped: bool) -> Result<(), FileError> {
        let end = Line::End {
            rewrapped: counts.rewrapped,
            already: counts.already_current,
            recovered: counts.recovered,
            failed: counts.failed,
            stopped,
        };
        self.write(&[end]).at(&self.path)?;
        self.out().file.sync_data().at(&self.path)
    }

    fn locked(id: RunId, path: PathBuf, file: io::Result<File>) -> Result<Self, FileError> {
        let file = file.at(&path)?;
        file.try_lock().map_err(io::Error::from).at(&path)?;
        let out = Mutex::new(Out {
            file,
            synced: Instant::now(),
        });
        Ok(Self { id, path, out })
    }

    fn write_first(&self, started: u64, plan: &Plan) -> io::Result<()> {
        self.write(&[Line::Run {
            id: self.id.clone(),
            started,
            plan: plan.clone(),
        }])?;
        self.out().file.sync_all()?;
        Flush::Now.folders([self.path.as_path()])?;
        failpoint::pass("run::begun")
    }

    fn write(&self, lines: &[Line]) -> io::Result<()> {
        let mut text = Vec::new();
        for line in lines {
            serde_json::to_writer(&mut text, line)?;
            text.push(b'\n');
        }
        if lines.is_empty() {
            text.push(b'\n');
        }
        let mut out = self.out();
        out.file.write_all(&text)?;
        if out.synced.elapsed() >= GROUP {
            out.file.sync_data()?;
            out.synced = Instant::now();
        }
        Ok(())
    }

    fn out(&self) -> std::sync::MutexGuard<'_, Out> {
        self.out.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What the record at `path` tells; `None` when it is none, or damaged.
pub(super) fn summary(path: &Path) -> Result<Option<RunSummary>, FileError> {
    if path.extension().is_none_or(|extension| extension != EXTENSION) {
        return Ok(None);
    }
    let Some((id, plan)) = first(path)? else {
        return Ok(None);
    };
    let finished = matches!(
        last(path).at(path)?,
        Some(Line::End {
            failed: 0,
            stopped: false,
            ..
        })
    );
    Ok(Some(RunSummary { id, plan, finished }))
}

fn first(path: &Path) -> Result<Option<(RunId, Plan)>, FileError> {
    let mut text = String::new();
    let file = File::open(path).at(path)?;
    let read = BufReader::new(file.take(LONGEST_PLAN)).read_line(&mut text);
    if read.is_err() {
        return Ok(None);
    }
    Ok(match serde_json::from_str(&text) {
        Ok(Line::Run { id, plan, .. }) => Some((id, plan)),
        _ => None,
    })
}

fn last(path: &Path) -> io::Result<Option<Line>> {
    let mut file = File::open(path)?;
    let length = file.metadata()?.len();
    file.seek(SeekFrom::Start(length.saturating_sub(TAIL)))?;
    let mut tail = Vec::new();
    file.read_to_end(&mut tail)?;
    let line = tail.trim_ascii_end().rsplit(|&byte| byte == b'\n').next();
    Ok(line.and_then(|line| serde_json::from_slice(line).ok()))
}

fn file_of(folder: &Path, id: &RunId) -> PathBuf {
    folder.join(id.as_str()).with_extension(EXTENSION)
}

const EXTENSION: &str = "jsonl";
/// How much of a record may be lost to a power failure. Nothing depends on it: the envelopes tell.
const GROUP: Duration = Duration::from_millis(100);
/// Plans with many paths are long lines.
const LONGEST_PLAN: u64 = 64 << 20;
/// An `End` line is shorter.
const TAIL: u64 = 4096;
