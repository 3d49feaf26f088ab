//! `--static`: the files of a folder in place of the chat page.

use std::path::Path;

use crate::support::http::{Answer, Raw, ask, request, upgrade};
use crate::support::{Host, fails, guest};
use tempfile::TempDir;

/// A folder with these files.
fn folder(files: &[(&str, &str)]) -> TempDir {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    for (name, text) in files {
        let path = folder.path().join(name);
        std::fs::create_dir_all(path.parent().expect("it is in a folder")).expect("the folder takes a folder");
        std::fs::write(path, text).expect("the folder takes a file");
    }
    folder
}

fn serving(app: &str, folder: &Path, more: &[&str]) -> Host {
    let folder = folder.to_str().expect("the path is text");
    Host::run_with(app, &[&["--static", folder], more].concat())
}

fn get(path: &str, accept: &str) -> String {
    format!("GET {path} HTTP/1.1\r\nHost: localhost\r\nAccept: {accept}\r\n\r\n")
}

fn text(answer: &Answer) -> String {
    String::from_utf8_lossy(&answer.body).into_owned()
}

#[test]
fn files_are_served_in_place_of_the_page_on_a_connection_that_is_kept_and_upgraded() {
    let folder = folder(&[("index.html", "home"), ("a b.txt", "note"), (".env", "secret"), (".well-known/x", "known")]);
    let host = serving("echo", folder.path(), &["--no-page"]);
    assert!(host.announcement.contains(" is served at http://"), "{}", host.announcement);
    let mut raw = Raw::connect(&host.address);
    for (path, expected) in [("/", "home"), ("/index.html?x", "home"), ("/a%20b.txt", "note"), ("/.well-known/x", "known")] {
        raw.says(get(path, "*/*").as_bytes());
        let answer = raw.whole_answer();
        assert_eq!((answer.status, text(&answer)), (200, expected.to_owned()), "{path}");
    }
    let etag = ask(&host.address, &request("GET /")).header("etag").to_owned();
    raw.says(format!("GET / HTTP/1.1\r\nHost: localhost\r\nIf-None-Match: {etag}\r\n\r\n").as_bytes());
    assert_eq!(raw.head().status, 304);
    raw.says(get("/", "*/*").replacen("GET", "HEAD", 1).as_bytes());
    assert_eq!(raw.head().header("content-length"), "4");
    raw.says(upgrade("/", &[("Host", "localhost")]).as_bytes());
    assert_eq!(raw.head().status, 101, "the same connection is upgraded");
    for path in ["/.env", "/%2eenv", "/../secret", "/..%2fsecret", "//a", "/none", "/-/notice", "/-/live.js"] {
        assert_eq!(ask(&host.address, &request(&format!("GET {path}"))).status, 404, "{path}");
    }
    assert_eq!(ask(&host.address, &request("POST /")).status, 405);
}

#[test]
fn a_file_comes_before_the_app_and_the_fallback_behind_it_for_pages_alone() {
    let folder = folder(&[("index.html", "home"), ("chunk", "a file")]);
    let fallback = ["--static-fallback", "index.html"];
    let host = serving("caller", folder.path(), &fallback);
    let asks = |request: &str| {
        let mut raw = Raw::connect(&host.address);
        raw.says(request.as_bytes());
        text(&raw.whole_answer())
    };
    assert_eq!(asks(&get("/chunk", "text/html")), "a file");
    assert_eq!(asks(&get("/echo", "text/html")), "GET /echo  - 0 ", "the app answers");
    assert_eq!(asks(&get("/chunk", "*/*").replacen("GET /chunk", "PUT /echo", 1)), "PUT /echo  - 0 ");

    let host = serving("echo", folder.path(), &fallback);
    let asks = |path: &str, accept: &str| {
        ask(&host.address, &get(path, accept).replacen("\r\n\r\n", "\r\nConnection: close\r\n\r\n", 1))
    };
    let page = asks("/some/where", "text/html,*/*;q=0.8");
    assert_eq!((page.status, text(&page).as_str(), page.header("content-type")), (200, "home", "text/html; charset=utf-8"));
    assert_eq!(asks("/some/where.js", "*/*").status, 404);
}

#[test]
fn a_client_that_takes_nothing_of_a_file_is_cut() {
    let folder = folder(&[("large", ""), ("small", "small")]);
    let file = std::fs::File::options().write(true).open(folder.path().join("large")).expect("the file exists");
    file.set_len(64 << 20).expect("holes take no space");
    let mut host = serving("echo", folder.path(), &["--handshake-timeout", "200ms", "--pong", "100ms", "--ping", "100ms", "-v"]);
    let mut raw = Raw::connect(&host.address);
    raw.says(get("/large", "*/*").as_bytes());
    host.logs("the client has gone before its answer was complete");
    assert_eq!(raw.head().status, 200);

    let host = serving("echo", folder.path(), &[]);
    let mut reads = Raw::connect(&host.address);
    reads.says(get("/large", "*/*").as_bytes());
    assert_eq!(reads.whole_answer().body.len(), 64 << 20);
    reads.says(get("/small", "*/*").as_bytes());
    assert_eq!(text(&reads.whole_answer()), "small", "the connection is kept");
}

#[test]
fn a_folder_or_fallback_that_is_missing_is_named_with_its_flag() {
    let folder = folder(&[("index.html", "home")]);
    let (app, folder) = (guest("echo"), folder.path().to_str().expect("the path is text"));
    let run = |arguments: &[&str]| fails(&[&["run", app.to_str().expect("the path is text"), "--port", "0"], arguments].concat());
    let line = run(&["--static", "no/such/folder"]);
    assert!(line.contains("cannot serve the files of the folder no/such/folder: ") && line.ends_with("(--static)"), "{line}");
    let line = run(&["--static", folder, "--static-fallback", "404.html"]);
    assert!(
        line.contains("there is no file ") && line.contains("/404.html to answer with") && line.ends_with("(--static-fallback)"),
        "{line}"
    );
}
