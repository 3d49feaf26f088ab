"""What handlers are given and what they answer."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Union

Message = Union[str, bytes]
"""A text message is a `str`, a binary one is `bytes`."""


class Status(Enum):
    """What became of what was asked for. It is true if it was accepted.

    Nothing that a client may cause raises an exception, because an exception costs the instance: a client that has
    left, or a message that has become too big, is told in this way.
    """

    OK = "ok"
    """It takes effect when the handler returns."""
    BACKPRESSURE = "backpressure"
    """The same, but the client is slow: much waits for it already. `App.on_drain` tells when it has caught up."""
    NO_SUCH_CLIENT = "no-such-client"
    """No client of this room has that id: it never existed or has left."""
    CLOSING = "closing"
    """The client's connection is closing."""
    TOO_BIG = "too-big"
    """The message is larger than 1 MiB, unless the host's owner says otherwise; an attachment, than 16 KiB."""
    LIMIT = "limit"
    """This handler has sent as much as one handler may, or the client has too many topics."""
    INVALID_CODE = "invalid-code"
    """A close code that may not be sent: allowed are 1000 to 1003, 1007 to 1014 and 3000 to 4999."""
    REASON_TOO_LONG = "reason-too-long"
    """The reason for a close is longer than 123 bytes of UTF-8."""
    INVALID_TOPIC = "invalid-topic"
    """A topic's name is empty or longer than 256 bytes."""

    def __bool__(self) -> bool:
        return self is Status.OK or self is Status.BACKPRESSURE


class CloseCause(Enum):
    """What ended a connection."""

    CLIENT = "client"
    """The client closed it with a close frame."""
    GUEST = "guest"
    """`Client.close` did."""
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
    """The client did not read what was sent to it."""
    TRAP = "trap"
    """A handler failed on an event of this client."""
    RESTART = "restart"
    """The host restarts."""
    SHUTDOWN = "shutdown"
    """The host shuts down, or its owner disconnected the client."""


@dataclass(frozen=True)
class CloseInfo:
    """How a connection ended."""

    code: int
    """The close code; 1005 when there was none, 1006 when the connection was lost."""
    reason: str
    """The reason, or the empty string."""
    clean: bool
    """Whether a close frame ended it."""
    cause: CloseCause
    """What ended it."""


@dataclass(frozen=True)
class Request:
    """An upgrade request, for `App.on_upgrade`."""

    address: tuple[str, int]
    """The IP address and the port that it comes from."""
    path: str
    """Its path, percent-encoding untouched."""
    query: str
    """What stands behind the `?`, or the empty string."""
    headers: list[tuple[str, str]]
    """Its headers in their order, names in lower case."""
    subprotocols: list[str]
    """The subprotocols that the client offers, in its order of preference."""

    def header(self, name: str) -> str | None:
        """The first header of that name."""
        return first(self.headers, name)


@dataclass(frozen=True)
class Accept:
    """Lets a request in, with one of the subprotocols that it offered or with none."""

    subprotocol: str | None = None


@dataclass(frozen=True)
class Refuse:
    """Answers a request with an HTTP status, 400 to 599. A browser's page learns no more than that it failed."""

    status: int = 403

    def __post_init__(self) -> None:
        if not 400 <= self.status <= 599:
            raise ValueError(f"a request is refused with an HTTP status from 400 to 599, not {self.status}")


@dataclass(frozen=True)
class Close:
    """Lets a request in and closes it at once, with a code that a page can read."""

    code: int
    reason: str = ""

    def __post_init__(self) -> None:
        if not 1000 <= self.code <= 4999:
            raise ValueError(f"a close code is 1000 to 4999, not {self.code}")


@dataclass(frozen=True)
class Saved:
    """State that one instance hands to the next."""

    version: str
    """Your name for the format of `data`, so that a later release can migrate or refuse it."""
    data: bytes
    """The state, at most 16 MiB."""


class StartRefused(Exception):
    """Raised by `on_start` to refuse: the swap is called off, or the host does not start. Its text says why."""


def first(headers: list[tuple[str, str]], name: str) -> str | None:
    """The value of the first header of that name, in whatever case it is written."""
    name = name.lower()
    return next((value for key, value in headers if key == name), None)
