"""A room without a host, for the tests of an app. `unittest` and pytest run its handlers with clients of the test.

    from ws_host_guest.testing import Room

    from app import app

    def test_everybody_hears_what_one_says():
        room = Room(app)
        ann, ben = room.join(), room.join()
        room.says(ann, "hello")
        assert room.hears(ben) == ["hello"]

It needs CPython alone, neither `ws-host` nor componentize-py. Handlers run at once, and asyncio runs on a clock that only `Room.wait`
moves. The room keeps the contract's rules for names, codes, closing clients and the store. It has neither slow clients nor the host's
limits. `ws-host test` plays dialogues with the real host.

An exception that a handler raises comes out of the call that ran it. What the handler has sent and written until then is dropped, as in
the host. In place of a fresh instance, the room goes on with the one that it has. If the app has `on_error`, that is called instead.
The exception of a task that nobody awaits comes out too.

The functions of `ws_host_guest`, such as `clients()` and `store`, act on the latest room. The variables of a module stay from one room to the next.
"""

from __future__ import annotations

import asyncio
import atexit
import json as encoder
import sys
from asyncio import events
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Callable, Iterable, Iterator, Mapping, NoReturn, Sequence, TypeVar

from . import contract, entry, fake, fakes, fetches, fit, replies, running, traces
from .app import App
from .fake_http import Asked
from .fake_replies import Answered
from .loop import ROUNDS, Loop
from .room import Client, ClientOrId, id_of
from .values import Close, CloseCause, CloseInfo, Headers, Message, Refuse, Saved, StartRefused

if TYPE_CHECKING:
    from websocket import WebSocketsServer

__all__ = ["Answered", "Asked", "Refused", "Room"]

__tracebackhide__ = True
"""pytest shows no frames of this file."""

Answer = TypeVar("Answer")

GOES = CloseInfo(1005, "", True, CloseCause.CLIENT)
"""The end of a connection that its client closes without a code."""


class Refused(Exception):
    """The room has not let a client in."""

    def __init__(self, decision: Refuse | Close) -> None:
        super().__init__(f"the room does not let the client in: {decision!r}")
        self.decision = decision
        """`Refuse(status)` or `Close(code, reason)`: the decision of `on_upgrade`, or status 503 after `deny_new_clients`."""


