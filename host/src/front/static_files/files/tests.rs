//! Requests for files, without sockets.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::time::Duration;

use hyper::http::Method;
use tempfile::TempDir;

use super::*;
use crate::front::deadline::Deadline;

/// A folder with files, and one beside it.
struct Place {
    root: TempDir,
    files: Arc<Files>,
}

impl Place {
    fn new(notice: Option<Notice>) -> Self {
        let root = tempfile::tempdir().expect("a temporary folder can be made");
        fs::create_dir(root.path().join("public")).expect("the folder takes a folder");
        let files = Files::new(&root.path().join("public"), 0, notice);
        let place = Self { root, files };
        place.write("../secret.txt", "secret");
        place.write("index.html", "<body>home</body>");
        place.write("app.js", "0123456789");
        place.write("sub/index.html", "sub");
        place.write("bare/note.txt", "note");
        place
    }

    fn write(&self, name: &str, text: &str) {
        let path = self.root.path().join("public").join(name);
        fs::create_dir_all(path.parent().expect("it is in a folder")).expect("the folder takes a folder");
        fs::write(path, text).expect("the folder takes a file");
    }

    fn link(&self, target: &str, name: &str) {
        symlink(target, self.root.path().join("public").join(name)).expect("a link can be made");
    }

    async fn ask(&self, method: Method, path: &str, headers: &[(&str, &str)]) -> Option<(Reply, Arc<Progress>)> {
        let request = Request::builder().method(method).uri(path);
        let request = headers.iter().fold(request, |request, (name, value)| request.header(*name, *value));
        let parts = request.body(()).expect("the test's request is valid").into_parts().0;
        let progress = Progress::new(Deadline::new(Instant::now(), Duration::from_secs(10)));
        let reply = self.files.reply(parts.uri.path(), &parts, &progress).await?;
        Some((reply, progress))
    }

    /// The status, the headers, and the body as text.
    async fn get(&self, path: &str, headers: &[(&str, &str)]) -> (u16, HeaderMap, String) {
        let Some((reply, _)) = self.ask(Method::GET, path, headers).await else {
            return (0, HeaderMap::new(), String::new());
        };
        let (head, body) = reply.into_parts();
        let body = body.collect().await.expect("a reply is whole").to_bytes();
        (head.status.as_u16(), head.headers, String::from_utf8_lossy(&body).into_owned())
    }
}

fn of<'a>(headers: &'a HeaderMap, name: &str) -> &'a str {
    headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
}

#[tokio::test]
async fn a_file_has_a_type_a_version_and_its_length_and_caches_ask_for_changes() {
    let place = Place::new(None);
    let (status, headers, body) = place.get("/", &[]).await;
    assert_eq!((status, body.as_str(), of(&headers, "content-type")), (200, "<body>home</body>", "text/html; charset=utf-8"));
    assert_eq!((of(&headers, "cache-control"), of(&headers, "x-content-type-options")), ("no-cache", "nosniff"));
    assert!(of(&headers, "etag").starts_with('"') && !of(&headers, "last-modified").is_empty());
    assert_eq!((of(&headers, "content-length"), of(&headers, "connection")), ("17", ""), "the connection is kept");
    for (name, kind) in [
        ("a.css", "text/css; charset=utf-8"),
        ("a.mjs", "text/javascript; charset=utf-8"),
        ("a.json", "application/json"),
        ("a.svg", "image/svg+xml"),
        ("a.wasm", "application/wasm"),
        ("a.woff2", "font/woff2"),
        ("a.webmanifest", "application/manifest+json"),
        ("a", "application/octet-stream"),
    ] {
        place.write(name, "x");
        assert_eq!(of(&place.get(&format!("/{name}"), &[]).await.1, "content-type"), kind, "{name}");
    }
}

