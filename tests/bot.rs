//! The example `bot` in each of its languages. The test plays the API that it asks.

use serde_json::{Value, json};

use crate::support::{Asked, Client, Host, Swappable, Upstream};

/// Runs each rule with the bot of each language. Steps of `cargo xtask test` build them.
macro_rules! in_every_language {
    ($($rule:ident),+ $(,)?) => {
        mod python {
            $(#[tokio::test]
            #[ignore = "`cargo xtask test python-guests` builds the bot and runs this"]
            async fn $rule() {
                super::$rule("python/bot").await;
            })+
        }

        mod javascript {
            $(#[tokio::test]
            #[ignore = "`cargo xtask test js-guests` builds the bot and runs this"]
            async fn $rule() {
                super::$rule("js/bot").await;
            })+
        }
    };
}

in_every_language! {
    the_bot_answers_word_by_word_while_the_chat_goes_on,
    an_answer_goes_on_over_a_swap,
    a_bot_that_gets_no_answer_says_why,
}

/// The flags of a host whose bot asks this server.
fn flags(upstream: &Upstream) -> Vec<String> {
    let variables =
        [format!("OPENAI_BASE_URL={}", upstream.url("/v1")), "OPENAI_API_KEY=sesame".into(), "OPENAI_MODEL=parrot".into()];
    let allowed = ["--allow-http", "localhost", "--allow-http-private", "127.0.0.0/8"].map(str::to_owned);
    allowed.into_iter().chain(variables.into_iter().flat_map(|variable| ["--env".to_owned(), variable])).collect()
}

/// The flags as they are given to a host.
fn words(flags: &[String]) -> Vec<&str> {
    flags.iter().map(String::as_str).collect()
}

/// Has a client ask the bot. The API has the request.
async fn asks_the_bot(client: &mut Client, upstream: &Upstream) -> Asked {
    assert_eq!(client.asks("@bot Why?").await, "guest 1: @bot Why?");
    let asked = upstream.is_asked().await;
    assert_eq!(asked.line(), "POST /v1/chat/completions");
    asked
}

/// One event of the stream.
fn event(word: &str) -> String {
    format!("data: {}\n\n", json!({ "choices": [{ "index": 0, "delta": { "content": word } }] }))
}

async fn both_hear(one: &mut Client, other: &mut Client, line: &str) {
    assert_eq!((one.hears().await, other.hears().await), (line.to_owned(), line.to_owned()));
}

async fn the_bot_answers_word_by_word_while_the_chat_goes_on(bot: &str) {
    let upstream = Upstream::new().await;
    let host = Host::run_with(bot, &words(&flags(&upstream)));
    let (mut ann, mut ben) = (Client::connect(&host).await, Client::connect(&host).await);
    let mut asked = asks_the_bot(&mut ann, &upstream).await;
    assert_eq!(ben.hears().await, "guest 1: @bot Why?");
    let (head, body) = asked.text.split_once("\r\n\r\n").expect("the request has a head");
    assert!(head.contains("\r\nauthorization: Bearer sesame") && head.contains("\r\ncontent-type: application/json"), "{head}");
    let body: Value = serde_json::from_str(body).expect("the request is JSON");
    assert_eq!(body, json!({ "model": "parrot", "stream": true, "messages": [{ "role": "user", "content": "Why?" }] }));
    asked.begins().await;
    asked.chunk(&event("Once")).await;
    both_hear(&mut ann, &mut ben, "bot+ Once").await;
    ben.says("shh").await;
    both_hear(&mut ann, &mut ben, "guest 2: shh").await;
    // A piece ends within a line, and the next one has the rest and two events more.
    let line = event(" upön");
    let (begin, end) = line.split_at(30);
    asked.chunk(begin).await;
    asked.chunk(&format!("{end}{}data: [DONE]\n\n", event(" a"))).await;
    for line in ["bot+  upön", "bot+  a", "bot: Once upön a"] {
        both_hear(&mut ann, &mut ben, line).await;
    }
}

async fn an_answer_goes_on_over_a_swap(bot: &'static str) {
    let upstream = Upstream::new().await;
    let host = Swappable::run(bot, &words(&flags(&upstream)));
    let mut ann = Client::connect(&host.host).await;
    let mut asked = asks_the_bot(&mut ann, &upstream).await;
    asked.begins().await;
    asked.chunk(&event("before")).await;
    assert_eq!(ann.hears().await, "bot+ before");
    let _host = tokio::task::spawn_blocking(move || {
        host.swap(bot);
        host
    })
    .await
    .expect("the swap succeeds");
    asked.chunk(&event("after")).await;
    assert_eq!(ann.hears().await, "bot+ after");
    asked.chunk("").await;
    assert_eq!(ann.hears().await, "bot: after");
}

async fn a_bot_that_gets_no_answer_says_why(bot: &str) {
    let upstream = Upstream::new().await;
    let host = Host::run_with(bot, &words(&flags(&upstream)));
    let mut ann = Client::connect(&host).await;
    let mut asked = asks_the_bot(&mut ann, &upstream).await;
    asked.sends("HTTP/1.1 401 Unauthorized\r\nconnection: close\r\ncontent-length: 2\r\n\r\n{}").await;
    assert_eq!(ann.hears().await, "* The bot does not answer: 401");
    asks_the_bot(&mut ann, &upstream).await.begins().await;
    assert_eq!(ann.hears().await, "* The bot does not answer: broken");
    let closed = Host::run(bot);
    let mut ann = Client::connect(&closed).await;
    ann.asks("@bot Why?").await;
    assert_eq!(ann.hears().await, "* The bot does not answer: denied");
}
