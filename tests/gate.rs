//! The gate: the decisions of any gate, and those of the example `auth` about tokens.

use crate::support::http::{Raw, ask, upgrade};
use crate::support::{Client, Host, Swappable, fails, guest, refusal};

mod any_gate {
    use super::*;

    /// The status by which the probe's gate, or the host in its place, answers a request for this path.
    fn status_of(host: &Host, path: &str) -> u16 {
        ask(&host.address, &upgrade(path, &[])).status
    }

    #[test]
    fn refuses_with_any_status_of_an_error() {
        let host = Host::run("probe");
        for status in 400..=599 {
            assert_eq!(status_of(&host, &format!("/refuse/{status}")), status);
        }
    }

    #[test]
    fn decides_about_the_one_form_of_a_path_that_names_the_room() {
        let host = Host::run_with("probe", &["--instances", "per-room"]);
        assert_eq!(status_of(&host, "/%72efuse/%34%303"), 403);
        let mut raw = Raw::connect(&host.address);
        raw.says(upgrade("/refuse%2F403", &[]).as_bytes());
        assert_eq!(raw.head().status, 101, "it is another path");
    }

    #[test]
    fn that_refuses_with_another_status_is_answered_for_with_500() {
        let mut host = Host::run("probe");
        for status in [0, 99, 100, 101, 200, 302, 399, 600, 999, 65535] {
            assert_eq!(status_of(&host, &format!("/refuse/{status}")), 500, "{status}");
            host.logs(&format!(
                "on-upgrade broke its rules: the status is {status}, not one of 400 to 599; the request is refused with 500"
            ));
        }
    }

    #[test]
    fn closes_with_any_code_that_may_be_sent() {
        let host = Host::run("probe");
        for code in [1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014, 3000, 4999] {
            // By hand, since a client's library may not know 1014.
            assert_eq!(closed(&host, &format!("/close/{code}/not-you")), (code, "not-you".to_owned()));
        }
        let reason = "x".repeat(123);
        assert_eq!(closed(&host, &format!("/close/4000/{reason}")), (4000, reason));
    }

    fn closed(host: &Host, path: &str) -> (u16, String) {
        let mut raw = Raw::connect(&host.address);
        raw.says(upgrade(path, &[]).as_bytes());
        assert_eq!(raw.head().status, 101, "{path}");
        raw.is_closed()
    }

    #[test]
    fn that_closes_with_another_code_or_a_long_reason_is_answered_for_with_500() {
        let mut host = Host::run("probe");
        for code in [0, 999, 1004, 1005, 1006, 1015, 1016, 2999, 5000, 65535] {
            assert_eq!(status_of(&host, &format!("/close/{code}/x")), 500, "{code}");
            host.logs(&format!("on-upgrade broke its rules: it closes with code {code}"));
        }
        assert_eq!(status_of(&host, &format!("/close/4000/{}", "x".repeat(124))), 500);
        host.logs("on-upgrade broke its rules: it closes with code 4000 and a reason of 124 bytes");
    }

    #[test]
    fn sets_any_header_of_the_response_but_those_of_the_handshake() {
        let mut host = Host::run("probe");
        let mut raw = Raw::connect(&host.address);
        raw.says(upgrade("/header?set-cookie=id", &[]).as_bytes());
        let head = raw.head();
        assert_eq!((head.status, head.header("set-cookie")), (101, "id"));
        for name in
            ["connection", "upgrade", "sec-websocket-accept", "sec-websocket-protocol", "content-length", "transfer-encoding"]
        {
            assert_eq!(status_of(&host, &format!("/header?{name}=x")), 500, "{name}");
            host.logs(&format!("on-upgrade broke its rules: the header \"{name}\" is not allowed"));
        }
    }

    #[test]
    fn that_names_a_user_of_too_many_bytes_is_answered_for_with_500() {
        let mut host = Host::run("probe");
        assert_eq!(status_of(&host, &format!("/user/{}", "u".repeat(257))), 500);
        host.logs("on-upgrade broke its rules: the user's name has 257 bytes; it may have 1 to 256");
    }

