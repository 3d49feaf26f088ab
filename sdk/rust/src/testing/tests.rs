//! The room without a host, with some apps.

use std::time::Duration;

use super::Room;
use crate::http::{self, BodyPart, Failure, FailureCause, FetchId, Response};
use crate::rooms::{self, Source};
use crate::{App, Client, ClientId, CloseInfo, Events, Message, Presence, Responses, TimerId, Timers};
use crate::{
    attachment, broadcast, broadcast_except, clients, clients_of_user, close, control, is_online, send, set_attachment, store,
    topics,
};

#[derive(Debug, Default)]
struct Club {
    left: Vec<String>,
}

impl App for Club {
    fn on_new_client(&mut self, client: Client) {
        set_attachment(client.id, client.path.as_bytes()).ok();
        broadcast_except(format!("{} is here", client.id), &[client.id]).ok();
    }

    fn on_message(&mut self, from: ClientId, message: Message) {
        match message.as_text() {
            Some("close") => close(from, 4000, "as you wish").expect("the code is allowed"),
            Some("subscribe") => topics::subscribe(from, "news").expect("the topic is right"),
            Some("count") => {
                let seen = store::get("seen").map_or(0, |seen| seen[0]) + 1;
                store::set("seen", [seen]).expect("the store takes it");
                control::set_interval(Duration::from_millis(10), &[seen]).expect("a timer can be set");
            }
            _ => topics::publish("news", message).expect("it can be sent"),
        }
    }

    fn on_client_left(&mut self, id: ClientId, info: CloseInfo) {
        let path = attachment(id).unwrap_or_default();
        self.left.push(format!("{id} {} {} of {:?}", info.code, String::from_utf8_lossy(&path), clients()));
    }
}

impl Timers for Club {
    fn on_timer(&mut self, id: TimerId, payload: Vec<u8>) {
        broadcast(payload).expect("it can be sent");
        if self.left.is_empty() {
            control::cancel_timer(id);
        }
    }
}

impl Presence for Club {
    fn on_line_lost(&mut self, id: ClientId) {
        self.left.push(format!("lost {id} {}", is_online(id)));
    }

    fn on_line_back(&mut self, id: ClientId) {
        self.left.push(format!("back {id} {}", is_online(id)));
    }
}

#[test]
fn a_client_that_is_away_stays_a_member_and_hears_what_is_sent() {
    let mut room = Room::<Club>::new();
    let (ann, ben) = (room.join(), room.join());
    room.hears(ann);
    room.says(ann, "subscribe");
    room.goes_away(ann);
    room.goes_away(ann);
    assert_eq!((is_online(ann), is_online(ben), is_online(99), clients()), (false, true, false, vec![ann, ben]));
    room.says(ben, "hello");
    room.comes_back(ann);
    room.comes_back(ann);
    assert_eq!(room.hears(ann), [Message::from("hello")]);
    assert_eq!(room.app.left, ["lost 1 false", "back 1 true"]);
    room.goes_away(ann);
    room.leaves(ann);
    assert!(!is_online(ann));
}

#[test]
fn clients_hear_what_the_app_sends_to_them() {
    let mut room = Room::<Club>::new();
    let (ann, ben) = (room.join(), room.join());
    assert_eq!((room.hears(ann), room.hears(ben)), (vec![Message::from("2 is here")], vec![]));
    room.says(ben, "subscribe");
    room.says(ann, vec![1]);
    assert_eq!((room.hears(ann), room.hears(ben)), (vec![], vec![Message::from(vec![1])]));
    assert!(send(99, "nobody").is_err());
}

#[test]
fn a_client_that_the_app_closes_leaves_and_is_heard_no_more() {
    let mut room = Room::<Club>::new();
    let ann = room.join_as(|client| client.path = "/blue".to_owned());
    room.says(ann, "close");
    assert_eq!(room.closed(ann), Some((4000, "as you wish".to_owned())));
    room.says(ann, "close");
    let ben = room.join();
    room.leaves(ben);
    room.leaves(ben);
    assert_eq!(room.app.left, ["1 4000 /blue of []", "2 1005 / of []"]);
}

#[test]
fn the_store_bounds_keys_values_and_what_it_lists_at_once() {
    let _room = Room::<Club>::new();
    assert_eq!(store::set(&"k".repeat(513), ""), Err(store::StoreError::KeyTooLong));
    assert_eq!(store::set("a", vec![0; (128 << 10) + 1]), Err(store::StoreError::ValueTooBig));
    for n in 0..9 {
        store::set(&format!("{n}"), vec![0; 128 << 10]).expect("the store takes it");
    }
    assert_eq!((store::list("", None, 1000).len(), store::entries("").count()), (7, 9));
}

#[test]
fn clients_of_one_user_and_topics_of_one_client_are_listed() {
    let mut room = Room::<Club>::new();
    let [ann, ben, again] = ["ann", "ben", "ann"].map(|name| room.join_as(|client| client.user = Some(name.to_owned())));
    assert_eq!((clients_of_user("ann"), clients_of_user("eve")), (vec![ann, again], vec![]));
    room.leaves(ann);
    assert_eq!(clients_of_user("ann"), [again]);
    room.says(ben, "subscribe");
    assert_eq!((topics::of_client(ben), topics::of_client(ann)), (vec!["news".to_owned()], vec![]));
}

