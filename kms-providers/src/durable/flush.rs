//! Making many files durable for the price of one.
//!
//! `fsync` of each of n new files costs n journal commits and n cache flushes of the disk. On the file systems named
//! here one `syncfs` makes the same promise for all of them: data and metadata that were written before the call are
//! on disk after it, and a failed write-back is reported (syncfs(2), since Linux 5.8). It also writes what other
//! programs left unwritten on that file system, so single files are synced one by one.

use std::collections::BTreeMap;
use std::fs::File;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

/// When files must be on disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Flush {
    /// Now.
    Now,
    /// Whenever the system writes them out.
    Later,
}

impl Flush {
    /// Makes `files` durable.
    ///
    /// # Errors
    /// The first failure; any of the files may then not be on disk.
    pub(crate) fn files<'a>(self, files: impl IntoIterator<Item = &'a File>) -> io::Result<()> {
        if self == Self::Later {
            return Ok(());
        }
        let mut by_device = BTreeMap::<u64, Vec<&File>>::new();
        for file in files {
            by_device.entry(file.metadata()?.dev()).or_default().push(file);
        }
        by_device.values().try_for_each(|files| sync_group(files))
    }

    /// Makes the names in the folders of `paths` durable.
    ///
    /// # Errors
    /// As [`Flush::files`].
    pub(crate) fn folders<'a>(self, paths: impl IntoIterator<Item = &'a Path>) -> io::Result<()> {
        if self == Self::Later {
            return Ok(());
        }
        let folders: std::collections::BTreeSet<_> = paths.into_iter().map(folder_of).collect();
        let folders = folders.into_iter().map(File::open).collect::<io::Result<Vec<_>>>()?;
        self.files(&folders)
    }
}

/// The folder in which `path` has its name.
fn folder_of(path: &Path) -> &Path {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    }
}

fn sync_group(files: &[&File]) -> io::Result<()> {
    match files.first() {
        Some(any) if files.len() >= WORTH_SYNCFS && syncfs_is_enough(any) => sync_file_system(any),
        _ => files.iter().try_for_each(|file| file.sync_all()),
    }
}

#[cfg(target_os = "linux")]
fn sync_file_system(any: &File) -> io::Result<()> {
    Ok(rustix::fs::syncfs(any)?)
}

/// Whether `syncfs` promises what `fsync` does here: FUSE, for one, does not pass it on to its server.
#[cfg(target_os = "linux")]
fn syncfs_is_enough(file: &File) -> bool {
    static REPORTS_FAILURES: std::sync::LazyLock<bool> = std::sync::LazyLock::new(kernel_reports_failures);
    let kind = rustix::fs::fstatfs(file).map(|stat| i128::from(stat.f_type));
    *REPORTS_FAILURES && kind.is_ok_and(|kind| HONEST.contains(&kind))
}

#[cfg(target_os = "linux")]
fn kernel_reports_failures() -> bool {
    let release = std::fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
    let mut numbers = release.split(|c: char| !c.is_ascii_digit()).map(str::parse::<u32>);
    match (numbers.next(), numbers.next()) {
        (Some(Ok(major)), Some(Ok(minor))) => (major, minor) >= (5, 8),
        _ => false,
    }
}

#[cfg(not(target_os = "linux"))]
fn sync_file_system(_any: &File) -> io::Result<()> {
    Err(io::ErrorKind::Unsupported.into())
}

#[cfg(not(target_os = "linux"))]
fn syncfs_is_enough(_file: &File) -> bool {
    false
}

/// ext2 to ext4, XFS, Btrfs, F2FS, tmpfs (statfs(2)).
#[cfg(target_os = "linux")]
const HONEST: [i128; 5] = [0xEF53, 0x5846_5342, 0x9123_683E, 0xF2F5_2010, 0x0102_1994];

/// From so many files on, one `syncfs` is cheaper.
const WORTH_SYNCFS: usize = 4;

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::*;

    #[test]
    fn few_and_many_files_and_their_folders_are_synced() {
        let folder = tempfile::tempdir().unwrap();
        for count in [0, 1, WORTH_SYNCFS, 3 * WORTH_SYNCFS] {
            let paths: Vec<_> = (0..count).map(|n| folder.path().join(n.to_string())).collect();
            let files: Vec<_> = paths.iter().map(|path| File::create(path).unwrap()).collect();
            Flush::Now.files(&files).unwrap();
            Flush::Now.folders(paths.iter().map(PathBuf::as_path)).unwrap();
        }
        assert!(Flush::Now.folders([Path::new("/nonexistent/file")]).is_err());
        Flush::Later.folders([Path::new("/nonexistent/file")]).unwrap();
    }

    #[test]
    fn a_bare_name_stands_in_the_current_folder() {
        assert_eq!(folder_of(Path::new("f")), Path::new("."));
        assert_eq!(folder_of(Path::new("a/f")), Path::new("a"));
    }
}
