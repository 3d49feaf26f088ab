//! Three NATS servers that keep three copies: one of them may go.

use super::entries;
use crate::support::Client;
use crate::support::cluster::node;
use crate::support::host::Host;
use crate::support::nats::Nats;

#[tokio::test]
async fn a_nats_server_that_is_lost_costs_no_record_and_no_client() {
    let mut servers = Nats::three();
    let urls = servers.iter().map(Nats::url).collect::<Vec<_>>().join(",");
    let nodes = [(); 2].map(|()| Host::start(node("keeper", &urls, &["--cluster-replicas".to_owned(), "3".to_owned()])));
    let mut clients = Vec::new();
    for node in &nodes {
        let mut client = Client::connect_to(node, "/").await;
        client.hears().await;
        clients.push(client);
    }
    let mut written = 0;
    // Whichever of them leads a stream, and whichever the nodes are connected to.
    for lost in &mut servers {
        lost.kill();
        for client in &mut clients {
            assert_eq!(client.asks(&format!("add {written}")).await, format!("{} {written}", written + 1));
            written += 1;
        }
        lost.restart();
        for client in &mut clients {
            assert_eq!(client.asks(&format!("add {written}")).await, format!("{} {written}", written + 1));
            written += 1;
        }
    }
    let expected: Vec<_> = (0..written).map(|number| number.to_string()).collect();
    for client in &mut clients {
        assert_eq!(entries(client).await, expected);
    }
}
