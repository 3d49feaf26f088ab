"""The host's functions outside a component: a room in memory. `fakes` has the others, and binds them."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any, Collection, Iterable, NoReturn, Sequence

from . import contract
from .contract import ClientRecord, FetchRequest, Refusal, ReplyHead, StoreUsage
from .values import Message

GRAIN = 1_000
"""The grain of the host's clock in microseconds. A timer that a timer sets does not run before it has passed."""

_TOPICS_OF_A_CLIENT = 1_024
_TIMERS = 10_000
_TIMER_BYTES = 16 << 20
_PART = 1 << 20


@dataclass
class Timer:
    """A timer that is set. Times are in microseconds."""

    due: int
    every: int | None
    payload: bytes


@dataclass
class Replied:
    """The answer of a room so far. Values are replaced, never changed, so that a failing handler can be taken back."""

    head: ReplyHead | None = None
    body: bytes = b""
    unread: bytes = b""
    is_slow: bool = False
    has_ended: bool = False
    is_cut: bool = False
    """Whether the app has given it up behind its beginning."""


@dataclass
class State:
    """A room, its clients, and everything that the app has done to them."""

    members: dict[int, ClientRecord] = field(default_factory=dict)
    leaver: ClientRecord | None = None
    """The client that is leaving. Its details and its attachment are still known."""
    away: set[int] = field(default_factory=set)
    """The members without a line."""
    heard: dict[int, list[Message]] = field(default_factory=dict)
    """The messages that a client has not heard yet."""
    closed: dict[int, tuple[int, str]] = field(default_factory=dict)
    """The clients that the app has closed, with code and reason."""
    attachments: dict[int, bytes] = field(default_factory=dict)
    topics: dict[str, set[int]] = field(default_factory=dict)
    timers: dict[int, Timer] = field(default_factory=dict)
    last_timer: int = 0
    is_denying: bool = False
    store: dict[str, bytes] = field(default_factory=dict)
    fetches: dict[int, tuple[FetchRequest, bytes]] = field(default_factory=dict)
    """The requests to HTTP servers that have no answer yet, each with its context."""
    unseen: list[int] = field(default_factory=list)
    """Those that the test has not seen."""
    last_fetch: int = 0
    is_denying_http: bool = False
    name: str = "main"
    told: list[tuple[str, Message]] = field(default_factory=list)
    """The messages to other rooms that the test has not seen, each with the name of its room."""
    missing: set[str] = field(default_factory=set)
    """The rooms that do not exist."""
    replies: dict[int, Replied] = field(default_factory=dict)
    """The answers to plain HTTP requests, as far as they have come."""
    last_request: int = 0
    now: int = 0
    """The time since the room was made, in microseconds."""
    is_late: bool = False
    """Whether a timer is running."""

    def copy(self) -> State:
        """Returns a copy, to go back to when a handler fails."""
        return replace(
            self,
            members=dict(self.members),
            heard={id: list(messages) for id, messages in self.heard.items()},
            away=set(self.away),
            closed=dict(self.closed),
            attachments=dict(self.attachments),
            topics={name: set(those) for name, those in self.topics.items()},
            timers=dict(self.timers),
            store=dict(self.store),
            fetches=dict(self.fetches),
            unseen=list(self.unseen),
            told=list(self.told),
            replies=dict(self.replies),
            missing=set(self.missing),
        )

    def go_back(self, to: State) -> None:
        """Becomes as the room was at a copy."""
        vars(self).update(vars(to))

    def give(self, to: Iterable[int], message: Any, excluded: Collection[int] = ()) -> None:
        """Gives a message to those of these clients that are members, not closing and not excluded."""
        for id in to:
            if id in self.members and id not in self.closed and id not in excluded:
                self.heard.setdefault(id, []).append(message.value)

    def knows(self, id: int) -> ClientRecord | None:
        """Returns the details of a member, or of the client that is leaving."""
        if self.leaver is not None and self.leaver.id == id:
            return self.leaver
        return self.members.get(id)


def refuse(why: Any) -> NoReturn:
    """Raises what the SDK gets for a refused call."""
    raise contract.Err(why)


def close_refusal(code: int, reason: str) -> Refusal | None:
    """Returns the reason for which no connection is closed with this code and reason (RFC 6455 §7.4, §5.5), or None."""
    if not (1000 <= code <= 1003 or 1007 <= code <= 1014 or 3000 <= code <= 4999):
        return Refusal.INVALID_CODE
    return Refusal.REASON_TOO_LONG if len(reason.encode()) > 123 else None


