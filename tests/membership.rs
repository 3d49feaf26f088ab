//! The rules of membership and order, tested through the real binary.
//!
//! Each rule is one function that runs in every mode. The modes differ in the members that share a room, which a rule asks
//! its `Scene`. Where no other member can hear an event, the log has it.

use crate::support::{Client, Host, refusal};

/// A mode: the arguments of the host, and whether clients of the same path share a room.
struct Mode {
    arguments: &'static [&'static str],
    together: bool,
}

const SHARED: Mode = Mode { arguments: &["--instances", "shared"], together: true };
const PER_ROOM: Mode = Mode { arguments: &["--instances", "per-room", "--shards", "2"], together: true };
const PER_CLIENT: Mode = Mode { arguments: &["--instances", "per-client", "--shards", "2"], together: false };

/// Runs each rule in each mode.
macro_rules! in_all_modes {
    ($($rule:ident),+ $(,)?) => {
        in_all_modes!(@ shared SHARED $($rule)+);
        in_all_modes!(@ per_room PER_ROOM $($rule)+);
        in_all_modes!(@ per_client PER_CLIENT $($rule)+);
    };
    (@ $module:ident $mode:ident $($rule:ident)+) => {
        mod $module {
            $(#[tokio::test]
            async fn $rule() {
                super::$rule(super::Scene::set(&super::$mode)).await;
            })+
        }
    };
}

in_all_modes! {
    ids_start_at_1_and_grow_by_one_over_all_rooms_and_are_never_used_again,
    a_newcomer_is_a_member_before_on_new_client_and_gets_its_own_broadcast,
    the_list_and_the_count_have_the_members_of_the_room,
    a_leaver_is_no_member_in_on_client_left_but_its_details_are_still_known,
    a_close_without_a_code_is_1005_and_a_lost_connection_1006,
    on_client_left_comes_once_whatever_ended_the_connection,
    messages_of_one_client_are_handled_in_their_order_and_answered_in_it,
    everybody_in_the_room_hears_its_broadcasts_in_the_same_order,
    a_broadcast_reaches_the_members_of_its_moment,
    a_client_that_is_connected_hears_what_is_sent_from_then_on,
    a_broadcast_with_exceptions_passes_them_over,
    a_close_takes_effect_after_the_handler_and_queues_on_client_left,
    only_members_of_the_room_can_be_closed,
    messages_of_a_closed_client_are_dropped,
    messages_sent_before_a_close_arrive_before_it,
    closing_twice_is_no_error_and_changes_nothing,
    codes_that_may_not_be_sent_and_long_reasons_are_refused,
    only_members_of_the_room_can_be_sent_to,
    denying_new_clients_applies_to_the_apps_own_room,
    a_client_knows_its_address_path_query_headers_and_subprotocol,
}

/// A host in one of the modes.
struct Scene {
    host: Host,
    together: bool,
    /// The lines that were read from the host's log.
    log: String,
}

impl Scene {
    fn set(mode: &Mode) -> Self {
        Self { host: Host::run_with("probe", mode.arguments), together: mode.together, log: String::new() }
    }

    /// Connects one more client. The members of its room hear that it joins, the others hear nothing.
    async fn joins(&mut self, others: &mut [&mut Client]) -> (Client, u64) {
        let (client, id) = Client::join(&self.host).await;
        for other in others {
            self.is_told(other, &format!("joined {id}")).await;
        }
        (client, id)
    }

    /// Checks that a client is told of an event of another one if they share a room. Otherwise its next message is the answer
    /// to its own request.
    async fn is_told(&self, client: &mut Client, news: &str) {
        if self.together {
            let heard = client.hears().await;
            assert!(heard.starts_with(news), "{heard:?} begins with {news:?}");
        } else {
            self.hears_nothing(client).await;
        }
    }

    async fn hears_nothing(&self, client: &mut Client) {
        assert_eq!(client.asks("say nothing else").await, "nothing else");
    }

    /// Waits until an instance is told that a client left, and returns its line about it.
    fn left(&mut self, id: u64) -> String {
        let log = self.host.logs_up_to(&format!("left {id}: "));
        self.log += &log;
        let (_, told) = log.rsplit_once("left ").expect("it was waited for");
        format!("left {}", told.split(" room=").next().unwrap_or_default())
    }
}

async fn ids_start_at_1_and_grow_by_one_over_all_rooms_and_are_never_used_again(mut scene: Scene) {
    let (mut first, id) = scene.joins(&mut []).await;
    assert_eq!(id, 1);
    let (second, id) = scene.joins(&mut [&mut first]).await;
    assert_eq!(id, 2);
    second.leaves(1000, "").await;
    scene.left(2);
    scene.is_told(&mut first, "left 2").await;
    let (_third, id) = scene.joins(&mut [&mut first]).await;
    assert_eq!(id, 3);
}

