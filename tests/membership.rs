//! The rules of membership and order, as the design states them, seen through the real binary.

mod support;

use support::{Client, Host};

/// Runs each rule with everybody in one shared room, and with a room that the path names.
macro_rules! in_both_modes {
    ($($rule:ident),+ $(,)?) => {
        mod shared {
            $(#[tokio::test]
            async fn $rule() {
                super::$rule(super::Host::run("probe")).await;
            })+
        }

        mod per_room {
            $(#[tokio::test]
            async fn $rule() {
                let arguments = ["--instances", "per-room", "--shards", "2"];
                super::$rule(super::Host::run_with("probe", &arguments)).await;
            })+
        }
    };
}

in_both_modes! {
    ids_start_at_1_and_grow_by_one_and_are_never_used_again,
    a_newcomer_is_a_member_before_on_new_client_and_gets_its_own_broadcast,
    a_leaver_is_no_member_in_on_client_left_but_its_details_are_still_known,
    a_close_without_a_code_is_1005_and_a_lost_connection_1006,
    messages_of_one_client_are_handled_in_their_order_and_answered_in_it,
    everybody_hears_broadcasts_in_the_same_order,
    a_broadcast_with_exceptions_passes_them_over,
    close_takes_effect_after_the_handler_and_queues_on_client_left,
    what_was_sent_before_a_close_arrives_before_it,
    closing_twice_is_no_error_and_changes_nothing,
    codes_that_may_not_be_sent_and_long_reasons_are_refused,
    sending_to_who_never_came_or_has_left_says_so,
    a_client_knows_its_address_path_query_headers_and_subprotocol,
}

async fn ids_start_at_1_and_grow_by_one_and_are_never_used_again(host: Host) {
    let (mut first, id) = Client::join(&host).await;
    assert_eq!(id, 1);
    let (second, id) = Client::join(&host).await;
    assert_eq!(id, 2);
    second.leaves(1000, "").await;
    assert_eq!(first.hears().await, "joined 2");
    assert!(first.hears().await.starts_with("left 2"));
    let (_third, id) = Client::join(&host).await;
    assert_eq!(id, 3);
}

async fn a_newcomer_is_a_member_before_on_new_client_and_gets_its_own_broadcast(host: Host) {
    let mut client = Client::connect(&host).await;
    assert_eq!(client.hears().await, "joined 1");
    assert_eq!(client.asks("list").await, "[1] of 1");
}

async fn a_leaver_is_no_member_in_on_client_left_but_its_details_are_still_known(host: Host) {
    let (mut stays, _) = Client::join(&host).await;
    let (leaves, _) = Client::join(&host).await;
    stays.hears().await;
    assert_eq!(leaves.leaves(4321, "good bye").await, Some((4321, "good bye".to_owned())));
    assert_eq!(
        stays.hears().await,
        "left 2: 4321 \"good bye\" clean=true CloseCause::Client member=false known=true send=no-such-client"
    );
    assert_eq!(stays.asks("get 2").await, "nobody");
}

async fn a_close_without_a_code_is_1005_and_a_lost_connection_1006(host: Host) {
    let (mut stays, _) = Client::join(&host).await;
    let (second, _) = Client::join(&host).await;
    stays.hears().await;
    second.leaves_without_a_code().await;
    assert!(stays.hears().await.starts_with("left 2: 1005 \"\" clean=true CloseCause::Client"));
    let (third, _) = Client::join(&host).await;
    stays.hears().await;
    third.vanishes();
    assert!(stays.hears().await.starts_with("left 3: 1006 \"\" clean=false CloseCause::Lost"));
}

async fn messages_of_one_client_are_handled_in_their_order_and_answered_in_it(host: Host) {
    let (mut client, _) = Client::join(&host).await;
    for n in 0..1000 {
        client.says(&format!("say {n}")).await;
    }
    for n in 0..1000 {
        assert_eq!(client.hears().await, n.to_string());
    }
}

