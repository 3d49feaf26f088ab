//! A guest that misbehaves harms itself, and the host goes on: endless loops, the ways to die, and wrong closes.
//! `floods.rs` has the excessive amounts.

use std::future::{Future, poll_fn};
use std::path::PathBuf;
use std::task::Poll;
use std::time::Duration;

use crate::support::{Client, Embedded, Host, Memory, command, guest, refusal};
use ws_host::Server;
use ws_host::config::Limits;

const IMPATIENT: &[&str] = &["--call-timeout", "100ms"];
const TIMED_OUT: &str = "ran for longer than the 100ms";

/// A host with a client that must not be affected.
async fn hostile(arguments: &[&str]) -> (Host, Client) {
    let host = Host::run_with("hostile", arguments);
    let (stays, _) = Client::join(&host).await;
    (host, stays)
}

/// A new client is served, and so is the one that was there before.
async fn is_served(host: &Host, stays: &mut Client) {
    let mut newcomer = Client::connect(host).await;
    let joined = newcomer.hears().await;
    assert!(joined.starts_with("joined "), "{joined}");
    assert_eq!(stays.hears().await, joined);
    assert_eq!(newcomer.asks("say to the newcomer").await, "to the newcomer");
    assert_eq!(stays.asks("say to the other").await, "to the other");
}

#[tokio::test]
async fn an_endless_loop_in_on_new_client_costs_that_client() {
    let (mut host, mut stays) = hostile(IMPATIENT).await;
    let mut spins = Client::connect_to(&host, "/?spin").await;
    assert_eq!(spins.is_closed().await.0, 1011);
    assert!(host.logs(TIMED_OUT).contains("the guest's on-new-client"));
    assert!(stays.hears().await.starts_with("left 2: 1011"));
    is_served(&host, &mut stays).await;
}

#[tokio::test]
async fn an_endless_loop_in_on_message_costs_that_client() {
    let (mut host, mut stays) = hostile(IMPATIENT).await;
    let (mut spins, _) = Client::join(&host).await;
    stays.hears().await;
    assert_eq!(spins.asks("spin-in on-message").await, "as you wish");
    spins.says("spin").await;
    assert_eq!(spins.is_closed().await.0, 1011);
    assert!(host.logs(TIMED_OUT).contains("the guest's on-message"));
    assert!(stays.hears().await.starts_with("left 2: 1011"));
    is_served(&host, &mut stays).await;
}

#[tokio::test]
async fn an_endless_loop_in_on_client_left_costs_no_client() {
    let (mut host, mut stays) = hostile(IMPATIENT).await;
    let (leaver, _) = Client::join(&host).await;
    stays.hears().await;
    assert_eq!(leaver.leaves(1000, "spin").await, Some((1000, "spin".to_owned())));
    assert!(host.logs(TIMED_OUT).contains("the guest's on-client-left"));
    is_served(&host, &mut stays).await;
}

#[tokio::test]
async fn an_endless_loop_in_on_timer_costs_no_client() {
    let (mut host, mut stays) = hostile(IMPATIENT).await;
    stays.says("spin-at spin").await;
    assert!(host.logs(TIMED_OUT).contains("the guest's on-timer"));
    is_served(&host, &mut stays).await;
}

#[tokio::test]
async fn an_endless_loop_in_on_drain_costs_that_client() {
    let (mut host, mut stays) = hostile(IMPATIENT).await;
    let (mut drains, _) = Client::join(&host).await;
    stays.hears().await;
    assert_eq!(drains.asks("spin-in on-drain").await, "as you wish");
    drains.says("fill").await;
    assert_eq!(drains.is_closed().await.0, 1011);
    assert!(host.logs(TIMED_OUT).contains("the guest's on-drain"));
    assert!(stays.hears().await.starts_with("left 2: 1011"));
    is_served(&host, &mut stays).await;
}

#[tokio::test]
async fn an_endless_loop_in_on_upgrade_refuses_that_request() {
    let (mut host, mut stays) = hostile(IMPATIENT).await;
    assert_eq!(refusal(&host, "/spin", &[]).await, 500);
    assert!(host.logs(TIMED_OUT).contains("the guest's on-upgrade"));
    is_served(&host, &mut stays).await;
}

/// In each call of an import the guest notices one tick, even if the call takes many: sorting 4 million ids does.
#[tokio::test]
async fn the_time_of_imports_counts_as_the_guests() {
    const TICKS: usize = 50;
    let (mut host, mut stays) = hostile(&["--call-timeout", "500ms"]).await;
    stays.says("publish-except 1000 4000000").await;
    let log = host.logs_up_to("ran for longer than the 500ms");
    let calls = log.matches("publishes to nobody").count();
    assert!((1..TICKS / 2).contains(&calls), "{calls} calls in {TICKS} ticks");
    assert_eq!(stays.is_closed().await.0, 1011);
}