async fn a_newcomer_is_a_member_before_on_new_client_and_gets_its_own_broadcast(scene: Scene) {
    let mut client = Client::connect(&scene.host).await;
    assert_eq!(client.hears().await, "joined 1");
    assert_eq!(client.asks("list").await, "[1] of 1");
}

async fn the_list_and_the_count_have_the_members_of_the_room(mut scene: Scene) {
    let (mut first, _) = scene.joins(&mut []).await;
    let (mut second, _) = scene.joins(&mut [&mut first]).await;
    let (of_first, of_second) = if scene.together { ("[1, 2] of 2", "[1, 2] of 2") } else { ("[1] of 1", "[2] of 1") };
    assert_eq!(first.asks("list").await, of_first);
    assert_eq!(second.asks("list").await, of_second);
    second.vanishes();
    scene.left(2);
    scene.is_told(&mut first, "left 2").await;
    assert_eq!(first.asks("list").await, "[1] of 1");
}

async fn a_leaver_is_no_member_in_on_client_left_but_its_details_are_still_known(mut scene: Scene) {
    let (mut stays, _) = scene.joins(&mut []).await;
    let (leaves, _) = scene.joins(&mut [&mut stays]).await;
    assert_eq!(leaves.leaves(4321, "good bye").await, Some((4321, "good bye".to_owned())));
    let told = "left 2: 4321 \"good bye\" clean=true CloseCause::Client member=false known=true send=no-such-client";
    assert_eq!(scene.left(2), told);
    scene.is_told(&mut stays, told).await;
    assert_eq!(stays.asks("get 2").await, "nobody");
}

async fn a_close_without_a_code_is_1005_and_a_lost_connection_1006(mut scene: Scene) {
    let (mut stays, _) = scene.joins(&mut []).await;
    let (second, _) = scene.joins(&mut [&mut stays]).await;
    second.leaves_without_a_code().await;
    let told = "left 2: 1005 \"\" clean=true CloseCause::Client";
    assert!(scene.left(2).starts_with(told));
    scene.is_told(&mut stays, told).await;
    let (third, _) = scene.joins(&mut [&mut stays]).await;
    third.vanishes();
    let told = "left 3: 1006 \"\" clean=false CloseCause::Lost";
    assert!(scene.left(3).starts_with(told));
    scene.is_told(&mut stays, told).await;
}

async fn on_client_left_comes_once_whatever_ended_the_connection(mut scene: Scene) {
    let (client, _) = scene.joins(&mut []).await;
    client.leaves(1000, "").await;
    assert!(scene.left(1).contains("CloseCause::Client"));
    let (client, _) = scene.joins(&mut []).await;
    client.vanishes();
    assert!(scene.left(2).contains("CloseCause::Lost"));
    let (mut client, _) = scene.joins(&mut []).await;
    client.says("close 3 4000 bye").await;
    client.is_closed().await;
    assert!(scene.left(3).contains("CloseCause::Guest"));
    let (mut client, _) = scene.joins(&mut []).await;
    client.sends(&vec![0; (1 << 20) + 1]).await;
    assert_eq!(client.is_closed().await.0, 1009);
    assert!(scene.left(4).contains("CloseCause::TooBig"));
    let (mut client, _) = scene.joins(&mut []).await;
    client.says("panic").await;
    assert_eq!(client.is_closed().await.0, 1011);
    // A fresh instance is told this.
    assert!(scene.left(5).contains("CloseCause::Trap"));
    let (mut client, _) = scene.joins(&mut []).await;
    client.breaks_the_protocol().await;
    assert_eq!(client.is_closed().await.0, 1002);
    assert!(scene.left(6).contains("CloseCause::Protocol"));
    // More than the limit for a client that does not read.
    let (mut client, _) = scene.joins(&mut []).await;
    client.says("burst 40 1000000").await;
    assert!(scene.left(7).contains("CloseCause::Overload"));
    client.vanishes();
    let (mut client, _) = scene.joins(&mut []).await;
    scene.host.signal("TERM");
    assert_eq!(client.is_closed().await.0, 1001);
    let log = scene.log + &scene.host.rest_of_log();
    assert!(log.contains("CloseCause::Shutdown"), "{log}");
    for id in 1..=8 {
        assert_eq!(log.matches(&format!("left {id}: ")).count(), 1, "of {id} it is told once:\n{log}");
    }
}

