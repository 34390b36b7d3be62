use std::io;

/// Forbids core dumps and debuggers for this process: no `ptrace`, no reading of `/proc/PID/mem` by the same user, no
/// core file. For binaries, before they touch a secret; a library leaves this to its host.
///
/// # Errors
/// The system's refusal, after all was tried. A binary warns and goes on.
#[cfg(unix)]
pub fn harden_process() -> io::Result<()> {
    let no_core_file = rustix::process::Rlimit {
        current: Some(0),
        maximum: Some(0),
    };
    let core_file = rustix::process::setrlimit(rustix::process::Resource::Core, no_core_file);
    forbid_tracing()?;
    Ok(core_file?)
}

#[cfg(target_os = "linux")]
fn forbid_tracing() -> io::Result<()> {
    Ok(rustix::process::set_dumpable_behavior(
        rustix::process::DumpableBehavior::NotDumpable,
    )?)
}

#[cfg(all(unix, not(target_os = "linux")))]
fn forbid_tracing() -> io::Result<()> {
    Ok(())
}

/// Nothing to forbid on this system.
///
/// # Errors
/// None.
#[cfg(not(unix))]
pub fn harden_process() -> io::Result<()> {
    Ok(())
}
