//! How fast durable events are. Printed, not judged: the disk decides.

use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use kms_core::audit::{AuditTrail, Principal};
use kms_providers::audit::DeadlineSink;

use crate::scene::{Scene, fill, one_use, trail};

#[test]
#[ignore = "a measurement: run with --release --ignored --nocapture"]
fn durable_events_a_second() {
    for (threads, deadline) in [
        (1_u64, false),
        (2, false),
        (8, false),
        (32, false),
        (1, true),
        (8, true),
    ] {
        let scene = Scene::new();
        let trail = if deadline {
            let sink = DeadlineSink::new(scene.open(), Duration::from_secs(10)).unwrap();
            AuditTrail::new(Arc::new(sink), Principal::named("anna"))
        } else {
            trail(scene.open())
        };
        fill(&trail, 0..10);
        let uses = 2000 / threads.min(8);
        let start = Instant::now();
        thread::scope(|scope| {
            for thread in 0..threads {
                let trail = &trail;
                scope.spawn(move || fill(trail, thread * uses..(thread + 1) * uses));
            }
        });
        let seconds = start.elapsed().as_secs_f64();
        let events = threads * uses * 2;
        println!(
            "{threads:2} threads{}: {:.0} durable events/s, {:.0} µs each",
            if deadline { ", with deadline" } else { "" },
            events as f64 / seconds,
            seconds / events as f64 * 1e6 * threads as f64
        );
        drop(trail);
        let start = Instant::now();
        let report = scene.verify();
        println!("   verified {} entries in {:?}", report.size, start.elapsed());
        assert!(report.is_clean());
        let start = Instant::now();
        let sink = scene.open();
        println!("   opened in {:?}", start.elapsed());
        let start = Instant::now();
        one_use(&crate::scene::trail(sink.clone()), 0).unwrap();
        sink.publish().unwrap();
        println!("   one use and its publication in {:?}", start.elapsed());
    }
}
