//! Any bytes as a file of an inventory: a file name, one byte of its length before it, then the content. What is found
//! is bounded, can be judged, and every form of a report can be made of it.
#![no_main]

use std::path::Path;

use keystrand_fuzz::bounded;
use kms_scan::{Judge, Report, Tally, Time, cbom, html, limits, recognise};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let Some((name, content)) = split(bytes) else { return };
    let path = Path::new(name);
    let content = content.to_vec();
    let found = bounded(bytes, || recognise(path, &content).expect("memory can be read"));
    assert!(found.len() <= limits::FINDINGS + 1);
    for asset in &found {
        assert!(asset.recipients.len() <= limits::RECIPIENTS);
        assert!(asset.name.iter().all(|name| name.chars().count() <= limits::NAME + 1));
    }
    let judge = Judge::at(Time::from_seconds(1_800_000_000).expect("a time of this century"));
    let report = Report::new(
        found.into_iter().map(|asset| judge.finding(asset)),
        Tally::default(),
        judge.now(),
    );
    let page = html(&report, "fuzzed");
    assert!(!page.contains("<script") && !page.contains(" style="));
    let serial = "3e671687-395b-41f5-a30f-a58921a69b79".parse().expect("a UUID");
    assert!(cbom(&report, &serial).is_object());
});

/// Name and content. The name is a file's, not a path.
fn split(bytes: &[u8]) -> Option<(&str, &[u8])> {
    let (length, rest) = bytes.split_first()?;
    let (name, content) = rest.split_at_checked(usize::from(length % 32))?;
    let name = std::str::from_utf8(name).ok()?;
    (!name.contains(['/', '\0'])).then_some((name, content))
}