async fn everybody_hears_broadcasts_in_the_same_order(host: Host) {
    let (mut first, _) = Client::join(&host).await;
    let (mut second, _) = Client::join(&host).await;
    let (mut listener, _) = Client::join(&host).await;
    for n in 0..50 {
        first.says(&format!("all first {n}")).await;
        second.says(&format!("all second {n}")).await;
    }
    let (mut heard, mut heard_too) = (Vec::new(), Vec::new());
    while heard.len() < 100 {
        heard.extend(Some(listener.hears().await).filter(|text| text.contains("st ") || text.contains("nd ")));
    }
    while heard_too.len() < 100 {
        heard_too.extend(Some(first.hears().await).filter(|text| text.contains("st ") || text.contains("nd ")));
    }
    assert_eq!(heard, heard_too);
}

async fn a_broadcast_with_exceptions_passes_them_over(host: Host) {
    let (mut first, _) = Client::join(&host).await;
    let (mut second, _) = Client::join(&host).await;
    assert_eq!(first.hears().await, "joined 2");
    assert_eq!(first.asks("others for the second").await, "ok");
    assert_eq!(second.hears().await, "for the second");
}

async fn close_takes_effect_after_the_handler_and_queues_on_client_left(host: Host) {
    let (mut first, _) = Client::join(&host).await;
    let (mut second, _) = Client::join(&host).await;
    first.hears().await;
    // In the handler that closes it the client is still a member, but nothing can be sent to it any more.
    assert_eq!(first.asks("close 2 4000 bye").await, "ok, send=closing, member=true");
    assert_eq!(second.is_closed().await, (4000, "bye".to_owned()));
    assert_eq!(
        first.hears().await,
        "left 2: 4000 \"bye\" clean=true CloseCause::Guest member=false known=true send=no-such-client"
    );
}

async fn what_was_sent_before_a_close_arrives_before_it(host: Host) {
    let (mut client, _) = Client::join(&host).await;
    client.says("say last words").await;
    client.says("close 1 4000 bye").await;
    assert_eq!(client.hears().await, "last words");
    assert_eq!(client.is_closed().await, (4000, "bye".to_owned()));
}

async fn closing_twice_is_no_error_and_changes_nothing(host: Host) {
    let (mut first, _) = Client::join(&host).await;
    let (mut second, _) = Client::join(&host).await;
    first.hears().await;
    assert_eq!(first.asks("close-twice 2").await, "ok ok");
    assert_eq!(second.is_closed().await, (4000, "once".to_owned()));
}

async fn codes_that_may_not_be_sent_and_long_reasons_are_refused(host: Host) {
    let (mut client, _) = Client::join(&host).await;
    for code in [0, 999, 1004, 1005, 1006, 1015, 2999, 5000] {
        let answer = client.asks(&format!("close 1 {code} x")).await;
        assert!(answer.starts_with("invalid-code"), "{code}: {answer}");
    }
    let long = "x".repeat(124);
    assert!(client.asks(&format!("close 1 4000 {long}")).await.starts_with("reason-too-long"));
    assert!(client.asks("close 99 4000 x").await.starts_with("no-such-client"));
    assert_eq!(client.asks("say still here").await, "still here");
}

async fn sending_to_who_never_came_or_has_left_says_so(host: Host) {
    let (mut client, _) = Client::join(&host).await;
    assert_eq!(client.asks("send 99 x").await, "no-such-client");
    let (second, _) = Client::join(&host).await;
    client.hears().await;
    second.leaves(1000, "").await;
    client.hears().await;
    assert_eq!(client.asks("send 2 x").await, "no-such-client");
}

async fn a_client_knows_its_address_path_query_headers_and_subprotocol(host: Host) {
    let headers = [("user-agent", "tester/1"), ("sec-websocket-protocol", "one, two")];
    let (mut client, response) = Client::connect_with(&host, "/subprotocol?a=1&b=%20", &headers).await;
    assert_eq!(response.headers()["sec-websocket-protocol"], "two");
    client.hears().await;
    assert_eq!(
        client.asks("get").await,
        "1 ip=127.0.0.1 path=/subprotocol query=a=1&b=%20 agent=tester/1 subprotocol=Some(\"two\")"
    );
}
