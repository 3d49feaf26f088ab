//! The example `wall`, in each language.

use super::data;
use crate::support::{Client, Host};

/// Runs each promise of the wall with its component in each language.
macro_rules! in_every_language {
    ($($promise:ident),+ $(,)?) => {
        $(#[tokio::test]
        async fn $promise() {
            each::$promise("wall").await;
        })+

        mod python {
            $(#[tokio::test]
            #[ignore = "`cargo xtask test python-guests` builds the wall and runs this"]
            async fn $promise() {
                super::each::$promise("python/wall").await;
            })+
        }

        mod javascript {
            $(#[tokio::test]
            #[ignore = "`cargo xtask test js-guests` builds the wall and runs this"]
            async fn $promise() {
                super::each::$promise("js/wall").await;
            })+
        }

        mod c {
            $(#[tokio::test]
            #[ignore = "`cargo xtask test c-guests` builds the wall and runs this"]
            async fn $promise() {
                super::each::$promise("c/wall").await;
            })+
        }
    };
}

in_every_language! {
    a_newcomer_to_the_wall_gets_the_last_fifty_texts_and_the_number_of_all,
    the_wall_with_a_data_folder_keeps_all_over_a_kill,
    a_text_that_the_wall_refuses_is_told_to_its_sender_alone,
    a_text_for_whose_number_the_store_has_no_place_is_not_on_the_wall,
}

/// A client of the wall, with what the wall tells a newcomer until it adds this text.
async fn see(host: &Host, end: &str) -> (Client, Vec<String>) {
    let mut client = Client::connect(host).await;
    client.says(end).await;
    let mut heard = Vec::new();
    loop {
        let line = client.hears().await;
        if line.ends_with(&format!(": {end}")) {
            return (client, heard);
        }
        heard.push(line);
    }
}

mod each {
    use super::{Client, Host, data, see};

    pub async fn a_newcomer_to_the_wall_gets_the_last_fifty_texts_and_the_number_of_all(wall: &str) {
        let host = Host::run(wall);
        let (mut one, shown) = see(&host, "first").await;
        assert_eq!(shown, ["* 0 texts are on the wall"]);
        for number in 2..=60 {
            assert_eq!(one.asks(&format!("text {number}")).await, format!("{number}: text {number}"));
        }
        let (_two, shown) = see(&host, "last").await;
        assert_eq!((shown.len(), shown[0].as_str()), (51, "* 60 texts are on the wall"));
        assert_eq!((shown[1].as_str(), shown[50].as_str()), ("11: text 11", "60: text 60"));
    }

    pub async fn the_wall_with_a_data_folder_keeps_all_over_a_kill(wall: &str) {
        let folder = tempfile::tempdir().expect("a temporary folder can be made");
        let start = || Host::run_with(wall, &data(folder.path()));
        let host = start();
        let (mut one, _) = see(&host, "first").await;
        assert_eq!(one.asks("a").await, "2: a");
        host.signal("KILL");
        drop(host);
        let host = start();
        let (_two, shown) = see(&host, "last").await;
        assert_eq!(shown, ["* 2 texts are on the wall", "1: first", "2: a"]);
    }

    pub async fn a_text_that_the_wall_refuses_is_told_to_its_sender_alone(wall: &str) {
        let host = Host::run(wall);
        let (mut one, _) = see(&host, "first").await;
        let (mut two, _) = see(&host, "second").await;
        assert_eq!(one.hears().await, "2: second");
        let told = one.asks(&"x".repeat(128 << 10)).await;
        assert!(told.starts_with("* The wall does not take this text: "), "{told}");
        assert_eq!(one.asks("third").await, "3: third");
        assert_eq!(two.hears().await, "3: third");
    }

    pub async fn a_text_for_whose_number_the_store_has_no_place_is_not_on_the_wall(wall: &str) {
        let host = Host::run_with(wall, &["--store-room", "1KiB"]);
        let mut one = see_nothing(&host).await;
        // An entry counts 64 bytes more than its key and its value. This text leaves 30 bytes, too few for its number.
        let text = "x".repeat(1024 - 64 - "text/0000000000000001".len() - "1: ".len() - 30);
        let told = one.asks(&text).await;
        assert!(told.starts_with("* The wall does not take this text: "), "{told}");
        let mut two = see_nothing(&host).await;
        assert_eq!(two.asks("short").await, "1: short");
        assert_eq!(one.hears().await, "1: short");
    }

    /// A client of an empty wall.
    async fn see_nothing(host: &Host) -> Client {
        let mut client = Client::connect(host).await;
        assert_eq!(client.hears().await, "* 0 texts are on the wall");
        client
    }
}
