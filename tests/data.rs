//! `ws-host data`: reading, editing, checking and copying a data folder.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Output, Stdio};

use tempfile::TempDir;
use ws_host::store::{CommitError, Database, RoomStore, Settings, Usage, Write as Change};

use crate::support::{Client, Host, command, fails};

const LINES: &str = r#"{"room":"lobby","key":"a","value":"one"}
{"room":"lobby","key":"b","base64":"AP8="}
{"room":"lobby","timer":7,"due":1700000000000000,"every":60000000,"value":"tick"}
{"room":"lobby","snapshot":"ab12","release":"chat.wasm","version":"1","saved":5,"value":"state"}
{"room":"lobby","used":6,"clean":true}
{"room":"news","key":"a\u202e","value":"\u009b2J"}
{"room":"news","used":6,"clean":false}
"#;

/// Runs `ws-host data`, with this on its standard input.
fn data(arguments: &[&str], folder: &Path, input: &str) -> Output {
    let mut command = command();
    command.arg("data").args(arguments).arg("--data").arg(folder);
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("ws-host starts");
    child.stdin.take().expect("it is a pipe").write_all(input.as_bytes()).expect("ws-host reads all");
    child.wait_with_output().expect("ws-host ends")
}

/// The same for a command that works. Returns its output.
fn prints(arguments: &[&str], folder: &Path) -> String {
    let output = data(arguments, folder, "");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("it prints text")
}

/// The same for a command with a bad result. Returns its error line.
fn fails_with_1(arguments: &[&str], folder: &Path) -> String {
    let output = data(arguments, folder, "");
    let line = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!((output.status.code(), line.lines().count()), (Some(1), 1), "{line}");
    line.trim_end().to_owned()
}

/// A data folder that has `LINES`.
fn filled() -> (TempDir, PathBuf) {
    let parent = tempfile::tempdir().expect("a temporary folder can be made");
    let folder = parent.path().join("state");
    let output = data(&["import"], &folder, LINES);
    assert_eq!(String::from_utf8_lossy(&output.stdout), "imported 7 lines\n", "{}", String::from_utf8_lossy(&output.stderr));
    (parent, folder)
}

#[test]
fn an_export_has_all_that_was_imported() {
    let (_parent, folder) = filled();
    assert_eq!(prints(&["export"], &folder), LINES);
    let lobby: String = LINES.split_inclusive('\n').take(5).collect();
    assert_eq!(prints(&["export", "lobby"], &folder), lobby);
}

#[test]
fn rooms_and_keys_are_listed_with_their_sizes() {
    let (_parent, folder) = filled();
    let rooms = r#"{"room":"lobby","keys":2,"bytes":7,"timers":1,"snapshots":1,"used":6,"clean":true}
{"room":"news","keys":1,"bytes":8,"timers":0,"snapshots":0,"used":6,"clean":false}
"#;
    assert_eq!(prints(&["list"], &folder), rooms);
    assert_eq!(prints(&["list", "lobby"], &folder), "{\"key\":\"a\",\"bytes\":3}\n{\"key\":\"b\",\"bytes\":2}\n");
}

