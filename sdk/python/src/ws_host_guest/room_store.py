"""The store of the room: an ordered map in the host, from keys (`str`) to values (`bytes`).

A write counts when the handler returns, together with what the handler has sent. If the handler fails, nothing is written.
Reads see the handler's own writes and those of all handlers before it.
"""

from __future__ import annotations

from typing import Any, Iterator, MutableMapping

from . import _host

_REFUSALS = {
    "KEY_TOO_LONG": "a key has at most 512 bytes",
    "VALUE_TOO_BIG": "a value has at most 128 KiB",
    "LIMIT": "one handler writes at most 768 KiB, and makes at most 100,000 changes",
    "ROOM_FULL": "the store of this room is full",
    "TOTAL_FULL": "the stores of all rooms together are full",
    "UNAVAILABLE": "the host cannot write to its store at present",
}
_PART = 100


class StoreRefused(Exception):
    """The host does not take a write. Nothing of it was written."""

    def __init__(self, reason: str) -> None:
        super().__init__(_REFUSALS.get(reason, reason))
        self.reason = reason
        """`KEY_TOO_LONG`, `VALUE_TOO_BIG`, `LIMIT`, `ROOM_FULL`, `TOTAL_FULL` or `UNAVAILABLE`."""


class Store(MutableMapping[str, bytes]):
    """The store of the room, as a mapping. Iteration is in the order of the keys' bytes, and reads parts as far as it goes."""

    def __getitem__(self, key: str) -> bytes:
        value = _host.store.get(_key(key))
        if value is None:
            raise KeyError(key)
        return value  # type: ignore[no-any-return]

    def __setitem__(self, key: str, value: bytes) -> None:
        if not isinstance(value, (bytes, bytearray, memoryview)):
            raise TypeError(f"a value of the store is bytes, not {type(value).__name__}: encode it")
        _write(_host.store.set, _key(key), bytes(value))

    def __delitem__(self, key: str) -> None:
        if key not in self:
            raise KeyError(key)
        _write(_host.store.delete, _key(key))

    def __contains__(self, key: object) -> bool:
        return isinstance(key, str) and _host.store.get(_key(key)) is not None

    def __iter__(self) -> Iterator[str]:
        return (key for key, _ in self.entries())

    def __len__(self) -> int:
        return _host.store.usage().keys  # type: ignore[no-any-return]

    def clear(self) -> None:
        """Removes all keys."""
        _write(_host.store.clear)

    def list(self, prefix: str = "", after: str | None = None, limit: int = 1000) -> list[tuple[str, bytes]]:
        """Returns entries whose keys begin with `prefix`, from the first key behind `after` on.

        At most `limit`, at most 1,000, and at most 1 MiB of keys and values; an empty list is the end.
        """
        behind = None if after is None else _key(after)
        entries = _host.store.list(_key(prefix), behind, min(max(limit, 0), 1000))
        return [(key, value) for key, value in entries]

    def entries(self, prefix: str = "") -> Iterator[tuple[str, bytes]]:
        """Returns all entries whose keys begin with `prefix`, read in parts."""
        after = None
        while part := self.list(prefix, after, _PART):
            yield from part
            after = part[-1][0]

    @property
    def size_in_bytes(self) -> int:
        """The bytes of all keys and values."""
        return _host.store.usage().bytes  # type: ignore[no-any-return]


store = Store()
"""The store of the room."""


def _write(call: Any, *arguments: Any) -> None:
    try:
        call(*arguments)
    except _host.Err as error:
        raise StoreRefused(error.value.name) from None


def _key(key: str) -> str:
    if not isinstance(key, str):
        raise TypeError(f"a key of the store is a str, not {type(key).__name__}")
    return key.encode(errors="replace").decode()
