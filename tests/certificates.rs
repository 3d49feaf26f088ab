//! Certificates: an error in one is reported in one line at the start, and a new one takes over while the server runs.

use std::path::Path;

use crate::support::tls::{Certificate, Files, certificate_of, config, connect, handshake, shown};
use crate::support::{Client, Host, fails, guest};
use rustls::HandshakeKind;

/// An echo with TLS.
fn serve(files: &Files) -> Host {
    let flags = files.flags();
    Host::run_with("echo", &flags.each_ref().map(String::as_str))
}

/// The error of `run` for these two files.
fn complaint(certificate: &Path, key: &Path) -> String {
    let (guest, certificate, key) = (guest("echo"), certificate.to_string_lossy(), key.to_string_lossy());
    fails(&["run", &guest.to_string_lossy(), "--port", "0", "--tls-cert", &certificate, "--tls-key", &key])
}

fn says(line: &str, words: &[&str]) {
    for word in words {
        assert!(line.contains(word), "{word:?} is missing in: {line}");
    }
}

#[test]
fn a_key_that_belongs_to_another_certificate() {
    let (files, other) = (Files::of(&Certificate::new()), Files::of(&Certificate::new()));
    let line = complaint(&files.certificate(), &other.key());
    says(&line, &["cannot use the key ", "it does not belong to the certificate ", "cert.pem", "Give the key that"]);
}

#[test]
fn a_certificate_that_has_expired() {
    let files = Files::of(&Certificate::valid(2020, 2021));
    let line = complaint(&files.certificate(), &files.key());
    says(&line, &["cannot use the certificate ", "cert.pem: it expired on 2021-01-01 00:00:00 UTC. Renew it"]);
}

#[test]
fn a_certificate_that_is_not_valid_yet() {
    let files = Files::of(&Certificate::valid(2119, 2120));
    let line = complaint(&files.certificate(), &files.key());
    says(&line, &["it is not valid before 2119-01-01 00:00:00 UTC", "clock"]);
}

#[test]
fn a_missing_file() {
    let files = Files::of(&Certificate::new());
    let line = complaint(Path::new("no-such.pem"), &files.key());
    says(&line, &["cannot use the certificate no-such.pem: No such file or directory", "Check the path"]);
    let line = complaint(&files.certificate(), Path::new("no-such.pem"));
    says(&line, &["cannot use the key no-such.pem: No such file or directory", "Check the path"]);
}

/// The error of `run` for files with these texts as certificate and key.
fn complaints(text: &[u8]) -> [String; 2] {
    let files = Files::of(&Certificate::new());
    let odd = files.certificate().with_file_name("odd.pem");
    std::fs::write(&odd, text).expect("the file can be written");
    [complaint(&odd, &files.key()), complaint(&files.certificate(), &odd)]
}

#[test]
fn files_without_pem_in_them() {
    let [certificate, key] = complaints(b"Dear diary,\n");
    says(&certificate, &["odd.pem: it has no PEM in it", "-----BEGIN CERTIFICATE-----"]);
    says(&key, &["odd.pem: it has no PEM in it", "-----BEGIN PRIVATE KEY-----"]);
    let [certificate, key] = complaints(&Certificate::new().der);
    says(&certificate, &["it is in the DER format", "`openssl x509 -inform der "]);
    says(&key, &["it is in the DER format", "`openssl pkey -inform der "]);
}

#[test]
fn files_that_are_swapped() {
    let files = Files::of(&Certificate::new());
    let line = complaint(&files.key(), &files.certificate());
    says(&line, &["it has a private key in it, but no certificate. Are the two files swapped?"]);
    let line = complaint(&files.certificate(), &files.certificate());
    says(&line, &["it has a certificate in it, but no private key"]);
}

