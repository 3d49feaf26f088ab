"""The clients of this room, and the functions that act on them.

Nothing here touches a socket. A handler's effects take place when it returns, in the order of its calls; if it fails,
none takes place. A handler sees its own changes at once.
"""

from __future__ import annotations

from typing import Any, Iterable, Union

from . import _host, fit
from .room_store import store as store
from .values import Message, Status, first

ClientOrId = Union["Client", int]
"""A client or its id."""

LOOP = b"ws-host-guest sleep"
"""The payload of the timers that drive the event loop."""

_LARGEST_ID = 2**64 - 1
_TIMER_REFUSALS = {
    "LIMIT": "the room has its limit of 10,000 timers and 16 MiB of payloads",
    "INVALID": "a payload over 64 KiB, or a repeat every 0 s",
    "NOT_DURABLE": "this room cannot keep a durable timer",
    "UNAVAILABLE": "the host cannot write to its store at present",
}


class Client:
    """A connected client. Ids are 1, 2, 3, ... on one node, and never used again; two objects with the same id are equal."""

    __slots__ = ("id", "_details")

    id: int
    """The client's id."""

    def __init__(self, id: int, details: Any = None) -> None:
        if type(id) is not int:
            raise TypeError(f"a client's id is an int, not {id!r}")
        self.id = id
        self._details = details

    def __repr__(self) -> str:
        return f"Client({self.id})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Client) and other.id == self.id

    def __hash__(self) -> int:
        return hash(self.id)

    def send(self, message: Message) -> Status:
        """Sends a message: a `str` as text, `bytes` as binary. Messages arrive in the order of the calls."""
        return send(self.id, message)

    def close(self, code: int = 1000, reason: str = "") -> Status:
        """Closes the connection after everything sent before. `on_client_left` follows."""
        return _status(lambda: _host.clients.close(id_of(self.id), _code(code), fit.text(reason)))

    @property
    def is_connected(self) -> bool:
        """Whether the client is still connected."""
        return _known(self.id) and _host.clients.get(self.id) is not None

    @property
    def address(self) -> tuple[str, int]:
        """The IP address and the port that the client connects from."""
        address = self._asked().address
        return (address.ip, address.port)

    @property
    def path(self) -> str:
        """The path of the client's request, still percent-encoded."""
        return self._asked().path  # type: ignore[no-any-return]

    @property
    def query(self) -> str:
        """The part of the request after the `?`, or the empty string."""
        return self._asked().query  # type: ignore[no-any-return]

    @property
    def headers(self) -> list[tuple[str, str]]:
        """The headers of the client's request in order, names in lower case."""
        return self._asked().headers  # type: ignore[no-any-return]

    @property
    def subprotocol(self) -> str | None:
        """The subprotocol of the connection, or None."""
        return self._asked().subprotocol  # type: ignore[no-any-return]

    @property
    def user(self) -> str | None:
        """The name of the client's user, or None if `App.on_upgrade` has given none."""
        return self._asked().user  # type: ignore[no-any-return]

    @property
    def topics(self) -> list[str]:
        """The topics of the client, in the order of their names."""
        return _host.topics.of_client(self.id) if _known(self.id) else []

    def header(self, name: str) -> str | None:
        """Returns the value of the first header with this name, in any case, or None."""
        return first(self.headers, name)

    @property
    def attachment(self) -> bytes | None:
        """The client's attachment, or None. It lives in the host: it survives a swap and a failure."""
        return _host.clients.attachment(self.id) if _known(self.id) else None

    def attach(self, data: bytes) -> Status:
        """Attaches up to 16 KiB and replaces the previous attachment. `b""` removes it."""
        return _status(lambda: _host.clients.set_attachment(id_of(self.id), fit.data(data)))

    @property
    def is_online(self) -> bool:
        """Whether the client has a connection over which messages reach it now. One with a session may be away: `App.on_line_lost`."""
        return _known(self.id) and _host.clients.is_online(self.id)

    @property
    def buffered_amount(self) -> int | None:
        """The number of bytes queued for the client, or None if it has left."""
        return _host.clients.buffered_amount(self.id) if _known(self.id) else None

    def subscribe(self, topic: str) -> Status:
        """Adds the client to a topic, a named group. Topics live in the host: they survive a swap and a failure."""
        return _status(lambda: _host.topics.subscribe(id_of(self.id), fit.text(topic)))

    def unsubscribe(self, topic: str) -> None:
        """Removes the client from a topic. It is no error if the client had not subscribed."""
        if _known(self.id):
            _host.topics.unsubscribe(self.id, fit.text(topic))

    def _asked(self) -> Any:
        """Returns the host's details of the client, and asks the host only once."""
        if self._details is None:
            self._details = _host.clients.get(self.id) if _known(self.id) else None
            if self._details is None:
                raise LookupError(f"client {self.id} has left: its address and request are no longer known")
        return self._details