#[tokio::test]
async fn a_known_version_is_not_sent_again_and_a_part_is_one_of_the_same_version() {
    let place = Place::new(None);
    let etag = of(&place.get("/app.js", &[]).await.1, "etag").to_owned();
    let (status, headers, body) = place.get("/app.js", &[("if-none-match", &etag)]).await;
    assert_eq!(
        (status, body.as_str(), of(&headers, "etag"), of(&headers, "cache-control")),
        (304, "", etag.as_str(), "no-cache")
    );
    assert_eq!(place.get("/app.js", &[("if-match", "\"other\"")]).await.0, 412);
    let (status, headers, body) = place.get("/app.js", &[("range", "bytes=2-4")]).await;
    assert_eq!((status, body.as_str(), of(&headers, "content-range")), (206, "234", "bytes 2-4/10"));
    assert_eq!(place.get("/app.js", &[("range", "bytes=-2"), ("if-range", &etag)]).await.2, "89");
    for ignored in [
        [("range", "bytes=2-4"), ("if-range", "\"other\"")],
        [("range", "lines=2-4"), ("x", "y")],
        [("range", "bytes=0-1,4-5"), ("x", "y")],
    ] {
        let (status, _, body) = place.get("/app.js", &ignored).await;
        assert_eq!((status, body.as_str()), (200, "0123456789"), "{ignored:?}");
    }
    assert_eq!(place.get("/app.js", &[("range", "bytes=20-")]).await.0, 416);
}

#[tokio::test]
async fn a_compressed_file_beside_another_is_sent_to_those_who_take_it() {
    let place = Place::new(None);
    place.write("app.js.br", "brotli");
    place.write("app.js.gz", "gzip");
    for (accepts, encoding, expected) in [
        ("gzip, br, zstd", "br", "brotli"),
        ("gzip", "gzip", "gzip"),
        ("br;q=0, gzip", "gzip", "gzip"),
        ("zstd", "", "0123456789"),
        ("", "", "0123456789"),
    ] {
        let (_, headers, body) = place.get("/app.js", &[("accept-encoding", accepts)]).await;
        assert_eq!((body.as_str(), of(&headers, "content-encoding")), (expected, encoding), "{accepts}");
        assert_eq!((of(&headers, "vary"), of(&headers, "content-type")), ("accept-encoding", "text/javascript; charset=utf-8"));
    }
}

#[tokio::test]
async fn a_folder_is_its_index_behind_a_slash_and_without_an_index_it_is_nothing() {
    let place = Place::new(None);
    assert_eq!(place.get("/sub/", &[]).await.2, "sub");
    let (status, headers, _) = place.get("/sub?a=b", &[]).await;
    assert_eq!((status, of(&headers, "location")), (307, "/sub/?a=b"));
    for missing in ["/bare", "/bare/", "/app.js/", "/app.js/x", "/none", &format!("/{}", "x".repeat(300))] {
        assert_eq!(place.get(missing, &[]).await.0, 0, "{missing}");
    }
    assert_eq!(place.get("/bare/note.txt", &[]).await.2, "note");
}

#[tokio::test]
async fn a_link_is_followed_within_the_folder_and_none_leads_out_of_it() {
    let place = Place::new(None);
    place.link("sub/index.html", "inside.html");
    place.link("../secret.txt", "outside.txt");
    place.link("/etc", "etc");
    place.link("..", "up");
    place.link("loop", "loop");
    assert_eq!(place.get("/inside.html", &[]).await.2, "sub");
    for out in ["/outside.txt", "/etc/passwd", "/etc", "/up/secret.txt", "/loop"] {
        assert_eq!(place.get(out, &[]).await.0, 0, "{out}");
    }
    place.link("../../secret.txt", "app.js.br");
    assert_eq!(place.get("/app.js", &[("accept-encoding", "br")]).await.2, "0123456789");
}

#[tokio::test]
async fn a_folder_that_is_a_link_may_be_turned_while_it_is_served() {
    let place = Place::new(None);
    place.link("sub", "current");
    let files = Files::new(&place.root.path().join("public/current"), 0, None);
    let place = Place { files, ..place };
    assert_eq!(place.get("/", &[]).await.2, "sub");
    fs::remove_file(place.root.path().join("public/current")).expect("the link can be removed");
    place.link("bare", "current");
    assert_eq!((place.get("/", &[]).await.0, place.get("/note.txt", &[]).await.2), (0, "note".to_owned()));
}

