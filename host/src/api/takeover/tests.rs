//! Both processes of a takeover, played in one.

use std::net::SocketAddr;
use std::os::unix::net::UnixStream;
use std::path::Path;

use tokio::net::TcpStream;

use super::{Taking, give};
use crate::Server;
use crate::builder::Builder;
use crate::error::Error;
use crate::handle::Handle;

fn server(data: Option<&Path>) -> Builder {
    let builder = Server::builder().port(0).host("127.0.0.1").on_new_client(|_, _| {});
    match data {
        Some(folder) => builder.data(folder),
        None => builder,
    }
}

/// A server that runs, and its end.
fn run(server: Server) -> (Handle, tokio::task::JoinHandle<Result<(), Error>>) {
    (server.handle(), tokio::spawn(server.run()))
}

/// The new process's end of a takeover of this server.
async fn taking(old: &Handle) -> Taking {
    old.serving().await;
    let (here, there) = UnixStream::pair().expect("a pair can be made");
    here.set_nonblocking(true).expect("it can be set");
    let here = tokio::net::UnixStream::from_std(here).expect("it can be used");
    let under_way = old.succession().begin().expect("no other is under way");
    tokio::spawn(give(here, old.clone(), under_way));
    tokio::task::spawn_blocking(|| Taking::from_stream(there)).await.expect("no panic").expect("the sockets come")
}

async fn build(builder: Builder) -> Result<Server, Error> {
    tokio::task::spawn_blocking(|| builder.build()).await.expect("no panic")
}

async fn is_served(address: SocketAddr) -> bool {
    TcpStream::connect(address).await.is_ok()
}

#[tokio::test]
async fn the_new_server_listens_by_the_same_socket_and_the_old_one_ends() {
    let old = build(server(None)).await.expect("it listens");
    let address = old.local_addr();
    let (old, ended) = run(old);
    let new = build(server(None).take_over(taking(&old).await)).await.expect("it takes over");
    assert_eq!(new.local_addr(), address);
    assert!(!old.is_stopping(), "the new one does not serve yet");
    let (new, end_of_new) = run(new);
    ended.await.expect("no panic").expect("it ends in order");
    new.serving().await;
    assert!(is_served(address).await);
    new.shutdown();
    end_of_new.await.expect("no panic").expect("it ends in order");
    assert!(!is_served(address).await);
}

#[tokio::test]
async fn a_new_server_that_cannot_be_built_leaves_the_old_one_as_it_was() {
    let old = build(server(None)).await.expect("it listens");
    let address = old.local_addr();
    let (old, _ended) = run(old);
    for _ in 0..2 {
        let wrong = server(None).allow_origin("nonsense/").take_over(taking(&old).await);
        assert!(build(wrong).await.is_err());
        old.succession().over().await.expect("it is given up");
    }
    drop(taking(&old).await);
    old.succession().over().await.expect("it is given up");
    assert!(!old.is_stopping() && is_served(address).await);
}

#[tokio::test]
async fn the_data_folder_goes_to_the_new_server() {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let old = build(server(Some(folder.path()))).await.expect("it listens");
    let (old, ended) = run(old);
    let elsewhere = folder.path().join("link");
    std::os::unix::fs::symlink(folder.path(), &elsewhere).expect("a link can be made");
    let new = build(server(Some(&elsewhere)).take_over(taking(&old).await)).await.expect("it takes over");
    ended.await.expect("no panic").expect("it has ended before");
    let (new, end_of_new) = run(new);
    new.serving().await;
    old.succession().over().await.expect("it is done");
    new.shutdown();
    end_of_new.await.expect("no panic").expect("it ends in order");
}

#[tokio::test]
async fn a_new_server_that_fails_with_the_data_folder_gives_the_sockets_back_and_the_old_process_serves_again() {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let old = build(server(Some(folder.path()))).await.expect("it listens");
    let address = old.local_addr();
    let (old, ended) = run(old);
    let new = build(server(Some(folder.path())).take_over(taking(&old).await)).await.expect("it takes over");
    ended.await.expect("no panic").expect("it has ended before");
    assert!(is_served(address).await, "connections wait");
    drop(new);
    let reason = old.succession().over().await.expect_err("nobody serves");
    assert!(!old.is_shut_down(), "its owner wants it to go on");
    assert!(reason.ends_with("failed to take over: it has ended"), "{reason}");
    let back = Taking::back(&old).expect("they listen");
    // A release that is on the way out leaves the folder in its own time.
    let again = build(server(Some(folder.path())).take_over(back)).await.expect("it serves again");
    assert_eq!(again.local_addr(), address);
    let (again, end_of_again) = run(again);
    again.serving().await;
    again.shutdown();
    end_of_again.await.expect("no panic").expect("it ends in order");
}

#[tokio::test]
async fn an_owner_can_end_a_server_that_another_process_takes_over() {
    let old = build(server(None)).await.expect("it listens");
    let (old, ended) = run(old);
    let taking = taking(&old).await;
    old.end_for_successor();
    old.shutdown();
    ended.await.expect("no panic").expect("it ends in order");
    assert!(old.is_shut_down(), "it does not serve again, if the other process fails");
    drop(taking);
}
