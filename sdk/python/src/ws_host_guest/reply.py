"""Plain HTTP requests to this server, and the values that answer them."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any, AsyncIterable, AsyncIterator, Mapping, Union

from . import fit
from .values import Headers, first

Content = Union[str, bytes, "dict[str, Any]", "list[Any]", None, AsyncIterable[Union[str, bytes]]]
"""The content of an answer: text, bytes, a value to send as JSON, nothing, or an async generator of pieces."""

JSON = "application/json"
TEXT = "text/plain; charset=utf-8"
BINARY = "application/octet-stream"
EVENTS = "text/event-stream"


@dataclass(frozen=True)
class HttpRequest:
    """A plain HTTP request, for `App.on_request`. Anybody may ask: check a signature or a secret before you believe it."""

    address: tuple[str, int]
    """The IP address and the port that it comes from."""
    method: str
    """The method, such as `GET`."""
    path: str
    """The path, still percent-encoded."""
    query: str
    """The part after the `?`, or the empty string: `urllib.parse.parse_qs` reads it."""
    headers: list[tuple[str, str]]
    """The headers in order, names in lower case."""
    body: bytes
    """The body, whole."""

    def header(self, name: str) -> str | None:
        """Returns the value of the first header with this name, in any case, or None."""
        return first(self.headers, name)

    @property
    def text(self) -> str:
        """The body as text in UTF-8. Other bytes are replaced."""
        return self.body.decode("utf-8", "replace")

    def json(self) -> Any:
        """Returns the value of a body in JSON. Raises `ValueError` for other text."""
        return json.loads(self.body)


@dataclass(frozen=True)
class Reply:
    """The answer to a request."""

    content: Content = None
    """Text, bytes, a dict or list to send as JSON, nothing, or an async generator whose pieces go out as they come."""
    status: int = 200
    """The status, 200 to 599."""
    headers: Headers = ()
    """The headers: a mapping or pairs. Without a `content-type`, the content decides."""


class EventStream(Reply):
    """Server-sent events, for a browser's `EventSource`: each `str` of an async generator is the data of an event."""

    def __init__(self, events: AsyncIterable[str], headers: Headers = ()) -> None:
        given = [("content-type", EVENTS), ("cache-control", "no-store"), *fit.pairs(headers)]
        super().__init__(_lines(events), 200, given)


async def _lines(events: AsyncIterable[str]) -> AsyncIterator[str]:
    async for data in events:
        lines = data.replace("\r\n", "\n").replace("\r", "\n").split("\n")
        yield "".join(f"data: {line}\n" for line in lines) + "\n"


@dataclass(frozen=True)
class Answer:
    """An answer as the host takes it. The body is bytes, or comes in pieces."""

    status: int
    headers: list[tuple[str, str]]
    body: Union[bytes, AsyncIterable[Union[str, bytes]]]


def answer(given: Any) -> Answer:
    """Returns the answer that a handler has given: a `Reply`, its content alone, or a tuple of content and status in any order."""
    if isinstance(given, tuple):
        status = [part for part in given if type(part) is int]
        content = [part for part in given if type(part) is not int]
        if len(status) != 1 or len(content) != 1:
            raise TypeError(f"on_request must return a Reply, its content, or content and status, not {given!r}")
        given = Reply(content[0], status[0])
    if not isinstance(given, Reply):
        given = Reply(given, 204 if given is None else 200)
    body, kind = _body(given.content)
    headers = fit.pairs(given.headers)
    if kind and not any(name.lower() == "content-type" for name, _ in headers):
        headers.append(("content-type", kind))
    if type(given.status) is not int or not 200 <= given.status <= 599:
        raise ValueError(f"a request is answered with a status from 200 to 599, not {given.status!r}")
    return Answer(given.status, headers, body)


def _body(content: Any) -> tuple[Any, str | None]:
    """Returns the body of a content, and its type."""
    if content is None:
        return b"", None
    if isinstance(content, str):
        return fit.text(content).encode(), TEXT
    if isinstance(content, (bytes, bytearray, memoryview)):
        return bytes(content), BINARY
    if isinstance(content, (Mapping, list)):
        return json.dumps(content).encode(), JSON
    if hasattr(content, "__aiter__"):
        return content, TEXT
    raise TypeError(f"on_request cannot send {type(content).__name__}: return a Reply, str, bytes, dict, list, None or an async generator")
