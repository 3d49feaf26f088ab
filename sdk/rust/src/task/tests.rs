//! Tasks in a room of the test. Time there passes when the test says so.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Poll, Waker};
use std::time::Duration;

use futures_util::StreamExt;
use futures_util::future::{Either, join, select};
use futures_util::stream::FuturesUnordered;

use super::{Access, Task, access, fetch, sleep, spawn, with_app};
use crate::http::{self, BodyPart, Error, Failure, FailureCause, FetchId, Request, Response};
use crate::testing::Room;
use crate::{App, ClientId, Message, Responses, TimerId, Timers, control};

type Body = Pin<Box<dyn Future<Output = ()>>>;

/// An app that starts the tasks of a test, and notes what it is told.
#[derive(Default)]
struct Host {
    to_start: VecDeque<Body>,
    started: Vec<Task>,
    told: Vec<String>,
}

impl Host {
    fn tell(&mut self, what: impl Into<String>) {
        self.told.push(what.into());
    }
}

impl App for Host {
    fn on_message(&mut self, _: ClientId, message: Message) {
        if let Some(body) = self.to_start.pop_front() {
            self.started.push(spawn(body));
        }
        self.tell(format!("handled {}", message.as_text().unwrap_or("?")));
    }
}

impl Responses for Host {
    fn on_response(&mut self, id: FetchId, context: Vec<u8>, outcome: Result<Response, Failure>) {
        let outcome = outcome.map_or_else(|failure| failure.detail, |response| response.text().into_owned());
        self.tell(format!("orphan {id} {} {outcome}", String::from_utf8_lossy(&context)));
    }

    fn on_body(&mut self, id: FetchId, _: Vec<u8>, part: BodyPart) {
        self.tell(format!("orphan {id} {part:?}"));
    }
}

impl Timers for Host {
    fn on_timer(&mut self, _: TimerId, payload: Vec<u8>) {
        self.tell(format!("timer {}", String::from_utf8_lossy(&payload)));
    }
}

/// A room in which a handler has started this task.
fn room_with(body: impl Future<Output = ()> + 'static) -> (Room<Host>, ClientId) {
    let mut room = Room::<Host>::new();
    let ann = room.join();
    starts(&mut room, ann, body);
    (room, ann)
}

fn starts(room: &mut Room<Host>, from: ClientId, body: impl Future<Output = ()> + 'static) {
    room.app.to_start.push_back(Box::pin(body));
    room.says(from, "start");
}

fn tell(what: impl Into<String>) {
    with_app(|host: &mut Host| host.tell(what));
}

fn answer(body: &str) -> Result<Response, Failure> {
    Ok(Response { status: 200, headers: vec![("x".to_owned(), "y".to_owned())], body: Some(body.as_bytes().to_vec()) })
}

fn head() -> Result<Response, Failure> {
    Ok(Response { status: 200, headers: Vec::new(), body: None })
}

fn timed_out() -> Failure {
    Failure { cause: FailureCause::Timeout, detail: "too late".to_owned() }
}

#[test]
fn a_task_runs_behind_its_handler_and_goes_on_with_the_answer() {
    let (mut room, ann) = room_with(async {
        tell("begins");
        let response = fetch("http://a").await.expect("it is answered");
        tell(format!("{} {:?}", response.text(), response.header("X")));
    });
    room.says(ann, "meanwhile");
    assert_eq!(room.app.told, ["handled start", "begins", "handled meanwhile"]);
    let asked = room.requests();
    assert_eq!((asked.len(), asked[0].1.url.as_str(), asked[0].1.stream), (1, "http://a", false));
    room.answers(1, answer("hello"));
    assert_eq!(room.app.told[3..], ["hello Some(\"y\")"]);
}

#[test]
fn a_refused_request_and_a_failed_one_are_errors() {
    let (mut room, _) = room_with(async {
        let refused = fetch(Request::post("nowhere", "")).await;
        assert!(
            matches!(&refused, Err(Error::Refused(_))) && refused.is_err_and(|error| error.to_string().contains("not absolute"))
        );
        tell(fetch("http://a").await.expect_err("it fails").to_string());
    });
    room.answers(1, Err(timed_out()));
    assert_eq!(room.app.told[1..], ["too late"]);
}

#[test]
fn a_streamed_answer_comes_piece_by_piece() {
    let (mut room, _) = room_with(async {
        let mut answer = fetch("http://a").streamed().await.expect("it is answered");
        tell(format!("status {}", answer.status));
        while let Some(piece) = answer.next().await {
            tell(piece.map_or_else(|failure| failure.detail, |piece| String::from_utf8_lossy(&piece).into_owned()));
        }
        assert_eq!(StreamExt::next(&mut answer).await, None, "a stream of the futures crate, which stays at its end");
        tell("end");
    });
    room.answers(1, head());
    room.sends_body(1, BodyPart::Piece(b"one".to_vec()));
    room.sends_body(1, BodyPart::Piece(b"two".to_vec()));
    assert_eq!(room.app.told[1..], ["status 200", "one", "two"]);
    room.sends_body(1, BodyPart::Failed(timed_out()));
    assert_eq!(room.app.told[4..], ["too late", "end"]);
}

