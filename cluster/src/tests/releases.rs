//! The nodes of a cluster take its releases, one after the other.

use std::collections::{BTreeSet, VecDeque};
use std::time::Duration;

use fastrand::Rng;

use crate::release::{Action, Beginning, Component, Ledger, Outcome, ReleaseRecord, Report, Rollout, Taking, What, Why, Wish};
use crate::{Answer, Life, Time};

pub(super) const PATIENCE: Duration = Duration::from_secs(30);
pub(super) const START: Time = Time::from_secs(1000);

pub(super) fn life(number: u16) -> Life {
    Life { since: u64::from(number) + 100, number }
}

pub(super) fn component(name: &'static str) -> Component {
    Component { sha256: name.into(), name: "app.wasm".into() }
}

pub(super) fn swap(name: &'static str) -> Wish {
    Wish { what: What::Swap(component(name)), keeps_state: true, at: 0 }
}

pub(super) fn record(number: u64, name: &'static str, why: Why) -> ReleaseRecord {
    ReleaseRecord { number, component: component(name), keeps_state: true, by: life(0), at: 0, why }
}

pub(super) fn undo(number: u64, name: &'static str) -> ReleaseRecord {
    record(number, name, Why::Undo("it fails".into()))
}

pub(super) fn ledger(records: impl IntoIterator<Item = ReleaseRecord>) -> Ledger {
    let mut ledger = Ledger::default();
    records.into_iter().for_each(|record| assert!(ledger.push(record.number * 10, record)));
    ledger
}

/// Nodes with a stream, and all that is on its way.
struct Cluster {
    now: Time,
    stream: Vec<(u64, ReleaseRecord)>,
    reports: Vec<Report>,
    nodes: Vec<Node>,
    alive: BTreeSet<Life>,
    /// Each release that a node took: the node, and the number.
    taken: Vec<(u16, u64)>,
}

struct Node {
    rollout: Rollout,
    runs: String,
    /// How many records and reports it has seen.
    seen: (usize, usize),
    /// Actions that its shell has not done yet.
    doing: VecDeque<Action>,
    /// A component that it refuses.
    refuses: Option<&'static str>,
    outcome: Option<Outcome>,
}

impl Cluster {
    fn new(nodes: u16) -> Self {
        let first = record(1, "a", Why::First);
        let stream = vec![(10, first.clone())];
        let alive: BTreeSet<_> = (0..nodes).map(life).collect();
        let node = |_| Node {
            rollout: Rollout::new(START, ledger([first.clone()]), "a".into(), PATIENCE),
            runs: "a".into(),
            seen: (1, 0),
            doing: VecDeque::new(),
            refuses: None,
            outcome: None,
        };
        let nodes = (0..nodes).map(node).collect();
        Self { now: START, stream, reports: Vec::new(), nodes, alive, taken: Vec::new() }
    }

    /// A node sees the next record or report, or does the next thing. Returns whether there was one.
    fn step(&mut self, node: u16, choice: u8) -> bool {
        let at = usize::from(node);
        let Self { now, stream, reports, nodes, alive, .. } = self;
        let Node { rollout, seen, doing, .. } = &mut nodes[at];
        match choice % 3 {
            0 if seen.0 < stream.len() => {
                let (sequence, record) = stream[seen.0].clone();
                rollout.record(*now, sequence, record);
                seen.0 += 1;
            }
            1 if seen.1 < reports.len() => {
                rollout.report(*now, reports[seen.1].clone());
                seen.1 += 1;
            }
            2 if alive.contains(&life(node)) => {
                if let Some(action) = rollout.poll(*now, Some(life(node)), alive) {
                    doing.push_back(action);
                }
                let Some(action) = doing.pop_front() else { return false };
                self.act(node, action);
            }
            _ => return false,
        }
        true
    }

