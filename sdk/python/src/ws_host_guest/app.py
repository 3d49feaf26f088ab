"""The app, which registers the handlers."""

from __future__ import annotations

from typing import Any, Callable, TypeVar

from . import room
from .room import Client

Handler = TypeVar("Handler", bound=Callable[..., Any])


class App:
    """The application, one for each component. Decorators register its handlers.

    A handler may be an `async def`, and every handler may create tasks: asyncio runs on the room's events and timers.
    Code outside handlers runs once, when the component is built; each instance starts from the state this leaves.
    An instance lasts until a handler raises an exception or a new release takes over. To keep state longer, use
    `snapshot` and `on_start`, or attachments, topics and timers, which live in the host.
    """

    broadcast = staticmethod(room.broadcast)
    send = staticmethod(room.send)
    publish = staticmethod(room.publish)
    clients_of_user = staticmethod(room.clients_of_user)
    subscribers = staticmethod(room.subscribers)
    set_timer = staticmethod(room.set_timer)
    cancel_timer = staticmethod(room.cancel_timer)
    deny_new_clients = staticmethod(room.deny_new_clients)
    allow_new_clients = staticmethod(room.allow_new_clients)
    count = staticmethod(room.count)

    def __init__(self) -> None:
        from . import running

        self.handlers: dict[str, Callable[..., Any]] = {}
        # WebSocketsServer sets these: whether it was told to run, and the port and host that the app asks for.
        self.served = True
        self.port: int | None = None
        self.host: str | None = None
        running.register(self)

    @property
    def clients(self) -> list[Client]:
        """All members of the room, in the order in which they connected."""
        return room.clients()

    def client(self, id: int) -> Client:
        """Returns the client with this id, connected or not."""
        return Client(id)

    def on_new_client(self, handler: Handler) -> Handler:
        """`handler(client)`: a client has connected. It is already a member: a broadcast reaches it too."""
        return self._set("on_new_client", handler)

    def on_message(self, handler: Handler) -> Handler:
        """`handler(client, message)`: a client has sent a message, either `str` or `bytes`."""
        return self._set("on_message", handler)

    def on_client_left(self, handler: Handler) -> Handler:
        """`handler(client, info)`: a client has gone and is no longer a member. `info`, a `CloseInfo`, says why."""
        return self._set("on_client_left", handler)

    def on_upgrade(self, handler: Handler) -> Handler:
        """`handler(request)`: decides about an upgrade request. Return `Accept`, `Refuse` or `Close`; None accepts."""
        return self._set("on_upgrade", handler)

    def on_start(self, handler: Handler) -> Handler:
        """`handler(reason, saved)`: an instance starts. This handler runs before all others.

        `reason` is `"fresh"`, `"swap"`, `"after-trap"`, `"restored"`, `"recovered"`, or in a cluster `"handover"` or `"failover"`. `saved` is the
        latest `Saved` that `snapshot` returned, or None. Raise `StartRefused` to refuse the start or the swap.
        """
        return self._set("on_start", handler)

    def snapshot(self, handler: Handler) -> Handler:
        """`handler()`: returns the `Saved` state to keep, before a new release takes over, an empty room ends or the host stops."""
        return self._set("snapshot", handler)

    def on_drain(self, handler: Handler) -> Handler:
        """`handler(client)`: a slow client, for which `send` returned `BACKPRESSURE`, has caught up."""
        return self._set("on_drain", handler)

    def on_line_lost(self, handler: Handler) -> Handler:
        """`handler(client)`: the connection of a client with a session has broken. Messages wait for it. `on_line_back` or `on_client_left`
        follows."""
        return self._set("on_line_lost", handler)

    def on_line_back(self, handler: Handler) -> Handler:
        """`handler(client)`: a client that was away is back over another connection. It gets first what has waited."""
        return self._set("on_line_back", handler)

    def on_timer(self, handler: Handler) -> Handler:
        """`handler(id, payload)`: a timer set with `set_timer` is due."""
        return self._set("on_timer", handler)

    def on_request(self, handler: Handler) -> Handler:
        """`handler(request)`: a plain HTTP request, an `HttpRequest`, has come to this room's path. The result answers it.

        Return a `Reply`, or its content alone: a `str`, `bytes`, a dict or list to send as JSON, None for 204, or an async generator, whose
        pieces go out as they come. A status goes with it: `return 404, "no such page"`. An `async def` may wait before it answers. When the client
        has gone, it is cancelled.
        """
        return self._set("on_request", handler)

    def on_event(self, handler: Handler) -> Handler:
        """`handler(source, message)`: another room has sent a message with `rooms.send`, and `source.room` is its name. Or somebody has through
        the server's API, and `source.api` is the name of the token."""
        return self._set("on_event", handler)

    def on_orphan(self, handler: Handler) -> Handler:
        """`handler(context, answer)`: an answer has come that no coroutine waits for, because the instance that called `fetch` has ended.

        `context` is that of `fetch`. `answer` is a `Response`, a `FetchError`, or a `Body`: the rest of a stream whose head an earlier
        instance got. A `Body`, also a streamed `Response`, is given up unless the handler keeps it: an `async def` reads it with `async for`.
        """
        from . import fetches as fetches  # The build sees that the app needs it.

        return self._set("on_orphan", handler)

    def on_error(self, handler: Handler) -> Handler:
        """`handler(error)`: a handler has raised an exception.

        The traceback goes to the host's log in any case. Without `on_error` the handler's effects are dropped, its
        client is closed with 1011, and a fresh instance starts. With `on_error` the instance goes on, and effects from
        before the exception stay.
        """
        return self._set("on_error", handler)

    def _set(self, event: str, handler: Handler) -> Handler:
        if not callable(handler):
            raise TypeError(f"{event} takes a function, not {handler!r}")
        if event in self.handlers:
            raise ValueError(f"{event} has a handler already, {self.handlers[event].__name__}")
        self.handlers[event] = handler
        return handler
