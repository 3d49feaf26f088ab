"""Redirects: the request that follows an answer, after the Fetch Standard §4.4 and RFC 9110 §15.4."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urljoin, urlsplit

MOST = 20
"""The redirects that one request follows."""

_OF_A_BODY = ("content-encoding", "content-language", "content-location", "content-type")
_SECRETS = ("authorization", "cookie", "proxy-authorization")
_PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True)
class Asked:
    """A request to a server."""

    method: str
    url: str
    headers: list[tuple[str, str]]
    body: bytes | None

    def __str__(self) -> str:
        return f"{self.method} {self.url}"


def follow(asked: Asked, status: int, location: str | None) -> Asked | None:
    """Returns the request that follows an answer with this status and this `location`, or None if it is no redirect.

    303 makes any method but HEAD a GET without a body, 301 and 302 do so to POST. Secrets stay with the server that they are for.
    """
    if status not in (301, 302, 303, 307, 308) or not location:
        return None
    url = urljoin(asked.url, location)
    left_out: tuple[str, ...] = () if _server(url) == _server(asked.url) else _SECRETS
    method, body = asked.method, asked.body
    if (status == 303 and method not in ("GET", "HEAD")) or (status in (301, 302) and method == "POST"):
        method, body, left_out = "GET", None, left_out + _OF_A_BODY
    return Asked(method, url, [pair for pair in asked.headers if pair[0].lower() not in left_out], body)


def _server(url: str) -> tuple[str, str | None, int | None]:
    """Returns the origin of a URL: scheme, host and port."""
    parts = urlsplit(url)
    try:
        port = parts.port
    except ValueError:
        port = 0
    return parts.scheme, parts.hostname, port or _PORTS.get(parts.scheme)
