//! A guest that asks for too much of a resource gets no more than its limit, and the host's memory stays within bounds.
//!
//! The bounds are in MiB. They are generous, but each is well below the amount that the flood would take without limits. The
//! allocator returns freed memory at once, because memory that it keeps for later is not used by the host's tables.

use crate::support::http::{Raw, upgrade};
use crate::support::{Client, Host, Memory, command, guest};

/// Floods are slow in a debug build. The tests are about their amounts, not about time.
const PATIENT: &[&str] = &["--call-timeout", "100s"];

/// A host that runs the hostile guest.
fn hostile(arguments: &[&str]) -> Host {
    let mut command = command();
    command.env("MIMALLOC_PURGE_DELAY", "0");
    command.arg("run").arg(guest("hostile")).args(["--port", "0"]).args(PATIENT).args(arguments);
    Host::start(command)
}

/// A flood and its outcome.
struct Flood {
    /// The results that the guest got, in words.
    told: String,
    memory: Memory,
    host: Host,
    /// The log lines of that time.
    log: String,
}

/// Has a client start a flood in a host of its own, and leave.
async fn flood(arguments: &[&str], command: &str) -> Flood {
    let mut host = hostile(arguments);
    let (mut floods, _) = Client::join(&host).await;
    let memory = Memory::of(&host);
    floods.says(command).await;
    let reading = tokio::task::spawn_blocking(move || {
        let log = host.logs_up_to("flooded: ");
        (host, log)
    });
    // On a busy machine a flood takes longer than a client may leave pings unanswered.
    let answering = tokio::spawn(async move { floods.listens().await });
    let (mut host, log) = reading.await.expect("the log tells of the flood");
    // The client vanishes after the end of its task.
    answering.abort();
    drop(answering.await);
    host.logs("left 1");
    is_served(&host, 2).await;
    let told = log.split_once("flooded: ").and_then(|(_, told)| told.split_once(" room=")).map(|(told, _)| told.to_owned());
    Flood { told: told.expect("the line names the room"), memory, host, log }
}

/// A new client is served, and has this id.
async fn is_served(host: &Host, id: u64) {
    let (mut newcomer, joined) = Client::join(host).await;
    assert_eq!(joined, id);
    assert_eq!(newcomer.asks("say here").await, "here");
}