async fn messages_of_one_client_are_handled_in_their_order_and_answered_in_it(mut scene: Scene) {
    let (mut client, _) = scene.joins(&mut []).await;
    for n in 0..1000 {
        client.says(&format!("say {n}")).await;
    }
    for n in 0..1000 {
        assert_eq!(client.hears().await, n.to_string());
    }
}

async fn everybody_in_the_room_hears_its_broadcasts_in_the_same_order(mut scene: Scene) {
    let (mut first, _) = scene.joins(&mut []).await;
    let (mut second, _) = scene.joins(&mut [&mut first]).await;
    let (mut listener, _) = scene.joins(&mut [&mut first, &mut second]).await;
    for n in 0..50 {
        first.says(&format!("all first {n}")).await;
        second.says(&format!("all second {n}")).await;
    }
    let of = |who: &str| (0..50).map(|n| format!("{who} {n}")).collect::<Vec<_>>();
    let [by_first, by_second] = [of("first"), of("second")];
    if !scene.together {
        assert_eq!(broadcasts(&mut first, 50).await, by_first);
        assert_eq!(broadcasts(&mut second, 50).await, by_second);
        return scene.hears_nothing(&mut listener).await;
    }
    let heard = broadcasts(&mut listener, 100).await;
    assert_eq!(broadcasts(&mut first, 100).await, heard);
    assert_eq!(broadcasts(&mut second, 100).await, heard);
    let (one, other): (Vec<_>, Vec<_>) = heard.into_iter().partition(|text| text.starts_with("first"));
    assert_eq!((one, other), (by_first, by_second), "and each client's own are in order");
}

/// The next `count` broadcasts. The answers to the sender between them are skipped.
async fn broadcasts(client: &mut Client, count: usize) -> Vec<String> {
    let mut heard = Vec::new();
    while heard.len() < count {
        heard.extend(Some(client.hears().await).filter(|text| !text.starts_with("ok")));
    }
    heard
}

async fn a_broadcast_reaches_the_members_of_its_moment(mut scene: Scene) {
    let (mut first, _) = scene.joins(&mut []).await;
    let (mut second, _) = scene.joins(&mut [&mut first]).await;
    assert_eq!(first.asks("all you two").await, "you two");
    assert_eq!(first.hears().await, "ok");
    scene.is_told(&mut second, "you two").await;
    // A later client does not get it, since it was not a receiver.
    let (mut third, _) = scene.joins(&mut [&mut first, &mut second]).await;
    scene.hears_nothing(&mut third).await;
}

async fn a_client_that_is_connected_hears_what_is_sent_from_then_on(mut scene: Scene) {
    let (mut first, _) = scene.joins(&mut []).await;
    for id in 2..30 {
        // The client is a member by the time its upgrade is answered.
        let mut newcomer = Client::connect(&scene.host).await;
        first.says("all hello").await;
        assert_eq!(newcomer.hears().await, format!("joined {id}"));
        scene.is_told(&mut newcomer, "hello").await;
        newcomer.leaves(1000, "").await;
        scene.left(id);
        let heard = ["joined", "hello", "ok", "left"];
        for news in heard.into_iter().filter(|news| scene.together || ["hello", "ok"].contains(news)) {
            let text = first.hears().await;
            assert!(text.starts_with(news), "{text:?} begins with {news:?}");
        }
    }
}

async fn a_broadcast_with_exceptions_passes_them_over(mut scene: Scene) {
    let (mut first, _) = scene.joins(&mut []).await;
    let (mut second, _) = scene.joins(&mut [&mut first]).await;
    assert_eq!(first.asks("others for the second").await, "ok");
    scene.hears_nothing(&mut first).await;
    scene.is_told(&mut second, "for the second").await;
}

async fn a_close_takes_effect_after_the_handler_and_queues_on_client_left(mut scene: Scene) {
    let (mut first, _) = scene.joins(&mut []).await;
    let (mut second, _) = scene.joins(&mut [&mut first]).await;
    second.says("close 2 4000 bye").await;
    assert_eq!(second.is_closed().await, (4000, "bye".to_owned()));
    // In the handler that closes it the client is still a member, but it takes no more messages.
    let closing = scene.host.logs("ok, send=");
    assert!(closing.contains(" ok, send=closing, member=true room="), "{closing}");
    let left = scene.host.logs("left 2: ");
    let told = "left 2: 4000 \"bye\" clean=true CloseCause::Guest member=false known=true send=no-such-client";
    assert!(left.contains(told), "{left}");
    scene.is_told(&mut first, told).await;
}