#[test]
fn a_value_is_written_as_it_is() {
    let (_parent, folder) = filled();
    assert_eq!(data(&["get", "lobby", "b"], &folder, "").stdout, [0, 255]);
    let line = fails_with_1(&["get", "lobby", "c"], &folder);
    assert_eq!(line, r#"ws-host: the room "lobby" has no key "c""#);
}

#[test]
fn a_key_and_a_room_are_deleted() {
    let (_parent, folder) = filled();
    assert_eq!(prints(&["delete", "lobby", "a"], &folder), "");
    assert_eq!(prints(&["list", "lobby"], &folder), "{\"key\":\"b\",\"bytes\":2}\n");
    prints(&["delete", "lobby"], &folder);
    let line = fails_with_1(&["delete", "lobby"], &folder);
    assert!(line.ends_with(r#"has no room "lobby". `ws-host data list` shows its rooms"#), "{line}");
    let line = fails_with_1(&["export", "news", "lobby"], &folder);
    assert!(line.ends_with(r#"has no room "lobby". `ws-host data list` shows its rooms"#), "{line}");
    assert!(prints(&["check"], &folder).ends_with("ws-host.db is sound\n"));
}

#[test]
fn an_import_with_a_mistake_names_its_line_and_keeps_nothing() {
    let (_parent, folder) = filled();
    let before = prints(&["export"], &folder);
    for (line, reason) in [
        (r#"{"room":"new""#, "EOF while parsing an object at column 13"),
        (r#"{"room":"new","key":"k"}"#, "it needs either value or base64"),
        (r#"{"room":"new","name":"k"}"#, "unknown field `name`"),
    ] {
        let output = data(&["import"], &folder, &format!("{LINES}{line}\n"));
        let error = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(2), "{error}");
        assert!(error.starts_with(&format!("ws-host: nothing is imported: standard input:8: {reason}")), "{error}");
    }
    assert_eq!(prints(&["export"], &folder), before);
}

#[test]
fn a_damaged_database_is_found() {
    let (_parent, folder) = filled();
    let file = folder.join("ws-host.db");
    let mut bytes = std::fs::read(&file).expect("the database is a file");
    // All pages but the first one, which has the schema.
    bytes[4096 * 4..].iter_mut().for_each(|byte| *byte ^= 0x55);
    std::fs::write(&file, bytes).expect("the database can be written");
    let output = data(&["check"], &folder, "");
    let line = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(1), "{line}");
    assert!(!output.stdout.is_empty() && line.ends_with("ws-host.db is damaged. Put a backup in its place\n"), "{line}");
}

#[test]
fn a_folder_in_use_is_read_and_copied_but_not_changed() {
    let (parent, folder) = filled();
    let running = Database::open(&folder, &Settings::default()).expect("nobody has the folder");
    // The room that was open when the folder was left counts as used at this start.
    let exported = prints(&["export"], &folder);
    assert_eq!(exported.lines().take(6).collect::<Vec<_>>(), LINES.lines().take(6).collect::<Vec<_>>());
    let copy = parent.path().join("copy");
    std::fs::create_dir(&copy).expect("the folder can be made");
    let backup = copy.join("ws-host.db").display().to_string();
    assert_eq!(prints(&["backup", &backup], &folder), format!("wrote {backup}\n"));
    assert_eq!(prints(&["export"], &copy), exported);
    let folder = folder.display().to_string();
    let refusal = format!("ws-host: the data folder {folder} is in use by process {}", std::process::id());
    for arguments in [&["import", "Cargo.toml"][..], &["delete", "lobby"], &["delete", "lobby", "a"]] {
        let line = fails(&[&["data"], arguments, &["--data", &folder]].concat());
        assert!(line.starts_with(&refusal), "{line}");
    }
    running.close();
}

#[test]
fn mistakes_with_the_folder_are_told_in_one_line() {
    assert_eq!(fails(&["data", "list"]), "ws-host: the data folder is missing. Name it with --data DIR");
    let line = fails(&["data", "list", "--data", "no-such"]);
    assert_eq!(line, "ws-host: the folder no-such has no database of ws-host. Check the path");
    assert_eq!(fails(&["data", "delete", "lobby", "--data", "no-such"]), line);
    let (_parent, folder) = filled();
    let folder = folder.display().to_string();
    let line = fails(&["data", "--data", &folder, "backup", &format!("{folder}/ws-host.db")]);
    assert_eq!(line, format!("ws-host: cannot write the backup {folder}/ws-host.db: the file exists. Name a new one"));
    let line = fails(&["data", "--data", &folder, "import", "no-such.jsonl"]);
    assert!(line.starts_with("ws-host: cannot read no-such.jsonl: No such file"), "{line}");
}

#[test]
fn a_reader_that_goes_away_early_is_no_error() {
    let (_parent, folder) = filled();
    let value = "x".repeat(100_000);
    let lines: String = (0..20).map(|key| format!("{{\"room\":\"large\",\"key\":\"{key}\",\"value\":\"{value}\"}}\n")).collect();
    assert!(data(&["import"], &folder, &lines).status.success());
    let mut export = command();
    export.args(["data", "export", "--data"]).arg(&folder).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = export.spawn().expect("ws-host starts");
    drop(child.stdout.take());
    let output = child.wait_with_output().expect("ws-host ends");
    assert_eq!((output.status.code(), String::from_utf8_lossy(&output.stderr).as_ref()), (Some(0), ""));
}

#[tokio::test]
async fn a_room_that_nobody_uses_for_the_time_of_store_expiry_is_deleted() {
    let (_parent, folder) = filled();
    let old = r#"{"room":"old","key":"a","value":"one"}
{"room":"old","used":6,"clean":true}
"#;
    assert!(data(&["import"], &folder, old).status.success());
    let path = folder.to_str().expect("a temporary folder's name is text");
    let arguments = ["--data", path, "--store-expiry", "150ms", "--instances", "per-room", "--room-linger", "0s"];
    let mut host = Host::run_with("keeper", &arguments);
    host.logs("that nobody has used for 150ms");
    // The lobby has a timer.
    assert!(!prints(&["list"], &folder).contains(r#""room":"old""#));
    assert!(prints(&["list"], &folder).contains(r#""room":"lobby","keys":2"#));
    let mut stays = Client::connect_to(&host, "/stays").await;
    let mut leaves = Client::connect_to(&host, "/leaves").await;
    for client in [&mut stays, &mut leaves] {
        client.hears().await;
        assert_eq!(client.asks("add x").await, "1 x");
    }
    leaves.leaves(1000, "").await;
    loop {
        host.logs("that nobody has used for 150ms");
        let rooms = prints(&["list"], &folder);
        assert!(rooms.contains(r#""room":"/stays""#), "{rooms}");
        if !rooms.contains(r#""room":"/leaves""#) {
            break;
        }
    }
}

#[test]
fn the_folder_can_come_from_the_settings_file() {
    let (parent, _folder) = filled();
    std::fs::write(parent.path().join("ws-host.toml"), "data = \"state\"\nport = 1\n").expect("the file can be written");
    let list = |arguments: &[&str]| {
        let output = command().args(["data", "get", "lobby", "a"]).args(arguments).current_dir(parent.path()).output();
        output.expect("ws-host starts")
    };
    assert_eq!(list(&[]).stdout, b"one");
    let error = list(&["--data", "other"]).stderr;
    assert!(String::from_utf8_lossy(&error).contains("the folder other has no database"), "the command line wins");
    let error = list(&["--no-config"]).stderr;
    assert!(String::from_utf8_lossy(&error).contains("Name it with --data DIR"));
}

/// A small file system of its own; `None` if this user may not make one.
struct SmallDisk(TempDir);

impl SmallDisk {
    fn new() -> Option<Self> {
        let folder = tempfile::tempdir().expect("a temporary folder can be made");
        let mut mount = std::process::Command::new("mount");
        mount.args(["-t", "tmpfs", "-o", "size=8m", "tmpfs"]).arg(folder.path()).stderr(Stdio::null());
        mount.status().is_ok_and(|status| status.success()).then_some(Self(folder))
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        // An error leaves a mount behind, which the system's own end removes.
        let _ = std::process::Command::new("umount").arg("--lazy").arg(self.0.path()).status();
    }
}

/// Commits one value, and waits for the report.
async fn set(room: &RoomStore, key: &str, value: Vec<u8>) -> Result<Usage, CommitError> {
    let (done, result) = tokio::sync::oneshot::channel();
    room.commit(vec![Change::Set(key.into(), value.into())], |report| done.send(report).expect("the test waits"));
    result.await.expect("each commit is reported")
}

#[tokio::test]
#[allow(clippy::print_stderr, reason = "it says that it could not test")]
async fn a_full_disk_fails_turns_and_all_is_well_when_it_has_room_again() {
    let Some(disk) = SmallDisk::new() else { return eprintln!("skipped: this user may not mount a file system") };
    let (folder, ballast) = (disk.0.path().join("state"), disk.0.path().join("ballast"));
    std::fs::write(&ballast, vec![1; 4 << 20]).expect("the disk has room");
    let database = Database::open(&folder, &Settings::default()).expect("the disk has room");
    let room = database.open_room("lobby".into(), 1).await.expect("it opens").store;
    let mut kept = 0;
    let error = loop {
        match set(&room, &format!("{kept:03}"), vec![7; 50_000]).await {
            Ok(_) => kept += 1,
            Err(error) => break error,
        }
    };
    assert_eq!(error, CommitError::Failed("the disk is full. Make room on it".into()));
    assert!(kept > 3 && !database.is_available());
    let opened = database.open_room("lobby".into(), 1).await.expect("reads work");
    assert_eq!(opened.usage.keys, kept);
    assert_eq!(set(&opened.store, "late", vec![]).await, Err(CommitError::Unavailable));

    std::fs::remove_file(&ballast).expect("the ballast is there");
    while database.reserve_ids(1).await.is_err() {}
    let room = database.open_room("lobby".into(), 1).await.expect("it opens").store;
    set(&room, "late", vec![]).await.expect("the disk has room");
    database.close();
    assert_eq!(prints(&["list", "lobby"], &folder).lines().count() as u64, kept + 1);
    assert!(prints(&["check"], &folder).ends_with("is sound\n"));
}
