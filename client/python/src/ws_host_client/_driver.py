"""The task of a socket: one line after the other."""

from __future__ import annotations

import asyncio
import inspect
import random
from collections import deque
from dataclasses import dataclass, field
from typing import Any, Awaitable, Callable, Deque, Dict, List, Optional, Set, Tuple, Union

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus, InvalidURI, WebSocketException

from ._line import GIVEN_UP, Line
from ._rules import Backoff, to_websocket, with_session
from ._session import Breach, Session, size, wrap
from ._types import Closed, Data, Status

#: How long the server has for a sign of life, in seconds.
ANSWER = 10.0
#: How long the first welcome may take: the server may be one without sessions, which takes hello for a message.
FIRST_WELCOME = 5.0
#: How long it may wait for a confirmation.
CONFIRM = 1.0
#: A line that lasted so long was a good one: the next attempt is the first again.
GOOD = 5.0
#: How long a client waits after 1013 (try again later).
LATER = 5.0
#: A message is larger than `max_size`.
TOO_BIG = 1009
#: Events that may wait for the application. Beyond them, the socket reads no further.
EVENTS = 16

Url = Union[str, Callable[[], Union[str, Awaitable[str]]]]


@dataclass
class Options:
    """The options of a socket: see ``connect``."""

    resume: bool
    retry: Callable[[Closed], bool]
    min_delay: float
    max_delay: float
    connect_timeout: float
    heartbeat: Optional[float]
    max_buffered: int
    on_status: Optional[Callable[[Status], object]]
    websockets: Dict[str, Any] = field(default_factory=dict)


@dataclass
class Fresh:
    """The server has no state of this client any more."""

    reason: str
    #: The messages that it may have received or not.
    unknown: List[Data]


