//! NATS servers that want to know the node, and nodes that want to know the server.

use std::path::Path;

use data_encoding::BASE64URL_NOPAD;
use nkeys::KeyPair;
use serde_json::{Value, json};
use tempfile::TempDir;

use super::mistakes::{complaint, says};
use crate::support::Client;
use crate::support::cluster::node;
use crate::support::host::Host;
use crate::support::nats::Nats;
use crate::support::tls::{Authority, Certificate, Files};

/// A node with these arguments serves.
async fn serves(nats: &str, arguments: &[&str]) {
    let arguments: Vec<_> = arguments.iter().map(|argument| (*argument).to_owned()).collect();
    let host = Host::start(node("echo", nats, &arguments));
    assert_eq!(Client::connect(&host).await.asks("hello").await, "hello");
}

fn text(path: &Path) -> &str {
    path.to_str().expect("the path is text")
}

#[tokio::test]
async fn a_node_talks_tls_to_a_server_of_an_authority_that_it_trusts_and_to_no_other() {
    let files = Files::of(&Certificate::named(&["127.0.0.1"]));
    let (certificate, key) = (files.certificate(), files.key());
    let nats = Nats::with(&["--jetstream", "--tls", "--tlscert", text(&certificate), "--tlskey", text(&key)]);
    let url = nats.url().replace("nats://", "tls://");
    serves(&url, &["--cluster-ca", text(&certificate)]).await;
    says(&complaint(&url, &[]), &["no TLS connection to NATS", "check its certificate and the authorities", "--cluster"]);
}

#[tokio::test]
async fn a_node_shows_its_certificate_to_a_server_that_asks_for_it() {
    let authority = Authority::new();
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let trusted = folder.path().join("authority.pem");
    std::fs::write(&trusted, &authority.pem).expect("the file can be written");
    let (server, own) = (Files::of(&Certificate::named(&["127.0.0.1"])), Files::of(&authority.issues("node")));
    let (certificate, key) = (server.certificate(), server.key());
    let asks = ["--tlsverify", "--tlscacert", text(&trusted), "--tlscert", text(&certificate), "--tlskey", text(&key)];
    let nats = Nats::with(&[&["--jetstream"], &asks[..]].concat());
    let url = nats.url().replace("nats://", "tls://");
    let (shown, with) = (own.certificate(), own.key());
    let trusts = ["--cluster-ca", text(&certificate)];
    serves(&url, &[&trusts[..], &["--cluster-cert", text(&shown), "--cluster-key", text(&with)]].concat()).await;
    says(&complaint(&url, &trusts), &["NATS", "--cluster"]);
}

#[tokio::test]
async fn a_node_shows_its_credentials() {
    let operated = Operated::new();
    let nats = Nats::with(&["--config", text(&operated.file("server.conf"))]);
    serves(&nats.url(), &["--cluster-credentials", text(&operated.file("node.creds"))]).await;
    says(&complaint(&nats.url(), &[]), &["refuses this node", "check the credentials"]);
    let stranger = Operated::new();
    let wrong = ["--cluster-credentials", text(&stranger.file("node.creds"))].map(str::to_owned);
    says(&complaint(&nats.url(), &[&wrong[0], &wrong[1]]), &["refuses this node", "check the credentials"]);
}

/// A server's configuration with an operator, as `nsc` makes it, and a user's credentials.
struct Operated {
    folder: TempDir,
}

impl Operated {
    fn new() -> Self {
        let (operator, system, account, user) =
            (KeyPair::new_operator(), KeyPair::new_account(), KeyPair::new_account(), KeyPair::new_user());
        let unlimited = json!({
            "subs": -1, "data": -1, "payload": -1, "imports": -1, "exports": -1, "wildcards": true, "conn": -1, "leaf": -1,
            "mem_storage": -1, "disk_storage": -1, "streams": -1, "consumer": -1,
        });
        let of_account = json!({ "type": "account", "version": 2, "limits": unlimited });
        let of_system =
            json!({ "type": "account", "version": 2, "limits": { "subs": -1, "data": -1, "payload": -1, "conn": -1 } });
        let of_user = json!({ "type": "user", "version": 2, "subs": -1, "data": -1, "payload": -1, "pub": {}, "sub": {} });
        let (system_key, account_key) = (system.public_key(), account.public_key());
        let config = format!(
            "jetstream: enabled\noperator: {}\nsystem_account: {system_key}\nresolver: MEMORY\nresolver_preload: {{\n{system_key}: {}\n{account_key}: {}\n}}\n",
            token(&operator, &operator, &json!({ "type": "operator", "version": 2 })),
            token(&operator, &system, &of_system),
            token(&operator, &account, &of_account),
        );
        let credentials = format!(
            "-----BEGIN NATS USER JWT-----\n{}\n------END NATS USER JWT------\n\n-----BEGIN USER NKEY SEED-----\n{}\n------END USER NKEY SEED------\n",
            token(&account, &user, &of_user),
            user.seed().expect("the pair has its seed"),
        );
        let operated = Self { folder: tempfile::tempdir().expect("a temporary folder can be made") };
        for (name, text) in [("server.conf", config), ("node.creds", credentials)] {
            std::fs::write(operated.file(name), text).expect("the file can be written");
        }
        operated
    }

    fn file(&self, name: &str) -> std::path::PathBuf {
        self.folder.path().join(name)
    }
}

/// A JSON web token of NATS: the issuer says this of the subject.
fn token(issuer: &KeyPair, subject: &KeyPair, says: &Value) -> String {
    let head = json!({ "typ": "JWT", "alg": "ed25519-nkey" });
    let claims = json!({
        "jti": subject.public_key(), "iat": 1_700_000_000, "iss": issuer.public_key(), "sub": subject.public_key(),
        "name": "test", "nats": says,
    });
    let signed = [&head, &claims].map(|part| BASE64URL_NOPAD.encode(part.to_string().as_bytes())).join(".");
    let signature = issuer.sign(signed.as_bytes()).expect("the pair has its seed");
    format!("{signed}.{}", BASE64URL_NOPAD.encode(&signature))
}