async fn only_members_of_the_room_can_be_closed(mut scene: Scene) {
    let (mut first, _) = scene.joins(&mut []).await;
    let (mut second, _) = scene.joins(&mut [&mut first]).await;
    if scene.together {
        assert_eq!(first.asks("close 2 4000 bye").await, "ok, send=closing, member=true");
        assert_eq!(second.is_closed().await, (4000, "bye".to_owned()));
        assert!(scene.left(2).contains("CloseCause::Guest"));
    } else {
        assert_eq!(first.asks("close 2 4000 bye").await, "no-such-client, send=untried, member=false");
        scene.hears_nothing(&mut second).await;
    }
}

async fn messages_of_a_closed_client_are_dropped(mut scene: Scene) {
    let (mut client, _) = scene.joins(&mut []).await;
    // While this is computed, the following messages are read and wait.
    client.says("compute 100").await;
    client.says("close 1 4000 bye").await;
    client.says("print heard after the close").await;
    assert!(client.hears().await.starts_with("computed"));
    assert_eq!(client.is_closed().await, (4000, "bye".to_owned()));
    let log = scene.host.logs_up_to("left 1: ");
    assert!(!log.contains("heard after"), "{log}");
    scene.host.signal("TERM");
    let log = scene.host.rest_of_log();
    assert!(!log.contains("heard after"), "{log}");
}

async fn messages_sent_before_a_close_arrive_before_it(mut scene: Scene) {
    let (mut client, _) = scene.joins(&mut []).await;
    client.says("say last words").await;
    client.says("close 1 4000 bye").await;
    assert_eq!(client.hears().await, "last words");
    assert_eq!(client.is_closed().await, (4000, "bye".to_owned()));
}

async fn closing_twice_is_no_error_and_changes_nothing(mut scene: Scene) {
    let (mut client, _) = scene.joins(&mut []).await;
    client.says("close-twice 1").await;
    assert_eq!(client.is_closed().await, (4000, "once".to_owned()));
    scene.host.logs(" ok ok room=");
    assert!(scene.left(1).starts_with("left 1: 4000 \"once\""));
}

async fn codes_that_may_not_be_sent_and_long_reasons_are_refused(mut scene: Scene) {
    let (mut client, _) = scene.joins(&mut []).await;
    for code in [0, 999, 1004, 1005, 1006, 1015, 2999, 5000] {
        let answer = client.asks(&format!("close 1 {code} x")).await;
        assert!(answer.starts_with("invalid-code"), "{code}: {answer}");
    }
    let long = "x".repeat(124);
    assert!(client.asks(&format!("close 1 4000 {long}")).await.starts_with("reason-too-long"));
    assert!(client.asks("close 99 4000 x").await.starts_with("no-such-client"));
    assert_eq!(client.asks("say still here").await, "still here");
}

async fn only_members_of_the_room_can_be_sent_to(mut scene: Scene) {
    let (mut first, _) = scene.joins(&mut []).await;
    assert_eq!(first.asks("send 99 x").await, "no-such-client");
    let (mut second, _) = scene.joins(&mut [&mut first]).await;
    let answer = if scene.together { "ok(SendStatus::Queued)" } else { "no-such-client" };
    assert_eq!(first.asks("send 2 to you alone").await, answer);
    scene.is_told(&mut second, "to you alone").await;
    second.leaves(1000, "").await;
    scene.left(2);
    scene.is_told(&mut first, "left 2").await;
    assert_eq!(first.asks("send 2 x").await, "no-such-client");
}

async fn denying_new_clients_applies_to_the_apps_own_room(mut scene: Scene) {
    let (mut first, _) = scene.joins(&mut []).await;
    assert_eq!(first.asks("deny").await, "()");
    if scene.together {
        assert_eq!(refusal(&scene.host, "/", &[]).await, 503);
    } else {
        scene.joins(&mut [&mut first]).await;
    }
    assert_eq!(first.asks("allow").await, "()");
    scene.joins(&mut [&mut first]).await;
}

async fn a_client_knows_its_address_path_query_headers_and_subprotocol(scene: Scene) {
    let headers = [("user-agent", "tester/1"), ("sec-websocket-protocol", "one, two")];
    let (mut client, response) = Client::connect_with(&scene.host, "/subprotocol?a=1&b=%20", &headers).await;
    assert_eq!(response.headers()["sec-websocket-protocol"], "two");
    client.hears().await;
    assert_eq!(
        client.asks("get").await,
        "1 ip=127.0.0.1 path=/subprotocol query=a=1&b=%20 agent=tester/1 subprotocol=Some(\"two\") user=None"
    );
}
