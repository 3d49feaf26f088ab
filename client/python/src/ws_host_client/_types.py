"""The types that the application sees."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Optional, Union

#: A message: text, or binary.
Data = Union[str, bytes]


class Closed(Exception):
    """The end of a line, or of the socket."""

    def __init__(self, code: int, reason: str = "", http_status: Optional[int] = None) -> None:
        super().__init__(code, reason, http_status)
        #: The close code (RFC 6455 §7.4.1); 1006 if the line ended without one.
        self.code = code
        #: The server's reason, or the cause in one line for people.
        self.reason = reason
        #: The status of the HTTP response that refused an attempt.
        self.http_status = http_status

    def __str__(self) -> str:
        if self.http_status is not None:
            return f"the server refused the connection with the HTTP status {self.http_status}"
        return f"the connection closed with code {self.code}" + (f": {self.reason}" if self.reason else "")


class Full(Exception):
    """Too much waits for the server already."""


@dataclass(frozen=True)
class Status:
    """The state of the line."""

    #: ``connecting``, ``online``, ``away`` or ``closed``.
    name: str
    #: With ``online``: whether the session goes on, so that nothing is lost.
    resumed: bool = False
    #: With ``online``: the seconds for which the line was away; 0 the first time.
    away: float = 0.0
    #: With ``away``: the number of attempts since the last good line.
    attempt: int = 0
    #: With ``away``: the seconds to the next attempt.
    retry_in: float = 0.0
    #: With ``away``: the cause, in one line for people.
    cause: str = ""