    #[tokio::test]
    async fn that_closes_leaves_a_client_that_offers_subprotocols_able_to_read_the_code() {
        let host = Host::run("probe");
        // Like a browser, this client gives up a connection if the server takes none of its offers.
        let (mut client, response) =
            Client::connect_with(&host, "/close/4001/not-you", &[("sec-websocket-protocol", "one, two")]).await;
        assert_eq!(response.headers()["sec-websocket-protocol"], "one");
        assert_eq!(client.is_closed().await, (4001, "not-you".to_owned()));
    }

    #[tokio::test]
    async fn that_traps_costs_its_request_and_no_other_connection() {
        let mut host = Host::run("probe");
        let (mut inside, _) = Client::join(&host).await;
        assert_eq!(inside.asks("attach 1 mine").await, "ok");
        assert_eq!(refusal(&host, "/panic", &[]).await, 500);
        host.logs("told to panic in the gate");
        assert_eq!(inside.asks("attachment 1").await, "Some(\"mine\")");
        assert_eq!(inside.asks("messages").await, "2 since Some(StartReason::AfterTrap)");
        let (_next, id) = Client::join(&host).await;
        assert_eq!(id, 2);
    }
}

mod auth {
    use super::*;
    use data_encoding::BASE64URL_NOPAD as BASE64URL;
    use hmac::{Hmac, KeyInit, Mac};
    use sha2::Sha256;

    const SECRET: &str = "a secret of 32 bytes, for tests.";
    const HS256: &str = r#"{"alg":"HS256","typ":"JWT"}"#;
    const YEAR_2100: u64 = 4_102_444_800;
    const YEAR_2020: u64 = 1_577_836_800;

    fn run() -> Host {
        Host::run_with("auth", &["--env", &format!("AUTH_SECRET={SECRET}")])
    }

    fn claims(name: &str, expires: u64, audience: &str) -> String {
        format!(r#"{{"name":"{name}","exp":{expires},"aud":"{audience}"}}"#)
    }

    /// A token (RFC 7515 §7.1), made without the guest's library.
    fn signed(secret: &str, header: &str, claims: &str) -> String {
        let text = format!("{}.{}", BASE64URL.encode(header.as_bytes()), BASE64URL.encode(claims.as_bytes()));
        let mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).expect("any length will do").chain_update(&text);
        format!("{text}.{}", BASE64URL.encode(&mac.finalize().into_bytes()))
    }

    fn token_of(name: &str) -> String {
        signed(SECRET, HS256, &claims(name, YEAR_2100, "chat"))
    }