    fn act(&mut self, node: u16, action: Action) {
        let at = usize::from(node);
        let Node { rollout, runs, refuses, outcome, .. } = &mut self.nodes[at];
        match action {
            Action::Load(record) => rollout.loaded(record.number, Ok(())),
            Action::Install(record) if refuses.is_some_and(|refused| record.component.sha256 == refused) => {
                rollout.installed(&record, Err("it does not start".into()));
            }
            Action::Install(record) => {
                *runs = record.component.sha256.to_string();
                self.taken.push((node, record.number));
                rollout.installed(&record, Ok((1, 2)));
            }
            Action::Publish(publication) => {
                let last = self.stream.last().cloned();
                let sequence = last.as_ref().map_or(0, |(sequence, _)| *sequence);
                let answer = if sequence == publication.expected {
                    self.stream.push((sequence + 10, publication.record));
                    Answer::Stored(sequence + 10)
                } else {
                    Answer::Refused { last }
                };
                rollout.answered(self.now, answer);
            }
            Action::Look => rollout.looked(self.now, Some(ledger(self.stream.iter().map(|(_, record)| record.clone())))),
            Action::Report(report) => self.reports.push(report),
            Action::Answer(answer) => *outcome = Some(answer),
        }
    }

    /// Goes on in any order until nothing is left to do.
    fn settle(&mut self, rng: &mut Rng) {
        let mut idle = 0;
        while idle < 40 * self.nodes.len() {
            let node = u16::try_from(rng.usize(..self.nodes.len())).expect("there are few nodes");
            idle = if self.step(node, rng.u8(..)) { 0 } else { idle + 1 };
        }
    }

    fn want(&mut self, node: usize, wish: Wish) {
        assert!(self.nodes[node].rollout.want(self.now, wish));
    }

    fn runs(&self) -> Vec<&str> {
        self.nodes.iter().map(|node| node.runs.as_str()).collect()
    }
}

#[test]
fn all_nodes_take_a_release_one_after_the_other() {
    for seed in 0..500 {
        let mut cluster = Cluster::new(4);
        cluster.want(2, swap("b"));
        cluster.settle(&mut Rng::with_seed(seed));
        assert_eq!(cluster.runs(), ["b"; 4]);
        assert_eq!(cluster.taken, [(2, 2), (0, 2), (1, 2), (3, 2)], "first the node that was asked, then by number");
        let Some(Outcome::Done { number: 2, reports, missing }) = &cluster.nodes[2].outcome else { panic!() };
        assert_eq!((reports.len(), missing.len()), (4, 0));
        assert!(reports.iter().all(|report| report.taking == Taking::Taken { rooms: 1, clients: 2 }));
    }
}

#[test]
fn a_release_that_one_node_refuses_is_called_off_for_all() {
    for seed in 0..500 {
        let mut cluster = Cluster::new(4);
        cluster.nodes[1].refuses = Some("b");
        cluster.want(0, swap("b"));
        cluster.settle(&mut Rng::with_seed(seed));
        assert_eq!(cluster.runs(), ["a"; 4]);
        let outcome = cluster.nodes[0].outcome.clone();
        assert!(matches!(&outcome, Some(Outcome::CalledOff { by, .. }) if *by == life(1)), "{outcome:?} {:?}", cluster.taken);
        assert!(
            cluster.taken.iter().all(|(node, number)| *node < 2 && *number <= 3),
            "the others have not had it: {:?}",
            cluster.taken
        );
        assert!(cluster.nodes.iter().all(|node| node.rollout.taken() == 3));
    }
}

#[test]
fn a_release_that_fails_its_probation_anywhere_is_called_off_for_all() {
    for seed in 0..500 {
        let mut rng = Rng::with_seed(seed);
        let mut cluster = Cluster::new(3);
        cluster.want(0, swap("b"));
        cluster.settle(&mut rng);
        // Two nodes go back by themselves.
        for node in &mut cluster.nodes[1..] {
            node.runs = "a".into();
            node.rollout.failed("b", "a".into(), "three traps".into());
        }
        cluster.settle(&mut rng);
        assert_eq!(cluster.runs(), ["a"; 3]);
        assert_eq!(cluster.stream.len(), 3, "both would call it off, and one does");
        assert_eq!(cluster.taken.iter().filter(|(_, number)| *number == 3).collect::<Vec<_>>(), [&(0, 3)]);
        cluster.want(1, Wish { what: What::Rollback, keeps_state: true, at: 0 });
        cluster.settle(&mut rng);
        assert_eq!(cluster.nodes[1].outcome, Some(Outcome::NothingBefore));
    }
}

