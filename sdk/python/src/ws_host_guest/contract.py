"""The values of the contract for a room without a host. In a component, componentize-py makes classes of these shapes."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Any


@dataclass(frozen=True)
class Address:
    """An IP address and a port."""

    ip: str
    port: int


@dataclass(frozen=True)
class ClientRecord:
    """The details of a client."""

    id: int
    address: Address
    path: str
    query: str
    headers: list[tuple[str, str]]
    subprotocol: str | None
    user: str | None


@dataclass(frozen=True)
class RequestRecord:
    """An upgrade request."""

    address: Address
    path: str
    query: str
    headers: list[tuple[str, str]]
    subprotocols: list[str]
    resumes: bool


@dataclass(frozen=True)
class Carrier:
    """A case of a variant, with its value."""

    value: Any


class Text(Carrier):
    """A text message."""


class Binary(Carrier):
    """A binary message."""


class Accepting(Carrier):
    """The gate accepts a request, with this acceptance."""


class Refusing(Carrier):
    """The gate refuses a request with this HTTP response."""


class Closing(Carrier):
    """The gate closes a connection at once with this code and reason."""


@dataclass(frozen=True)
class Acceptance:
    """The terms of an accepted request."""

    subprotocol: str | None
    user: str | None
    headers: list[tuple[str, str]]
    attachment: bytes


@dataclass(frozen=True)
class HttpRefusal:
    """An HTTP response in place of a WebSocket."""

    status: int
    headers: list[tuple[str, str]]
    body: bytes


@dataclass(frozen=True)
class Rejection:
    """A close code and a reason."""

    code: int
    reason: str


@dataclass(frozen=True)
class SavedRecord:
    """State that one instance hands to the next."""

    version: str
    data: bytes


@dataclass(frozen=True)
class TimerOptions:
    """How a timer runs, and how long the host keeps it."""

    repeat: bool
    durable: bool


@dataclass(frozen=True)
class StoreUsage:
    """The size of a store."""

    keys: int
    bytes: int


class StartReason(Enum):
    """The reasons for which an instance starts."""

    FRESH = "fresh"
    SWAP = "swap"
    AFTER_TRAP = "after-trap"
    RESTORED = "restored"
    RECOVERED = "recovered"
    HANDOVER = "handover"
    FAILOVER = "failover"


class SendStatus(Enum):
    """The state of a message that was accepted."""

    QUEUED = 0
    BACKPRESSURE = 1


class Refusal(Enum):
    """The reasons for which the host refuses a call."""

    NO_SUCH_CLIENT = 0
    CLOSING = 1
    INVALID_CODE = 2
    REASON_TOO_LONG = 3
    TOO_BIG = 4
    INVALID_TOPIC = 5
    LIMIT = 6
    INVALID = 7
    KEY_TOO_LONG = 8
    VALUE_TOO_BIG = 9
    INVALID_NAME = 10
    NO_SUCH_ROOM = 11


class Err(Exception):
    """An error that a function of the host returned."""

    def __init__(self, value: Any) -> None:
        super().__init__(value)
        self.value = value


@dataclass(frozen=True)
class RoomOptions:
    """How a message to another room is sent."""

    create: bool


class FromRoom(Carrier):
    """A message of another room comes from the room of this name."""


class FromApi(Carrier):
    """A message comes from outside, through the server's API, with the token of this name."""


class Ok(Carrier):
    """The result of something that has succeeded."""


@dataclass(frozen=True)
class FetchRequest:
    """A request to an HTTP server."""

    method: str
    url: str
    headers: list[tuple[str, str]]
    body: bytes | None
    stream: bool
    timeout_us: int | None


class Invalid(Carrier):
    """A request is refused because it is wrong."""


class Denied(Carrier):
    """A request is refused because the owner of the host does not allow its server."""


class RoomFull:
    """A request is refused because the room has too many of them."""


@dataclass(frozen=True)
class ResponseRecord:
    """The head of an answer, and its body unless that is streamed."""

    status: int
    headers: list[tuple[str, str]]
    body: bytes | None


class FailureCause(Enum):
    """The reasons for which a request has no answer."""

    DENIED = "denied"
    UNRESOLVED = "unresolved"
    UNREACHABLE = "unreachable"
    TLS = "tls"
    TIMEOUT = "timeout"
    BROKEN = "broken"
    TOO_BIG = "too-big"
    INTERRUPTED = "interrupted"


@dataclass(frozen=True)
class Failure:
    """The failure of a request."""

    cause: FailureCause
    detail: str


class Piece(Carrier):
    """The next bytes of a streamed body."""


class End:
    """A streamed body is complete."""


class Failed(Carrier):
    """The rest of a streamed body does not come, with the failure."""


@dataclass(frozen=True)
class HttpRequestRecord:
    """A plain HTTP request to this server."""

    address: Address
    method: str
    path: str
    query: str
    headers: list[tuple[str, str]]
    body: bytes


@dataclass(frozen=True)
class ReplyHead:
    """The status and the headers of an answer."""

    status: int
    headers: list[tuple[str, str]]


@dataclass(frozen=True)
class OpenRequest:
    """A request whose answer is not complete."""

    id: int
    has_begun: bool


class NoSuchRequest:
    """An answer is refused because its client has gone, or has its answer."""


class WrongOrder:
    """An answer is refused because it has begun, or has not."""


class TooBig:
    """An answer is refused because its body is too large."""
