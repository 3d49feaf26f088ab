"""Binds the SDK to a room in memory, for `ws_host_guest.testing`."""

from __future__ import annotations

from . import _host, contract
from .fake import Clients, Control, Events, Gate, Lifecycle, State, Store, Topics, Types
from .fake_http import Http
from .fake_replies import Replies
from .fake_rooms import Rooms


def bind(room: State) -> None:
    """Makes the SDK act on this room."""
    _host.clients, _host.topics, _host.control, _host.store = Clients(room), Topics(room), Control(room), Store(room)
    _host.http, _host.replies, _host.rooms = Http(room), Replies(room), Rooms(room)
    _host.types, _host.gate, _host.lifecycle, _host.events = Types, Gate, Lifecycle, Events
    _host.Err = contract.Err  # type: ignore[misc, assignment]
