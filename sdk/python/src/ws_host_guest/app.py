"""The app: which function handles what."""

from __future__ import annotations

from typing import Any, Callable, TypeVar

from . import room
from .room import Client

Handler = TypeVar("Handler", bound=Callable[..., Any])


class App:
    """The application. There is one in a component; its handlers are registered with decorators.

    A handler may be an `async def`; all it can wait for is `ws_host_guest.sleep` and other coroutines of that kind.
    What stands outside of handlers runs once, when the component is built, so an instance starts with what is defined
    there. It lasts until a handler raises an exception or a new release takes over; what must last longer goes through
    `snapshot` and `on_start`, or into attachments, topics and timers, which the host keeps.
    """

    broadcast = staticmethod(room.broadcast)
    send = staticmethod(room.send)
    publish = staticmethod(room.publish)
    subscribers = staticmethod(room.subscribers)
    set_timer = staticmethod(room.set_timer)
    cancel_timer = staticmethod(room.cancel_timer)
    deny_new_clients = staticmethod(room.deny_new_clients)
    allow_new_clients = staticmethod(room.allow_new_clients)
    count = staticmethod(room.count)

    def __init__(self) -> None:
        from . import running

        self.handlers: dict[str, Callable[..., Any]] = {}
        # What a WebSocketsServer sets: whether it was told to run, and where it would listen if it were the host.
        self.served = True
        self.port: int | None = None
        self.host: str | None = None
        running.register(self)

    @property
    def clients(self) -> list[Client]:
        """All members of the room, in the order in which they came."""
        return room.clients()

    def client(self, id: int) -> Client:
        """The client of that id, whether or not it is connected."""
        return Client(id)

    def on_new_client(self, handler: Handler) -> Handler:
        """`handler(client)`: a client has connected. It is a member already: a broadcast reaches it too."""
        return self._set("on_new_client", handler)

    def on_message(self, handler: Handler) -> Handler:
        """`handler(client, message)`: a client has sent a message, a `str` or `bytes`."""
        return self._set("on_message", handler)

    def on_client_left(self, handler: Handler) -> Handler:
        """`handler(client, info)`: a client has gone, as `info`, a `CloseInfo`, tells. It is no longer a member."""
        return self._set("on_client_left", handler)

    def on_upgrade(self, handler: Handler) -> Handler:
        """`handler(request)`: decides about an upgrade request, with `Accept`, `Refuse` or `Close`; None accepts."""
        return self._set("on_upgrade", handler)

    def on_start(self, handler: Handler) -> Handler:
        """`handler(reason, saved)`: an instance starts, before any other handler.

        `reason` is `"fresh"`, `"swap"` or `"after-trap"`. `saved` is what `snapshot` gave last, a `Saved`, or None.
        Raise `StartRefused` to refuse.
        """
        return self._set("on_start", handler)

    def snapshot(self, handler: Handler) -> Handler:
        """`handler()`: gives the `Saved` state to keep, just before a new release takes over."""
        return self._set("snapshot", handler)

    def on_drain(self, handler: Handler) -> Handler:
        """`handler(client)`: a slow client, for which `send` answered `BACKPRESSURE`, has caught up."""
        return self._set("on_drain", handler)

    def on_timer(self, handler: Handler) -> Handler:
        """`handler(id, payload)`: a timer of `set_timer` is due."""
        return self._set("on_timer", handler)

    def on_error(self, handler: Handler) -> Handler:
        """`handler(error)`: a handler has raised an exception.

        Without this, its traceback goes to the host's log, what it sent is dropped, its client is closed with 1011, and
        the instance starts again from the beginning. With this, its traceback goes to the log all the same, but the
        instance goes on: what was sent and changed before the exception stays.
        """
        return self._set("on_error", handler)

    def _set(self, event: str, handler: Handler) -> Handler:
        if not callable(handler):
            raise TypeError(f"{event} takes a function, not {handler!r}")
        if event in self.handlers:
            raise ValueError(f"{event} has a handler already, {self.handlers[event].__name__}")
        self.handlers[event] = handler
        return handler
