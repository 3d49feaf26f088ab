"""The answer to an HTTP request: its head, and a body that is whole or arrives piece by piece."""

from __future__ import annotations

import asyncio
import codecs
import json
from collections import deque
from http import HTTPStatus
from typing import Any, AsyncIterator, Iterator, Mapping, TypeVar

from . import _host

Self = TypeVar("Self", bound="Body")

MOST_UNREAD = 4 << 20
"""The bytes of a streamed body that may wait to be read. A body past it is given up."""


class FetchError(Exception):
    """A request has no answer, or the rest of a body does not come. `cause` tells programs why, and the text people."""

    def __init__(self, request: str, cause: str, detail: str) -> None:
        super().__init__(f"{request}: {detail}")
        self.cause = cause
        """`invalid`, `denied`, `too-big`, `limit`, `room-full` and `total-full`: nothing was sent. `unresolved`, `unreachable`,
        `tls`: the server has got nothing. `timeout`, `broken` and `interrupted`: it may have handled the request. `redirects`:
        too many of them. `status`: see `StatusError`."""
        self.detail = detail
        """The details in one line, without the method and the URL."""


class FetchTimeout(FetchError, TimeoutError):
    """The answer, or the next piece of a body, has not come in time. A `TimeoutError` too."""


class StatusError(FetchError):
    """The status of an answer is 400 or more: see `Response.raise_for_status`."""

    def __init__(self, request: str, response: Response) -> None:
        super().__init__(request, "status", f"{response.status_code} {response.reason}".rstrip())
        self.response = response
        """The answer."""


class ResponseHeaders(Mapping[str, str]):
    """The headers of an answer. The case of names does not matter, and repeated headers are one with commas."""

    def __init__(self, pairs: list[tuple[str, str]]) -> None:
        self._pairs = pairs

    def __getitem__(self, name: str) -> str:
        if values := self.get_list(name):
            return ", ".join(values)
        raise KeyError(name)

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and bool(self.get_list(name))

    def __iter__(self) -> Iterator[str]:
        return iter(dict(self._pairs))

    def __len__(self) -> int:
        return len(dict(self._pairs))

    def __repr__(self) -> str:
        return f"ResponseHeaders({self._pairs!r})"

    def get_list(self, name: str) -> list[str]:
        """Returns the values of the headers with this name, such as each `set-cookie`."""
        wanted = name.lower()
        return [value for name, value in self._pairs if name == wanted]


