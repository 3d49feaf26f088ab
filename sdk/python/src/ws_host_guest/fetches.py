"""Requests to HTTP servers, and the coroutines that wait for their answers.

The host sends a request when the event ends that has made it, and tells the answer in an event of its own. A request belongs to
the host: it goes on over a swap and a failure, and then no coroutine waits for its answer, which `App.on_orphan` gets.
"""

from __future__ import annotations

import asyncio
import json as encoder
import sys
from typing import Any, Union
from weakref import WeakValueDictionary

from . import _host, fit, redirects, running
from .redirects import Asked
from .response import Body, FetchError, FetchTimeout, Response
from .values import Headers

_REFUSALS = {
    "limit": "this handler has done as much as one handler may",
    "room-full": "this room has as many requests as it may have at a time: by default 32 (--fetch-room)",
    "total-full": "all rooms together have as many requests as they may have at a time: by default 1,024 (--fetch-total)",
}

_waiting: dict[int, tuple[Asked, asyncio.Future[Response]]] = {}
"""The requests whose answers a coroutine awaits, by their ids."""
_bodies: WeakValueDictionary[int, Body] = WeakValueDictionary()
"""The streamed bodies that the app still holds."""
_has_told = False


async def fetch(
    url: str,
    *,
    method: str | None = None,
    headers: Headers = (),
    body: Union[str, bytes, None] = None,
    json: Any = None,
    timeout: float | None = None,
    stream: bool = False,
    context: bytes = b"",
    follow_redirects: bool = True,
) -> Response:
    """Sends a request to an HTTP server and waits for the answer, while the room handles other events.

    The request leaves when the event ends that makes it, so an exception before the wait takes it back. Each segment between two waits is one
    event: all or nothing.

    The method is GET, or POST with a body. `body` is a `str`, sent in UTF-8, or `bytes`; `json` is a value to send as JSON. With `stream` the
    answer is there when its head is, and `async for piece in response` or `response.lines()` reads its body as it arrives. `timeout` is in
    seconds, for each request that redirects lead to, and for a stream for each of its pieces.
    `context`, up to 64 KiB, comes back in `App.on_orphan` if this instance has ended before the answer.

    Raises `FetchError` if there is no answer, and `FetchTimeout` if it comes too late. An answer with any status is an answer:
    `raise_for_status` tells of errors. When the coroutine is cancelled, also by `asyncio.timeout`, the request is given up.
    """
    asked = _asked(url, method, headers, body, json)
    history: list[Response] = []
    while True:
        response = await _answer(asked, stream, timeout, context)
        response.history = list(history)
        target = redirects.follow(asked, response.status_code, response.headers.get("location")) if follow_redirects else None
        if target is None:
            return response
        response.close()
        if len(history) == redirects.MOST:
            raise FetchError(str(asked), "redirects", f"more than {redirects.MOST} redirects")
        history.append(response)
        asked = target


def _asked(url: str, method: str | None, headers: Headers, body: Union[str, bytes, None], json: Any) -> Asked:
    named, content, kind = fit.pairs(headers), None, None
    if json is not None:
        if body is not None:
            raise TypeError("a request has one body: give body or json")
        content, kind = encoder.dumps(json).encode(), "application/json"
    elif isinstance(body, str):
        content, kind = fit.text(body).encode(), "text/plain; charset=utf-8"
    elif body is not None:
        content = fit.data(body)
    if kind and not any(name.lower() == "content-type" for name, _ in named):
        named.append(("content-type", kind))
    chosen = method or ("GET" if content is None else "POST")
    return Asked(fit.text(chosen).upper(), fit.text(url), named, content)


async def _answer(asked: Asked, stream: bool, timeout: float | None, context: bytes) -> Response:
    """Sends one request, and waits for its answer."""
    loop = asyncio.get_running_loop()
    time = None if timeout is None else fit.microseconds(timeout)
    sent = _host.http.Request(asked.method, asked.url, asked.headers, asked.body, bool(stream), time)
    try:
        id = _host.http.fetch(sent, fit.data(context))
    except _host.Err as error:
        raise _refusal(asked, error.value) from None
    answer: asyncio.Future[Response] = loop.create_future()
    _waiting[id] = asked, answer
    try:
        return await answer
    except asyncio.CancelledError:
        _host.http.cancel(id)
        raise
    finally:
        _waiting.pop(id, None)


def answered(id: int, context: bytes, outcome: Any) -> None:
    """A request has its answer: for the coroutine that waits for it, else for `App.on_orphan`."""
    asked, waiter = _waiting.pop(id, (None, None))
    request = str(asked or "a request of an earlier instance")
    answer = _failed(request, outcome.value) if isinstance(outcome, _host.Err) else _response(id, asked, request, outcome.value)
    if waiter is None:
        _orphan(context, answer)
    else:
        running.resume(lambda: _settle(waiter, answer))


def continued(id: int, context: bytes, part: Any) -> None:
    """A part of a streamed body has come."""
    body = _bodies.get(id)
    if body is not None:
        known = body
        running.resume(lambda: _add(known, part))
        return
    body = _bodies[id] = Body(id, "a request of an earlier instance")
    _add(body, part)
    _orphan(context, body)


def forget() -> None:
    """Forgets the requests of an earlier room, in tests: their ids come again."""
    _waiting.clear()
    _bodies.clear()


def _settle(waiter: asyncio.Future[Response], answer: Union[Response, FetchError]) -> None:
    if waiter.done():
        return
    if isinstance(answer, FetchError):
        waiter.set_exception(answer)
    else:
        waiter.set_result(answer)


def _response(id: int, asked: Asked | None, request: str, head: Any) -> Response:
    streamed = head.body is None
    response = Response(asked.url if asked else "", request, head.status, head.headers, head.body, id if streamed else None)
    if streamed:
        _bodies[id] = response
    return response


def _add(body: Body, part: Any) -> None:
    match fit.case(part):
        case "piece":
            body.add(part.value)
        case "end":
            body.end()
        case _:
            body.end(_failed(body.request, part.value))


def _orphan(context: bytes, answer: Union[Body, FetchError]) -> None:
    """Hands an answer that no coroutine waits for to the app. A body that the app does not keep is given up."""
    global _has_told
    if running.has_handler("on_orphan"):
        running.run("on_orphan", context, answer)
        return
    if not _has_told:
        _has_told = True
        print("an answer has come to a request of an earlier instance, and the app has no on_orphan", file=sys.stderr)
    running.resume(lambda: None)


def _refusal(asked: Asked, why: Any) -> FetchError:
    cause = fit.case(why)
    detail = getattr(why, "value", None) or _REFUSALS.get(cause, cause)
    if cause == "denied":
        server = asked.url.partition("://")[2].split("/")[0].split("?")[0]
        detail += f". The owner of the host allows it with `ws-host run --allow-http {server}`"
    return FetchError(str(asked), cause, detail)


def _failed(request: str, failure: Any) -> FetchError:
    cause = failure.cause.name.lower().replace("_", "-")
    detail = failure.detail
    if cause == "denied":
        detail += ". The owner of the host allows a network with --allow-http-private"
    return (FetchTimeout if cause == "timeout" else FetchError)(request, cause, detail)