#[tokio::test]
async fn a_million_sends_of_one_handler_end_at_100_000() {
    let Flood { told, memory, host: _running, .. } = flood(&[], "send 1000000 8").await;
    assert_eq!(told, r#"accepted 100000, refused {"limit": 900000}"#);
    memory.stayed_within(52);
}

/// The large ones end at 64 MiB, in a buffer that doubles its size.
#[tokio::test]
async fn a_million_large_sends_of_one_handler_end_at_64_mib() {
    let Flood { told, memory, host: _running, .. } = flood(&[], "send 1000000 1000").await;
    assert_eq!(told, r#"accepted 66841, refused {"limit": 933159}"#);
    memory.stayed_within(200);
}

#[tokio::test]
async fn a_million_broadcasts_of_one_handler_end_at_64_mib() {
    let Flood { told, memory, host: _running, .. } = flood(&[], "broadcast 1000000 1000").await;
    assert_eq!(told, r#"accepted 66313, refused {"limit": 933687}"#);
    memory.stayed_within(200);
}

#[tokio::test]
async fn lists_of_exceptions_end_at_64_mib_too() {
    // Each takes 8 MB of the guest's memory: 16 GB if they were kept.
    let Flood { told, memory, host: _running, .. } = flood(&[], "broadcast-except 2000 1000000").await;
    assert_eq!(told, r#"accepted 8, refused {"limit": 1992}"#);
    memory.stayed_within(140);
}

#[tokio::test]
async fn a_million_publications_of_one_handler_end_at_64_mib() {
    // The list of receivers counts too, with 16 bytes each.
    let Flood { told, memory, host: _running, .. } = flood(&[], "publish 1000000 1000").await;
    assert_eq!(told, r#"accepted 65281, refused {"limit": 934719}"#);
    memory.stayed_within(200);
}

#[tokio::test]
async fn a_message_of_100_mib_is_refused_and_never_copied() {
    const MESSAGE: u64 = 100;
    let Flood { told, memory, mut host, .. } = flood(&["--guest-memory", "256MiB"], &format!("send 1 {}", MESSAGE << 20)).await;
    assert_eq!(told, r#"accepted 0, refused {"too-big": 1}"#);
    // The guest's own memory has it once, and is freed with the guest.
    memory.stayed_within(MESSAGE + 20);
    let (mut dies, _) = Client::join(&host).await;
    dies.says("die abort").await;
    assert_eq!(dies.is_closed().await.0, 1011);
    host.logs("left 3");
    is_served(&host, 4).await;
    memory.stayed_within(MESSAGE + 20);
}

#[tokio::test]
async fn a_client_that_announces_100_mib_is_closed_before_it_has_sent_them() {
    let host = hostile(&[]);
    let memory = Memory::of(&host);
    let mut raw = Raw::connect(&host.address);
    raw.says(upgrade("/", &[]).as_bytes());
    assert_eq!(raw.head().status, 101);
    assert_eq!(raw.hears(), "joined 1");
    // RFC 6455 §5.2: a binary frame, masked, its length in 64 bits.
    raw.says(&[&[0x82, 0xff][..], &(100_u64 << 20).to_be_bytes(), &[0; 4]].concat());
    assert_eq!(raw.is_closed().0, 1009);
    is_served(&host, 2).await;
    memory.stayed_within(48);
}

#[tokio::test]
async fn a_client_that_sends_100_mib_in_fragments_is_closed_at_the_limit() {
    let host = hostile(&[]);
    let memory = Memory::of(&host);
    let mut raw = Raw::connect(&host.address);
    raw.says(upgrade("/", &[]).as_bytes());
    assert_eq!((raw.head().status, raw.hears()), (101, "joined 1".to_owned()));
    let fragment = |first| [&[first, 0xff][..], &(64_u64 << 10).to_be_bytes(), &[0; 4], &[7; 64 << 10]].concat();
    raw.says(&fragment(0x02));
    // At most 1 MiB in all is allowed.
    for _ in 1..16 {
        raw.says(&fragment(0x00));
    }
    raw.says(&fragment(0x00)[..14]);
    assert_eq!(raw.is_closed().0, 1009);
    is_served(&host, 2).await;
    memory.stayed_within(48);
}

#[tokio::test]
async fn a_million_timers_end_at_10_000() {
    let Flood { told, memory, host: _running, .. } = flood(&[], "timers 1000000 16").await;
    assert_eq!(told, r#"accepted 10000, refused {"limit": 990000}"#);
    memory.stayed_within(48);
}

#[tokio::test]
async fn timers_with_large_payloads_end_at_16_mib() {
    let Flood { told, memory, host: _running, .. } = flood(&[], "timers 10000 65536").await;
    assert_eq!(told, r#"accepted 256, refused {"limit": 9744}"#);
    memory.stayed_within(60);
}

#[tokio::test]
async fn timers_that_are_set_and_cancelled_leave_nothing() {
    let Flood { told, memory, host: _running, .. } = flood(&[], "timers-and-back 10000 65536").await;
    assert_eq!(told, "accepted 10000, refused {}");
    memory.stayed_within(52);
}

#[tokio::test]
async fn a_million_topics_of_a_client_end_at_1024() {
    let Flood { told, memory, host: _running, .. } = flood(&[], "topics 1000000").await;
    assert_eq!(told, r#"accepted 1024, refused {"limit": 998976}"#);
    memory.stayed_within(48);
}

#[tokio::test]
async fn subscribing_and_unsubscribing_ends_at_100_000_changes() {
    let Flood { told, memory, host: _running, .. } = flood(&[], "topics-and-back 1000000").await;
    assert_eq!(told, r#"accepted 50000, refused {"limit": 950000}"#);
    memory.stayed_within(84);
}

#[tokio::test]
async fn attachments_that_are_changed_again_and_again_keep_the_last() {
    let Flood { told, memory, host: _running, .. } = flood(&[], "attachments 100000 16384").await;
    assert_eq!(told, "accepted 100000, refused {}");
    memory.stayed_within(48);
}

#[tokio::test]
async fn admission_that_is_denied_and_allowed_many_times_is_allowed() {
    let Flood { told, memory, host: _running, .. } = flood(&[], "doors 1000000").await;
    assert_eq!(told, "accepted 1000000, refused {}");
    memory.stayed_within(48);
}

/// Has a guest write 100 MiB to its stdout.
async fn writes_100_mib(command: &str) {
    let Flood { told, memory, mut host, log } = flood(&[], command).await;
    assert_eq!(told, "accepted 100, refused {}");
    memory.stayed_within(48);
    assert!(log.contains("the guest writes too much to stdout: lines are being left out"));
    // 1 MiB for each second of its run.
    assert!(log.len() < 30 << 20, "the log has {} bytes", log.len());
    // At its end the log has the number of omitted bytes that it had not reported yet.
    let (mut dies, _) = Client::join(&host).await;
    dies.says("die abort").await;
    assert_eq!(dies.is_closed().await.0, 1011);
    host.logs("left out of the guest's stdout: ");
    is_served(&host, 4).await;
}

#[tokio::test]
async fn an_endless_line_of_output_is_cut_and_the_excess_omitted() {
    writes_100_mib("output 100 1048576").await;
}

#[tokio::test]
async fn a_flood_of_lines_is_cut_to_a_thousand_a_second() {
    writes_100_mib("lines 100 80").await;
}

#[tokio::test]
async fn a_guest_cannot_write_lines_in_the_hosts_name_nor_control_a_terminal() {
    let mut host = hostile(&[]);
    let (mut client, _) = Client::join(&host).await;
    client.says("forge").await;
    let line = host.logs("forged");
    assert!(line.contains("room=\"main\""), "{line}");
    assert!(!line.contains(['\r', '\u{1b}', '\u{9b}', '\u{8}']), "{line:?}");
}

#[tokio::test]
async fn an_unread_log_stalls_neither_another_room_nor_the_end() {
    // A thousand lines of a kilobyte: many times the size of a pipe.
    let mut host = hostile(&["--instances", "per-room", "--shards", "1"]);
    let (mut floods, _) = Client::connect_to(&host, "/floods").await.has_joined().await;
    let (mut other, _) = Client::connect_to(&host, "/other").await.has_joined().await;
    floods.says("lines 4 1000").await;
    assert_eq!(floods.asks("say flooded").await, "flooded");
    assert_eq!(other.asks("say here").await, "here");
    host.signal("TERM");
    assert_eq!(floods.is_closed().await.0, 1001);
    assert_eq!(other.is_closed().await.0, 1001);
    assert_eq!(host.ended().code(), Some(0));
}