class Room:
    """A room with one instance of an app. It takes the place of an earlier one."""

    def __init__(
        self, app: App | WebSocketsServer, *, name: str = "main", reason: str = "fresh", saved: Saved | None = None
    ) -> None:
        """Makes an empty room of this name, and calls `on_start` with this reason and this saved state, if the app has it."""
        self._app: App = app if isinstance(app, App) else app._app
        self._last_id = 0
        self._state = fake.State(name=name)
        _loop.move_to(self._app, self._state)
        fakes.bind(self._state)
        fetches.forget()
        replies.forget()
        start = contract.StartReason(reason)
        try:
            self._call(lambda: entry.Lifecycle().on_start(start, saved))
        except contract.Err as refusal:
            raise StartRefused(refusal.value) from None

    def join(
        self,
        path: str = "/",
        *,
        headers: Mapping[str, str] | Iterable[tuple[str, str]] = (),
        subprotocols: Sequence[str] = (),
        resumes: bool = False,
        address: tuple[str, int] = ("127.0.0.1", 50_000),
    ) -> Client:
        """A client joins over this path, which may have a query. Returns the client, with the id 1, 2, 3, ... Raises `Refused` if the room does not let it in."""
        before, _, query = path.partition("?")
        pairs = headers.items() if isinstance(headers, Mapping) else headers
        named = [(name.lower(), value) for name, value in pairs]
        place = contract.Address(*address)
        request = contract.RequestRecord(place, before, query, named, list(subprotocols), resumes)
        accepted = self._decide(request)
        self._last_id += 1
        client = contract.ClientRecord(self._last_id, place, before, query, named, accepted.subprotocol, accepted.user)
        self._state.members[client.id] = client
        if accepted.attachment:
            self._state.attachments[client.id] = accepted.attachment
        self._call(lambda: entry.Handler().on_new_client(client))
        return Client(client.id)

    def says(self, client: ClientOrId, message: Message) -> None:
        """A client says something, `str` as text and `bytes` as binary. The app does not hear one that has left, or that it has closed."""
        id, carried = id_of(client), fit.message(message)
        self._settle()
        if id in self._state.members:
            self._call(lambda: entry.Handler().on_message(id, carried))

    def leaves(self, client: ClientOrId, info: CloseInfo = GOES) -> None:
        """A client closes its connection, or its connection ends in another way: `CloseInfo(1006, "", False, CloseCause.LOST)`."""
        self._settle()
        self._end(id_of(client), info)

    def goes_away(self, client: ClientOrId) -> None:
        """The connection of a client with a session breaks. It stays a member, and hears what is sent to it when it is back."""
        self._settle()
        id = id_of(client)
        if id in self._state.members and id not in self._state.away:
            self._state.away.add(id)
            self._call(lambda: entry.Presence().on_line_lost(id))

    def comes_back(self, client: ClientOrId) -> None:
        """A client that is away comes back."""
        self._settle()
        id = id_of(client)
        if id in self._state.away:
            self._state.away.remove(id)
            self._call(lambda: entry.Presence().on_line_back(id))

    def hears(self, client: ClientOrId) -> list[Message]:
        """Returns the messages that a client has received since the last call."""
        return self._state.heard.pop(id_of(client), [])

    def closed(self, client: ClientOrId) -> tuple[int, str] | None:
        """Returns the code and the reason with which the app has closed a client, or None."""
        return self._state.closed.get(id_of(client))

    @property
    def is_admitting(self) -> bool:
        """Whether the room admits new clients."""
        return not self._state.is_denying

    @property
    def denies_http(self) -> bool:
        """Whether the owner of the host allows no requests to HTTP servers. Set it to see what the app does then."""
        return self._state.is_denying_http

    @denies_http.setter
    def denies_http(self, denies: bool) -> None:
        self._state.is_denying_http = denies

    def asked(self) -> list[Asked]:
        """Returns the requests that the app has sent to HTTP servers since the last call. The test plays the servers:

            [question] = room.asked()
            assert question.url == "https://api.example.com/weather"
            question.answers("sunny")
        """
        unseen = [id for id in self._state.unseen if id in self._state.fetches]
        self._state.unseen.clear()
        return [Asked(self._state, id, self._answer) for id in unseen]

    def _answer(self, event: str, id: int, context: bytes, told: Any) -> None:
        """Tells the app of an answer."""
        self._call(lambda: getattr(entry.Responses(), event)(id, context, told))

    def request(
        self,
        method: str,
        path: str = "/",
        *,
        headers: Headers = (),
        body: str | bytes = b"",
        json: Any = None,
        address: tuple[str, int] = ("127.0.0.1", 50_000),
    ) -> Answered:
        """A plain HTTP request comes over this path, which may have a query. Returns the answer, as far as it has come.

            answer = room.request("POST", "/ring", json={"times": 3})
            assert (answer.status, answer.text) == (200, "rung")
        """
        before, _, query = path.partition("?")
        content = body.encode() if isinstance(body, str) else body
        named = [(name.lower(), value) for name, value in fit.pairs(headers)]
        if json is not None:
            content = encoder.dumps(json).encode()
            named.append(("content-type", "application/json"))
        self._state.last_request += 1
        id = self._state.last_request
        self._state.replies[id] = fake.Replied()
        request = contract.HttpRequestRecord(contract.Address(*address), method.upper(), before, query, named, content)
        self._call(lambda: entry.Requests().on_request(id, request))
        return Answered(self._state, id, self._tell_of_request)

    def _tell_of_request(self, event: str, id: int) -> None:
        self._call(lambda: getattr(entry.Requests(), event)(id))

    def sent(self) -> list[tuple[str, Message]]:
        """Returns the messages that the app has sent to other rooms since the last call, each with the name of its room."""
        told = list(self._state.told)
        self._state.told.clear()
        return told

    def lacks(self, name: str) -> None:
        """Makes a room one that does not exist. Otherwise all rooms do."""
        self._state.missing.add(name)

    def hears_from(self, name: str, message: Message) -> None:
        """A room of this name has sent a message."""
        carried = fit.message(message)
        self._call(lambda: entry.Events().on_event(contract.FromRoom(name), carried))

    def hears_from_outside(self, token: str, message: Message) -> None:
        """Somebody has sent an event through the server's API, with the token of this name."""
        carried = fit.message(message)
        self._call(lambda: entry.Events().on_event(contract.FromApi(token), carried))

    def wait(self, seconds: float) -> None:
        """Lets time pass for timers and for asyncio, and runs what becomes due, in the order of the times."""
        room = self._state
        end = room.now + max(round(seconds * 1_000_000), 0)
        while due := [(timer.due, id) for id, timer in room.timers.items() if timer.due <= end]:
            now, id = min(due)
            timer = room.timers.pop(id)
            room.now = max(room.now, now)
            if timer.every is not None:
                room.timers[id] = fake.Timer(timer.due + timer.every, timer.every, timer.payload)
            room.is_late = True
            try:
                self._call(lambda: entry.Timers().on_timer(id, timer.payload))
            finally:
                room.is_late = False
        room.now = end

    def snapshot(self) -> Saved:
        """Returns the state that the app's `snapshot` keeps. `Room(app, reason="swap", saved=..)` gives it to `on_start`."""
        before = self._state.copy()
        kept = self._run(entry.Lifecycle().snapshot)
        self._state.go_back(before)
        return Saved(kept.version, kept.data)

    def _decide(self, request: contract.RequestRecord) -> contract.Acceptance:
        """Returns the acceptance of a request that the room lets in."""
        if self._state.is_denying:
            raise Refused(Refuse(503))
        decision = self._call(lambda: entry.Gate().on_upgrade(request))
        if isinstance(decision, contract.Refusing):
            refusal: contract.HttpRefusal = decision.value
            raise Refused(Refuse(refusal.status, tuple(refusal.headers), refusal.body))
        if isinstance(decision, contract.Closing):
            code, reason = decision.value.code, decision.value.reason
            if why := fake.close_refusal(code, reason):
                raise ValueError(f"on_upgrade returned {Close(code, reason)!r}, which the host does not send: {why.name}")
            raise Refused(Close(code, reason))
        accepted: contract.Acceptance = decision.value
        if accepted.subprotocol is not None and accepted.subprotocol not in request.subprotocols:
            offers = request.subprotocols
            raise ValueError(f"on_upgrade accepts the subprotocol {accepted.subprotocol!r}, and the client offers {offers!r}")
        if accepted.user is not None and not 1 <= len(accepted.user.encode()) <= 256:
            raise ValueError("the name of a user has 1 to 256 bytes")
        if len(accepted.attachment) > 16 << 10:
            raise ValueError("an attachment has at most 16 KiB")
        return accepted

    def _call(self, handler: Callable[[], Answer]) -> Answer:
        """Runs a handler. Then the clients leave that it has closed."""
        answer = self._run(handler)
        self._settle()
        return answer

    def _run(self, handler: Callable[[], Answer]) -> Answer:
        """Runs a handler. If it fails, nothing of it stays."""
        if _loop.room is not self._state:
            raise RuntimeError("a later Room has taken the place of this one: the functions of ws_host_guest act on the latest")
        before = self._state.copy()
        error: BaseException
        try:
            with _instance(self._app):
                answer = handler()
        except _Ended as ended:
            self._state.go_back(before)
            error = ended.error
        except BaseException:
            self._state.go_back(before)
            raise
        else:
            if not _loop.errors:
                return answer
            error = _loop.errors.pop(0)
        raise error.with_traceback(traces.own_frames(error))

    def _settle(self) -> None:
        """Has the clients leave that the app has closed."""
        while closing := [id for id in self._state.closed if id in self._state.members]:
            code, reason = self._state.closed[closing[0]]
            self._end(closing[0], CloseInfo(code, reason, True, CloseCause.GUEST))

    def _end(self, id: int, info: CloseInfo) -> None:
        room = self._state
        leaver = room.members.pop(id, None)
        if leaver is None:
            return
        room.away.discard(id)
        for those in room.topics.values():
            those.discard(id)
        room.leaver = leaver
        try:
            self._call(lambda: entry.Handler().on_client_left(id, info))
        finally:
            room.leaver = None
            room.attachments.pop(id, None)


