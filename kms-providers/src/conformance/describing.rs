//! What a provider tells of its keys.

use super::Verdict;
use super::run::{BOUND, Outcome, Run, checks, ensure};
use crate::provider::KeyState;

checks![
    a_description_agrees_with_what_wraps,
    trust_domains_are_told,
    a_listing_has_the_key,
];

async fn a_description_agrees_with_what_wraps(run: &Run<'_>) -> Outcome {
    let (_, kek) = run.key().await?;
    run.count(1);
    let info = kek.describe().await?;
    let generated = kek.generate(&BOUND.binding()).await?;
    ensure!(
        info.version == generated.wrapped.version,
        "described as {:?}, wrapped under {:?}",
        info.version,
        generated.wrapped.version
    );
    ensure!(
        info.posture == kek.posture(),
        "described as {:?}, counted as {:?}",
        info.posture,
        kek.posture()
    );
    ensure!(
        !info.algorithm.is_empty() && !info.protection.is_empty(),
        "algorithm or protection is empty"
    );
    Ok(Verdict::Passed)
}

async fn trust_domains_are_told(run: &Run<'_>) -> Outcome {
    let (_, one) = run.key().await?;
    let (_, other) = run.key().await?;
    run.count(2);
    let (one, other) = (one.describe().await?.trust_domain, other.describe().await?.trust_domain);
    ensure!(
        !one.is_empty() && !other.is_empty(),
        "a key without a trust domain would count for itself in quorums"
    );
    Ok(Verdict::Passed)
}

async fn a_listing_has_the_key(run: &Run<'_>) -> Outcome {
    let (uri, kek) = run.key().await?;
    run.count(1);
    let keys = run.provider().list().await?;
    let Some(key) = keys.iter().find(|key| key.uri == uri.without_version()) else {
        return Err(super::run::Failure(format!(
            "{} keys are listed, {uri} is not among them",
            keys.len()
        )));
    };
    ensure!(
        key.state == KeyState::Enabled,
        "a key in use is listed as {:?}",
        key.state
    );
    if key.versions.is_empty() {
        return Ok(Verdict::Passed);
    }
    let primary: Vec<_> = key.versions.iter().filter(|version| version.primary).collect();
    ensure!(primary.len() == 1, "{} versions are primary", primary.len());
    let described = kek.describe().await?.version;
    ensure!(
        described.as_deref() == Some(primary[0].version.as_bytes()),
        "listed with the primary version {}, described with another",
        primary[0].version
    );
    Ok(Verdict::Passed)
}