#[test]
fn files_that_are_cut_short_or_damaged_or_locked() {
    let [certificate, _] = complaints(&Certificate::new().pem.as_bytes()[..200]);
    says(&certificate, &["it is cut short"]);
    let [certificate, _] = complaints(b"-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----\n");
    says(&certificate, &["cannot use the certificate", "it is damaged, or no X.509 certificate"]);
    let [_, key] = complaints(b"-----BEGIN ENCRYPTED PRIVATE KEY-----\nMAA=\n-----END ENCRYPTED PRIVATE KEY-----\n");
    says(&key, &["it is locked with a passphrase", "`openssl pkey "]);
    let [_, key] = complaints(b"-----BEGIN PRIVATE KEY-----\nMAA=\n-----END PRIVATE KEY-----\n");
    says(&key, &["cannot use the key", "Give an RSA key of 2048 bits or more, an ECDSA key"]);
}

#[test]
fn a_device_in_place_of_a_file() {
    let files = Files::of(&Certificate::new());
    let line = complaint(Path::new("/dev/zero"), &files.key());
    says(&line, &["cannot use the certificate /dev/zero: it is a device. Give a regular file"]);
    let line = complaint(&files.certificate(), Path::new("/dev/zero"));
    says(&line, &["cannot use the key /dev/zero: it is a device"]);
}

#[test]
fn one_of_the_flags_without_the_other() {
    let guest = guest("echo");
    let guest = guest.to_string_lossy();
    says(&fails(&["run", &guest, "--tls-cert", "cert.pem"]), &["--tls-cert needs --tls-key"]);
    says(&fails(&["run", &guest, "--tls-key", "key.pem"]), &["--tls-key needs --tls-cert"]);
    let one_key = ["run", &guest, "--tls-cert", "a.pem", "--tls-cert", "b.pem", "--tls-key", "a.key"];
    says(&fails(&one_key), &["--tls-cert is given 2 times and --tls-key 1 times"]);
    let project = guest_project();
    let line = fails(&["dev", &project, "--tls", "--tls-cert", "cert.pem", "--tls-key", "key.pem"]);
    says(&line, &["--tls makes a certificate, --tls-cert brings one. Leave one of them out"]);
}

/// A directory with a guest project that will not be built.
fn guest_project() -> String {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the crate is a folder of the project");
    root.join("guest-examples/echo").to_string_lossy().into_owned()
}

/// Serves a certificate, has `renew` replace it, and checks which clients get which.
async fn a_new_certificate_takes_over(renew: impl FnOnce(&Files, &Certificate, &Host)) {
    let (old, new) = (Certificate::new(), Certificate::new());
    let files = Files::of(&old);
    let mut host = serve(&files);
    let mut client = connect(&host.address).await;
    assert_eq!(client.asks("before").await, "before");
    assert_eq!(shown(&host.address).await, old.der);

    renew(&files, &new, &host);
    host.logs("new connections get the certificate in ");

    assert_eq!(shown(&host.address).await, new.der);
    assert_eq!(connect(&host.address).await.asks("a newcomer").await, "a newcomer");
    assert_eq!(client.asks("after").await, "after");
    assert_eq!(certificate_of(client.stream()), old.der);
}

#[tokio::test]
async fn files_that_are_replaced_take_over_and_nobody_is_disconnected() {
    a_new_certificate_takes_over(|files, new, _| files.replace(new)).await;
}

#[tokio::test]
async fn files_that_are_written_in_place_take_over() {
    a_new_certificate_takes_over(|files, new, _| files.write(new)).await;
}

#[tokio::test]
async fn a_client_gets_the_certificate_of_the_name_that_it_asks_for() {
    let certificates = [&["localhost"][..], &["chat.example", "*.chat.example"], &["api.example"]].map(Certificate::named);
    let files = certificates.each_ref().map(Files::of);
    let flags: Vec<_> = files.iter().flat_map(Files::flags).collect();
    let mut host = Host::run_with("echo", &flags.iter().map(String::as_str).collect::<Vec<_>>());
    host.logs("the certificate for chat.example, *.chat.example is valid until");
    let shown = async |name: &str| {
        let stream = handshake(&host.address, name, config(rustls::ALL_VERSIONS)).await.expect("the handshake succeeds");
        certificates.iter().position(|certificate| certificate.der == certificate_of(&stream))
    };
    for (name, expected) in [
        ("chat.example", 1),
        ("room.chat.example", 1),
        ("API.example", 2),
        ("localhost", 0),
        ("unknown.example", 0),
        ("127.0.0.1", 0),
    ] {
        assert_eq!(shown(name).await, Some(expected), "{name}");
    }
    let new = Certificate::named(&["api.example"]);
    files[2].replace(&new);
    host.logs("new connections get the certificate in ");
    let stream = handshake(&host.address, "api.example", config(rustls::ALL_VERSIONS)).await.expect("the handshake succeeds");
    assert_eq!(certificate_of(&stream), new.der);
}