class _Ended(SystemExit):
    """The end of the instance for an exception. asyncio passes a SystemExit on."""

    def __init__(self, error: Exception) -> None:
        super().__init__(1)
        self.error = error


def _ends(error: Exception) -> NoReturn:
    raise _Ended(error)


class _TestLoop(Loop):
    """The event loop of all rooms: a Queue that a module makes once belongs to the loop that it first waits in."""

    def __init__(self) -> None:
        super().__init__()
        self.app: App | None = None
        self.room = fake.State()
        self.errors: list[BaseException] = []
        """The exceptions that nobody has handled."""
        # Less than what the room's clock can tell apart.
        self._clock_resolution = 0.5e-6

    def time(self) -> float:
        return self.room.now / 1_000_000

    def default_exception_handler(self, context: dict[str, Any]) -> None:
        # Without an exception, it is a task that waited when its room was replaced.
        if error := context.get("exception"):
            self.errors.append(error)

    def move_to(self, app: App, room: fake.State) -> None:
        """Serves another room, after the tasks of the earlier one have ended."""
        if self.app is not None:
            with _instance(self.app):
                self._end_tasks()
        self._ready.clear()
        self._scheduled.clear()
        self._timer_cancelled_count = 0
        self._timer = None
        self.errors.clear()
        self.app, self.room = app, room

    def _end_tasks(self) -> None:
        for task in asyncio.all_tasks(self):
            task.cancel()
        for _ in range(ROUNDS):
            if not self._ready:
                break
            try:
                self._run_once()
            except _Ended:
                pass  # It failed while it ended, and the test that waited for it is over.


@contextmanager
def _instance(app: App) -> Iterator[None]:
    """Within it, the app runs as an instance does. A loop that the test runs in is the running one again behind it."""
    hooks, outer = sys.get_asyncgen_hooks(), events._get_running_loop()
    kept = running.app, running.loop, running.fatal, running._begun
    running.app, running.loop, running.fatal, running._begun = app, _loop, _ends, True
    _loop.enter()
    try:
        yield
    finally:
        _loop.leave()
        running.app, running.loop, running.fatal, running._begun = kept
        events._set_running_loop(outer)
        sys.set_asyncgen_hooks(*hooks)


_loop = _TestLoop()
atexit.register(_loop.close)
running.has_one_app = False
