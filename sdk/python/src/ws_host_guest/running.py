"""Runs handlers: coroutines, exceptions, the start of an instance."""

from __future__ import annotations

import sys
from types import CoroutineType
from typing import TYPE_CHECKING, Any, Callable, Coroutine, NoReturn

from . import _host, traces
from .room import LOOP
from .values import CannotWait, StartRefused

if TYPE_CHECKING:
    from asyncio import Task

    from .app import App
    from .loop import Loop

INTERFACES = {
    "on_upgrade": "gate",
    "on_start": "lifecycle",
    "snapshot": "lifecycle",
    "on_drain": "flow",
    "on_line_lost": "presence",
    "on_line_back": "presence",
    "on_timer": "timers",
    "on_orphan": "responses",
    "on_event": "events",
    "on_request": "requests",
}
"""The optional interfaces of the contract, by the handlers that need them."""

MODULES = {"ws_host_guest.fetches": ("http", "responses"), "ws_host_guest.rooms": ("rooms",)}
"""Those that a module of this SDK needs. An app that does not use it does not load it."""

app: App | None = None
has_one_app = True
"""Whether a second app is a mistake. In the tests of `testing`, each room takes an app of its own."""
loop: Loop | None = None
"""The event loop, if the app has coroutines or has imported asyncio."""
late: Callable[[], None] | None = None
"""Loads the app when an instance starts, in a component for `ws-host dev`. Otherwise the build has loaded it."""
begins: Callable[[], None] | None = None
"""Called once in a new instance, before its first handler."""
_begun = False
_tasks: set[Task[Any]] = set()
"""The handlers that wait. asyncio itself holds its tasks weakly."""


def register(new: App) -> None:
    """Makes this the app of the component."""
    global app
    if app is not None and has_one_app:
        raise RuntimeError("the app exists already (an App or a WebSocketsServer): a component has one")
    app = new


def interfaces() -> list[str]:
    """Returns the optional interfaces that the app's handlers need."""
    wanted = {INTERFACES[event] for event in (app.handlers if app else {}) if event in INTERFACES}
    if "requests" in wanted:
        wanted.add("replies")
    if loop is not None:
        wanted.add("timers")
    for module, needed in MODULES.items():
        if module in sys.modules:
            wanted.update(needed)
    return sorted(wanted)


def prepare(has_coroutines: bool) -> None:
    """Makes the event loop, if the app needs one. An app without coroutines does not pay for asyncio."""
    global loop
    if has_coroutines or "asyncio" in sys.modules:
        from .loop import Loop

        loop = Loop()


async def sleep(seconds: float) -> None:
    """`await sleep(seconds)`: the same as `asyncio.sleep`. Other handlers run meanwhile; messages sent before it go out."""
    import asyncio

    await asyncio.sleep(seconds)


def run(event: str, *arguments: Any, then: Callable[[Any], Any] | None = None) -> Task[Any] | None:
    """Calls the handler of an event, if the app has one, and then what waits for this handler in the loop.

    `then` gets the handler's result. Both may return a coroutine, whose task this returns.
    """
    _begin_once()
    assert app is not None, "no component is built without an app"
    handler, task = app.handlers.get(event), None
    if handler is not None:
        try:
            result = handler(*arguments)
            if then is not None:
                result = _then(result, then) if type(result) is CoroutineType else then(result)
            if type(result) is CoroutineType:
                task = _start(result)
        except Exception as error:
            _failed(error)
    _go_on()
    return task


async def _then(result: Coroutine[Any, Any, Any], then: Callable[[Any], Any]) -> None:
    rest = then(await result)
    if type(rest) is CoroutineType:
        await rest


def has_handler(event: str) -> bool:
    """Whether the app has a handler of this event."""
    _begin_once()
    return app is not None and event in app.handlers


def resume(wake: Callable[[], None]) -> None:
    """Wakes what waits for this event, and runs it in the loop."""
    _begin_once()
    wake()
    _go_on()


def ask(event: str, *arguments: Any, then: Callable[[Any], Any] = lambda answer: answer) -> Any:
    """Calls a handler whose answer the host needs, and returns `then(answer)`. `App.on_error` is not called here, because
    the host cannot go on without an answer."""
    _begin_once()
    try:
        handler = app.handlers.get(event) if app else None
        answer = handler(*arguments) if handler else None
        if type(answer) is CoroutineType:
            answer = _answer(event, answer)
        decided = then(answer)
    except StartRefused as refusal:
        if event == "on_start":
            raise _host.Err(str(refusal)) from None
        fatal(refusal)
    except Exception as error:
        fatal(error)
    # The host drops the effects of a snapshot, so a timer that the loop sets there would never run.
    if event != "snapshot":
        _go_on()
    return decided


def wake(timer: int, payload: bytes) -> bool:
    """Runs what is due in the loop. Returns whether the timer belonged to a loop, of this instance or of an earlier one."""
    if payload != LOOP:
        return False
    _begin_once()
    if loop is not None and loop.is_woken_by(timer):
        _go_on()
    return True


def _go_on() -> None:
    """Runs what waits in the loop, if the app has one."""
    if loop is None:
        return
    try:
        loop.turn()
    except CannotWait as problem:
        # The lines of this package would tell the app's author nothing.
        _failed(problem.with_traceback(None))
    except Exception as error:
        _failed(error)


def _start(coroutine: Coroutine[Any, Any, Any]) -> Task[Any]:
    """Runs a handler's coroutine until it waits. An exception before that is the handler's."""
    assert loop is not None, "`prepare` has seen the app's coroutines"
    task = loop.start(coroutine)
    if not task.done():
        _tasks.add(task)
        task.add_done_callback(_ended)
    elif not task.cancelled():
        task.result()
    return task


def _ended(task: Task[Any]) -> None:
    _tasks.discard(task)
    error = None if task.cancelled() else task.exception()
    if isinstance(error, Exception):
        _failed(error)


def _answer(event: str, coroutine: Coroutine[Any, Any, Any]) -> Any:
    """Runs a coroutine to its end, which must not wait for a later event."""
    assert loop is not None, "`prepare` has seen the app's coroutines"
    task = loop.start(coroutine)
    if not loop.finish(task):
        task.cancel()
        loop.finish(task)
        raise RuntimeError(f"{event} must answer at once: it cannot wait for a timer or for another event")
    return task.result()


def _begin_once() -> None:
    """Prepares a new instance. Its random number generator still has the state of the build, so it is seeded anew."""
    global _begun
    if _begun:
        return
    _begun = True
    try:
        if random := sys.modules.get("random"):
            random.seed()
        if late is not None:
            late()
        if loop is not None:
            loop.enter()
        if begins is not None:
            begins()
    except Exception as error:
        fatal(error)  # Without the app, there is no `on_error`.


def _failed(error: Exception) -> None:
    """Logs the exception. Without an `on_error` handler the instance ends."""
    on_error = app.handlers.get("on_error") if app else None
    if on_error is None:
        fatal(error)
    traces.log(error)
    try:
        result = on_error(error)
        if type(result) is CoroutineType:
            _start(result)
    except Exception as another:
        fatal(another)


def end(error: Exception) -> NoReturn:
    """Logs the exception and ends the instance. The host logs an exit in one line; if componentize-py's runtime met the
    exception, it would add a panic of its own."""
    traces.log(error)
    sys.exit(1)


fatal: Callable[[Exception], NoReturn] = end
"""Ends the instance for an exception. `testing` hands it to the test instead."""