#[test]
fn pieces_wait_for_a_task_that_is_busy() {
    let (mut room, _) = room_with(async {
        let answer = fetch("http://a").streamed().await.expect("it is answered");
        sleep(Duration::from_millis(5)).await;
        let pieces: Vec<_> = answer.map(|piece| piece.expect("it comes")).collect().await;
        tell(format!("{pieces:?}"));
    });
    room.answers(1, head());
    for piece in [vec![1], vec![2]] {
        room.sends_body(1, BodyPart::Piece(piece));
    }
    room.sends_body(1, BodyPart::End);
    assert_eq!(room.app.told.len(), 1);
    room.wait(Duration::from_millis(5));
    assert_eq!(room.app.told[1..], ["[[1], [2]]"]);
}

#[test]
fn sleeps_end_in_the_order_of_their_times() {
    let (mut room, ann) = room_with(async {
        sleep(Duration::from_millis(20)).await;
        tell("late");
    });
    starts(&mut room, ann, async {
        sleep(Duration::from_millis(10)).await;
        tell("early");
        sleep(Duration::ZERO).await;
        tell("another event");
    });
    room.wait(Duration::from_millis(15));
    assert_eq!(room.app.told[2..], ["early", "another event"]);
    room.wait(Duration::from_millis(5));
    assert_eq!(room.app.told[4..], ["late"]);
}

#[test]
fn a_dropped_request_or_sleep_is_given_up() {
    let (mut room, ann) = room_with(async {
        match select(fetch("http://slow"), sleep(Duration::from_millis(5))).await {
            Either::Left(_) => tell("answered"),
            Either::Right(_) => tell("too late"),
        }
        drop(fetch("http://never awaited"));
        let mut answer = fetch("http://streamed").streamed().await.expect("it is answered");
        answer.next().await;
    });
    room.wait(Duration::from_millis(5));
    assert_eq!(room.app.told[1..], ["too late"]);
    assert_eq!(room.requests().iter().map(|(id, asked)| (*id, asked.url.as_str())).collect::<Vec<_>>(), [(2, "http://streamed")]);
    room.answers(2, head());
    assert_eq!(room.requests().len(), 1);
    room.sends_body(2, BodyPart::Piece(vec![1]));
    assert!(room.requests().is_empty(), "the rest is not wanted");
    starts(&mut room, ann, async {
        let _ = select(sleep(Duration::from_millis(1)), sleep(Duration::from_secs(1))).await;
    });
    room.wait(Duration::from_millis(1));
    assert_eq!(crate::fake::with(|room| room.timers.len()), 0);
}

#[test]
fn an_aborted_task_is_dropped_with_its_requests() {
    let (mut room, ann) = room_with(async {
        fetch("http://a").await.ok();
        tell("never");
    });
    room.app.started[0].abort();
    room.app.started[0].abort();
    assert!(room.requests().is_empty());
    let own = Rc::new(RefCell::new(None::<Task>));
    let inside = own.clone();
    starts(&mut room, ann, async move {
        sleep(Duration::ZERO).await;
        inside.take().expect("the test has put it there").abort();
        tell("up to the next wait");
        sleep(Duration::ZERO).await;
        tell("never");
    });
    own.replace(room.app.started.pop());
    room.wait(Duration::from_millis(1));
    assert_eq!(room.app.told[2..], ["up to the next wait"]);
}

#[test]
fn combinators_of_the_futures_crate_work() {
    let (mut room, ann) = room_with(async {
        let (first, second) = join(fetch("http://a"), fetch("http://b")).await;
        tell(format!("{} {}", first.expect("it is answered").text(), second.expect("it is answered").text()));
    });
    room.answers(2, answer("b"));
    room.answers(1, answer("a"));
    starts(&mut room, ann, async {
        let mut all: FuturesUnordered<_> = ["http://c", "http://d"].map(fetch).into_iter().collect();
        while let Some(response) = all.next().await {
            tell(response.expect("it is answered").text());
        }
    });
    room.answers(4, answer("d"));
    room.answers(3, answer("c"));
    assert_eq!(room.app.told, ["handled start", "a b", "handled start", "d", "c"]);
}

