"""Runs handlers: coroutines, exceptions, the start of an instance."""

from __future__ import annotations

import inspect
import sys
import traceback
from types import CoroutineType, TracebackType
from typing import TYPE_CHECKING, Any, Callable, Coroutine, Generator, NoReturn

from . import _host
from .values import StartRefused

if TYPE_CHECKING:
    from .app import App

INTERFACES = {
    "on_upgrade": "gate",
    "on_start": "lifecycle",
    "snapshot": "lifecycle",
    "on_drain": "flow",
    "on_timer": "timers",
}
"""The optional interfaces of the contract, by the handlers that need them."""

_MARK = b"ws-host-guest sleep"
"""The payload of timers that wake coroutines."""

app: App | None = None
_sleeping: dict[int, Coroutine[Any, Any, Any]] = {}
_begun = False


def register(new: App) -> None:
    """Makes this the app of the component."""
    global app
    if app is not None:
        raise RuntimeError("the app exists already (an App or a WebSocketsServer): a component has one")
    app = new


def interfaces() -> list[str]:
    """Returns the optional interfaces that the app's handlers need."""
    handlers = app.handlers if app else {}
    wanted = {INTERFACES[event] for event in handlers if event in INTERFACES}
    if any(inspect.iscoroutinefunction(handler) for handler in handlers.values()):
        wanted.add("timers")
    return sorted(wanted)


class sleep:
    """`await sleep(seconds)`: lets other handlers run meanwhile. Messages sent before it go out.

    A coroutine is part of the instance: it is dropped when a handler fails or a new release takes over.
    """

    __slots__ = ("seconds",)

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds

    def __await__(self) -> Generator[sleep, None, None]:
        yield self


def run(event: str, *arguments: Any) -> None:
    """Calls the handler of an event, if the app has one."""
    if not _begun:
        _begin()
    assert app is not None, "no component is built without an app"
    handler = app.handlers.get(event)
    if handler is None:
        return
    try:
        result = handler(*arguments)
        if type(result) is CoroutineType:
            _go_on(result, True)
    except Exception as error:
        _failed(error)


def ask(event: str, *arguments: Any, then: Callable[[Any], Any] = lambda answer: answer) -> Any:
    """Calls a handler whose answer the host needs, and returns `then(answer)`. `App.on_error` is not called here, because
    the host cannot go on without an answer."""
    if not _begun:
        _begin()
    handler = app.handlers.get(event) if app else None
    try:
        answer = handler(*arguments) if handler else None
        if type(answer) is CoroutineType:
            answer = _go_on(answer, False)
        return then(answer)
    except StartRefused as refusal:
        if event == "on_start":
            raise _host.Err(str(refusal)) from None
        _fatal(refusal)
    except Exception as error:
        _fatal(error)


def wake(timer: int, payload: bytes) -> bool:
    """Resumes the coroutine that this timer wakes. Returns whether the timer belonged to a coroutine."""
    if payload != _MARK:
        return False
    if not _begun:
        _begin()
    coroutine = _sleeping.pop(timer, None)
    # None if the coroutine belonged to an earlier instance.
    if coroutine is not None:
        try:
            _go_on(coroutine, True)
        except Exception as error:
            _failed(error)
    return True


def _go_on(coroutine: Coroutine[Any, Any, Any], may_sleep: bool) -> Any:
    """Runs a coroutine until it ends or sleeps."""
    from .room import set_timer

    step: Callable[[], Any] = lambda: coroutine.send(None)
    while True:
        try:
            wanted = step()
        except StopIteration as end:
            return end.value
        step = lambda: coroutine.send(None)
        if type(wanted) is sleep and may_sleep:
            _sleeping[set_timer(wanted.seconds, _MARK)] = coroutine
            return None
        if wanted is not None:  # None is a bare yield, as of asyncio.sleep(0).
            what = "this handler must answer at once" if type(wanted) is sleep else "this awaitable is not of ws_host_guest"
            problem = RuntimeError(f"a handler can await ws_host_guest.sleep and other coroutines only: {what}")
            step = lambda: coroutine.throw(problem)


def _begin() -> None:
    """Prepares a new instance. Its random number generator still has the state of the build, so it is seeded anew."""
    global _begun
    _begun = True
    if random := sys.modules.get("random"):
        random.seed()


def _failed(error: Exception) -> None:
    """Logs the exception. Without an `on_error` handler the instance ends."""
    on_error = app.handlers.get("on_error") if app else None
    if on_error is None:
        _fatal(error)
    _log(error)
    try:
        on_error(error)
    except Exception as another:
        _fatal(another)


def _fatal(error: Exception) -> NoReturn:
    """Logs the exception and ends the instance. The host logs an exit in one line; if componentize-py's runtime met the
    exception, it would add a panic of its own."""
    _log(error)
    sys.exit(1)


def _log(error: Exception) -> None:
    sys.stderr.write(own_traceback(error))
    sys.stderr.flush()


def own_traceback(error: BaseException) -> str:
    """Formats the exception as Python does, without this package's leading frames."""
    frames: TracebackType | None = error.__traceback__
    while frames is not None and frames.tb_frame.f_globals.get("__package__") in ("ws_host_guest", "websocket"):
        frames = frames.tb_next
    if frames is None and not isinstance(error, SyntaxError):
        frames = error.__traceback__
    return "".join(traceback.format_exception(type(error), error, frames))
