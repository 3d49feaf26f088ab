"""The client's side of a session that outlives its lines, without I/O. docs/resume.md of ws-host describes the protocol."""

from __future__ import annotations

import re
from collections import deque
from dataclasses import dataclass, field
from typing import Deque, List, Optional, Tuple

from ._types import Data

CONFIRM_MESSAGES = 32
CONFIRM_BYTES = 16384
_WELCOME = re.compile(r"w1 ([A-Za-z0-9._~-]{1,64}) ([0-9a-f]{32}) ([0-9]{1,20}) [0-9]{1,20} (?:resumed|fresh (\S+))")
_NUMBER = re.compile(r"[0-9]{1,20}")
#: A client takes a reason that it does not know for ``unknown``.
_REASONS = ("new", "unknown", "expired", "too-much", "failed", "changed", "off")


class Breach(Exception):
    """The host has broken the protocol. It shows as ``Closed`` with code 1002."""


@dataclass
class Welcome:
    """The outcome of a welcome."""

    #: Why the session begins anew, if it does.
    fresh: Optional[str]
    #: What the line carries first.
    frames: List[Data]
    #: Messages of the session before that the host may have received or not.
    unknown: List[Data] = field(default_factory=list)


def wrap(message: Data) -> Data:
    """Puts the byte of an application's message in front."""
    return "." + message if isinstance(message, str) else b"." + message


def size(message: Data) -> int:
    """The bytes of a message."""
    return len(message.encode()) if isinstance(message, str) else len(message)


class Session:
    """A session, as its client knows it. Messages may be sent at any time; those that no line has carried wait for the next one."""

    def __init__(self) -> None:
        #: The name for the next line's URL.
        self.handle = "new"
        self.is_welcome = False
        #: Whether the server has ever answered to hello.
        self.is_answered = False
        #: The bytes of the messages that the host has not confirmed.
        self.buffered = 0
        self._token = "-"
        #: Messages that lines have carried and the host has not confirmed.
        self._sent: Deque[Tuple[Data, int]] = deque()
        #: The number of the last message that the host has confirmed.
        self._confirmed = 0
        #: Messages that no line has carried.
        self._waiting: Deque[Tuple[Data, int]] = deque()
        self._received = 0
        self._told = 0
        self._bytes = 0

    def hello(self) -> str:
        """The first message for a new line."""
        self.is_welcome = False
        return f"h1 {self._token} {self._received}"

    def send(self, message: Data) -> bool:
        """Keeps a message. Returns whether the line carries it now."""
        # The byte in front counts, since an empty message takes memory too.
        bytes_ = size(message) + 1
        self.buffered += bytes_
        (self._sent if self.is_welcome else self._waiting).append((message, bytes_))
        return self.is_welcome

    def welcome(self, frame: Data) -> Optional[Welcome]:
        """Takes a welcome. Returns ``None`` for anything else: a server of another kind has taken hello for a message."""
        found = _WELCOME.fullmatch(frame) if isinstance(frame, str) else None
        if found is None and self.is_answered:
            raise Breach("the host sends a message before its welcome")
        if found is None:
            return None
        handle, token, received, fresh = found.groups()
        unknown: List[Data] = []
        if fresh is not None:
            fresh = fresh if fresh in _REASONS else "unknown"
            unknown = self._forget(self._sent)
            self._confirmed = self._received = 0
        elif self._token == "-":
            raise Breach("the host resumes a session that never was")
        else:
            self._confirm(int(received))
        self.handle, self._token, self.is_welcome, self.is_answered = handle, token, True, True
        self._sent.extend(self._waiting)
        self._waiting.clear()
        return Welcome(fresh, [self.confirmation(), *(wrap(message) for message, _ in self._sent)], unknown)

    def hear(self, frame: Data) -> Tuple[str, Optional[Data]]:
        """Takes a frame behind the welcome. Returns its kind, and the message of the application or the milliseconds to stay away."""
        if isinstance(frame, bytes):
            if frame[:1] != b".":
                raise Breach("the host sends a binary message of no known kind")
            return self._message(frame[1:], len(frame) - 1)
        kind, rest = frame[:1], frame[1:]
        if kind == ".":
            return self._message(rest, size(rest))
        if kind not in ("r", "a", "q", "w") or len(frame) > 256:
            raise Breach("the host sends a message of no known kind")
        if kind == "w":
            raise Breach("the host agrees on the session a second time")
        if kind != "q" and not _NUMBER.fullmatch(rest):
            raise Breach("a message of the session protocol is malformed")
        if kind == "r":
            self._confirm(int(rest))
        return kind, rest

    def confirmation(self) -> str:
        """Tells the host what was received."""
        self._told, self._bytes = self._received, 0
        return f"r{self._received}"

    @property
    def has_news(self) -> bool:
        """Whether the host does not know of all that was received. It is told within a second or two."""
        return self._received > self._told

    @property
    def is_confirmation_due(self) -> bool:
        """Whether the host is told now."""
        return self._received - self._told >= CONFIRM_MESSAGES or self._bytes >= CONFIRM_BYTES

    def lost(self) -> None:
        """The line is lost."""
        self.is_welcome = False

    def take_waiting(self) -> List[Data]:
        """Takes the messages that no line has carried: the server speaks no sessions, so that they go out as they are."""
        return self._forget(self._waiting)

    def _message(self, message: Data, bytes_: int) -> Tuple[str, Data]:
        self._received += 1
        self._bytes += bytes_
        return ".", message

    def _confirm(self, number: int) -> None:
        if number > self._confirmed + len(self._sent):
            raise Breach("the host confirms messages that were never sent")
        while self._confirmed < number:
            self.buffered -= self._sent.popleft()[1]
            self._confirmed += 1

    def _forget(self, messages: Deque[Tuple[Data, int]]) -> List[Data]:
        forgotten = [message for message, _ in messages]
        self.buffered -= sum(bytes_ for _, bytes_ in messages)
        messages.clear()
        return forgotten
