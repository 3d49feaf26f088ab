//! `ws-host reload`: a running server takes on settings, and names those that need a restart.

use std::process::{Command, Output};

use crate::support::http::{Raw, upgrade};
use crate::support::tls::{Certificate, Files, shown};
use crate::support::{Client, Host, command, guest};
use tempfile::TempDir;

/// A server with a `ws-host.toml`, in a folder of its own.
struct Place {
    folder: TempDir,
    host: Host,
}

impl Place {
    fn serve(settings: &str) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder can be made");
        std::fs::copy(guest("one"), folder.path().join("app.wasm")).expect("the folder takes a file");
        std::fs::write(folder.path().join("ws-host.toml"), settings).expect("the folder takes a file");
        let mut run = command();
        run.current_dir(&folder).args(["run", "app.wasm", "--port", "0", "--socket", "admin.sock"]);
        Self { host: Host::start(run), folder }
    }

    fn write(&self, settings: &str) {
        std::fs::write(self.folder.path().join("ws-host.toml"), settings).expect("the folder takes a file");
    }

    fn reload_with(&self, arguments: &[&str]) -> Output {
        let mut reload: Command = command();
        reload.current_dir(&self.folder).args(["reload", "--no-config", "--socket", "admin.sock"]).args(arguments);
        reload.output().expect("ws-host starts")
    }

    /// The answer to `ws-host reload`.
    fn reload(&self) -> String {
        let output = self.reload_with(&[]);
        let text = |bytes| String::from_utf8(bytes).expect("it writes text").trim_end().to_owned();
        assert_eq!((output.status.code(), text(output.stderr)), (Some(0), String::new()));
        text(output.stdout)
    }

    /// Its refusal.
    fn fails(&self) -> String {
        let output = self.reload_with(&[]);
        assert_eq!((output.status.code(), output.stdout), (Some(1), Vec::new()));
        String::from_utf8(output.stderr).expect("it writes text").trim_end().to_owned()
    }

    /// The status of an upgrade by a page of this origin.
    fn admits(&self, origin: &str) -> u16 {
        let mut raw = Raw::connect(&self.host.address);
        raw.says(upgrade("/", &[("Origin", origin)]).as_bytes());
        raw.head().status
    }
}

#[tokio::test]
async fn settings_that_can_change_do_and_the_others_are_named_each_time() {
    let mut place = Place::serve("allow-origin = \"https://a.example\"\n");
    let mut client = Client::connect(&place.host).await;
    assert_eq!(place.reload(), "nothing has changed");
    place.write("allow-origin = \"https://b.example\"\nmax-per-address = 2\nping = \"31s\"\nverbose = true\n");
    assert_eq!(place.reload(), "changed allow-origin, max-per-address, verbose; needs a restart: ping");
    assert_eq!((place.admits("https://a.example"), place.admits("https://b.example")), (403, 101));
    let third = Raw::connect(&place.host.address);
    place.host.logs("DEBUG");
    drop(third);
    assert_eq!(place.reload(), "needs a restart: ping");
    place.write("");
    let json = place.reload_with(&["--json"]).stdout;
    let report: serde_json::Value = serde_json::from_slice(&json).expect("it is JSON");
    let changed = ["allow-origin", "max-per-address", "verbose"];
    assert_eq!(report, serde_json::json!({ "changed": changed, "needs_restart": [] }));
    assert_eq!(place.admits("https://b.example"), 403);
    assert_eq!(client.asks("0").await, "one 0 1", "the client has noticed nothing");
}

#[test]
fn a_mistake_changes_nothing_and_is_told_with_its_file_line_and_key() {
    let mut place = Place::serve("allow-origin = \"https://a.example\"\n");
    let mistakes = [
        ("allow-origin = \"https://b.example\"\nmax_message = 3", "ws-host: ws-host.toml:2: unknown key max_message"),
        ("allow-origin = \"https://b.example\"\n\ndrain = \"soon\"", "ws-host: ws-host.toml:3: drain = \"soon\": "),
        ("\nallow-origin = \"b.example/\"\nping = \"31s\"", "ws-host: ws-host.toml:2: allow-origin: \"b.example/\" is no origin"),
        ("allow-origin = \"https://b.example\"\noutbox-soft = \"2MiB\"", "ws-host: ws-host.toml:2: outbox-soft: these limits"),
        ("allow-origin = \"https://b.example\"\nstatic-fallback = \"a\"", "ws-host: ws-host.toml:2: static-fallback does not go"),
        ("allow-origin = [", "ws-host: ws-host.toml:1: "),
    ];
    for (settings, expected) in mistakes {
        place.write(settings);
        let line = place.fails();
        assert!(line.starts_with(expected) && !line.contains('\n'), "{line}");
        place.host.logs("not reloaded: ");
        assert_eq!((place.admits("https://a.example"), place.admits("https://b.example")), (101, 403), "{settings}");
    }
    place.host.signal("HUP");
    place.host.logs("not reloaded: ws-host.toml:1: ");
    std::fs::remove_file(place.folder.path().join("ws-host.toml")).expect("it is there");
    assert_eq!(place.reload(), "changed allow-origin", "without the file, the defaults count");
}

#[tokio::test]
async fn a_component_is_swapped_when_its_file_has_changed_and_not_otherwise() {
    let place = Place::serve("");
    let app = place.folder.path().join("app.wasm");
    let mut client = Client::connect(&place.host).await;
    std::fs::copy(guest("two"), &app).expect("the folder takes a file");
    assert_eq!(place.reload(), "changed file");
    assert_eq!(client.asks("1").await, "two 1 1");
    let mut rollback = command();
    rollback.current_dir(&place.folder).args(["rollback", "--no-config", "--socket", "admin.sock"]);
    assert!(rollback.output().expect("ws-host starts").status.success());
    place.write("drain = \"11s\"");
    assert_eq!(place.reload(), "changed drain", "a rollback stays");
    std::fs::write(&app, "no component").expect("the folder takes a file");
    place.write("drain = \"12s\"");
    let line = place.fails();
    assert!(line.starts_with("ws-host: changed drain, but the component stays: app.wasm is not WebAssembly"), "{line}");
    assert!(client.asks("2").await.starts_with("one "));
}

#[tokio::test]
async fn a_server_with_tls_takes_on_another_certificate_and_follows_its_files() {
    let [first, second, third] = std::array::from_fn(|_| Certificate::new());
    let (old, new) = (Files::of(&first), Files::of(&second));
    let settings = |files: &Files| format!("tls-cert = {:?}\ntls-key = {:?}\n", files.certificate(), files.key());
    let mut place = Place::serve(&settings(&old));
    assert_eq!(shown(&place.host.address).await, first.der);
    place.write(&settings(&new));
    assert_eq!(place.reload(), "changed tls-cert, tls-key");
    assert_eq!(shown(&place.host.address).await, second.der);
    place.host.logs("reloaded: changed tls-cert");
    new.replace(&third);
    place.host.logs("new connections get the certificate in ");
    assert_eq!(shown(&place.host.address).await, third.der);
    place.write(&format!("tls-cert = {:?}\n", new.certificate()));
    let line = place.fails();
    assert!(line.starts_with("ws-host: ws-host.toml:1: tls-cert: --tls-cert needs --tls-key"), "{line}");
    place.write("");
    assert_eq!(place.reload(), "needs a restart: tls-cert, tls-key");
    assert_eq!(shown(&place.host.address).await, third.der);
}