class Body:
    """A streamed body: `async for piece in body` gives its bytes as they arrive, and `lines()` its lines.

    Nobody has to read it to the end: a body that is closed, or that no variable holds any more, is given up, and the host closes
    the connection. So is one whose reader is cancelled. One reader at a time.
    """

    def __init__(self, id: int | None, request: str) -> None:
        self._id = id
        self.request = request
        # That of the room, which in a test is not always the latest.
        self._http = _host.http
        self._pieces: deque[bytes] = deque()
        self._unread = 0
        self._is_complete = id is None
        self._error: FetchError | None = None
        self._reader: asyncio.Future[None] | None = None

    def __aiter__(self) -> AsyncIterator[bytes]:
        return self

    async def __anext__(self) -> bytes:
        while not self._pieces:
            if self._error is not None:
                raise self._error
            if self._is_complete:
                raise StopAsyncIteration
            if self._reader is not None:
                raise RuntimeError("another coroutine waits for this body already")
            self._reader = asyncio.get_running_loop().create_future()
            try:
                await self._reader
            except asyncio.CancelledError:
                self.close()
                raise
            finally:
                self._reader = None
        piece = self._pieces.popleft()
        self._unread -= len(piece)
        return piece

    async def __aenter__(self: Self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        self.close()

    def __del__(self) -> None:
        self.close()

    def lines(self) -> AsyncIterator[str]:
        """`async for line in body.lines()`: the lines of a body in UTF-8, each as soon as it is complete, without their ends."""
        return _Lines(self)

    async def read(self) -> bytes:
        """Returns the rest of the body, once all of it has come."""
        return b"".join([piece async for piece in self])

    def close(self) -> None:
        """Gives the body up, if it is not complete."""
        if not self._is_over():
            self._http.cancel(self._id)
            self._error = FetchError(self.request, "closed", "the body was given up before its end")
            self._pieces.clear()
            self._unread = 0

    def _is_over(self) -> bool:
        return self._is_complete or self._error is not None

    def add(self, piece: bytes) -> None:
        """The next bytes have come."""
        if self._unread + len(piece) > MOST_UNREAD:
            self.close()
            detail = f"{MOST_UNREAD} bytes of the body wait to be read. Read it before you wait for something else"
            self._error = FetchError(self.request, "too-big", detail)
        if not self._is_over():
            self._pieces.append(piece)
            self._unread += len(piece)
        self._wake()

    def end(self, error: FetchError | None = None) -> None:
        """The body is complete, or the rest does not come."""
        if not self._is_over():
            self._is_complete = error is None
            self._error = error
        self._wake()

    def _wake(self) -> None:
        if self._reader is not None and not self._reader.done():
            self._reader.set_result(None)


class Response(Body):
    """The answer to a request. Its names are those of requests and httpx."""

    def __init__(
        self, url: str, request: str, status: int, headers: list[tuple[str, str]], content: bytes | None, id: int | None = None
    ) -> None:
        super().__init__(id, request)
        self.url = url
        """The URL that has answered: behind a redirect, the last one."""
        self.status_code = status
        """The status, 200 or more."""
        self.headers = ResponseHeaders(headers)
        """The headers: a mapping in which the case of names does not matter."""
        self.history: list[Response] = []
        """The redirects that led here."""
        self.is_stream = content is None
        """Whether the body arrives piece by piece, because `fetch` has asked for a stream."""
        self._content = content
        if content:
            self._pieces.append(content)
            self._unread = len(content)

    def __repr__(self) -> str:
        return f"<Response {self.status_code} {self.url}>"

    @property
    def reason(self) -> str:
        """The usual words for the status, such as `Not Found`, or the empty string."""
        try:
            return HTTPStatus(self.status_code).phrase
        except ValueError:
            return ""

    @property
    def ok(self) -> bool:
        """Whether the status is below 400."""
        return self.status_code < 400

    @property
    def content(self) -> bytes:
        """The body. That of a stream is there after `await response.read()`."""
        if self._content is None:
            raise RuntimeError("the body is a stream: read it with `async for piece in response`, or first `await response.read()`")
        return self._content

    @property
    def text(self) -> str:
        """The body as text, in the charset that its `content-type` names, else in UTF-8. Other bytes are replaced."""
        try:
            return self.content.decode(self._charset(), "replace")
        except LookupError:
            return self.content.decode("utf-8", "replace")

    def json(self, **options: Any) -> Any:
        """Returns the value of a body in JSON. `options` go to `json.loads`. Raises `ValueError` for other text."""
        return json.loads(self.content, **options)

    def raise_for_status(self) -> Response:
        """Raises `StatusError` if the status is 400 or more. Returns the response otherwise."""
        if not self.ok:
            raise StatusError(self.request, self)
        return self

    async def read(self) -> bytes:
        """Returns the body, once all of it has come. `content`, `text` and `json` have it from then on."""
        if self._content is None:
            self._content = await super().read()
        return self._content

    def _charset(self) -> str:
        for part in self.headers.get("content-type", "").split(";")[1:]:
            name, _, value = part.partition("=")
            if name.strip().lower() == "charset":
                return value.strip().strip('"')
        return "utf-8"


class _Lines:
    """The lines of a body. They end with LF, CR or CRLF, as those of server-sent events do."""

    def __init__(self, body: Body) -> None:
        self._body = body
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._lines: deque[str] = deque()
        self._rest: list[str] = []
        self._follows_cr = False
        self._is_at_end = False

    def __aiter__(self) -> _Lines:
        return self

    async def __anext__(self) -> str:
        while not self._lines:
            if self._is_at_end:
                raise StopAsyncIteration
            try:
                self._split(self._decoder.decode(await self._body.__anext__()))
            except StopAsyncIteration:
                self._split(self._decoder.decode(b"", True))
                self._is_at_end = True
                if last := "".join(self._rest):
                    return last
        return self._lines.popleft()

    def _split(self, text: str) -> None:
        """Adds a piece. The LF of a CRLF may be the first character of the next one."""
        if self._follows_cr and text:
            text, self._follows_cr = text.removeprefix("\n"), False
        self._follows_cr = self._follows_cr or text.endswith("\r")
        first, *others = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
        self._rest.append(first)
        for line in others:
            self._lines.append("".join(self._rest))
            self._rest = [line]
