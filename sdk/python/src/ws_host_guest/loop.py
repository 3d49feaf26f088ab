"""The event loop of asyncio in a guest: the room's events and one timer of the room drive it."""

from __future__ import annotations

import asyncio
import heapq
import sys
import threading
import time
from asyncio import events
from collections import deque
from typing import Any, Coroutine, NoReturn

from . import absent, room, traces
from .values import CannotWait

ROUNDS = 100
"""The most times that a turn runs the loop. A coroutine that polls with `sleep(0)` goes on in the next turn."""

_NOTHING = (
    "nothing can wake this loop: no timer is set, and a guest has no network. The file of a guest ends before the first "
    "client connects, so wait in a handler"
)


class Loop(asyncio.BaseEventLoop):
    """A loop without files, sockets, threads and processes. Within handlers it counts as running all the time."""

    _ready: deque[asyncio.Handle]
    _scheduled: list[asyncio.TimerHandle]
    _thread_id: int | None
    _timer_cancelled_count: int
    _clock_resolution: float

    def __init__(self) -> None:
        super().__init__()
        self._selector = _Waiting()
        self._timer: int | None = None
        self._when = 0.0

    def enter(self) -> None:
        """Becomes the running loop, for as long as the instance lives."""
        self._thread_id = threading.get_ident()
        sys.set_asyncgen_hooks(firstiter=self._asyncgen_firstiter_hook, finalizer=self._asyncgen_finalizer_hook)  # type: ignore[attr-defined]
        events._set_running_loop(self)

    def leave(self) -> None:
        """The opposite of `enter`."""
        self._thread_id = None
        events._set_running_loop(None)

    def start(self, coroutine: Coroutine[Any, Any, Any]) -> asyncio.Task[Any]:
        """Runs a coroutine until it waits, and returns its task."""
        if sys.version_info >= (3, 12):
            return asyncio.Task(coroutine, loop=self, eager_start=True)
        task = self.create_task(coroutine)
        self._run_once()
        return task

    def finish(self, task: asyncio.Task[Any]) -> bool:
        """Runs the loop until the task has ended. Returns False if it waits for a timer or for an event of the room."""
        for _ in range(ROUNDS):
            if task.done() or not self._ready:
                break
            self._run_once()
        return task.done()

    def turn(self) -> None:
        """Runs what is ready and due, then sets the room's timer for what is due next."""
        for _ in range(ROUNDS):
            if not self._ready and not self._is_due():
                break
            self._run_once()
        self._arm()

    def is_woken_by(self, timer: int) -> bool:
        """Whether this timer, which is due, is the loop's. Those of an earlier instance are not."""
        if timer != self._timer:
            return False
        self._timer = None
        return True

    def _is_due(self) -> bool:
        while self._scheduled and self._scheduled[0].cancelled():
            self._timer_cancelled_count -= 1
            heapq.heappop(self._scheduled)._scheduled = False  # type: ignore[attr-defined]
        return bool(self._scheduled) and self._scheduled[0].when() <= self.time() + self._clock_resolution

    def _arm(self) -> None:
        """Sets the room's timer, unless it is set for that time or an earlier one: then it is set again when it is due."""
        if not self._ready and not self._scheduled:
            return
        now = self.time()
        when = now if self._ready else self._scheduled[0].when()
        if self._timer is not None:
            if self._when <= when:
                return
            room.cancel_timer(self._timer)
        self._when, self._timer = when, None
        try:
            # The difference may be too large by a rounding error, which would be rounded up to a microsecond.
            self._timer = room.set_timer(max(when - now - self._clock_resolution / 2, 0.0), room.LOOP)
        except ValueError as refusal:
            raise CannotWait(f"nothing can wake the coroutines that wait: {refusal}") from None

    def _run_once(self) -> None:
        super()._run_once()  # type: ignore[misc]

    def _process_events(self, event_list: Any) -> None:
        """Nothing comes from files or sockets."""

    def _write_to_self(self) -> None:
        """No other thread can wait in this loop."""

    def default_exception_handler(self, context: dict[str, Any]) -> None:
        """Logs, as Python would, what nobody handles: a task's exception that nobody has asked for, or a callback's."""
        error = context.get("exception")
        source = context.get("task") or context.get("future") or context.get("handle")
        heading = f"{context.get('message', 'an exception in the event loop')}: {source!r}\n"
        traces.log(error, heading) if error else print(heading, end="", file=sys.stderr)

    def run_in_executor(self, executor: Any, func: Any, *args: Any) -> NoReturn:  # type: ignore[override]
        """Raises: a guest has one thread."""
        raise RuntimeError("a guest has one thread, so no function can run in another: call it directly")

    async def getaddrinfo(self, *args: Any, **kwargs: Any) -> NoReturn:
        """Raises: a guest has no network."""
        raise absent.no_network()

    async def getnameinfo(self, *args: Any, **kwargs: Any) -> NoReturn:
        """Raises: a guest has no network."""
        raise absent.no_network()

    async def _make_subprocess_transport(self, *args: Any, **kwargs: Any) -> NoReturn:
        raise OSError("a guest cannot start processes")


class _Waiting:
    """Stands in for the selector. `asyncio.run` waits here; a turn of a room never does."""

    def select(self, timeout: float | None) -> list[Any]:
        if timeout is None:
            raise RuntimeError(_NOTHING)
        if timeout > 0:
            time.sleep(timeout)
        return []

    def close(self) -> None:
        """Nothing is open."""
