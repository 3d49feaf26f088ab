"""The socket as the application sees it."""

from __future__ import annotations

import asyncio
from types import TracebackType
from typing import Any, AsyncIterator, Callable, List, Optional, Type, Union

from websockets.uri import parse_uri

from ._driver import Driver, Fresh, Options, Url
from ._rules import comes_back, to_websocket
from ._session import size
from ._types import Closed, Data, Full, Status


def connect(
    url: Url,
    *,
    resume: bool = True,
    retry: Callable[[Closed], bool] = comes_back,
    min_delay: float = 0.5,
    max_delay: float = 30.0,
    connect_timeout: float = 10.0,
    heartbeat: Optional[float] = 15.0,
    max_buffered: int = 1 << 20,
    on_status: Optional[Callable[[Status], object]] = None,
    on_fresh: Optional[Callable[[str, List[Data]], object]] = None,
    **websockets: Any,
) -> Socket:
    """A socket that connects to this address, and comes back to it. It is used with ``async with``.

    ``url``: the address, or a function that gives it for each attempt, which may be async: for tokens that run out. It is called again when
        it fails.
    ``resume``: whether to speak sessions, as ws-host does. Without, messages go out as they are, and those that were on their way when the
        line broke may be lost.
    ``retry``: decides whether the socket comes back after an end.
    ``min_delay``, ``max_delay``: the first wait before an attempt and the longest one, in seconds. Each is twice the one before; half of it
        is random.
    ``connect_timeout``: the seconds that an attempt may take, with the address.
    ``heartbeat``: the seconds of silence after which the server is asked for a sign of life, or None for never. It has 10 s to answer.
    ``max_buffered``: the bytes of messages that may wait until the server has confirmed them, or without sessions until they are written.
    ``on_status``: is called at once with each new status of the line.
    ``on_fresh``: is called when the server has no state of this client any more, with the reason and the messages that may be lost; at the
        place among the messages at which that happens.
    ``max_size``: the largest message that the socket takes, in bytes on the line, or None, the default, for any: the server has a limit of
        its own. A larger one ends the socket with 1009.
    Others, such as ``subprotocols``, ``additional_headers``, ``ssl`` and ``proxy``, go to ``websockets.connect``.
    """
    if isinstance(url, str):
        # A wrong address is told here, and not after many attempts.
        parse_uri(to_websocket(url))
    options = Options(resume, retry, min_delay, max_delay, connect_timeout, heartbeat, max_buffered, on_status, websockets)
    return Socket(url, options, on_fresh)


class Socket:
    """A WebSocket that comes back. An async iterator of its messages."""

    def __init__(self, url: Url, options: Options, on_fresh: Optional[Callable[[str, List[Data]], object]]) -> None:
        self._url = url
        self._options = options
        self._on_fresh = on_fresh
        self._driver: Optional[Driver] = None
        self._task: Optional[asyncio.Task[None]] = None
        self._end: Optional[Closed] = None

    async def __aenter__(self) -> Socket:
        if self._task is not None:
            raise RuntimeError("a socket is used once")
        self._driver = Driver(self._url, self._options)
        self._task = asyncio.ensure_future(self._driver.run())
        return self

    async def __aexit__(
        self, kind: Optional[Type[BaseException]], error: Optional[BaseException], trace: Optional[TracebackType]
    ) -> None:
        await self.close()

    @property
    def status(self) -> Status:
        """The state of the line."""
        return self._running.status

    @property
    def subprotocol(self) -> Optional[str]:
        """The subprotocol that the server has chosen, while a line is there."""
        return self._running.subprotocol

    @property
    def buffered(self) -> int:
        """The bytes that the server has not confirmed, or without sessions that are not written."""
        return self._running.buffered

    async def send(self, message: Union[Data, bytearray, memoryview]) -> None:
        """Sends a message, now or when a line is there. Waits while too much waits already: nothing is dropped silently."""
        while not self._take(message):
            self._running.room.clear()
            await self._running.room.wait()

    def send_nowait(self, message: Union[Data, bytearray, memoryview]) -> None:
        """Sends a message, now or when a line is there. Raises ``Full`` if too much waits already."""
        if not self._take(message):
            raise Full("too much waits for the server already")

    async def recv(self) -> Data:
        """The next message. Raises ``Closed`` when the socket has ended."""
        driver = self._running
        while self._end is None:
            event = await driver.events.get()
            if isinstance(event, Closed):
                self._end = event
            elif not isinstance(event, Fresh):
                return event
            elif self._on_fresh is not None:
                self._on_fresh(event.reason, event.unknown)
        raise self._end

    async def __aiter__(self) -> AsyncIterator[Data]:
        """The messages. Ends when a side has closed with 1000, and raises ``Closed`` otherwise."""
        while True:
            try:
                message = await self.recv()
            except Closed as closed:
                if closed.code == 1000:
                    return
                raise
            yield message

    def reconnect(self) -> None:
        """Tries at once, if the line is away: for an application that knows that the network is back."""
        self._running.reconnect()

    async def close(self, code: int = 1000, reason: str = "") -> None:
        """Ends the session for good: on a line behind the messages that were sent before, and without one at once.

        While a line is being made, messages that wait for it go first, for at most ``connect_timeout``.

        Messages that nobody has read are dropped.
        """
        driver, task = self._running, self._task
        if task is None:
            return
        if not task.done():
            await driver.close(code, reason)
            if driver.status.name != "online":
                task.cancel()
            await asyncio.wait([task], timeout=11)
            task.cancel()
            await asyncio.wait([task])
        self._end = self._end or driver.closed
        # A reader of another task learns it.
        if driver.closed is not None and driver.events.empty():
            driver.events.put_nowait(driver.closed)

    def _take(self, message: Union[Data, bytearray, memoryview]) -> bool:
        driver = self._running
        if driver.closed is not None or driver.is_closing:
            raise driver.closed or Closed(1006, "the socket is closing")
        if not isinstance(message, (str, bytes)):
            message = bytes(message)
        waiting = driver.buffered
        if waiting and waiting + size(message) + 1 > self._options.max_buffered:
            return False
        driver.send(message)
        return True

    @property
    def _running(self) -> Driver:
        if self._driver is None:
            raise RuntimeError("a socket is used with `async with`")
        return self._driver
