//! The home: folder, configuration, files that only their owner may read.

use std::fs;

use kms_providers::config::AuditConfig;

use super::{Report, is_exposed};
use crate::App;
use crate::failure::Failure;
use crate::home::Home;

pub(super) fn check(app: &App, home: &Home, report: &mut Report<'_>) {
    let dir = home.dir();
    match fs::metadata(dir) {
        Err(error) => report.fail("home", &Failure::io(dir, &error).advise("`kmsctl init` makes a home")),
        Ok(_) if is_exposed(dir) => {
            let next = format!("chmod 700 {}", dir.display());
            report.warn("home", format!("{}: others can look into it", dir.display()), next);
        }
        Ok(_) => report.ok("home", dir.display().to_string()),
    }
    match home.load() {
        Err(failure) => report.fail("config", &failure),
        Ok(config) => {
            let detail = format!("{} providers, {} names", config.providers.len(), config.keys.len());
            report.ok("config", detail);
            if config.audit == AuditConfig::None {
                report.warn("audit", "uses of keys are not recorded", "set [audit] kind = \"tlog\"");
            }
        }
    }
    let own = [home.keystore(), home.key_file(), home.log_key()];
    let exposed: Vec<_> = own
        .iter()
        .chain(&app.globals.passphrase_file)
        .filter(|path| is_exposed(path))
        .collect();
    for path in &exposed {
        let detail = format!("{}: others can read it", path.display());
        report.warn("secrets", detail, format!("chmod 600 {}", path.display()));
    }
    if exposed.is_empty() {
        report.ok(
            "secrets",
            "keystore, key files and passphrase file are their owner's alone",
        );
    }
}