#[test]
fn two_swaps_at_once_come_one_after_the_other() {
    for seed in 0..500 {
        let mut cluster = Cluster::new(3);
        cluster.want(0, swap("b"));
        cluster.want(2, swap("c"));
        cluster.settle(&mut Rng::with_seed(seed));
        assert_eq!(cluster.stream.len(), 3);
        let last = cluster.stream[2].1.component.sha256.to_string();
        assert_eq!(cluster.runs(), [last.as_str(); 3]);
        let done = |node: usize| matches!(cluster.nodes[node].outcome, Some(Outcome::Done { .. }));
        assert!(done(0) && done(2));
    }
}

#[test]
fn two_nodes_that_start_with_a_new_component_deploy_it_once() {
    for seed in 0..500 {
        let mut cluster = Cluster::new(3);
        let deploy = || Wish { what: What::Deploy(component("b")), keeps_state: true, at: 0 };
        cluster.want(0, deploy());
        cluster.want(2, deploy());
        cluster.settle(&mut Rng::with_seed(seed));
        assert_eq!((cluster.stream.len(), cluster.runs()), (2, vec!["b"; 3]));
        let outcomes = [0, 2].map(|node: usize| cluster.nodes[node].outcome.clone().expect("it is answered"));
        assert!(outcomes.contains(&Outcome::Unneeded), "{outcomes:?}");
    }
}

#[test]
fn a_rollback_goes_to_the_release_before() {
    let mut rng = Rng::with_seed(1);
    let mut cluster = Cluster::new(2);
    for (node, wish, runs) in [
        (0, swap("b"), "b"),
        (1, Wish { what: What::Rollback, keeps_state: true, at: 0 }, "a"),
        (0, Wish { what: What::Rollback, keeps_state: true, at: 0 }, "b"),
    ] {
        cluster.want(node, wish);
        cluster.settle(&mut rng);
        assert_eq!(cluster.runs(), [runs; 2]);
    }
}

#[test]
fn a_node_that_hangs_holds_the_others_up_for_a_while_only() {
    let mut rng = Rng::with_seed(1);
    let mut cluster = Cluster::new(3);
    cluster.settle(&mut rng);
    cluster.want(0, swap("b"));
    // Node 1 does nothing: it is alive, and steps of it are left out.
    let mut settle = |cluster: &mut Cluster| {
        for _ in 0..2000 {
            let node = [0, 2][rng.usize(..2)];
            cluster.step(node, rng.u8(..));
        }
    };
    settle(&mut cluster);
    assert_eq!(cluster.runs(), ["b", "a", "a"]);
    cluster.now += PATIENCE;
    settle(&mut cluster);
    assert_eq!(cluster.runs(), ["b", "a", "b"]);
    cluster.now += PATIENCE * 2;
    settle(&mut cluster);
    let Some(Outcome::Done { missing, .. }) = &cluster.nodes[0].outcome else { panic!() };
    assert_eq!(*missing, [life(1)]);
}

#[test]
fn a_node_that_dies_holds_nobody_up() {
    let mut cluster = Cluster::new(3);
    cluster.want(0, swap("b"));
    cluster.alive.remove(&life(1));
    cluster.settle(&mut Rng::with_seed(1));
    assert_eq!(cluster.runs(), ["b", "a", "b"]);
    assert!(matches!(cluster.nodes[0].outcome, Some(Outcome::Done { .. })));
}

#[test]
fn an_undo_that_fails_is_not_undone() {
    let records = [record(1, "a", Why::First), record(2, "b", Why::Swap)];
    let mut rollout = Rollout::new(START, ledger(records), "b".into(), PATIENCE);
    let (now, me, alive) = (START, Some(life(0)), BTreeSet::from([life(0)]));
    let back = undo(3, "a");
    rollout.record(now, 30, back.clone());
    assert_eq!(rollout.poll(now, me, &alive), Some(Action::Load(back)));
    rollout.loaded(3, Err("its bytes are gone".into()));
    let Some(Action::Report(Report { number: 3, taking: Taking::Refused(_), .. })) = rollout.poll(now, me, &alive) else {
        panic!()
    };
    assert_eq!(rollout.poll(now, me, &alive), None);
}

