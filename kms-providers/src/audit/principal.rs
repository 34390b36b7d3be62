//! Who runs this process.

use std::ffi::OsStr;

use kms_core::audit::Principal;

/// The user, program, process number and host of this process, as the operating system knows them. Environment
/// variables, which the user could set, are not asked.
#[must_use]
pub fn this_process() -> Principal {
    let mut principal = Principal::default();
    principal.process = std::env::current_exe()
        .ok()
        .and_then(|path| path.file_name().and_then(OsStr::to_str).map(str::to_owned));
    principal.pid = Some(std::process::id());
    #[cfg(unix)]
    fill_from_system(&mut principal);
    principal
}

#[cfg(unix)]
fn fill_from_system(principal: &mut Principal) {
    let user = rustix::process::getuid().as_raw();
    principal.id = Some(user.to_string());
    principal.name = std::fs::read_to_string("/etc/passwd")
        .ok()
        .and_then(|accounts| name_of(user, &accounts));
    let system = rustix::system::uname();
    principal.host = system.nodename().to_str().ok().map(str::to_owned);
}

/// The name of the local account with this number; directory accounts are known by their number only.
#[cfg(unix)]
fn name_of(user: u32, accounts: &str) -> Option<String> {
    accounts.lines().find_map(|account| {
        let mut fields = account.split(':');
        let name = fields.next()?;
        let number: u32 = fields.nth(1)?.parse().ok()?;
        (number == user).then(|| name.to_owned())
    })
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn the_name_belongs_to_the_number() {
        let accounts = "root:x:0:0:root:/root:/bin/sh\nbroken\nanna:x:1000:1000::/home/anna:/bin/sh\n";
        assert_eq!(name_of(1000, accounts).as_deref(), Some("anna"));
        assert_eq!(name_of(1, accounts), None);
    }

    #[test]
    fn this_process_is_known() {
        let principal = this_process();
        assert_eq!(principal.pid, Some(std::process::id()));
        assert!(principal.id.is_some() && principal.host.is_some() && principal.process.is_some());
    }
}
