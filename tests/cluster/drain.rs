//! A node that ends in good order hands its rooms over.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use tokio::sync::watch;
use tokio_tungstenite::tungstenite::protocol::Message;

use super::{answer, entries, news_apart};
use crate::support::Client;
use crate::support::cluster::Cluster;

/// The nodes of the rolling restart.
const NODES: usize = 3;

#[tokio::test]
async fn a_room_moves_with_its_snapshot_and_its_members() {
    let mut cluster = Cluster::of("probe", 2);
    let (mut one, _) = cluster.joins(0, "/").await;
    let (mut two, second) = cluster.joins(1, "/").await;
    assert_eq!(answer(&mut one, "say x").await, "x");
    assert_eq!(answer(&mut two, &format!("attach {second} mine")).await, "ok");
    cluster.nodes[0].signal("TERM");
    assert_eq!(one.is_closed().await.0, 1001);
    assert!(cluster.nodes[0].ended().success());
    assert_eq!(answer(&mut two, "saved").await, "Some(2)");
    assert!(answer(&mut two, "messages").await.ends_with("since Some(StartReason::Handover)"));
    assert_eq!(answer(&mut two, "list").await, format!("[{second}] of 1"));
    assert_eq!(answer(&mut two, &format!("attachment {second}")).await, "Some(\"mine\")");
}

#[tokio::test]
async fn a_room_that_moves_loses_and_doubles_no_message_of_clients_that_stay() {
    const MESSAGES: usize = 300;
    let mut cluster = Cluster::of("probe", 2);
    let (_one, _) = cluster.joins(0, "/").await;
    let (mut two, _) = cluster.joins(1, "/").await;
    let texts: Vec<_> = (0..MESSAGES).map(|number| format!("say {number}")).collect();
    let (before, after) = texts.split_at(MESSAGES / 2);
    two.says_at_once(&before.iter().map(String::as_str).collect::<Vec<_>>()).await;
    cluster.nodes[0].signal("TERM");
    two.says_at_once(&after.iter().map(String::as_str).collect::<Vec<_>>()).await;
    for number in 0..MESSAGES {
        assert_eq!(news_apart(&mut two).await, number.to_string());
    }
    assert!(cluster.nodes[0].ended().success());
}

/// A client that adds one entry after the other, and goes to the next node when its own closes it.
struct Worker {
    name: String,
    /// How many entries of all workers are answered.
    answered: Arc<watch::Sender<usize>>,
    urls: watch::Receiver<Vec<String>>,
    enough: Arc<AtomicBool>,
}

/// The entries of a worker, as far as it knows.
#[derive(Default)]
struct Known {
    answered: Vec<String>,
    /// Entries whose answer was cut off by a close.
    unknown: Vec<String>,
}

impl Worker {
    /// Works until it is enough, at this node first.
    async fn works(self, first: usize) -> Known {
        let (mut known, mut number) = (Known::default(), 0);
        for node in first.. {
            if self.enough.load(Ordering::Relaxed) {
                break;
            }
            let url = self.urls.borrow()[node % NODES].clone();
            let Some(mut client) = Client::tries_url(&url).await else { continue };
            while !self.enough.load(Ordering::Relaxed) {
                let entry = format!("{}/{number}", self.name);
                number += 1;
                client.tries(&format!("add {entry}")).await;
                if !self.is_answered(&mut client).await {
                    known.unknown.push(entry);
                    break;
                }
                known.answered.push(entry);
                self.answered.send_modify(|count| *count += 1);
            }
        }
        known
    }

    /// Waits for the answer to an entry. The greeting is passed over.
    async fn is_answered(&self, client: &mut Client) -> bool {
        loop {
            match client.frame().await {
                Some(Ok(Message::Text(text))) if text.contains(&format!(" {}/", self.name)) => return true,
                Some(Ok(Message::Close(_)) | Err(_)) | None => return false,
                Some(Ok(_)) => {}
            }
        }
    }
}

#[tokio::test]
async fn a_rolling_restart_of_three_nodes_under_load_loses_and_doubles_no_answered_message() {
    const WORKERS: usize = 6;
    let mut cluster = Cluster::of("keeper", NODES);
    let all_urls = |cluster: &Cluster| cluster.nodes.iter().map(|node| node.url("/")).collect::<Vec<_>>();
    let (told, urls) = watch::channel(all_urls(&cluster));
    let (answered, mut progress) = watch::channel(0);
    let (answered, enough) = (Arc::new(answered), Arc::<AtomicBool>::default());
    let worker = |number| {
        let (answered, urls, enough) = (Arc::clone(&answered), urls.clone(), Arc::clone(&enough));
        Worker { name: format!("w{number}"), answered, urls, enough }
    };
    let workers: Vec<_> = (0..WORKERS).map(|number| tokio::spawn(worker(number).works(number))).collect();
    for node in 0..NODES {
        let before = *progress.borrow_and_update();
        progress.wait_for(|answered| *answered >= before + 50).await.expect("the workers work");
        let restarts = tokio::task::spawn_blocking(move || {
            cluster.stop(node);
            cluster.replace(node);
            cluster
        });
        cluster = restarts.await.expect("the node ends, and another one starts");
        told.send_replace(all_urls(&cluster));
    }
    enough.store(true, Ordering::Relaxed);
    let mut known = Known::default();
    for worker in workers {
        let Known { answered, unknown } = worker.await.expect("the worker works");
        known.answered.extend(answered);
        known.unknown.extend(unknown);
    }
    let mut found = entries(&mut cluster.enters(0, "/").await).await;
    found.sort_unstable();
    assert!(found.windows(2).all(|pair| pair[0] != pair[1]), "no entry is doubled");
    let lost: Vec<_> = known.answered.iter().filter(|entry| found.binary_search(entry).is_err()).collect();
    assert!(lost.is_empty(), "these were answered, and are lost: {lost:?}");
    assert!(found.iter().all(|entry| known.answered.contains(entry) || known.unknown.contains(entry)));
}