def clients() -> list[Client]:
    """Returns all members of the room, in the order in which they connected."""
    return [Client(id) for id in _host.clients.list()]


def clients_of_user(user: str) -> list[Client]:
    """Returns the members with this user, in the order in which they connected. `App.on_upgrade` names users."""
    return [Client(id) for id in _host.clients.of_user(fit.text(user))]


def count() -> int:
    """Returns the number of members."""
    return _host.clients.count()  # type: ignore[no-any-return]


def send(to: ClientOrId, message: Message) -> Status:
    """Sends a message to one client."""
    try:
        sent = _host.clients.send(id_of(to), fit.message(message))
    except _host.Err as error:
        return Status[error.value.name]
    return Status.OK if sent is _host.types.SendStatus.QUEUED else Status.BACKPRESSURE


def broadcast(message: Message, *, exclude: Iterable[ClientOrId] = ()) -> Status:
    """Sends a message to every member of the room except those in `exclude`. It never waits for a slow client."""
    return _status(lambda: _host.clients.broadcast(fit.message(message), _ids(exclude)))


def publish(topic: str, message: Message, *, exclude: Iterable[ClientOrId] = ()) -> Status:
    """Sends a message to the subscribers of a topic except those in `exclude`."""
    return _status(lambda: _host.topics.publish(fit.text(topic), fit.message(message), _ids(exclude)))


def subscribers(topic: str) -> list[Client]:
    """Returns the subscribers of a topic, in the order of their ids."""
    return [Client(id) for id in _host.topics.subscribers(fit.text(topic))]


def deny_new_clients() -> None:
    """Refuses new clients with HTTP status 503 from now on. Connected clients stay."""
    _host.control.deny_new_clients()


def allow_new_clients() -> None:
    """Accepts new clients again, after `deny_new_clients`."""
    _host.control.allow_new_clients()


def set_timer(seconds: float, payload: bytes = b"", *, repeat: bool = False, durable: bool = False) -> int:
    """Calls `App.on_timer` with this payload after `seconds`, or every `seconds` if `repeat`. Returns the timer's id.

    A repeating timer is exact on average: `1 / 60` gives 60 calls a second. Timers live in the host: they survive a swap
    and a failure, and a `durable` one also the end of the room and of the host. Delays are rounded up to microseconds.
    Raises `ValueError` if the room has too many timers, if the payload is larger than 64 KiB, if a repeating timer's delay
    is 0, or if the room cannot keep a durable timer.
    """
    host_sets_timer = _host.control.set_timer
    options = _host.control.TimerOptions(repeat=bool(repeat), durable=bool(durable))
    try:
        return host_sets_timer(fit.microseconds(seconds), options, fit.data(payload))  # type: ignore[no-any-return]
    except _host.Err as error:
        raise ValueError(f"the timer was refused: {_TIMER_REFUSALS[error.value.name]}") from None


def cancel_timer(id: int) -> None:
    """Cancels a timer. It is no error if the timer has run or never existed."""
    if _known(id):
        _host.control.cancel_timer(id)


def _status(ask: Any) -> Status:
    try:
        ask()
    except _host.Err as error:
        return Status[error.value.name]
    return Status.OK


def id_of(client: ClientOrId) -> int:
    """Returns the id. An impossible one becomes 0, which no client has."""
    id = client.id if isinstance(client, Client) else client
    if not isinstance(id, int):
        raise TypeError(f"expected a client or its id, not {type(id).__name__}")
    return id if 0 <= id <= _LARGEST_ID else 0


def _ids(clients: Iterable[ClientOrId]) -> list[int]:
    return [id_of(client) for client in clients] if clients else []


def _known(id: int) -> bool:
    return 0 <= id <= _LARGEST_ID


def _code(code: int) -> int:
    """Returns the code. One outside u16 becomes 0, which the host refuses like any other invalid code."""
    return code if 0 <= code <= 0xFFFF else 0
