//! What a file has beside its content: mode, owner, extended attributes and, as one of those, access control lists.

use std::fs::File;
use std::io;
use std::os::unix::fs::{MetadataExt, fchown};

use super::error::FileFault;

/// Gives `new` the mode, owner and extended attributes of `old`.
///
/// # Errors
/// [`FileFault::Owner`] when the owner cannot be kept; what the file system reports.
pub(super) fn keep(old: &File, new: &File) -> Result<(), FileFault> {
    let (was, is) = (old.metadata()?, new.metadata()?);
    if (was.uid(), was.gid()) != (is.uid(), is.gid()) {
        fchown(new, Some(was.uid()), Some(was.gid())).map_err(|_| FileFault::Owner)?;
    }
    if was.mode() != is.mode() {
        new.set_permissions(was.permissions())?;
    }
    // The list that holds the mode's mask comes after the mode.
    Ok(copy_extended(old, new)?)
}

#[cfg(any(target_os = "linux", target_os = "android", target_vendor = "apple"))]
fn copy_extended(old: &File, new: &File) -> io::Result<()> {
    use rustix::fs::{XattrFlags, fgetxattr, flistxattr, fsetxattr};
    use rustix::io::Errno;
    let mut names = [0; LIST];
    let length = match flistxattr(old, &mut names[..]) {
        Err(Errno::OPNOTSUPP) => 0,
        listed => listed?,
    };
    let mut value = Vec::new();
    for name in names[..length].split(|&byte| byte == 0).filter(|name| !name.is_empty()) {
        value.resize(LIST, 0);
        let length = fgetxattr(old, name, &mut value[..])?;
        match fsetxattr(new, name, &value[..length], XattrFlags::empty()) {
            // Labels of security modules are theirs to give; a new file in the same folder has got its own.
            Err(Errno::PERM | Errno::OPNOTSUPP | Errno::ACCESS)
                if name.starts_with(b"security.") || name.starts_with(b"trusted.") => {}
            outcome => outcome?,
        }
    }
    Ok(())
}

#[cfg(not(any(target_os = "linux", target_os = "android", target_vendor = "apple")))]
fn copy_extended(_old: &File, _new: &File) -> io::Result<()> {
    Ok(())
}

/// `XATTR_LIST_MAX` and `XATTR_SIZE_MAX` of Linux.
#[cfg(any(target_os = "linux", target_os = "android", target_vendor = "apple"))]
const LIST: usize = 64 << 10;
