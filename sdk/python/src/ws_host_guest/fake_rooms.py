"""The interface `rooms` outside a component: a test sees the messages to other rooms."""

from __future__ import annotations

from typing import Any

from . import contract
from .contract import Refusal
from .fake import State, refuse


class Rooms:
    """The interface `rooms`."""

    RoomOptions = contract.RoomOptions

    def __init__(self, room: State) -> None:
        self._room = room

    def name(self) -> str:
        return self._room.name

    def send(self, room: str, message: Any, options: contract.RoomOptions) -> None:
        if not room:
            refuse(Refusal.INVALID_NAME)
        if room in self._room.missing and not options.create:
            refuse(Refusal.NO_SUCH_ROOM)
        self._room.missing.discard(room)
        self._room.told.append((room, message.value))
