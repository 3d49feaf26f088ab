//! Who is let in: what any gate may decide.

mod support;

use support::http::{Raw, ask, upgrade};
use support::{Client, Host, refusal};

mod any_gate {
    use super::*;

    /// The status with which the probe's gate, or the host in its place, answers a request for this path.
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
    fn that_refuses_with_another_status_is_answered_for_with_500() {
        let mut host = Host::run("probe");
        for status in [0, 99, 100, 101, 200, 302, 399, 600, 999, 65535] {
            assert_eq!(status_of(&host, &format!("/refuse/{status}")), 500, "{status}");
            host.logs(&format!("on-upgrade broke its rules with Refuse({status})"));
        }
    }

    #[test]
    fn closes_with_any_code_that_may_be_sent() {
        let host = Host::run("probe");
        for code in [1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014, 3000, 4999] {
            // By hand, since a client's library need not know 1014.
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
            host.logs(&format!("on-upgrade broke its rules with Close({code}"));
        }
        assert_eq!(status_of(&host, &format!("/close/4000/{}", "x".repeat(124))), 500);
        host.logs("on-upgrade broke its rules with Close(4000");
    }

    #[tokio::test]
    async fn that_closes_leaves_a_client_that_offers_subprotocols_able_to_read_the_code() {
        let host = Host::run("probe");
        // Like a browser, this client gives up a connection on which none of its offers was taken.
        let (mut client, response) =
            Client::connect_with(&host, "/close/4001/not-you", &[("sec-websocket-protocol", "one, two")]).await;
        assert_eq!(response.headers()["sec-websocket-protocol"], "one");
        assert_eq!(client.is_closed().await, (4001, "not-you".to_owned()));
    }

    #[tokio::test]
    async fn that_traps_costs_its_request_and_nobody_elses_connection() {
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