class Clients:
    """The interface `clients`."""

    def __init__(self, room: State) -> None:
        self._room = room

    def send(self, to: int, message: Any) -> contract.SendStatus:
        if to not in self._room.members:
            refuse(Refusal.NO_SUCH_CLIENT)
        if to in self._room.closed:
            refuse(Refusal.CLOSING)
        self._room.give([to], message)
        return contract.SendStatus.QUEUED

    def broadcast(self, message: Any, excluded: Sequence[int]) -> None:
        self._room.give(list(self._room.members), message, excluded)

    def close(self, id: int, code: int, reason: str) -> None:
        if why := close_refusal(code, reason):
            refuse(why)
        if id not in self._room.members:
            refuse(Refusal.NO_SUCH_CLIENT)
        self._room.closed.setdefault(id, (code, reason))

    def get(self, id: int) -> ClientRecord | None:
        return self._room.knows(id)

    def list(self) -> list[int]:
        return [*self._room.members]

    def of_user(self, user: str) -> list[int]:  # type: ignore[valid-type]
        return [id for id, client in self._room.members.items() if client.user == user]

    def count(self) -> int:
        return len(self._room.members)

    def is_online(self, id: int) -> bool:
        return id in self._room.members and id not in self._room.closed and id not in self._room.away

    def buffered_amount(self, id: int) -> int | None:
        return 0 if id in self._room.members else None

    def attachment(self, id: int) -> bytes | None:
        return self._room.attachments.get(id) if self._room.knows(id) else None

    def set_attachment(self, id: int, data: bytes) -> None:
        if len(data) > 16 << 10:
            refuse(Refusal.TOO_BIG)
        if id not in self._room.members:
            refuse(Refusal.NO_SUCH_CLIENT)
        if data:
            self._room.attachments[id] = data
        else:
            self._room.attachments.pop(id, None)


class Topics:
    """The interface `topics`."""

    def __init__(self, room: State) -> None:
        self._room = room

    def subscribe(self, id: int, topic: str) -> None:
        if not topic or len(topic.encode()) > 256:
            refuse(Refusal.INVALID_TOPIC)
        if id not in self._room.members or id in self._room.closed:
            refuse(Refusal.NO_SUCH_CLIENT)
        those = self._room.topics.get(topic, set())
        if id not in those and sum(id in others for others in self._room.topics.values()) >= _TOPICS_OF_A_CLIENT:
            refuse(Refusal.LIMIT)
        self._room.topics[topic] = those | {id}

    def unsubscribe(self, id: int, topic: str) -> None:
        self._room.topics.get(topic, set()).discard(id)

    def publish(self, topic: str, message: Any, excluded: Sequence[int]) -> None:
        self._room.give(self.subscribers(topic), message, excluded)

    def subscribers(self, topic: str) -> list[int]:
        return sorted(self._room.topics.get(topic, ()))

    def of_client(self, id: int) -> list[str]:
        return sorted(topic for topic, those in self._room.topics.items() if id in those)


class Control:
    """The interface `control`."""

    TimerOptions = contract.TimerOptions

    def __init__(self, room: State) -> None:
        self._room = room

    def deny_new_clients(self) -> None:
        self._room.is_denying = True

    def allow_new_clients(self) -> None:
        self._room.is_denying = False

    def set_timer(self, delay: int, options: contract.TimerOptions, payload: bytes) -> int:
        room = self._room
        if len(payload) > 64 << 10 or (options.repeat and not delay):
            refuse(Refusal.INVALID)
        held = sum(len(timer.payload) for timer in room.timers.values()) if payload else 0
        if len(room.timers) >= _TIMERS or held + len(payload) > _TIMER_BYTES:
            refuse(Refusal.LIMIT)
        room.last_timer += 1
        due = room.now + (max(delay, GRAIN) if room.is_late else delay)
        room.timers[room.last_timer] = Timer(due, delay if options.repeat else None, payload)
        return room.last_timer

    def cancel_timer(self, id: int) -> None:
        self._room.timers.pop(id, None)


class Store:
    """The interface `store`."""

    def __init__(self, room: State) -> None:
        self._room = room

    def get(self, key: str) -> bytes | None:
        return self._room.store.get(key)

    def set(self, key: str, value: bytes) -> None:
        if len(key.encode()) > 512:
            refuse(Refusal.KEY_TOO_LONG)
        if len(value) > 128 << 10:
            refuse(Refusal.VALUE_TOO_BIG)
        self._room.store[key] = value

    def delete(self, key: str) -> None:
        self._room.store.pop(key, None)

    def clear(self) -> None:
        self._room.store.clear()

    def list(self, prefix: str, after: str | None, limit: int) -> list[tuple[str, bytes]]:
        # Code points sort as their bytes in UTF-8 do.
        keys = sorted(key for key in self._room.store if key.startswith(prefix) and (after is None or key > after))
        part: list[tuple[str, bytes]] = []
        held = 0
        for key in keys[: min(limit, 1000)]:
            held += len(key.encode()) + len(self._room.store[key])
            if part and held > _PART:
                break
            part.append((key, self._room.store[key]))
        return part

    def usage(self) -> StoreUsage:
        sizes = (len(key.encode()) + len(value) for key, value in self._room.store.items())
        return StoreUsage(len(self._room.store), sum(sizes))


class Types:
    """The interface `types`."""

    SendStatus = contract.SendStatus
    Message_Text = contract.Text
    Message_Binary = contract.Binary


class Gate:
    """The values of the interface `gate`."""

    Decision_Accept = contract.Accepting
    Decision_Refuse = contract.Refusing
    Decision_Close = contract.Closing
    Acceptance = contract.Acceptance
    Refusal = contract.HttpRefusal
    Rejection = contract.Rejection


class Events:
    """The values of the interface `events`."""

    Source_Room = contract.FromRoom
    Source_Api = contract.FromApi


class Lifecycle:
    """The values of the interface `lifecycle`."""

    Saved = contract.SavedRecord
