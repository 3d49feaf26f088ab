"""Answers plain HTTP requests with the results of the app's handler."""

from __future__ import annotations

from contextlib import AsyncExitStack, aclosing
from typing import TYPE_CHECKING, Any, Coroutine

from . import _host, fit, running
from .reply import Answer, HttpRequest, answer

if TYPE_CHECKING:
    from asyncio import Future, Task

PIECE = 256 << 10
"""The most bytes that are sent at once. The host cuts a connection for which 1 MiB waits."""

_REFUSALS = {
    "too-big": "the body is larger than the host allows: by default, 4 MiB",
    "limit": "this handler has done as much as one handler may",
    "wrong-order": "it has been answered already",
}

_open: set[int] = set()
"""The requests that no answer has begun for."""
_tasks: dict[int, Task[Any]] = {}
"""The handlers that wait or send pieces, by the ids of their requests."""
_drains: dict[int, Future[None]] = {}
"""The handlers that wait until a slow client has read, by the ids of their requests."""


def asked(id: int, request: HttpRequest) -> None:
    """A request has come. The result of the app's handler answers it."""
    _open.add(id)
    task = running.run("on_request", request, then=lambda given: _give(id, answer(given)))
    if task is not None and not task.done():
        _tasks[id] = task
        task.add_done_callback(lambda _: _ended(id))
    else:
        _ended(id)


def drained(id: int) -> None:
    """The client of a request has read what was sent."""
    running.resume(lambda: _wake(id))


def gone(id: int) -> None:
    """The client of a request has gone, or the time to answer has passed."""
    _open.discard(id)
    running.resume(lambda: _cancel(id))


def abandon() -> None:
    """Gives the requests up that came to an instance before this one: no handler is left that answers them. A browser's `EventSource` comes again."""
    if running.app is None or "on_request" not in running.app.handlers:
        return
    for request in _host.replies.list():
        # The first event may be a request.
        if request.id not in _open:
            _host.replies.abort(request.id)


running.begins = abandon


def forget() -> None:
    """Forgets the requests of an earlier room, in tests: their ids come again."""
    _open.clear()
    _tasks.clear()
    _drains.clear()


def _ended(id: int) -> None:
    """The handler has ended. With `on_error`, it may have failed before it answered."""
    _tasks.pop(id, None)
    if id in _open:
        _respond(id, Answer(500, [("content-type", "text/plain; charset=utf-8")], b"Internal Server Error\n"))


def _give(id: int, given: Answer) -> Coroutine[Any, Any, None] | None:
    """Answers a request. Returns the coroutine that sends the pieces, if it is answered in pieces."""
    if isinstance(given.body, bytes):
        _respond(id, given)
        return None
    return _stream(id, given)


def _respond(id: int, given: Answer) -> None:
    _open.discard(id)
    _ask("respond", id, _head(given), given.body)


async def _stream(id: int, given: Answer) -> None:
    _open.discard(id)
    if _ask("respond_begin", id, _head(given)) is _GONE:
        return
    pieces: Any = given.body
    async with AsyncExitStack() as stack:
        if hasattr(pieces, "aclose"):
            await stack.enter_async_context(aclosing(pieces))
        try:
            async for piece in pieces:
                content = fit.text(piece).encode() if isinstance(piece, str) else fit.data(piece)
                for start in range(0, len(content), PIECE):
                    if not await _send(id, content[start : start + PIECE]):
                        return
        except BaseException:
            # Its client sees that it is incomplete.
            _host.replies.abort(id)
            raise
        _ask("respond_end", id)


async def _send(id: int, piece: bytes) -> bool:
    """Sends a piece, and waits while the client is slow. Returns False if it has gone."""
    import asyncio

    status = _ask("respond_chunk", id, piece)
    if status is _host.types.SendStatus.BACKPRESSURE:
        _drains[id] = asyncio.get_running_loop().create_future()
        try:
            await _drains[id]
        finally:
            _drains.pop(id, None)
    return status is not _GONE


def _cancel(id: int) -> None:
    if (task := _tasks.get(id)) is not None:
        task.cancel()


def _wake(id: int) -> None:
    waiter = _drains.get(id)
    if waiter is not None and not waiter.done():
        waiter.set_result(None)


_GONE = object()
"""The result of a call for a client that has gone."""


def _ask(call: str, id: int, *arguments: Any) -> Any:
    try:
        return getattr(_host.replies, call)(id, *arguments)
    except _host.Err as error:
        case = fit.case(error.value)
        if case == "no-such-request":
            return _GONE
        detail = getattr(error.value, "value", None) or _REFUSALS.get(case, case)
        raise ValueError(f"the host refuses the answer to a request: {detail}") from None


def _head(given: Answer) -> Any:
    return _host.replies.Head(given.status, given.headers)