#[tokio::test]
async fn head_has_the_headers_alone_and_a_pipe_is_no_file() {
    let place = Place::new(None);
    let (reply, progress) = place.ask(Method::HEAD, "/app.js", &[]).await.expect("the file exists");
    assert_eq!((of(reply.headers(), "content-length"), reply.body().is_end_stream()), ("10", true));
    assert!(!progress.waits(), "nothing holds the connection");
    rustix::fs::mknodat(
        rustix::fs::CWD,
        place.root.path().join("public/pipe"),
        rustix::fs::FileType::Fifo,
        rustix::fs::Mode::RWXU,
        0,
    )
    .expect("a pipe can be made");
    assert_eq!(place.get("/pipe", &[]).await.0, 0);
}

#[tokio::test]
async fn a_file_that_is_sent_holds_its_connection_and_too_many_at_once_are_refused() {
    let place = Place::new(None);
    let mut sent = Vec::new();
    for _ in 0..LEAST_AT_ONCE {
        sent.push(place.ask(Method::GET, "/app.js", &[]).await.expect("the file exists"));
    }
    assert!(sent.iter().all(|(reply, progress)| reply.status() == StatusCode::OK && progress.waits()));
    let (refused, _) = place.ask(Method::GET, "/app.js", &[]).await.expect("the file exists");
    assert_eq!((refused.status(), of(refused.headers(), "retry-after")), (StatusCode::SERVICE_UNAVAILABLE, "5"));
    let (_, progress) = sent.pop().expect("there are some");
    assert!(!progress.waits(), "the client has everything, or has gone");
    assert_eq!(place.get("/app.js", &[]).await.0, 200);
}

#[tokio::test]
async fn a_file_that_may_not_be_read_is_forbidden() {
    let place = Place::new(None);
    let locked = place.root.path().join("public/sub");
    fs::set_permissions(&locked, fs::Permissions::from_mode(0o000)).expect("the rights can be changed");
    let readable = fs::read(locked.join("index.html")).is_ok();
    let status = place.get("/sub/index.html", &[]).await.0;
    fs::set_permissions(&locked, fs::Permissions::from_mode(0o700)).expect("the rights can be changed");
    // Root reads everything.
    assert_eq!(status, if readable { 200 } else { 403 });
}

#[tokio::test]
async fn pages_of_a_development_server_have_its_script_and_no_version() {
    let place = Place::new(Some(Notice::default()));
    place.write("index.html.br", "compressed");
    let asks = [("accept-encoding", "br"), ("range", "bytes=0-3"), ("if-none-match", "*")];
    let (status, headers, body) = place.get("/", &asks).await;
    assert!(body.starts_with("<body>home<script src=\"/-/live.js?") && body.ends_with(" async></script></body>"), "{body}");
    assert_eq!((status, of(&headers, "cache-control"), of(&headers, "etag")), (200, "no-store", ""));
    let (_, headers, body) = place.get("/app.js", &asks).await;
    assert_eq!((of(&headers, "cache-control"), body.as_str()), ("no-store", "0123456789"));
    assert!(!Place::new(None).get("/", &[]).await.2.contains("script"), "no other server changes a page");
}

#[test]
fn the_folder_and_its_fallback_are_checked_at_the_start() {
    let place = Place::new(None);
    let root = place.root.path().join("public");
    assert!(Files::check(&root, None).is_ok() && Files::check(&root, Some("index.html")).is_ok());
    assert!(Files::check(&root, Some("/sub/index.html")).is_ok());
    for fallback in ["none.html", "../secret.txt", "sub", ""] {
        assert!(matches!(Files::check(&root, Some(fallback)), Err(Error::StaticFallback(_))), "{fallback}");
    }
    let file = root.join("app.js");
    let error = Files::check(&file, None).expect_err("it is a file").to_string();
    assert!(error.contains("app.js: ") && error.contains("not a directory"), "{error}");
    assert!(Files::check(&root.join("none"), None).is_err());
}
