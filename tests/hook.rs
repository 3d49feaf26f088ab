//! The promises of the example `hook`.

use crate::support::http::{Raw, ask, request};
use crate::support::{Client, Host};

/// The example of GitHub's documentation.
const SIGNATURE: &str = "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17";

/// A delivery of `Hello, World!` with this signature.
fn delivery(signature: &str, id: &str) -> String {
    format!(
        "POST /hook HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nX-Hub-Signature-256: {signature}\r\nX-GitHub-Delivery: {id}\r\n\
         Content-Length: 13\r\n\r\nHello, World!"
    )
}

#[tokio::test]
async fn a_signed_delivery_reaches_clients_and_event_streams_once() {
    let host = Host::run_with("hook", &["--env", "HOOK_SECRET=It's a Secret to Everybody"]);
    let mut client = Client::connect(&host).await;
    let mut stream = Raw::connect(&host.address);
    stream.says(b"GET /events HTTP/1.1\r\nHost: localhost\r\n\r\n");
    assert_eq!(stream.head().header("content-type"), "text/event-stream");
    assert_eq!(ask(&host.address, &delivery(&SIGNATURE.replace('7', "8"), "1")).status, 401);
    let statuses = ["2", "2", "3"].map(|id| ask(&host.address, &delivery(SIGNATURE, id)).status);
    assert_eq!(statuses, [204; 3]);
    for _ in ["2", "3"] {
        assert_eq!((client.hears().await.as_str(), stream.chunk()), ("Hello, World!", b"data: Hello, World!\n\n".to_vec()));
    }
    assert_eq!(ask(&host.address, &request("GET /hook")).header("allow"), "POST");
}
