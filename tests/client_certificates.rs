//! The certificates that clients show: a client without one is refused, and the app reads the subject.

use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::support::http::{Raw, upgrade};
use crate::support::tls::{Authority, Certificate, Files, config, handshake};
use crate::support::{Embedded, fails, guest};
use ws_host::Server;

const FORGED: &[(&str, &str)] = &[("X-Client-Cert-Subject", "CN=root")];

/// A server whose app sends each new client the header that tells of its certificate.
fn server(files: &Files, authority: &Authority, optional: bool) -> Embedded {
    let file = files.certificate().with_file_name("clients.pem");
    std::fs::write(&file, &authority.pem).expect("the file can be written");
    let builder = Server::builder().tls(files.certificate(), files.key()).tls_client_authorities(file, optional);
    Embedded::start(builder.on_new_client(|room, client| {
        let subjects: Vec<_> =
            client.request.headers().filter(|(name, _)| *name == "x-client-cert-subject").map(|(_, value)| value).collect();
        room.send(client.id, format!("{subjects:?}")).ok();
    }))
}

/// The text that the server sends first to a client with this configuration, or nothing if it refuses the client.
async fn hears(server: &Embedded, config: rustls::ClientConfig) -> Option<String> {
    let mut stream = handshake(&server.address, "localhost", config).await.ok()?;
    stream.write_all(upgrade("/", FORGED).as_bytes()).await.ok()?;
    let mut heard = Vec::new();
    while !heard.ends_with(b"]") {
        // With TLS 1.3 the refusal comes after the client's side of the handshake.
        if stream.read_buf(&mut heard).await.ok()? == 0 {
            return None;
        }
    }
    let heard = String::from_utf8_lossy(&heard).into_owned();
    heard.rfind('[').map(|begin| heard[begin..].to_owned())
}

#[tokio::test]
async fn a_client_shows_a_certificate_of_the_authority_and_the_app_reads_its_subject() {
    let (files, authority) = (Files::of(&Certificate::new()), Authority::new());
    let required = server(&files, &authority, false);
    assert_eq!(hears(&required, authority.client("till 7")).await.as_deref(), Some("[\"CN=till 7\"]"));
    assert_eq!(hears(&required, Authority::new().client("till 7")).await, None, "of another authority");
    assert_eq!(hears(&required, config(rustls::ALL_VERSIONS)).await, None, "without one");
    let optional = server(&files, &authority, true);
    assert_eq!(hears(&optional, authority.client("till 7")).await.as_deref(), Some("[\"CN=till 7\"]"));
    assert_eq!(hears(&optional, config(rustls::ALL_VERSIONS)).await.as_deref(), Some("[]"), "a forged header does not arrive");
    assert_eq!(hears(&optional, Authority::new().client("till 7")).await, None, "a wrong certificate is worse than none");
}

#[test]
fn a_header_of_that_name_means_nothing_to_a_server_that_asks_for_no_certificate() {
    let server = Embedded::start(Server::builder().on_new_client(|room, client| {
        room.send(client.id, client.request.header("x-client-cert-subject").unwrap_or("none")).ok();
    }));
    let mut raw = Raw::connect(&server.address);
    raw.says(upgrade("/", FORGED).as_bytes());
    assert_eq!((raw.head().status, raw.hears()), (101, "CN=root".into()));
}

#[test]
fn authorities_that_cannot_be_used_are_told_in_one_line() {
    let files = Files::of(&Certificate::new());
    let (guest, flags) = (guest("echo").to_string_lossy().into_owned(), files.flags());
    let line = fails(&["run", &guest, "--tls-client-ca", "clients.pem"]);
    assert!(line.contains("Give the server's certificate and its key too: --tls-cert and --tls-key"), "{line}");
    let mut arguments = vec!["run", &guest, "--tls-client-ca", &flags[3]];
    arguments.extend(flags.iter().map(String::as_str));
    let line = fails(&arguments);
    assert!(line.contains("cannot use the authorities of clients") && line.contains("a private key in it"), "{line}");
}
