"""The interface `http` outside a component: the requests of a room wait for the answers of a test."""

from __future__ import annotations

import json as encoder
from typing import Any, Callable, Union

from . import contract, fit
from .contract import Failure, FailureCause, FetchRequest, ResponseRecord
from .fake import State, refuse
from .values import Headers

_AT_A_TIME = 32


class Http:
    """The interface `http`."""

    Request = FetchRequest

    def __init__(self, room: State) -> None:
        self._room = room

    def fetch(self, request: FetchRequest, context: bytes) -> int:
        room = self._room
        if not request.url.startswith(("http://", "https://")):
            refuse(contract.Invalid(f"the URL {request.url!r} begins with neither http:// nor https://"))
        if room.is_denying_http:
            server = request.url.partition("://")[2].split("/")[0]
            refuse(contract.Denied(f"this host does not allow requests to {server}: it allows none"))
        if len(room.fetches) >= _AT_A_TIME:
            refuse(contract.RoomFull())
        room.last_fetch += 1
        room.fetches[room.last_fetch] = (request, context)
        room.unseen.append(room.last_fetch)
        return room.last_fetch

    def cancel(self, id: int) -> None:
        self._room.fetches.pop(id, None)


class Asked:
    """A request of the app to an HTTP server, which the test plays. It answers whole (`answers`) or, if the app has asked for a stream,
    in pieces: `begins`, `sends`, `ends`."""

    def __init__(self, room: State, id: int, tell: Callable[[str, int, bytes, Any], None]) -> None:
        request, self.context = room.fetches[id]
        self.method: str = request.method
        self.url: str = request.url
        self.headers: dict[str, str] = {name.lower(): value for name, value in request.headers}
        """The headers, names in lower case."""
        self.body: bytes = request.body or b""
        self.is_stream: bool = request.stream
        self.timeout: float | None = None if request.timeout_us is None else request.timeout_us / 1_000_000
        self._room, self._id, self._tell = room, id, tell
        self._has_begun = self._has_ended = False

    def __repr__(self) -> str:
        return f"<Asked {self.method} {self.url}>"

    def json(self) -> Any:
        """Returns the value of a body in JSON."""
        return encoder.loads(self.body)

    @property
    def is_given_up(self) -> bool:
        """Whether the app has given the request up."""
        return not self._has_ended and self._id not in self._room.fetches

    def answers(self, body: Union[str, bytes] = b"", *, json: Any = None, status: int = 200, headers: Headers = ()) -> None:
        """Answers with this body, or with a value in JSON. A streamed answer comes in one piece."""
        content = encoder.dumps(json).encode() if json is not None else _content(body)
        pairs = fit.pairs(headers)
        if json is not None:
            pairs.append(("content-type", "application/json"))
        if self.is_stream:
            self.begins(status=status, headers=pairs)
            if content and not self.is_given_up:
                self.sends(content)
            if not self.is_given_up:
                self.ends()
        else:
            self._hear("on_response", contract.Ok(_head(status, pairs, content)), is_last=True)

    def begins(self, *, status: int = 200, headers: Headers = ()) -> None:
        """Sends the head of a streamed answer."""
        assert self.is_stream and not self._has_begun, f"{self!r} is no request for a stream, or its answer has begun"
        self._has_begun = True
        self._hear("on_response", contract.Ok(_head(status, fit.pairs(headers), None)))

    def sends(self, piece: Union[str, bytes]) -> None:
        """Sends the next piece of a streamed body."""
        self._hear("on_body", contract.Piece(_content(piece)))

    def ends(self) -> None:
        """Ends a streamed body."""
        self._hear("on_body", contract.End(), is_last=True)

    def fails(self, cause: str = "broken", detail: str = "the connection has ended") -> None:
        """Ends without an answer, or in the middle of a streamed body. `cause` is one of the contract, such as `timeout`."""
        failure = Failure(FailureCause(cause), detail)
        if self._has_begun:
            self._hear("on_body", contract.Failed(failure), is_last=True)
        else:
            self._hear("on_response", contract.Err(failure), is_last=True)

    def _hear(self, event: str, told: Any, is_last: bool = False) -> None:
        assert self._id in self._room.fetches, f"{self!r} is answered already, or the app has given it up"
        if is_last:
            del self._room.fetches[self._id]
            self._has_ended = True
        self._tell(event, self._id, self.context, told)


def _content(body: Union[str, bytes]) -> bytes:
    return body.encode() if isinstance(body, str) else fit.data(body)


def _head(status: int, headers: list[tuple[str, str]], body: bytes | None) -> ResponseRecord:
    return ResponseRecord(status, [(name.lower(), value) for name, value in headers], body)