#[tokio::test]
async fn a_handler_that_sleeps_for_too_long_costs_its_client() {
    let (mut host, mut stays) = hostile(&["--call-wait", "200ms"]).await;
    let (mut sleeps, _) = Client::join(&host).await;
    stays.hears().await;
    sleeps.says("sleep 3600000").await;
    assert_eq!(sleeps.is_closed().await.0, 1011);
    assert!(host.logs("waited for longer than the 200ms").contains("the guest's on-message"));
    assert!(stays.hears().await.starts_with("left 2: 1011"));
    is_served(&host, &mut stays).await;
}

#[tokio::test]
async fn short_naps_count_together() {
    let (mut host, mut stays) = hostile(&["--call-wait", "200ms"]).await;
    stays.says("sleep 1").await;
    assert_eq!(stays.asks("say awake").await, "awake");
    stays.says("sleep 1 1000000").await;
    assert_eq!(stays.is_closed().await.0, 1011);
    host.logs("waited for longer than the 200ms");
}

#[tokio::test]
async fn a_machine_that_stands_still_does_not_end_a_handler_that_waits() {
    const LIMIT: Duration = Duration::from_millis(500);
    let (host, mut stays) = hostile(&["--call-wait", "500ms"]).await;
    stays.says("sleep 100 3").await;
    // The pong comes behind the message, so the handler sleeps by then.
    stays.is_answered_a_ping().await;
    host.signal("STOP");
    tokio::time::timeout(2 * LIMIT, stays.frame()).await.expect_err("a host that stands still says nothing");
    host.signal("CONT");
    assert_eq!(stays.asks("say awake").await, "awake");
}

#[tokio::test]
async fn computing_does_not_count_as_waiting() {
    let (mut host, mut stays) = hostile(&["--call-wait", "1ms", "--call-timeout", "100ms"]).await;
    assert_eq!(stays.asks("spin-in on-message").await, "as you wish");
    stays.says("spin").await;
    assert_eq!(stays.is_closed().await.0, 1011);
    host.logs(TIMED_OUT);
}

/// The next swap changes the sleeping room as soon as its handler is ended.
#[tokio::test]
async fn the_status_is_available_while_a_swap_waits_for_a_sleeping_room_and_the_swap_ends() {
    let limits = Limits::with(|limits| limits.call_wait = Duration::from_millis(500));
    let server = Embedded::start(Server::builder().component(guest("hostile")).limits(limits));
    let (mut sleeps, _) = server.join().await;
    sleeps.says("sleep 3600000").await;
    // The pong comes behind the message, so the handler has the message by then. A sleeping room does not delay pongs.
    sleeps.is_answered_a_ping().await;
    let next = guest("probe");
    let mut swap = std::pin::pin!(server.handle.swap(&next));
    assert!(poll_fn(|cx| Poll::Ready(swap.as_mut().poll(cx).is_pending())).await);
    let status = tokio::time::timeout(Duration::from_secs(60), server.handle.status());
    let status = status.await.expect("the status comes").expect("a component runs");
    assert!(status.release.as_ref().expect("a component").file.ends_with("hostile.wasm") && status.swaps == 0, "{status:?}");
    swap.await.expect("the swap succeeds");
    assert_eq!(server.handle.status().await.expect("a component runs").traps, 1);
    assert_eq!(sleeps.is_closed().await.0, 1011);
}

#[test]
fn a_guest_that_never_finishes_its_start_is_not_served() {
    let file = guest("endless");
    let line =
        crate::support::fails(&["run", file.to_str().expect("the path is text"), "--port", "0", "--call-timeout", "100ms"]);
    assert!(line.contains("the guest's on-start ran for longer than the 100ms"), "{line}");
}

/// A host that can be swapped, and its temporary folder.
async fn swappable() -> (Host, Client, tempfile::TempDir) {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let socket = folder.path().join("admin.sock");
    let socket = socket.to_str().expect("the path is text");
    let (host, stays) = hostile(&[IMPATIENT, &["--socket", socket]].concat()).await;
    (host, stays, folder)
}

/// The reason why a swap is refused.
fn refused_swap(folder: &tempfile::TempDir, file: &PathBuf) -> String {
    let mut swap = command();
    swap.arg("swap").arg(file).arg("--socket").arg(folder.path().join("admin.sock"));
    let output = swap.output().expect("ws-host starts");
    assert_eq!(output.status.code(), Some(1), "exit code");
    let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(stderr.lines().count(), 1, "one line: {stderr}");
    stderr
}

#[tokio::test]
async fn a_release_that_never_finishes_its_start_is_refused() {
    let (host, mut stays, folder) = swappable().await;
    let why = refused_swap(&folder, &guest("endless"));
    assert!(why.contains("the guest's on-start ran for longer than the 100ms"), "{why}");
    is_served(&host, &mut stays).await;
}

#[tokio::test]
async fn a_release_that_loops_on_the_saved_state_is_refused() {
    let (host, mut stays, folder) = swappable().await;
    assert_eq!(stays.asks("spin-in on-start").await, "as you wish");
    let why = refused_swap(&folder, &guest("hostile"));
    assert!(why.contains("the guest's on-start ran for longer than the 100ms"), "{why}");
    is_served(&host, &mut stays).await;
}

