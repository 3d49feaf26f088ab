//! Swaps that follow the component's file: by `--watch`, or by a signal.

use std::path::{Path, PathBuf};

use crate::support::{Client, Host, command, guest};

/// Serves this file.
fn serve(file: &Path, arguments: &[&str]) -> Host {
    let mut ws_host = command();
    let socket = file.with_extension("sock");
    ws_host.arg("run").arg(file).args(["--port", "0"]).args(arguments).arg("--socket").arg(socket);
    Host::start(ws_host)
}

/// A file with the guest `one`, which is served, and a client.
struct Live {
    folder: tempfile::TempDir,
    file: PathBuf,
    host: Host,
    client: Client,
}

async fn live(arguments: &[&str]) -> Live {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let file = folder.path().join("live.wasm");
    std::fs::copy(guest("one"), &file).expect("the folder takes a file");
    let host = serve(&file, arguments);
    let mut client = Client::connect(&host).await;
    assert_eq!(client.asks("0").await, "one 0 1");
    Live { folder, file, host, client }
}

#[tokio::test]
async fn a_sighup_loads_the_file_again() {
    let Live { folder: _folder, file, mut host, mut client } = live(&[]).await;
    std::fs::copy(guest("two"), &file).expect("the folder takes a file");
    host.signal("HUP");
    host.logs("swapped to");
    assert_eq!(client.asks("1").await, "two 1 2");
}

#[tokio::test]
async fn a_watched_file_is_swapped_when_it_is_replaced_by_renaming() {
    let Live { folder: _folder, file, mut host, mut client } = live(&["--watch"]).await;
    let next = file.with_file_name("next.wasm");
    std::fs::copy(guest("two"), &next).expect("the folder takes a file");
    std::fs::rename(&next, &file).expect("the file is replaced");
    host.logs("swapped to");
    assert_eq!(client.asks("1").await, "two 1 2");
}

#[tokio::test]
async fn a_watched_file_in_a_mounted_config_map_is_swapped_whenever_the_map_changes() {
    use std::os::unix::fs::symlink;
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    // As the kubelet does: a folder for each version, and a link `..data` that is turned by renaming.
    let mount = |version: &str, name: &str| {
        std::fs::create_dir(folder.path().join(version)).expect("a folder can be made");
        std::fs::copy(guest(name), folder.path().join(version).join("app.wasm")).expect("the folder takes a file");
        symlink(version, folder.path().join("..data_tmp")).expect("a link can be made");
        std::fs::rename(folder.path().join("..data_tmp"), folder.path().join("..data")).expect("a link can be turned");
    };
    mount("..1", "one");
    symlink("..data/app.wasm", folder.path().join("app.wasm")).expect("a link can be made");
    let mut host = serve(&folder.path().join("app.wasm"), &["--watch"]);
    let mut client = Client::connect(&host).await;
    assert_eq!(client.asks("0").await, "one 0 1");
    mount("..2", "two");
    host.logs("swapped to");
    assert_eq!(client.asks("1").await, "two 1 2");
    std::fs::remove_dir_all(folder.path().join("..1")).expect("the kubelet removes the version before");
    mount("..3", "one");
    host.logs("swapped to");
    assert_eq!(client.asks("2").await, "one 2 3");
}

#[tokio::test]
async fn a_watched_file_that_is_written_in_place_is_swapped_when_it_is_whole() {
    let Live { folder: _folder, file, mut host, mut client } = live(&["--watch"]).await;
    let whole = std::fs::read(guest("two")).expect("the guest is built");
    std::fs::write(&file, &whole[..1000]).expect("the folder takes a file");
    // A half-written file that stays so is refused, and the running release goes on.
    host.logs("not swapped: live.wasm cannot be loaded");
    assert_eq!(client.asks("1").await, "one 1 2");
    std::fs::write(&file, &whole).expect("the folder takes a file");
    host.logs("swapped to");
    assert_eq!(client.asks("2").await, "two 2 3");
}
