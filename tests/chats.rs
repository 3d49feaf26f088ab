//! The example chat in each language: all say the same, and each takes over from the others.

use crate::support::{Client, Host, Swappable};

macro_rules! in_every_language {
    ($($rule:ident),+ $(,)?) => {
        mod rust {
            $(#[tokio::test]
            async fn $rule() {
                super::$rule("chat").await;
            })+
        }

        mod python {
            $(#[tokio::test]
            #[ignore = "`cargo xtask test python-guests` builds the chat and runs this"]
            async fn $rule() {
                super::$rule("python/chat").await;
            })+
        }

        mod javascript {
            $(#[tokio::test]
            #[ignore = "`cargo xtask test js-guests` builds the chat and runs this"]
            async fn $rule() {
                super::$rule("js/chat").await;
            })+
        }

        mod c {
            $(#[tokio::test]
            #[ignore = "`cargo xtask test c-guests` builds the chat and runs this"]
            async fn $rule() {
                super::$rule("c/chat").await;
            })+
        }
    };
}

in_every_language! {
    a_newcomer_is_announced_and_greeted,
    all_members_receive_a_message_with_its_senders_chosen_name,
    names_are_short_words_and_belong_to_one,
    a_whisper_is_heard_by_one,
    bytes_go_to_all_others,
    a_departure_is_announced_and_frees_the_name,
    names_outlive_a_takeover_in_either_direction,
    a_message_that_is_too_long_with_its_senders_name_is_told_in_the_log,
}

async fn a_message_that_is_too_long_with_its_senders_name_is_told_in_the_log(chat: &str) {
    let mut host = Host::run_with(chat, &["--max-message", "1KiB"]);
    let mut ada = Client::connect(&host).await;
    hears(&mut ada, 2).await;
    ada.says(&"x".repeat(1024)).await;
    let line = host.logs("not sent: ");
    assert!(line.contains("not sent: too-big"), "{line}");
    assert_eq!(ada.asks("short").await, "guest-1: short");
}

/// Ada has the id 1, and Ben has 2.
async fn ada_and_ben(host: &Host) -> (Client, Client) {
    let (mut ada, mut ben) = (Client::connect(host).await, Client::connect(host).await);
    drop((hears(&mut ada, 3).await, hears(&mut ben, 2).await));
    assert_eq!(ada.asks("/name Ada").await, "* guest-1 is now Ada");
    assert_eq!(ben.asks("/name Ben").await, "* guest-1 is now Ada");
    assert_eq!(ben.hears().await, "* guest-2 is now Ben");
    assert_eq!(ada.hears().await, "* guest-2 is now Ben");
    (ada, ben)
}

async fn hears(client: &mut Client, lines: usize) -> Vec<String> {
    let mut heard = Vec::new();
    while heard.len() < lines {
        heard.push(client.hears().await);
    }
    heard
}

async fn a_newcomer_is_announced_and_greeted(chat: &str) {
    let host = Host::run(chat);
    let mut ada = Client::connect(&host).await;
    assert_eq!(hears(&mut ada, 2).await, ["* guest-1 has joined", "* You are guest-1; /help shows what you can do"]);
    let mut ben = Client::connect(&host).await;
    assert_eq!(hears(&mut ben, 2).await, ["* guest-2 has joined", "* You are guest-2; /help shows what you can do"]);
    assert_eq!(ada.hears().await, "* guest-2 has joined");
    let help = ada.asks("/help").await;
    assert!(help.starts_with("* /name Ada       from now on you are Ada\n* /msg Ada hello "), "{help}");
    assert_eq!(ada.asks("/dance").await, "* Unknown command; /help lists the commands");
}

async fn all_members_receive_a_message_with_its_senders_chosen_name(chat: &str) {
    let host = Host::run(chat);
    let (mut ada, mut ben) = ada_and_ben(&host).await;
    assert_eq!(ada.asks(" grüße, 世界 🌍\n* Ben has left ").await, "Ada: grüße, 世界 🌍 * Ben has left");
    assert_eq!(ben.hears().await, "Ada: grüße, 世界 🌍 * Ben has left");
    ada.says("   ").await;
    let long = "x".repeat(100_000);
    assert_eq!(ada.asks(&long).await, format!("Ada: {long}"));
    assert_eq!(ben.hears().await, format!("Ada: {long}"));
    assert_eq!(ben.asks("/who").await, "* Here: Ada (1), Ben (2)");
}

async fn names_are_short_words_and_belong_to_one(chat: &str) {
    let host = Host::run(chat);
    let (mut ada, mut ben) = ada_and_ben(&host).await;
    for name in ["", "7", "-ada", "Ada L", &"a".repeat(25)] {
        assert_eq!(ben.asks(&format!("/name {name}")).await, "* A name is 1 to 24 letters, digits, - and _, a letter first");
    }
    for name in ["ada", "ADA", "guest-9"] {
        assert_eq!(ben.asks(&format!("/name {name}")).await, "* That name is taken");
    }
    let longest = "å".repeat(24);
    assert_eq!(ben.asks(&format!("/name {longest}")).await, format!("* Ben is now {longest}"));
    assert_eq!(ada.hears().await, format!("* Ben is now {longest}"));
    assert_eq!(ada.asks("/name ada").await, "* Ada is now ada");
}

async fn a_whisper_is_heard_by_one(chat: &str) {
    let host = Host::run(chat);
    let (mut ada, mut ben) = ada_and_ben(&host).await;
    for whom in ["ben", "2", "guest-2"] {
        assert_eq!(ada.asks(&format!("/msg {whom} psst, you")).await, "You (to Ben alone): psst, you");
        assert_eq!(ben.hears().await, "Ada (to you alone): psst, you");
    }
    assert_eq!(ada.asks("/msg Ben").await, "* To whisper: /msg Ada hello");
    for nobody in ["Carl", "9", "99999999999999999999999"] {
        assert_eq!(ada.asks(&format!("/msg {nobody} hello")).await, "* No one here has that name; /who lists everybody");
    }
}

async fn bytes_go_to_all_others(chat: &str) {
    let host = Host::run(chat);
    let (mut ada, mut ben) = ada_and_ben(&host).await;
    ada.sends(&[0, 255, 10]).await;
    assert_eq!(ben.next().await.into_data().as_ref(), [0, 255, 10]);
    assert_eq!(ada.asks("after it").await, "Ada: after it");
}

async fn a_departure_is_announced_and_frees_the_name(chat: &str) {
    let host = Host::run(chat);
    let (mut ada, ben) = ada_and_ben(&host).await;
    ben.leaves(1000, "").await;
    assert_eq!(ada.hears().await, "* Ben has left");
    assert_eq!(ada.asks("/name Ben").await, "* Ada is now Ben");
    Client::connect(&host).await.vanishes();
    assert_eq!(hears(&mut ada, 2).await, ["* guest-3 has joined", "* guest-3 has lost the connection"]);
}

async fn names_outlive_a_takeover_in_either_direction(chat: &str) {
    let host = Swappable::run("chat", &[]);
    let (mut ada, ben) = ada_and_ben(&host.host).await;
    host.swap(chat);
    assert_eq!(ada.asks("hello").await, "Ada: hello");
    assert_eq!(ada.asks("/name Åsa").await, "* Ada is now Åsa");
    ben.leaves(1000, "").await;
    assert_eq!(ada.hears().await, "* Ben has left");
    host.swap("chat");
    assert_eq!(ada.asks("/who").await, "* Here: Åsa (1)");
}
