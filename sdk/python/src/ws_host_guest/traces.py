"""Tracebacks as the app's author expects them: without the frames of this package."""

from __future__ import annotations

import sys
import traceback
from types import TracebackType

_OURS = ("ws_host_guest", "websocket", "websocket_server", "asyncio")


def log(error: BaseException, heading: str = "") -> None:
    """Writes the exception to stderr, which the host copies to its log."""
    sys.stderr.write(heading + own_traceback(error))
    sys.stderr.flush()


def own_traceback(error: BaseException) -> str:
    """Formats the exception as Python does, without the leading frames of this package and of asyncio."""
    return "".join(traceback.format_exception(type(error), error, own_frames(error)))


def own_frames(error: BaseException) -> TracebackType | None:
    """Returns the exception's frames from the first of the app's own on, or all if none is."""
    frames = error.__traceback__
    while frames is not None and frames.tb_frame.f_globals.get("__package__") in _OURS:
        frames = frames.tb_next
    if frames is None and not isinstance(error, SyntaxError):
        frames = error.__traceback__
    return frames
