//! The promises of the examples of the guide's chapters, `lounge` and `shop`.

use crate::support::{Client, Host, Swappable, refusal};

#[tokio::test]
async fn the_lounge_keeps_names_and_lines_across_a_swap() {
    let host = Swappable::run("lounge", &[]);
    let mut ada = Client::connect_to(&host.host, "/?Ada").await;
    assert_eq!(ada.hears().await, "here: Ada");
    assert_eq!(ada.asks("hello").await, "Ada: hello");
    host.swap("lounge");
    let mut bob = Client::connect_to(&host.host, "/?Bob").await;
    assert_eq!(bob.hears().await, "Ada: hello");
    assert_eq!(bob.hears().await, "here: Ada, Bob");
    assert_eq!(ada.hears().await, "here: Ada, Bob");
}

#[tokio::test]
async fn the_lounge_names_a_person_with_two_tabs_once() {
    let host = Host::run("lounge");
    let mut ada = Client::connect_to(&host, "/?Ada").await;
    let mut tab = Client::connect_to(&host, "/?Ada").await;
    for _ in 0..2 {
        assert_eq!(ada.hears().await, "here: Ada");
    }
    assert_eq!(tab.hears().await, "here: Ada");
    tab.vanishes();
    assert_eq!(ada.hears().await, "here: Ada");
}

#[tokio::test]
async fn the_shop_passes_questions_to_the_back_end_and_answers_back() {
    let host = Host::run_with("shop", &["--env", "BACK_END_KEY=opens"]);
    let mut customer = Client::connect_to(&host, "/").await;
    let (mut back_end, _) = Client::connect_with(&host, "/?back-end", &[("authorization", "Bearer opens")]).await;
    back_end.says("all The shop is open").await;
    assert_eq!(customer.hears().await, "The shop is open");
    customer.says("all you can eat?").await;
    assert_eq!(back_end.hears().await, "1 all you can eat?");
    // A client that has left, or never was, gets nothing, and nobody is harmed.
    back_end.says("99 nobody").await;
    back_end.says("1 no").await;
    assert_eq!(customer.hears().await, "no");
}

#[tokio::test]
async fn nobody_is_the_back_end_without_the_key() {
    let host = Host::run_with("shop", &["--env", "BACK_END_KEY=opens"]);
    assert_eq!(refusal(&host, "/?back-end", &[]).await, 401);
    assert_eq!(refusal(&host, "/?back-end", &[("authorization", "Bearer wrong")]).await, 401);
    let without = Host::run("shop");
    assert_eq!(refusal(&without, "/?back-end", &[("authorization", "Bearer ")]).await, 401);
}