#[tokio::test]
async fn redirected_links_take_over() {
    let (old, new) = (Certificate::new(), Certificate::new());
    let (before, after, links) = (Files::of(&old), Files::of(&new), Files::of(&old));
    let turn = |to: &Files| {
        for (link, file) in [(links.key(), to.key()), (links.certificate(), to.certificate())] {
            let aside = link.with_extension("aside");
            std::os::unix::fs::symlink(file, &aside).expect("a link can be made");
            std::fs::rename(aside, link).expect("a link can be turned");
        }
    };
    turn(&before);
    let mut host = serve(&links);
    assert_eq!(shown(&host.address).await, old.der);
    turn(&after);
    host.logs("new connections get the certificate in ");
    assert_eq!(shown(&host.address).await, new.der);
}

#[tokio::test]
async fn sighup_loads_the_certificate_too() {
    a_new_certificate_takes_over(|files, new, host| {
        files.replace(new);
        host.signal("HUP");
    })
    .await;

    // Only the signal loads unchanged certificates.
    let files = Files::of(&Certificate::new());
    let mut host = serve(&files);
    let mut client = connect(&host.address).await;
    host.signal("HUP");
    says(&host.logs_up_to("nothing has changed"), &["new connections get the certificate in "]);
    assert_eq!(client.asks("still here").await, "still here");
}

#[tokio::test]
async fn an_unusable_new_certificate_is_refused() {
    let (old, new) = (Certificate::new(), Certificate::new());
    let files = Files::of(&old);
    let mut host = serve(&files);
    let mut client = connect(&host.address).await;

    std::fs::write(files.certificate(), &new.pem).expect("the file can be written");
    let line = host.logs("the previous certificate stays in use");
    says(&line, &["ERROR", "key.pem: it does not belong to the certificate"]);
    assert_eq!(shown(&host.address).await, old.der);

    files.replace(&Certificate::valid(2020, 2021));
    says(&host.logs("it expired"), &["the previous certificate stays in use", "it expired on 2021-01-01"]);
    assert_eq!(shown(&host.address).await, old.der);
    assert_eq!(client.asks("still here").await, "still here");

    files.replace(&new);
    host.logs("new connections get the certificate in ");
    assert_eq!(shown(&host.address).await, new.der);
}

#[tokio::test]
async fn a_session_can_be_resumed_until_the_certificate_changes() {
    let files = Files::of(&Certificate::new());
    let mut host = serve(&files);
    let client = config(rustls::ALL_VERSIONS);
    let mut kinds = Vec::new();
    for round in 0..3 {
        if round == 2 {
            files.replace(&Certificate::new());
            host.logs("new connections get the certificate in ");
        }
        let stream = handshake(&host.address, "localhost", client.clone()).await.expect("the handshake succeeds");
        kinds.push(stream.get_ref().1.handshake_kind());
        // The ticket arrives before the answer.
        assert_eq!(Client::over(stream, "wss://localhost/").await.asks("hello").await, "hello");
    }
    assert_eq!(kinds, [Some(HandshakeKind::Full), Some(HandshakeKind::Resumed), Some(HandshakeKind::Full)]);
}

#[tokio::test]
async fn without_tls_sighup_loads_no_certificate() {
    let mut host = Host::run("echo");
    let mut client = Client::connect(&host).await;
    host.signal("HUP");
    assert!(!host.logs_up_to("nothing has changed").contains("certificate"));
    assert_eq!(client.asks("still here").await, "still here");
}
