"""The interface `replies` outside a component: the answers of a room to plain HTTP requests of a test."""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from typing import Any, Callable

from . import contract
from .contract import OpenRequest, ReplyHead, SendStatus
from .fake import Replied, State, refuse

_MOST = 4 << 20
_PIECE = 1 << 20
_OF_THE_HOST = ("connection", "content-length", "date", "transfer-encoding")


class Replies:
    """The interface `replies`."""

    Head = ReplyHead

    def __init__(self, room: State) -> None:
        self._room = room

    def respond(self, id: int, head: ReplyHead, body: bytes) -> None:
        reply = self._find(id, has_begun=False)
        _check(head)
        if len(body) > _MOST:
            refuse(contract.TooBig())
        self._room.replies[id] = Replied(head, body, body, reply.is_slow, True)

    def respond_begin(self, id: int, head: ReplyHead) -> None:
        reply = self._find(id, has_begun=False)
        _check(head)
        self._room.replies[id] = Replied(head, is_slow=reply.is_slow)

    def respond_chunk(self, id: int, piece: bytes) -> SendStatus:
        reply = self._find(id, has_begun=True)
        if len(piece) > _PIECE:
            refuse(contract.TooBig())
        self._room.replies[id] = Replied(reply.head, reply.body + piece, reply.unread + piece, reply.is_slow)
        return SendStatus.BACKPRESSURE if reply.is_slow else SendStatus.QUEUED

    def respond_end(self, id: int) -> None:
        reply = self._find(id, has_begun=True)
        self._room.replies[id] = Replied(reply.head, reply.body, reply.unread, reply.is_slow, True)

    def abort(self, id: int) -> None:
        reply = self._room.replies.get(id)
        if reply is None or reply.has_ended:
            return
        # The host answers in place of an answer that has not begun.
        end = replace(reply, is_cut=True) if reply.head else replace(reply, head=ReplyHead(500, []))
        self._room.replies[id] = replace(end, has_ended=True)

    def list(self) -> list[OpenRequest]:
        return [OpenRequest(id, reply.head is not None) for id, reply in self._room.replies.items() if not reply.has_ended]

    def _find(self, id: int, has_begun: bool) -> Replied:
        reply = self._room.replies.get(id)
        if reply is None or reply.has_ended:
            refuse(contract.NoSuchRequest())
        if (reply.head is not None) != has_begun:
            refuse(contract.WrongOrder())
        return reply


def _check(head: ReplyHead) -> None:
    for name, value in head.headers:
        if name.lower() in _OF_THE_HOST:
            refuse(contract.Invalid(f"the header {name} belongs to the host"))
        if not name or any(ord(letter) < 0x20 and letter != "\t" for letter in name + value):
            refuse(contract.Invalid(f"the header {name!r} has a character that is not allowed"))


@dataclass
class Answered:
    """A plain HTTP request of a test, and the app's answer to it as far as it has come."""

    _room: State
    _id: int
    _tell: Callable[[str, int], None] = field(repr=False)

    @property
    def status(self) -> int | None:
        """The status, or None while no answer has begun."""
        head = self._reply.head
        return head.status if head else None

    @property
    def headers(self) -> dict[str, str]:
        """The headers, names in lower case."""
        head = self._reply.head
        return {name.lower(): value for name, value in head.headers} if head else {}

    @property
    def body(self) -> bytes:
        """The body, as far as it has come."""
        return self._reply.body

    @property
    def text(self) -> str:
        """The body as text."""
        return self.body.decode("utf-8", "replace")

    def json(self) -> Any:
        """Returns the value of a body in JSON."""
        return json.loads(self.body)

    @property
    def is_complete(self) -> bool:
        """Whether the answer has ended, and was not cut."""
        return self._reply.has_ended and not self._reply.is_cut

    @property
    def is_cut(self) -> bool:
        """Whether the answer has begun and failed: its client sees that it is incomplete."""
        return self._reply.is_cut

    def reads(self) -> bytes:
        """Returns the bytes that have come since the last call."""
        reply = self._reply
        self._room.replies[self._id] = replace(reply, unread=b"")
        return reply.unread

    def is_slow(self) -> None:
        """Makes the client one that reads slowly: the app waits behind each piece, until `catches_up`."""
        self._set_slow(True)

    def catches_up(self) -> None:
        """The client has read everything, and reads as fast as others from now on."""
        self._set_slow(False)
        self._tell("on_request_drained", self._id)

    def goes(self) -> None:
        """The client goes before the answer has ended."""
        assert not self._reply.has_ended, "the answer has ended"
        self._room.replies[self._id] = replace(self._reply, has_ended=True)
        self._tell("on_request_gone", self._id)

    @property
    def _reply(self) -> Replied:
        return self._room.replies[self._id]

    def _set_slow(self, is_slow: bool) -> None:
        reply = self._reply
        self._room.replies[self._id] = replace(reply, is_slow=is_slow)
