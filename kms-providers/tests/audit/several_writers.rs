//! Several threads and several processes append to one log.

use std::collections::HashSet;
use std::sync::Barrier;
use std::thread;

use crate::crash::Child;
use crate::scene::{Scene, busy, fill, trail};

#[test]
fn eight_threads_share_a_sink() {
    let scene = Scene::new();
    let trail = trail(scene.open());
    let start = Barrier::new(8);
    thread::scope(|scope| {
        for thread in 0..8 {
            let (trail, start) = (&trail, &start);
            scope.spawn(move || {
                start.wait();
                fill(trail, thread * 500..thread * 500 + 500);
            });
        }
    });
    drop(trail);
    let report = scene.verify();
    assert!(report.is_clean(), "{report:?}");
    assert_eq!(report.size, 8000);
}

#[test]
fn two_sinks_in_one_process_follow_each_other() {
    let scene = Scene::new();
    let (one, two) = (scene.try_open(busy()).unwrap(), scene.try_open(busy()).unwrap());
    for n in 0..100 {
        fill(&trail(one.clone()), 2 * n..2 * n + 1);
        fill(&trail(two.clone()), 2 * n + 1..2 * n + 2);
    }
    assert_eq!((one.size(), two.size()), (398, 400));
    drop((one, two));
    let report = scene.verify();
    assert!(report.is_clean(), "{report:?}");
    assert_eq!(report.size, 400);
    assert!(scene.journals().len() > 2, "both followed the rotation");
}

#[test]
fn two_processes_append_at_once_and_nobody_starves() {
    let scene = Scene::new();
    let children = [Child::start(&scene, 300), Child::start(&scene, 300)];
    let acknowledged: Vec<_> = children.into_iter().map(Child::finish).collect();
    let report = scene.verify();
    assert!(report.is_clean(), "{report:?}");
    assert_eq!(
        report.size,
        acknowledged.iter().map(|ids| ids.len() as u64).sum::<u64>()
    );
    let recorded: HashSet<_> = scene
        .log()
        .entries(0)
        .map(|entry| entry.unwrap().event().unwrap().id.to_string())
        .collect();
    assert!(acknowledged.iter().flatten().all(|id| recorded.contains(id)));

    // They did run at the same time: the entries of one do not all stand before those of the other.
    let pids: Vec<_> = scene
        .log()
        .entries(0)
        .map(|entry| entry.unwrap().event().unwrap().principal.pid)
        .collect();
    assert!(pids.windows(2).filter(|pair| pair[0] != pair[1]).count() > 10);
}

#[test]
fn a_reader_sees_an_intact_log_while_writers_work() {
    let scene = Scene::new();
    let trail = trail(scene.try_open(busy()).unwrap());
    thread::scope(|scope| {
        let writer = scope.spawn(|| fill(&trail, 0..600));
        let mut looks = 0;
        while !writer.is_finished() {
            let report = scene.verify();
            assert!(report.is_intact(), "look {looks}: {report:?}");
            looks += 1;
        }
        println!("{looks} verifications during the writing");
        assert!(looks > 3);
    });
    drop(trail);
    assert!(scene.verify().is_clean());
}
