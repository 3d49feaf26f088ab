"""The values that handlers receive and return."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Iterable, Mapping, Tuple, Union

Message = Union[str, bytes]
"""A text message is a `str`, a binary one is `bytes`."""


Headers = Union[Mapping[str, str], Iterable[Tuple[str, str]]]
"""Headers of a response: a mapping, or pairs of a name and a value."""


class Status(Enum):
    """The outcome of a call. It is true if the call was accepted.

    Problems that a client can cause, such as leaving, are reported as a status. An exception would cost the instance.
    """

    OK = "ok"
    """The call takes effect when the handler returns."""
    BACKPRESSURE = "backpressure"
    """Like OK, but the client is slow and its queue long. `App.on_drain` runs when it has caught up."""
    NO_SUCH_CLIENT = "no-such-client"
    """No client of this room has this id: it never existed or has left."""
    CLOSING = "closing"
    """The client's connection is closing."""
    TOO_BIG = "too-big"
    """The message is larger than the host's limit, by default 1 MiB, or the attachment is larger than 16 KiB."""
    LIMIT = "limit"
    """This handler has sent as much as one handler may, or the client has too many topics."""
    INVALID_CODE = "invalid-code"
    """The close code must not be sent. Allowed are 1000 to 1003, 1007 to 1014 and 3000 to 4999."""
    REASON_TOO_LONG = "reason-too-long"
    """The reason for a close is longer than 123 bytes of UTF-8."""
    INVALID_TOPIC = "invalid-topic"
    """The topic's name is empty or longer than 256 bytes."""
    INVALID_NAME = "invalid-name"
    """No room can have this name."""
    NO_SUCH_ROOM = "no-such-room"
    """The room is not open, and nothing is kept of it. `rooms.send(.., create=True)` begins it."""
    FULL = "full"
    """1,024 messages of this room to others, or 16 MiB of them, or 256 MiB of those of all rooms, wait for their receivers. Or the
    data folder is full."""
    TOO_MANY_ROOMS = "too-many-rooms"
    """The room is not open, and the host has as many open as it may have."""

    def __bool__(self) -> bool:
        return self is Status.OK or self is Status.BACKPRESSURE


class CloseCause(Enum):
    """The cause that ended a connection."""

    CLIENT = "client"
    """The client closed it with a close frame."""
    GUEST = "guest"
    """The app closed it with `Client.close`."""
    LOST = "lost"
    """The connection was lost."""
    TIMEOUT = "timeout"
    """The client did not answer in time."""
    PROTOCOL = "protocol"
    """The client broke the protocol, or sent text that is not UTF-8."""
    TOO_BIG = "too-big"
    """The client's message was too big."""
    POLICY = "policy"
    """The client broke a rule of the host."""
    OVERLOAD = "overload"
    """The client read too slowly, and its queue was full."""
    TRAP = "trap"
    """A handler failed on an event of this client."""
    RESTART = "restart"
    """The host restarted."""
    SHUTDOWN = "shutdown"
    """The host shut down, or its owner disconnected the client."""


@dataclass(frozen=True)
class CloseInfo:
    """How a connection ended."""

    code: int
    """The close code: 1005 for a close frame without a code, 1006 for a lost connection."""
    reason: str
    """The reason, or the empty string."""
    clean: bool
    """Whether a close frame ended the connection."""
    cause: CloseCause
    """The cause that ended it."""


@dataclass(frozen=True)
class Source:
    """Where a message from outside of the room comes from: one of the two."""

    room: str | None
    """The name of the room that has sent it, for `rooms.send`."""

    api: str | None
    """The name of the token that somebody has shown to the server's API, or `admin` for its Unix socket."""


@dataclass(frozen=True)
class Request:
    """An upgrade request, for `App.on_upgrade`."""

    address: tuple[str, int]
    """The IP address and the port that the client connects from."""
    path: str
    """The path, still percent-encoded."""
    query: str
    """The part after the `?`, or the empty string."""
    headers: list[tuple[str, str]]
    """The headers in order, names in lower case."""
    subprotocols: list[str]
    """The subprotocols that the client offers, in its order of preference."""
    resumes: bool = False
    """Whether the client names a session of this room, to come back to it. The name is public and proves nothing. With the user and the
    subprotocol of before, the client stays the one that it was, and `Accept.attachment` is ignored; otherwise it is a new client."""

    def header(self, name: str) -> str | None:
        """Returns the value of the first header with this name, in any case, or None."""
        return first(self.headers, name)


@dataclass(frozen=True)
class Accept:
    """Accepts a request."""

    subprotocol: str | None = None
    """One of the subprotocols that it offers, or None."""
    user: str | None = None
    """The name of the client's user, 1 to 256 bytes of UTF-8: `Client.user`, `clients_of_user`."""
    headers: Headers = ()
    """More headers for the response, such as `set-cookie`: up to 64, of 8 KiB in all. Those of the handshake belong to the host."""
    attachment: bytes = b""
    """The client's attachment from the beginning, up to 16 KiB."""


@dataclass(frozen=True)
class Refuse:
    """Answers a request with an HTTP status, 400 to 599. A page in a browser only learns that the request failed."""

    status: int = 403
    headers: Headers = ()
    """Headers of the response."""
    body: str | bytes = b""
    """Its body, up to 64 KiB. Without a `content-type` it is text."""

    def __post_init__(self) -> None:
        if not 400 <= self.status <= 599:
            raise ValueError(f"a request is refused with an HTTP status from 400 to 599, not {self.status}")


@dataclass(frozen=True)
class Close:
    """Accepts a request and closes the connection at once, with a code that a page can read."""

    code: int
    reason: str = ""

    def __post_init__(self) -> None:
        if not 1000 <= self.code <= 4999:
            raise ValueError(f"a close code is 1000 to 4999, not {self.code}")


@dataclass(frozen=True)
class Saved:
    """State that one instance hands to the next."""

    version: str
    """Your name for the format of `data`. A later release uses it to migrate or refuse the state."""
    data: bytes
    """The state, at most 16 MiB."""


class StartRefused(Exception):
    """Raise it in `on_start` to refuse: the swap is called off, or the host does not start. Its text gives the reason."""


class CannotWait(RuntimeError):
    """The event loop has no timer left to wake it. A later turn tries again."""


def first(headers: list[tuple[str, str]], name: str) -> str | None:
    """Returns the value of the first header with this name, in any case."""
    name = name.lower()
    return next((value for key, value in headers if key == name), None)
