//! The steps of each side on each event.

use crate::resume::{Breach, ClientSession, Fresh, Hello, HostSession, Limits, Outcome, Token, Welcome};

const FIRST: Token = Token([1; 16]);
const SECOND: Token = Token([2; 16]);
const THIRD: Token = Token([3; 16]);

/// A client that has said hello over line 1 and has its welcome, and its session at the host.
fn joined() -> (ClientSession<&'static str>, HostSession<&'static str>) {
    let (host, welcome) = HostSession::begin(1, Fresh::New, FIRST, Limits { bytes: 10, messages: 3 });
    let mut client = ClientSession::new(Limits::default());
    assert_eq!(client.hello(), Hello { token: None, received: 0 });
    client.welcomed(welcome).expect("it is the first welcome");
    (client, host)
}

/// The same, and the host knows that the client has its token.
fn known() -> (ClientSession<&'static str>, HostSession<&'static str>) {
    let (mut client, mut host) = joined();
    host.confirmed(1, client.confirmation()).expect("nothing was sent");
    (client, host)
}

fn kept(host: &HostSession<&'static str>) -> Vec<&'static str> {
    host.unconfirmed().copied().collect()
}

fn hello(token: Token, received: u64) -> Hello {
    Hello { token: Some(token), received }
}

#[test]
fn both_sides_send_what_the_other_lacks() {
    let (mut client, mut host) = known();
    for word in ["a", "b"] {
        assert!(host.send(word, 1) && client.send(word, 1));
    }
    assert!(host.received(1, 1));
    client.received(1).expect("it is welcome");
    client.lost();
    assert!(host.lost(1));
    assert!(!host.send("c", 1) && !client.send("c", 1), "nothing goes out without a line");
    let resumed = host.resume(2, &client.hello(), SECOND).expect("the token is right");
    assert_eq!((resumed.cut, resumed.welcome), (None, Welcome { token: SECOND, received: 1, fresh: None }));
    assert_eq!(client.welcomed(resumed.welcome), Ok(Outcome::Resumed));
    assert_eq!(kept(&host), ["b", "c"]);
    assert_eq!(client.unconfirmed().copied().collect::<Vec<_>>(), ["b", "c"]);
}

#[test]
fn a_new_line_cuts_the_old_one_which_counts_no_longer() {
    let (mut client, mut host) = known();
    let resumed = host.resume(2, &client.hello(), SECOND).expect("the token is right");
    assert_eq!(resumed.cut, Some(1));
    assert!(!host.received(1, 5), "the client sends it again");
    assert_eq!(host.confirmed(1, 99), Ok(()));
    assert!(!host.lost(1) && host.line() == Some(2));
    assert!(host.received(2, 5));
}

#[test]
fn a_token_counts_until_the_client_has_shown_the_next_one() {
    let (_, mut host) = known();
    host.resume(2, &hello(FIRST, 0), SECOND).expect("it is the present token");
    // The welcome was lost with line 2. The client is given the same token again.
    let again = host.resume(3, &hello(FIRST, 0), THIRD).expect("the client has no other");
    assert_eq!(again.welcome.token, SECOND);
    host.confirmed(3, 0).expect("nothing was sent");
    assert_eq!(host.resume(4, &hello(FIRST, 0), THIRD), Err(Fresh::Unknown));
    host.resume(4, &hello(SECOND, 0), THIRD).expect("it is the present token");
    host.resume(5, &hello(THIRD, 0), FIRST).expect("it is the present token");
    assert_eq!(host.resume(6, &hello(SECOND, 0), FIRST), Err(Fresh::Unknown), "naming the next one shows it too");
}

#[test]
fn a_guess_changes_nothing() {
    let (_, mut host) = known();
    host.send("a", 1);
    assert_eq!(host.resume(2, &hello(SECOND, 0), THIRD), Err(Fresh::Unknown));
    assert_eq!(host.resume(2, &Hello { token: None, received: 0 }, THIRD), Err(Fresh::New));
    assert_eq!(host.resume(2, &hello(FIRST, 9), THIRD), Err(Fresh::Unknown), "it has received more than was sent");
    assert_eq!((host.line(), kept(&host)), (Some(1), vec!["a"]));
    assert!(host.resume(2, &hello(FIRST, 0), THIRD).is_ok());
}

#[test]
fn a_hello_that_was_long_on_its_way_does_not_end_the_session() {
    let (_, mut host) = known();
    host.send("a", 1);
    host.resume(3, &hello(FIRST, 1), SECOND).expect("it is the present token");
    assert_eq!(host.resume(2, &hello(FIRST, 0), THIRD), Err(Fresh::Unknown), "the client has confirmed more since");
    assert_eq!(host.line(), Some(3));
}

#[test]
fn a_session_whose_client_never_showed_its_token_ends_with_its_line() {
    let (_, mut host) = joined();
    assert!(host.lost(1) && !host.can_resume());
    let (_, mut host) = joined();
    assert!(host.received(1, 1) && host.lost(1) && host.can_resume());
}

#[test]
fn beyond_its_limit_a_line_goes_on_and_a_client_that_lacks_something_begins_anew() {
    let (mut client, mut host) = known();
    for word in ["a", "b", "c", "d"] {
        assert!(host.send(word, 1));
    }
    assert_eq!(kept(&host), ["b", "c", "d"]);
    assert!(!host.is_over_limit());
    assert_eq!(host.clone().resume(2, &client.hello(), SECOND), Err(Fresh::TooMuch));
    assert!(host.resume(2, &hello(FIRST, 1), SECOND).is_ok());
}

#[test]
fn a_session_without_a_line_is_over_at_its_limit() {
    let (_, mut host) = known();
    host.lost(1);
    assert!(!host.send("a", 10) && !host.is_over_limit());
    assert!(!host.send("b", 1) && host.is_over_limit());
    assert_eq!(host.unconfirmed_bytes(), 11);
}

#[test]
fn a_client_that_begins_anew_learns_which_messages_may_be_lost() {
    let (mut client, _) = known();
    client.send("carried", 7);
    client.lost();
    client.send("waited", 6);
    assert_eq!(client.hello().token, Some(FIRST));
    let welcome = Welcome { token: SECOND, received: 0, fresh: Some(Fresh::Unknown) };
    assert_eq!(client.welcomed(welcome), Ok(Outcome::Fresh { reason: Fresh::Unknown, unknown: vec!["carried"] }));
    assert_eq!(client.unconfirmed().copied().collect::<Vec<_>>(), ["waited"], "no line has carried it, so it goes out now");
    assert_eq!(client.hello(), hello(SECOND, 0));
}

#[test]
fn a_client_refuses_what_breaks_the_protocol() {
    let (mut client, _) = known();
    let welcome = |received, fresh| Welcome { token: SECOND, received, fresh };
    assert_eq!(client.welcomed(welcome(0, None)), Err(Breach::Again));
    assert_eq!(client.confirmed(1), Err(Breach::Count));
    client.hello();
    assert_eq!(client.received(1), Err(Breach::TooEarly));
    assert_eq!(client.confirmed(0), Err(Breach::TooEarly));
    assert_eq!(client.welcomed(welcome(1, None)), Err(Breach::Count));
    let mut stranger = ClientSession::<&str>::new(Limits::default());
    stranger.hello();
    assert_eq!(stranger.welcomed(welcome(0, None)), Err(Breach::Malformed), "it has no session to go on with");
}

#[test]
fn an_idle_session_at_the_host_is_small() {
    assert!(size_of::<HostSession<bytes::Bytes>>() <= 168, "{}", size_of::<HostSession<bytes::Bytes>>());
}

#[test]
fn a_hello_with_a_count_beyond_what_was_sent_is_one_of_another_session() {
    let (_, mut host) = known();
    host.send("a", 1);
    for received in [2, u64::MAX] {
        assert_eq!(host.resume(2, &hello(FIRST, received), SECOND), Err(Fresh::Unknown), "{received}");
    }
    assert_eq!(host.line(), Some(1), "the session is unchanged");
}
