//! The configuration of a new home.

use crate::local::SealKind;

/// What `kmsctl init` writes: the embedded keystore, sealed as told, and the audit trail.
#[must_use]
pub fn initial(seal: SealKind) -> String {
    let seal = match seal {
        SealKind::Passphrase => "seal = \"passphrase\"",
        SealKind::KeyFile => "seal = \"key-file\"                        # keystore.key, readable by its owner alone",
    };
    format!(
        r#"# Keystrand configuration. Paths are relative to this file.

[provider.local]
kind = "local"                           # the embedded keystore: keystore.ks1
{seal}

# Cloud keys and HSMs:
#
# [provider.aws-eu]
# kind = "aws-kms"
# region = "eu-west-1"
#
# Names for keys. `local://NAME` needs no entry: a key of the embedded keystore goes by its name.
#
# [key.payments]
# any = ["local://payments", "aws-kms://arn:aws:kms:eu-west-1:111122223333:key/…"]

[audit]
kind = "tlog"                            # who used which key, in a log that shows when it was changed
dir = "audit"
"#
    )
}
