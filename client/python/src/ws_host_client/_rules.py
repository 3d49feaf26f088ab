"""Rules without I/O: when to come back, and where."""

from __future__ import annotations

from ._types import Closed


def comes_back(closed: Closed) -> bool:
    """Whether a socket comes back after this end, by default.

    After some codes another attempt would end the same way: the session is over, or one side refuses the other. 4000 to 4999 are the
    application's.
    """
    if closed.http_status is not None:
        return closed.http_status in (408, 425, 429) or closed.http_status >= 500
    return closed.code not in (1000, 1002, 1003, 1007, 1008, 1009, 1010) and closed.code < 4000


class Backoff:
    """The seconds between attempts: each twice those before, of which half is random, so that clients do not come back all at once."""

    def __init__(self, min_delay: float, max_delay: float) -> None:
        self._min = min_delay
        self._max = max_delay
        #: The number of attempts since the last good line.
        self.attempts = 0

    def next(self, random: float) -> float:
        """The wait before the next attempt. ``random`` is in 0..1."""
        # 2 ** 64 exceeds any longest wait, and a float holds it.
        whole = min(self._max, self._min * float(2 ** min(self.attempts, 64)))
        self.attempts += 1
        return whole * (0.5 + random / 2)

    def reset(self) -> None:
        """The line is a good one, or the application wants an attempt now."""
        self.attempts = 0


def with_session(url: str, handle: str) -> str:
    """The URL with the session's name in its query."""
    url, _, _ = url.partition("#")
    address, question, query = url.partition("?")
    if "/" not in address.partition("://")[2]:
        address += "/"
    return f"{address}?{query}{'&' if query else ''}_resume={handle}"


def to_websocket(url: str) -> str:
    """The URL with the scheme of WebSockets."""
    for scheme in ("http:", "https:"):
        if url.startswith(scheme):
            return "ws" + url[4:]
    return url