class Driver:
    """Makes lines, and serves each until its end."""

    def __init__(self, url: Url, options: Options) -> None:
        self._url = url
        self._options = options
        self._resumes = options.resume
        self._session = Session()
        #: Messages that wait for a line to a server without sessions.
        self._waiting: Deque[Data] = deque()
        self._backoff = Backoff(options.min_delay, options.max_delay)
        self._line: Optional[Line] = None
        self._lost_at: Optional[float] = None
        #: The wait that the server has asked for, in seconds.
        self._away: Optional[float] = None
        self._was_online = False
        #: Whether the last line has ended because the server did not answer to hello.
        self._was_silent = False
        self._hurry = asyncio.Event()
        self._leaving: Set[asyncio.Task[None]] = set()
        self.status = Status("connecting")
        #: Set with each status.
        self._told = asyncio.Event()
        #: Set when less waits for the server than before.
        self.room = asyncio.Event()
        self.events: asyncio.Queue[Union[Data, Fresh, Closed]] = asyncio.Queue(EVENTS)
        self.is_closing = False
        #: Whether messages wait for a line before the socket closes.
        self._lingers = False
        self.closed: Optional[Closed] = None

    @property
    def subprotocol(self) -> Optional[str]:
        """The subprotocol of the present line."""
        return self._line.connection.subprotocol if self._line else None

    @property
    def buffered(self) -> int:
        """The bytes that the host has not confirmed, or without sessions that are not written."""
        if self._resumes:
            return self._session.buffered
        return sum(size(message) for message in self._waiting) + (self._line.buffered if self._line else 0)

    def send(self, message: Data) -> None:
        """Sends a message now, or when a line is there."""
        if self._resumes:
            if self._session.send(message) and self._line:
                self._line.put(wrap(message))
        elif self._line and self._line.is_ready:
            self._line.put(message)
        else:
            self._waiting.append(message)

    def reconnect(self) -> None:
        """Tries at once, if the line is away."""
        self._hurry.set()

    async def close(self, code: int, reason: str) -> None:
        """Closes the line behind the messages that wait, also for a line that is being made."""
        self.is_closing = True
        # A reader that waits for room goes on.
        while not self.events.empty():
            self.events.get_nowait()
        self._lingers = self.buffered > 0
        try:
            if self._lingers:
                await asyncio.wait_for(self._attempted(), self._options.connect_timeout)
        except asyncio.TimeoutError:
            return
        finally:
            self._lingers = False
        line = self._line
        if line is None or not line.is_ready:
            return
        try:
            await asyncio.wait_for(line.drained(self.room), ANSWER)
        except asyncio.TimeoutError:
            return
        # It waits for the answer, at most for websockets' `close_timeout`.
        await line.connection.close(code, reason)

    async def _attempted(self) -> None:
        """Waits until the present attempt has succeeded or failed."""
        while self.status.name == "connecting":
            self._told.clear()
            await self._told.wait()

    async def run(self) -> None:
        """Runs until the socket ends."""
        closed = Closed(1006, "closed while no line was there")
        try:
            while True:
                is_over, closed = await self._one_line()
                goes_on = not self.is_closing or self._lingers
                if self._resumes and not self._session.is_answered and goes_on and self._refuses_hello(closed):
                    self._go_without()
                    continue
                if is_over or self.is_closing or not self._options.retry(closed):
                    break
                await self._rest(closed)
        except asyncio.CancelledError:
            closed = Closed(1006, "closed while no line was there")
        except Exception as error:
            closed = Closed(1006, f"{type(error).__name__}: {error}")
            closed.__cause__ = error
        self.closed = closed
        self.room.set()
        self._tell(Status("closed", cause=str(closed)))
        if not self.is_closing:
            await self.events.put(closed)

    async def _one_line(self) -> Tuple[bool, Closed]:
        """Makes a line, and serves it until its end. Returns whether the socket ends with it."""
        self._tell(Status("connecting"))
        self._was_silent = False
        limit = self._now() + self._options.connect_timeout
        try:
            connection = await asyncio.wait_for(self._connect(), self._options.connect_timeout)
        except asyncio.TimeoutError:
            return False, Closed(1006, "the attempt takes too long")
        except Closed as closed:
            return False, closed
        self._line = line = Line(connection)
        reader = asyncio.ensure_future(self._read(line, limit))
        beat, writer = asyncio.ensure_future(self._beat(line)), asyncio.ensure_future(line.write(self.room))
        try:
            # The writer ends before the reader when a close frame waits to be read.
            await asyncio.wait([reader, beat], return_when=asyncio.FIRST_COMPLETED)
            if reader.done():
                return False, reader.result()
            self._leave(line, GIVEN_UP)
            return False, Closed(1006, "the server does not answer")
        except Breach as breach:
            self._leave(line, 1002, str(breach))
            return True, Closed(1002, str(breach))
        finally:
            for task in (reader, beat, writer):
                task.cancel()
            await asyncio.gather(reader, beat, writer, return_exceptions=True)
            if line.confirm:
                line.confirm.cancel()
            self._line = None
            self._session.lost()
            self._lost_at = self._lost_at or self._now()
            self._leave(line, GIVEN_UP)

    async def _address(self) -> str:
        if isinstance(self._url, str):
            return self._url
        try:
            url = self._url()
            return await url if inspect.isawaitable(url) else url
        except Exception as error:
            # The function is called again.
            raise Closed(1006, f"no address: {error}") from error

    async def _connect(self) -> ClientConnection:
        try:
            url = to_websocket(await self._address())
            if self._resumes:
                url = with_session(url, self._session.handle)
            # A server has limits of its own. Behind websockets' default, the same message would break each line anew.
            options = {"ping_interval": None, "open_timeout": None, "max_size": None, **self._options.websockets}
            return await connect(url, **options)
        except InvalidStatus as error:
            raise Closed(1006, str(error), error.response.status_code) from error
        except InvalidURI:
            # It would be as wrong the next time.
            raise
        except (OSError, EOFError, WebSocketException) as error:
            raise Closed(1006, str(error) or type(error).__name__) from error

    async def _rest(self, closed: Closed) -> None:
        self._lost_at = self._lost_at or self._now()
        delay = self._backoff.next(random.random())
        if closed.code == 1013 and self._away is None:
            self._away = LATER
        wait = delay if self._away is None else self._away
        self._away = None
        self._hurry.clear()
        self._tell(Status("away", attempt=self._backoff.attempts, retry_in=wait, cause=str(closed)))
        try:
            await asyncio.wait_for(self._hurry.wait(), wait)
            self._backoff.reset()
        except asyncio.TimeoutError:
            pass

    async def _read(self, line: Line, limit: float) -> Closed:
        good = None
        try:
            if self._resumes:
                line.put(self._session.hello())
                # A late line must not take its server for one without sessions.
                patience = limit - self._now() if self._session.is_answered else FIRST_WELCOME
                first = await asyncio.wait_for(line.connection.recv(), patience)
                await self._begin(line, first)
            else:
                await self._plain(line)
            good = asyncio.get_running_loop().call_later(GOOD, self._backoff.reset)
            while True:
                frame = await line.connection.recv()
                line.hears()
                await self._hear(line, frame)
        except asyncio.TimeoutError:
            self._was_silent = True
            self._leave(line, GIVEN_UP)
            return Closed(1006, "the server does not answer")
        except ConnectionClosed as error:
            if error.rcvd:
                return Closed(error.rcvd.code, error.rcvd.reason)
            if error.sent and error.sent.code == TOO_BIG:
                # The message would come again on the next line.
                return Closed(TOO_BIG, error.sent.reason)
            return Closed(1006, str(error))
        finally:
            if good:
                good.cancel()

    async def _begin(self, line: Line, first: Data) -> None:
        """Takes the first frame of a server."""
        welcome = self._session.welcome(first)
        if welcome is None:
            self._go_without()
            await self._plain(line)
            return await self._deliver(line, first)
        self.room.set()
        for frame in welcome.frames:
            line.put(frame)
        await self._online(line, welcome.fresh, welcome.unknown)

    def _go_without(self) -> None:
        """The server has no sessions: the next line asks for none."""
        self._resumes = False
        self._waiting.extend(self._session.take_waiting())

    async def _plain(self, line: Line) -> None:
        while self._waiting:
            line.put(self._waiting.popleft())
        await self._online(line, "off", [])

    async def _online(self, line: Line, fresh: Optional[str], unknown: List[Data]) -> None:
        """The line is ready. Without a reason the session goes on."""
        line.is_ready = True
        away = 0.0 if self._lost_at is None else self._now() - self._lost_at
        self._lost_at = None
        self._tell(Status("online", resumed=fresh is None, away=away))
        was_online, self._was_online = self._was_online, True
        if fresh is not None and was_online:
            await self._deliver(line, Fresh(fresh, unknown))

    async def _hear(self, line: Line, frame: Data) -> None:
        if not self._resumes:
            return await self._deliver(line, frame)
        kind, rest = self._session.hear(frame)
        if kind == "r":
            self.room.set()
        elif kind == "a" and rest is not None:
            self._away = int(rest) / 1000
        elif kind == "." and rest is not None:
            if self._session.is_confirmation_due:
                self._confirm(line)
            elif line.confirm is None:
                line.confirm = asyncio.get_running_loop().call_later(CONFIRM, self._confirm, line)
            await self._deliver(line, rest)

    def _confirm(self, line: Line) -> None:
        if line.confirm:
            line.confirm.cancel()
        line.confirm = None
        if self._session.is_welcome and self._session.has_news and self._line is line:
            line.put(self._session.confirmation())

    async def _deliver(self, line: Line, event: Union[Data, Fresh]) -> None:
        """Hands an event to the application. While it has no room, the line is not read, and silence means nothing."""
        if self.is_closing:
            return
        line.reads = False
        await self.events.put(event)
        line.reads = True
        line.hears()

    async def _beat(self, line: Line) -> None:
        """Asks for a sign of life after a silence. Returns when the line is dead."""
        silence = self._options.heartbeat
        if not silence:
            await asyncio.Event().wait()
            return
        while True:
            await asyncio.sleep(max(line.heard + silence - self._now(), 0.001))
            if not line.is_ready or not line.reads:
                line.hears()
            if self._now() - line.heard < silence:
                continue
            asked = self._now()
            # With sessions the host itself is asked, since something between may answer pings.
            if self._resumes:
                line.put("p")
                await asyncio.sleep(ANSWER)
            else:
                await line.ping(ANSWER)
            if line.reads and line.heard < asked:
                return

    def _refuses_hello(self, closed: Closed) -> bool:
        """Whether a server without sessions may have refused hello so. Other ends are unrelated to its messages."""
        code = closed.code
        return self._was_silent or code in (1000, 1002, 1003, 1007, 1008, 1009, 1010, 1011) or code >= 3000

    def _leave(self, line: Line, code: int, reason: str = "") -> None:
        task = asyncio.ensure_future(line.leave(code, reason))
        self._leaving.add(task)
        task.add_done_callback(self._leaving.discard)

    def _tell(self, status: Status) -> None:
        self.status = status
        self._told.set()
        if self._options.on_status is None:
            return
        try:
            self._options.on_status(status)
        except Exception as error:
            context = {"message": "on_status has failed", "exception": error}
            asyncio.get_running_loop().call_exception_handler(context)

    @staticmethod
    def _now() -> float:
        return asyncio.get_running_loop().time()