#[test]
fn a_stream_that_lost_records_counts_as_it_is() {
    let records = [record(1, "a", Why::First), record(2, "b", Why::Swap)];
    let mut rollout = Rollout::new(START, ledger(records), "b".into(), PATIENCE);
    let (now, me, alive) = (START, Some(life(0)), BTreeSet::from([life(0)]));
    rollout.read(now, 10, ledger([record(1, "a", Why::First)]));
    assert!(
        matches!(rollout.poll(now, me, &alive), Some(Action::Report(_))),
        "the read began before the second record was known"
    );
    rollout.read(now, 20, ledger([record(1, "a", Why::First)]));
    assert!(matches!(rollout.poll(now, me, &alive), Some(Action::Load(record)) if record.number == 1));
}

#[test]
fn a_node_that_missed_records_goes_to_the_last_one() {
    let first = record(1, "a", Why::First);
    let mut rollout = Rollout::new(START, ledger([first.clone()]), "a".into(), PATIENCE);
    let (now, me, alive) = (START, Some(life(0)), BTreeSet::from([life(0)]));
    rollout.read(now, 10, ledger([first, record(2, "b", Why::Swap), record(3, "c", Why::Swap)]));
    assert!(matches!(rollout.poll(now, me, &alive), Some(Action::Load(record)) if record.number == 3));
    let later = (20..36).map(|number| record(number, "d", Why::Swap));
    let mut rollout = Rollout::new(START, ledger([record(1, "a", Why::First)]), "a".into(), PATIENCE);
    rollout.read(now, 10, ledger(later));
    assert!(matches!(rollout.poll(now, me, &alive), Some(Action::Load(record)) if record.number == 35));
}

#[test]
fn an_answer_that_is_lost_is_asked_for_again() {
    let mut rollout = Rollout::new(START, ledger([record(1, "a", Why::First)]), "a".into(), PATIENCE);
    let (now, me, alive) = (START, Some(life(0)), BTreeSet::from([life(0)]));
    let Some(Action::Report(report)) = rollout.poll(now, me, &alive) else { panic!() };
    rollout.report(now, report);
    assert!(rollout.want(now, swap("b")));
    assert!(!rollout.want(now, swap("c")), "one at a time");
    let Some(Action::Publish(publication)) = rollout.poll(now, me, &alive) else { panic!() };
    rollout.answered(now, Answer::Unknown);
    assert_eq!(rollout.poll(now, me, &alive), Some(Action::Publish(publication.clone())));
    rollout.answered(now, Answer::Refused { last: Some((20, publication.record.clone())) });
    assert_eq!(rollout.poll(now, me, &alive), Some(Action::Load(publication.record)), "the first copy was stored");
}

#[test]
fn releases_that_were_called_off_do_not_count() {
    let [first, second] = [record(1, "a", Why::First), record(2, "b", Why::Swap)];
    let ledger = ledger([first, second, record(3, "c", Why::Swap), undo(4, "b"), undo(5, "a"), record(6, "d", Why::Swap)]);
    let names: Vec<_> = ledger.releases().iter().map(|release| &*release.component.sha256).collect();
    assert_eq!(names, ["a", "d"]);
}

#[test]
fn a_ledger_forgets_old_records_and_knows_what_runs() {
    let mut ledger = Ledger::default();
    ledger.push(1, record(1, "a", Why::First));
    ledger.push(2, record(2, "b", Why::Swap));
    for number in (3..40).step_by(2) {
        ledger.push(number, record(number, "c", Why::Swap));
        ledger.push(number + 1, undo(number + 1, "b"));
    }
    assert_eq!(ledger.running().map(|running| &*running.component.sha256), Some("b"));
    assert!(ledger.previous().is_none(), "it is forgotten");
}

#[test]
fn a_node_that_starts_compares_its_component() {
    let begin = |name, ledger: &Ledger| Beginning::of(&component(name), ledger, life(0), 7);
    let Beginning::First(publication) = begin("a", &Ledger::default()) else { panic!() };
    assert_eq!((publication.expected, publication.record.number), (0, 1));
    let ledger = ledger([record(1, "a", Why::First), record(2, "b", Why::Swap), record(3, "c", Why::Swap), undo(4, "b")]);
    assert_eq!(begin("b", &ledger), Beginning::Same);
    assert_eq!(begin("a", &ledger), Beginning::Replaced);
    assert_eq!(begin("c", &ledger), Beginning::Replaced, "it was called off");
    assert_eq!(begin("d", &ledger), Beginning::New);
}
