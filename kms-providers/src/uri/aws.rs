//! ARNs of KMS keys.

use std::fmt;

use super::UriFault;

/// `arn:PARTITION:kms:REGION:ACCOUNT:key/KEY-ID`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct AwsKey {
    partition: Box<str>,
    region: Box<str>,
    account: Box<str>,
    key_id: Box<str>,
}

impl AwsKey {
    /// The ARN, as AWS takes and returns it.
    #[must_use]
    pub fn arn(&self) -> String {
        self.to_string()
    }

    /// The partition: `aws`, `aws-cn`, `aws-us-gov` …
    #[must_use]
    pub fn partition(&self) -> &str {
        &self.partition
    }

    /// The region.
    #[must_use]
    pub fn region(&self) -> &str {
        &self.region
    }

    /// The account: 12 digits.
    #[must_use]
    pub fn account(&self) -> &str {
        &self.account
    }

    /// The key id. One that begins with `mrk-` is the same key in several regions.
    #[must_use]
    pub fn key_id(&self) -> &str {
        &self.key_id
    }

    /// The same key in another region: what a replica of a multi-region key is called.
    #[must_use]
    pub fn in_region(&self, region: &str) -> Self {
        Self {
            region: region.into(),
            ..self.clone()
        }
    }

    pub(super) fn parse(text: &str) -> Result<Self, UriFault> {
        let parts: Vec<&str> = text.split(':').collect();
        let &[arn, partition, service, region, account, resource] = parts.as_slice() else {
            return Err(UriFault::Parts);
        };
        if arn != "arn" || service != "kms" || !is_partition(partition) {
            return Err(UriFault::Arn);
        }
        if region.is_empty() || !region.bytes().all(is_label) {
            return Err(UriFault::Region);
        }
        if account.len() != ACCOUNT_LEN || !account.bytes().all(|b| b.is_ascii_digit()) {
            return Err(UriFault::Account);
        }
        Ok(Self {
            partition: partition.into(),
            region: region.into(),
            account: account.into(),
            key_id: key_id(resource)?.into(),
        })
    }
}

impl fmt::Display for AwsKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            partition,
            region,
            account,
            key_id,
        } = self;
        write!(f, "arn:{partition}:kms:{region}:{account}:key/{key_id}")
    }
}

fn key_id(resource: &str) -> Result<&str, UriFault> {
    if resource.starts_with("alias/") {
        return Err(UriFault::Alias);
    }
    let id = resource.strip_prefix("key/").ok_or(UriFault::Parts)?;
    if !matches!(id.len(), 1..=KEY_ID_LEN) || !id.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-') {
        return Err(UriFault::KeyId);
    }
    Ok(id)
}

fn is_partition(text: &str) -> bool {
    text.split('-').next() == Some("aws") && text.bytes().all(is_label)
}

fn is_label(b: u8) -> bool {
    b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-'
}

const ACCOUNT_LEN: usize = 12;
const KEY_ID_LEN: usize = 64;