#[test]
fn timers_run_while_the_test_waits() {
    let mut room = Room::<Club>::new();
    let (ann, ben) = (room.join(), room.join());
    room.leaves(ben);
    room.says(ann, "count");
    room.hears(ann);
    room.wait(Duration::from_millis(25));
    assert_eq!(room.hears(ann), vec![Message::from(vec![1]); 2]);
    room.wait(Duration::from_millis(5));
    assert_eq!(room.hears(ann).len(), 1);
    assert_eq!(store::usage().keys, 1);
}

#[derive(Debug, Default)]
struct Relay;

impl App for Relay {
    fn on_message(&mut self, from: ClientId, message: Message) {
        let (to, text) = message.as_text().and_then(|text| text.split_once(' ')).expect("a name and a text");
        let sent = if text == "create" { rooms::send_or_create(to, text) } else { rooms::send(to, text) };
        let sent = sent.map_or_else(|error| error.name(), |()| "ok");
        send(from, format!("{} {sent}", rooms::name())).expect("it can be sent");
    }
}

impl Events for Relay {
    fn on_event(&mut self, source: Source, message: Message) {
        let from = match source {
            Source::Room(name) => name,
            Source::Api(name) => format!("the API as {name}"),
        };
        broadcast(format!("{from}: {}", message.as_text().unwrap_or_default())).expect("it can be sent");
    }
}

#[test]
fn a_test_plays_the_other_rooms() {
    let mut room = Room::<Relay>::new();
    let ann = room.join();
    room.is_named("/blue");
    room.lacks("/green");
    ["/red hello", "/green hello", "/green create", "/green hello", "a?b hello"]
        .into_iter()
        .for_each(|text| room.says(ann, text));
    let heard: Vec<_> = room.hears(ann).into_iter().map(|told| told.as_text().map(str::to_owned)).collect();
    let told = ["ok", "no-such-room", "ok", "ok", "invalid-name"];
    assert_eq!(heard, told.map(|told| Some(format!("/blue {told}"))));
    let sent = [("/red", "hello"), ("/green", "create"), ("/green", "hello")];
    assert_eq!(room.sent(), sent.map(|(to, text)| (to.to_owned(), Message::from(text))));
    room.hears_from("/red", "hello to you");
    assert_eq!((room.hears(ann), room.sent()), (vec![Message::from("/red: hello to you")], vec![]));
    room.hears_from_outside("shop", "paid");
    assert_eq!(room.hears(ann), [Message::from("the API as shop: paid")]);
}

#[derive(Debug, Default)]
struct Asker {
    told: Vec<String>,
}

impl App for Asker {
    fn on_message(&mut self, _: ClientId, message: Message) {
        let url = message.as_text().unwrap_or_default();
        match http::fetch(&http::Request::post(url, "body").header("a", "b").stream(), url) {
            Ok(id) if url.ends_with("cancelled") => http::cancel(id),
            Ok(_) => {}
            Err(error) => self.told.push(error.to_string()),
        }
    }
}

impl Responses for Asker {
    fn on_response(&mut self, id: FetchId, context: Vec<u8>, outcome: Result<Response, Failure>) {
        let outcome = outcome.map_or_else(|failure| failure.detail, |response| response.text().into_owned());
        self.told.push(format!("{id} {} {outcome}", String::from_utf8_lossy(&context)));
    }

    fn on_body(&mut self, id: FetchId, _: Vec<u8>, part: BodyPart) {
        self.told.push(format!("{id} {part:?}"));
    }
}

#[test]
fn a_test_answers_the_requests_of_the_app() {
    let mut room = Room::<Asker>::new();
    let ann = room.join();
    ["http://a", "http://b", "http://cancelled", "http://c", "c"].into_iter().for_each(|url| room.says(ann, url));
    let asked: Vec<_> = room.requests().into_iter().map(|(id, request)| (id, request.url)).collect();
    assert_eq!(asked, [(1, "http://a".to_owned()), (2, "http://b".to_owned()), (4, "http://c".to_owned())]);
    let whole = Response { status: 200, headers: Vec::new(), body: Some(b"hello".to_vec()) };
    room.answers(1, Ok(whole.clone()));
    room.answers(3, Ok(whole.clone()));
    room.answers(4, Ok(Response { body: None, ..whole.clone() }));
    room.sends_body(4, BodyPart::End);
    room.answers(2, Err(Failure { cause: FailureCause::Timeout, detail: "too late".to_owned() }));
    room.answers(1, Ok(whole));
    assert!(room.requests().is_empty());
    assert!(room.app.told[0].contains("not absolute"), "{:?}", room.app.told);
    assert_eq!(room.app.told[1..], ["1 http://a hello", "4 http://c ", "4 BodyPart::End", "2 http://b too late"]);
}