    /// Invalid tokens, with the status and the reason of their refusal.
    fn bad_tokens() -> Vec<(&'static str, String, u16, &'static str)> {
        let good = token_of("Eve");
        let (signed_part, signature) = good.rsplit_once('.').expect("a token has three parts");
        let ada = token_of("Ada");
        let claims_of_ada = ada.split('.').nth(1).expect("a token has three parts");
        let none = |alg: &str| BASE64URL.encode(format!(r#"{{"alg":"{alg}"}}"#).as_bytes());
        let invalid = |what, token: String| (what, token, 401, "token invalid");
        vec![
            ("expired", signed(SECRET, HS256, &claims("Eve", YEAR_2020, "chat")), 401, "token expired"),
            ("for another service", signed(SECRET, HS256, &claims("Eve", YEAR_2100, "bank")), 403, "token not for this chat"),
            invalid("another secret", signed("another one of 32 bytes for tests", HS256, &claims("Eve", YEAR_2100, "chat"))),
            invalid("another's claims", good.replacen(good.split('.').nth(1).unwrap_or_default(), claims_of_ada, 1)),
            invalid("no signature", format!("{signed_part}.")),
            invalid("half a signature", format!("{signed_part}.{}", &signature[..22])),
            invalid("alg none, unsigned", format!("{}.{claims_of_ada}.", none("none"))),
            invalid("alg None, unsigned", format!("{}.{claims_of_ada}.", none("None"))),
            invalid("alg none, signed", signed(SECRET, r#"{"alg":"none"}"#, &claims("Eve", YEAR_2100, "chat"))),
            invalid("alg HS512, signed with HS256", signed(SECRET, r#"{"alg":"HS512"}"#, &claims("Eve", YEAR_2100, "chat"))),
            invalid("not before 2100", signed(SECRET, HS256, r#"{"name":"Eve","exp":4102444800,"nbf":4102444800,"aud":"chat"}"#)),
            invalid("for ever", signed(SECRET, HS256, r#"{"name":"Eve","aud":"chat"}"#)),
            invalid("for anybody", signed(SECRET, HS256, r#"{"name":"Eve","exp":4102444800}"#)),
            invalid("nobody's", signed(SECRET, HS256, r#"{"exp":4102444800,"aud":"chat"}"#)),
            invalid("a name of two lines", token_of("Eve\\n* Ada has left")),
            invalid("no token at all", "abc".to_owned()),
            invalid("empty", String::new()),
        ]
    }

    #[tokio::test]
    async fn a_member_shows_its_token_in_a_header_a_cookie_the_query_or_as_a_subprotocol() {
        let host = run();
        let token = token_of("Ada");
        for (path, name, value) in [
            ("/", "authorization", format!("Bearer {token}")),
            ("/", "cookie", format!("theme=dark; token={token}")),
            ("/", "sec-websocket-protocol", format!("bearer.{token}, chat.v1")),
            (&*format!("/?a=1&token={token}"), "x-nothing", "more".to_owned()),
        ] {
            let (mut client, _) = Client::connect_with(&host, path, &[(name, &value)]).await;
            assert_eq!(client.hears().await, "* Ada has joined", "{name}");
            assert_eq!(client.asks("hello").await, "Ada: hello");
            client.leaves(1000, "").await;
        }
    }

    #[tokio::test]
    async fn two_tabs_of_a_member_come_and_go_as_one() {
        let host = run();
        let (ada, eve) = (format!("Bearer {}", token_of("Ada")), format!("Bearer {}", token_of("Eve")));
        let (mut watches, _) = Client::connect_with(&host, "/", &[("authorization", &eve)]).await;
        assert_eq!(watches.hears().await, "* Eve has joined");
        let (one, _) = Client::connect_with(&host, "/", &[("authorization", &ada)]).await;
        assert_eq!(watches.hears().await, "* Ada has joined");
        let (mut other, _) = Client::connect_with(&host, "/", &[("authorization", &ada)]).await;
        assert_eq!(other.asks("/who").await, "* Here: Ada, Eve");
        one.leaves(1000, "").await;
        assert_eq!(other.asks("still here").await, "Ada: still here");
        other.leaves(1000, "").await;
        assert_eq!([watches.hears().await, watches.hears().await], ["Ada: still here", "* Ada has left"]);
    }

    #[tokio::test]
    async fn the_subprotocol_that_is_agreed_on_is_the_chats_and_never_the_token() {
        let host = run();
        let offers = format!("bearer.{}, chat.v1", token_of("Ada"));
        let (_client, response) = Client::connect_with(&host, "/", &[("sec-websocket-protocol", &offers)]).await;
        assert_eq!(response.headers()["sec-websocket-protocol"], "chat.v1");
    }

    #[tokio::test]
    async fn a_bad_token_is_refused_with_a_status() {
        let host = run();
        assert_eq!(refusal(&host, "/", &[]).await, 401);
        for (what, token, status, _) in bad_tokens() {
            let header = format!("Bearer {token}");
            for request in [upgrade("/", &[("Authorization", &header)]), upgrade(&format!("/?token={token}"), &[])] {
                let mut raw = Raw::connect(&host.address);
                raw.says(request.as_bytes());
                assert_eq!(raw.head().status, status, "{what}");
            }
        }
    }

    #[tokio::test]
    async fn a_page_is_closed_with_a_code_and_a_reason_that_it_can_read() {
        let host = run();
        let origin = format!("http://{}", host.address);
        let (mut page, _) = Client::connect_with(&host, "/", &[("origin", &origin)]).await;
        assert_eq!(page.is_closed().await, (4401, "token missing".to_owned()));
        for (what, token, status, reason) in bad_tokens() {
            let (mut page, _) = Client::connect_with(&host, &format!("/?token={token}"), &[("origin", &origin)]).await;
            assert_eq!(page.is_closed().await, (4000 + status, reason.to_owned()), "{what}");
        }
        let offers = format!("chat.v1, bearer.{}", signed(SECRET, HS256, &claims("Eve", YEAR_2020, "chat")));
        let headers = [("origin", &*origin), ("sec-websocket-protocol", &offers)];
        let (mut page, response) = Client::connect_with(&host, "/", &headers).await;
        assert_eq!(response.headers()["sec-websocket-protocol"], "chat.v1");
        assert_eq!(page.is_closed().await, (4401, "token expired".to_owned()));
        let (mut page, _) = Client::connect_with(&host, &format!("/?token={}", token_of("Ada")), &[("origin", &origin)]).await;
        assert_eq!(page.hears().await, "* Ada has joined");
    }

    #[tokio::test]
    async fn a_refused_client_never_joins_and_is_not_announced() {
        let mut host = run();
        let mut ada = Client::connect_to(&host, &format!("/?token={}", token_of("Ada"))).await;
        assert_eq!(ada.hears().await, "* Ada has joined");
        let origin = format!("http://{}", host.address);
        for (_, token, ..) in bad_tokens() {
            let path = format!("/?token={token}");
            refusal(&host, &path, &[]).await;
            Client::connect_with(&host, &path, &[("origin", &origin)]).await.0.is_closed().await;
        }
        assert_eq!(ada.asks("/who").await, "* Here: Ada");
        let bob = Client::connect_to(&host, &format!("/?token={}", token_of("Bob"))).await;
        assert_eq!(ada.hears().await, "* Bob has joined");
        bob.vanishes();
        assert_eq!(ada.hears().await, "* Bob has left");
        host.signal("TERM");
        ada.is_closed().await;
        let log = host.rest_of_log();
        assert!(log.contains("refused 127.0.0.1: token expired"), "{log}");
        for (what, token, ..) in bad_tokens().into_iter().filter(|(_, token, ..)| token.len() > 10) {
            assert!(!log.contains(&token), "the log has no tokens: {what}");
        }
    }

    #[tokio::test]
    async fn the_secret_and_the_names_survive_a_swap() {
        let host = Swappable::run("auth", &["--env", &format!("AUTH_SECRET={SECRET}")]);
        let path = format!("/?token={}", token_of("Ada"));
        let mut ada = Client::connect_to(&host.host, &path).await;
        assert_eq!(ada.hears().await, "* Ada has joined");
        host.swap("auth");
        assert_eq!(ada.asks("hello").await, "Ada: hello");
        let bad = signed("another one of 32 bytes for tests", HS256, &claims("Eve", YEAR_2100, "chat"));
        assert_eq!(refusal(&host.host, &format!("/?token={bad}"), &[]).await, 401);
        let mut bob = Client::connect_to(&host.host, &format!("/?token={}", token_of("Bob"))).await;
        assert_eq!(bob.asks("/who").await, "* Bob has joined");
        assert_eq!(bob.hears().await, "* Here: Ada, Bob");
    }

    #[test]
    fn without_a_good_secret_it_does_not_start() {
        let auth = guest("auth");
        let line = fails(&["run", &auth.to_string_lossy(), "--port", "0"]);
        assert!(line.contains("auth.wasm failed while it started: ") && line.contains("AUTH_SECRET is missing"), "{line}");
        assert!(line.contains("--env AUTH_SECRET"), "{line}");
        let line = fails(&["run", &auth.to_string_lossy(), "--port", "0", "--env", "AUTH_SECRET=short"]);
        assert!(line.contains("AUTH_SECRET: the secret is too short: 5 bytes, not 32"), "{line}");
    }
}
