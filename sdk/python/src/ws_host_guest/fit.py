"""Makes values fit the contract: componentize-py ends the instance without a traceback when one does not."""

from __future__ import annotations

import math
from typing import Any, Mapping

from . import _host
from .values import Headers, Message

_LONGEST = 100 * 365 * 24 * 3600.0


def message(message: Message) -> Any:
    """Returns a message as the host takes it."""
    if type(message) is str:
        return _host.types.Message_Text(message if message.isascii() else text(message))
    if isinstance(message, str):
        return _host.types.Message_Text(text(str(message)))
    return _host.types.Message_Binary(data(message))


def text(text: str) -> str:
    """Returns the text with each lone surrogate, which JSON allows, replaced by U+FFFD."""
    if not isinstance(text, str):
        raise TypeError(f"expected a str, not {type(text).__name__}")
    try:
        text.encode()
    except UnicodeEncodeError:
        return "".join("\ufffd" if "\ud800" <= letter <= "\udfff" else letter for letter in text)
    return text


def data(data: bytes) -> bytes:
    """Returns the bytes of a bytes-like object."""
    if type(data) is bytes:
        return data
    if isinstance(data, (bytes, bytearray, memoryview)):
        return bytes(data)
    raise TypeError(f"expected bytes or, for a message, a str, not {type(data).__name__}")


def pairs(headers: Headers) -> list[tuple[str, str]]:
    """Returns headers as pairs of a name and a value."""
    given = headers.items() if isinstance(headers, Mapping) else headers
    return [(text(name), text(value)) for name, value in given]


def case(variant: Any) -> str:
    """Returns the name of a variant's case in the contract, such as `too-big` for `FetchError_TooBig`."""
    name = type(variant).__name__.rpartition("_")[2]
    return "".join(f"-{letter.lower()}" if letter.isupper() else letter for letter in name).lstrip("-")


def microseconds(seconds: float) -> int:
    """Returns the time in whole microseconds, rounded up: a timer may be late, but never early. At most a hundred years."""
    return math.ceil(min(max(seconds, 0.0), _LONGEST) * 1_000_000)