#[test]
fn a_handler_wakes_a_task_in_its_own_event() {
    let waiting = Rc::new(RefCell::new((None::<Waker>, false)));
    let task = waiting.clone();
    let (mut room, ann) = room_with(async move {
        std::future::poll_fn(|context| {
            let (waker, is_due) = &mut *task.borrow_mut();
            *waker = Some(context.waker().clone());
            if *is_due { Poll::Ready(()) } else { Poll::Pending }
        })
        .await;
        tell("woken");
    });
    room.says(ann, "nothing");
    assert_eq!(room.app.told.len(), 2);
    waiting.borrow_mut().1 = true;
    let waker = waiting.borrow().0.clone().expect("the task waits");
    // Waking twice, and from another thread, runs it once.
    waker.wake_by_ref();
    std::thread::spawn(move || waker.wake()).join().expect("it wakes");
    room.says(ann, "something");
    assert_eq!(room.app.told[2..], ["handled something", "woken"]);
}

#[test]
fn requests_and_timers_of_handlers_and_of_tasks_do_not_mix() {
    let (mut room, _) = room_with(async {
        let asked = fetch("http://task").context("not told").await;
        tell(format!("task {}", asked.expect("it is answered").text()));
        sleep(Duration::from_millis(2)).await;
        tell("slept");
    });
    http::fetch(&Request::get("http://handler"), "mine").expect("it can be sent");
    http::fetch(&Request::get("http://handler").stream(), "mine").expect("it can be sent");
    control::set_timer(Duration::from_millis(1), b"mine").expect("a timer can be set");
    room.answers(2, answer("two"));
    room.answers(3, head());
    room.sends_body(3, BodyPart::End);
    room.answers(1, answer("one"));
    room.wait(Duration::from_millis(2));
    assert_eq!(
        room.app.told[1..],
        ["orphan 2 mine two", "orphan 3 mine ", "orphan 3 BodyPart::End", "task one", "timer mine", "slept"]
    );
}

#[test]
fn answers_for_an_earlier_instance_are_orphans_and_its_sleeps_are_forgotten() {
    let (mut room, ann) = room_with(async {
        let _ = join(fetch("http://whole").context("for ann"), sleep(Duration::from_millis(1))).await;
        tell("never");
    });
    starts(&mut room, ann, async {
        let mut answer = fetch("http://streamed").streamed().await.expect("it is answered");
        answer.next().await;
    });
    room.answers(2, head());
    room.restarts();
    room.answers(1, answer("at last"));
    room.sends_body(2, BodyPart::End);
    room.wait(Duration::from_millis(1));
    assert_eq!(room.app.told, ["orphan 1 for ann at last", "orphan 2 BodyPart::End"]);
}

#[test]
fn a_task_that_fails_takes_no_other_one_along() {
    let (mut room, ann) = room_with(async {
        sleep(Duration::from_millis(2)).await;
        tell("the other one");
    });
    let failed = catch_unwind(AssertUnwindSafe(|| {
        starts(&mut room, ann, async {
            let _given_up = fetch("http://a");
            panic!("the test asked for it");
        });
    }));
    assert!(failed.is_err());
    room.says(ann, "still here");
    room.wait(Duration::from_millis(2));
    assert_eq!(room.app.told, ["handled still here", "the other one"], "a component would be a new instance");
}

#[test]
fn the_app_is_reached_from_tasks_alone_and_once_at_a_time() {
    let _room = Room::<Host>::new();
    let reach = |reach: fn()| {
        catch_unwind(reach)
            .expect_err("it panics")
            .downcast::<String>()
            .map_or_else(|other| other.downcast_ref::<&str>().copied().unwrap_or("?").to_owned(), |text| *text)
    };
    assert!(reach(|| tell("outside")).starts_with("with_app is for tasks alone"));
    let nested = reach(|| drop(room_with(async { with_app(|_: &mut Host| tell("nested")) })));
    assert!(nested.starts_with("with_app is for tasks alone"), "{nested}");
    #[derive(Default)]
    struct Other;
    impl App for Other {}
    let other = reach(|| drop(room_with(async { with_app(|_: &mut Other| ()) })));
    assert!(other.ends_with("tests::the_app_is_reached_from_tasks_alone_and_once_at_a_time::Other"), "{other}");
}

#[test]
fn a_task_that_could_not_hear_of_its_answer_fails_with_the_name_of_the_export() {
    static DEAF: Access = Access { lend: |_| (), exports: &["Timers"] };
    let failed = catch_unwind(|| access::lent(&DEAF, || access::require("Responses"))).expect_err("it panics");
    let text = failed.downcast::<String>().expect("the panic has a text");
    assert!(text.ends_with("name Responses in `export!`"), "{text}");
    access::lent(&DEAF, || access::require("Timers"));
}

#[test]
fn a_task_spawns_tasks_and_the_end_of_the_thread_drops_those_that_wait() {
    std::thread::spawn(|| {
        let (room, _) = room_with(async {
            spawn(async {
                tell("inner");
                let _ = join(fetch("http://a"), sleep(Duration::from_secs(1))).await;
            });
            tell("outer");
        });
        assert_eq!(room.app.told, ["handled start", "outer", "inner"]);
    })
    .join()
    .expect("nothing fails at the end of the thread");
}