#[tokio::test]
async fn an_endless_loop_in_snapshot_aborts_the_swap_and_a_fresh_instance_goes_on() {
    let (mut host, mut stays, folder) = swappable().await;
    assert_eq!(stays.asks("spin-in snapshot").await, "as you wish");
    let why = refused_swap(&folder, &guest("one"));
    assert!(why.contains("the guest's snapshot ran for longer than the 100ms"), "{why}");
    assert!(why.contains("the room \"main\" cannot hand over its state, and has started anew without it"), "{why}");
    assert!(host.logs(TIMED_OUT).contains("the guest's snapshot"));
    is_served(&host, &mut stays).await;
}

/// Has a guest die in a handler, with a bystander. Returns the log line about it.
async fn dies_of(what: &str, arguments: &[&str]) -> String {
    let (mut host, mut stays) = hostile(arguments).await;
    let (mut dies, _) = Client::join(&host).await;
    stays.hears().await;
    let memory = Memory::of(&host);
    dies.says(&format!("die {what}")).await;
    assert_eq!(dies.is_closed().await.0, 1011);
    assert!(stays.hears().await.starts_with("left 2: 1011"));
    let log = host.logs("the guest's on-message ");
    is_served(&host, &mut stays).await;
    // Its memory is freed, including the bomb's 16 MiB.
    memory.stayed_within(52);
    log
}

#[tokio::test]
async fn a_guest_that_takes_memory_without_end_gets_no_more_than_its_limit_and_dies() {
    let log = dies_of("memory", &["--guest-memory", "16MiB"]).await;
    assert!(log.contains("panicked or aborted"), "{log}");
}

#[tokio::test]
async fn a_guest_that_recurses_without_end_dies_of_its_stack() {
    let log = dies_of("recursion", &[]).await;
    assert!(log.contains("its stack overflowed"), "{log}");
}

#[tokio::test]
async fn a_guest_that_executes_unreachable_dies() {
    assert!(dies_of("unreachable", &[]).await.contains("trapped: it panicked or aborted"));
}

#[tokio::test]
async fn a_guest_that_aborts_dies() {
    assert!(dies_of("abort", &[]).await.contains("trapped: it panicked or aborted"));
}

#[tokio::test]
async fn a_guest_that_exits_ends_itself_and_not_the_host() {
    assert!(dies_of("exit", &[]).await.contains("exited with status "));
}

#[tokio::test]
async fn a_panic_is_logged_once_for_all_clients_with_the_names_of_functions() {
    let mut host = Host::run("hostile");
    let mut clients = Vec::new();
    for _ in 0..100 {
        clients.push(Client::connect(&host).await);
    }
    let mut dies = clients.pop().expect("there are 100");
    dies.says("die panic").await;
    assert_eq!(dies.is_closed().await.0, 1011);
    assert_eq!(Client::connect(&host).await.hears().await, "joined 101");
    host.signal("TERM");
    let log = host.rest_of_log();
    for once in ["this is the panic's message", "the guest's on-message trapped", "wasm backtrace"] {
        assert_eq!(log.matches(once).count(), 1, "{once:?} once in:\n{log}");
    }
    for name in ["hostile::die::the_function_that_panics", "ws-host:server/handler@0.2.0#on-message"] {
        assert!(log.contains(name), "{name} in:\n{log}");
    }
}

#[tokio::test]
async fn one_handler_can_close_all_clients() {
    const CLIENTS: usize = 50;
    let mut host = Host::run("hostile");
    let mut clients = Vec::new();
    for _ in 0..CLIENTS {
        // A connected client may not be a member yet, so this waits for its join.
        clients.push(Client::join(&host).await.0);
    }
    clients[0].says("close-everybody").await;
    for client in &mut clients {
        assert_eq!(client.is_closed().await, (4000, "everybody".to_owned()));
    }
    host.logs(&format!("closed {CLIENTS}"));
    for id in 1..=CLIENTS {
        // `on-client-left` tries to close the leaver, which is no member.
        let told = host.logs("left ");
        assert!(told.contains(&format!("left {id}: 4000 \"everybody\", close=Err(\"no-such-client")), "{told}");
    }
    assert_eq!(Client::join(&host).await.1, CLIENTS as u64 + 1);
}

#[tokio::test]
async fn a_leaver_cannot_be_closed_but_others_can_while_it_leaves() {
    let (mut host, mut stays) = hostile(&[]).await;
    let (leaver, _) = Client::join(&host).await;
    stays.hears().await;
    leaver.leaves(1000, "take all with you").await;
    assert_eq!(stays.is_closed().await, (4001, "taken along".to_owned()));
    let told = host.logs("left 2");
    assert!(told.contains("close=Err(\"no-such-client") && told.contains("others=1"), "{told}");
    assert!(host.logs("left 1").contains("4001 \"taken along\""));
    assert_eq!(Client::join(&host).await.1, 3);
}
