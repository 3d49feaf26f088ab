"""The name of this room, and messages to other rooms.

    from ws_host_guest import rooms

    rooms.send("/lobby", f"{rooms.name()} has ended")

Rooms share nothing. A message leaves when the handler has returned, and arrives at the other room's `App.on_event`. Messages from one
room to another keep their order.
"""

from __future__ import annotations

from . import _host, fit
from .values import Message, Status


def name() -> str:
    """Returns the name of this room. With one room for each path it is the path, such as `/room/blue`; with one room for all it is `main`.
    A room of a single client has no name: the text is empty."""
    return _host.rooms.name()  # type: ignore[no-any-return]


def send(room: str, message: Message, *, create: bool = False) -> Status:
    """Sends a message to a room: a `str` as text, `bytes` as binary. A room that is asleep opens for it.

    With `create`, a room that does not exist begins with this message, as with a first client. Otherwise the status is `NO_SUCH_ROOM`.
    """
    try:
        _host.rooms.send(fit.text(room), fit.message(message), _host.rooms.RoomOptions(create=bool(create)))
    except _host.Err as error:
        return Status[error.value.name]
    return Status.OK
