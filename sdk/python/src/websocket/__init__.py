"""The API of python-websocket-server, which ws-host descends from. Its programs run unchanged.

    from websocket import WebSocketsServer

    def new_client(client, server):
        server.send_message_to_all("Hey all, a new client has joined us")

    server = WebSocketsServer(13254)
    server.set_fn_new_client(new_client)
    server.run_forever()

A client is a dictionary with `id`, `handler` and `address`. Calls reserved for the owner of the host raise `NotInAGuest`.
"""

from __future__ import annotations

import logging
from typing import Any, Callable, Dict, List, Union

from ws_host_guest import App, room
from ws_host_guest.room import Client

ClientDict = Dict[str, Any]
"""`{"id": 7, "handler": ..., "address": ("192.0.2.7", 50123)}`, and any keys that you add."""

_NORMAL = 1000
_NO_REASON = b""
_GOING_AWAY = 1001


class NotInAGuest(NotImplementedError):
    """A call that an application within ws-host cannot make. The text says what to do instead."""


class ClientHandler:
    """The value of `handler` in a client's dictionary."""

    def __init__(self, client: Client, server: WebSocketsServer) -> None:
        self.server = server
        self._client = client

    @property
    def client_address(self) -> tuple[str, int]:
        """The address that the client connects from."""
        return self._client.address

    @property
    def headers(self) -> dict[str, str]:
        """The headers of the client's request, names in lower case."""
        return dict(self._client.headers)

    def send_message(self, message: Union[str, bytes]) -> None:
        """Sends a message to the client."""
        self._client.send(message)

    send_text = send_message

    def send_close(self, status: int = _NORMAL, reason: Union[str, bytes] = _NO_REASON) -> None:
        """Closes the connection. `client_left` is called for it."""
        self._client.close(status, _text(reason))


class WebSocketsServer:
    """The server. Port and hostname are hints: the owner of the host decides, with `ws-host run --port --host`.

    Both argument orders of python-websocket-server work: `WebSocketsServer(13254, "0.0.0.0")` and
    `WebsocketServer("0.0.0.0", 13254)`.
    """

    def __init__(
        self,
        port: Union[int, str] = 0,
        host: Union[str, int] = "localhost",
        loglevel: int = logging.WARNING,
        key: Any = None,
        cert: Any = None,
        hostname: Union[str, None] = None,
    ) -> None:
        if isinstance(port, str):
            port, host = (host if isinstance(host, int) else 0), port
        if key or cert:
            raise NotInAGuest("a guest cannot serve TLS (key, cert): put a proxy with the certificate in front of ws-host")
        self.port = port
        self.host = hostname or str(host)
        self.thread = None
        logging.getLogger("websocket_server").setLevel(loglevel)
        self._app = App()
        self._dictionaries: dict[int, ClientDict] = {}
        self._app.handlers.update(
            on_new_client=self._on_new_client, on_message=self._on_message, on_client_left=self._on_client_left
        )
        self._app.served, self._app.port, self._app.host = False, self.port, self.host

    # Handlers, which the application sets or a subclass overrides.

    def new_client(self, client: ClientDict, server: WebSocketsServer) -> None:
        """Called for every new client. By default it does nothing."""

    def client_left(self, client: ClientDict, server: WebSocketsServer) -> None:
        """Called for every client that has left. By default it does nothing."""

    def message_received(self, client: ClientDict, server: WebSocketsServer, message: Union[str, bytes]) -> None:
        """Called when a client sends a message: a `str`, or `bytes` for a binary one. By default it does nothing."""

    def set_fn_new_client(self, fn: Callable[[ClientDict, Any], Any]) -> None:
        """Sets the function that is called for every new client."""
        self.new_client = fn  # type: ignore[method-assign, assignment]

    def set_fn_client_left(self, fn: Callable[[ClientDict, Any], Any]) -> None:
        """Sets the function that is called for every client that has left."""
        self.client_left = fn  # type: ignore[method-assign, assignment]

    def set_fn_message_received(self, fn: Callable[[ClientDict, Any, Any], Any]) -> None:
        """Sets the function that is called when a client sends a message."""
        self.message_received = fn  # type: ignore[method-assign, assignment]

    # Functions for the application.

    @property
    def clients(self) -> List[ClientDict]:
        """The connected clients, in the order in which they connected."""
        return [self._dictionary(client) for client in room.clients()]

    def send_message(self, client: ClientDict, message: Union[str, bytes]) -> None:
        """Sends a message to a client. If the client has left, nothing happens."""
        room.send(client["id"], message)

    def send_message_to_all(self, message: Union[str, bytes]) -> None:
        """Sends a message to all connected clients."""
        room.broadcast(message)

    def run_forever(self, threaded: bool = False) -> None:
        """Marks this server as the one to serve. Returns at once: a guest's file ends before the first client connects."""
        self._app.served = True

    serve_forever = run_forever

    def deny_new_connections(self, status: int = _NORMAL, reason: Union[str, bytes] = _NO_REASON) -> None:
        """Refuses new clients with HTTP status 503. A status or a reason of your own raises `NotInAGuest`."""
        if status != _NORMAL or reason:
            raise NotInAGuest("ws-host refuses new connections with HTTP status 503: leave out the status and the reason")
        room.deny_new_clients()

    def allow_new_connections(self) -> None:
        """Accepts new clients again, after `deny_new_connections`."""
        room.allow_new_clients()

    def disconnect_clients_gracefully(self, status: int = _NORMAL, reason: Union[str, bytes] = _NO_REASON) -> None:
        """Closes the connections of all clients."""
        for client in room.clients():
            client.close(status, _text(reason))

    def disconnect_clients_abruptly(self) -> None:
        """Closes all connections with 1001 and no reason: a guest cannot cut a connection without a close frame."""
        self.disconnect_clients_gracefully(_GOING_AWAY)

    def shutdown_gracefully(self, status: int = _NORMAL, reason: Union[str, bytes] = _NO_REASON) -> None:
        """Raises `NotInAGuest`: the owner of the host stops the server."""
        raise _cannot_stop("shutdown_gracefully")

    def shutdown_abruptly(self) -> None:
        """Raises `NotInAGuest`: the owner of the host stops the server."""
        raise _cannot_stop("shutdown_abruptly")

    def shutdown(self) -> None:
        """Raises `NotInAGuest`: the owner of the host stops the server."""
        raise _cannot_stop("shutdown")

    def server_close(self) -> None:
        """Raises `NotInAGuest`: the owner of the host stops the server."""
        raise _cannot_stop("server_close")

    # Called by the host.

    def _on_new_client(self, client: Client) -> Any:
        return self.new_client(self._dictionary(client), self)

    def _on_message(self, client: Client, message: Union[str, bytes]) -> Any:
        return self.message_received(self._dictionary(client), self, message)

    def _on_client_left(self, client: Client, info: Any) -> Any:
        dictionary = self._dictionary(client)
        del self._dictionaries[client.id]
        return self.client_left(dictionary, self)

    def _dictionary(self, client: Client) -> ClientDict:
        """Returns the one dictionary of a client, so that keys the application adds stay. A new instance starts with new
        dictionaries."""
        known = self._dictionaries.get(client.id)
        if known is None:
            known = {"id": client.id, "handler": ClientHandler(client, self), "address": client.address}
            self._dictionaries[client.id] = known
        return known


WebsocketServer = WebSocketsServer
"""The later name."""


def _cannot_stop(what: str) -> NotInAGuest:
    return NotInAGuest(
        f"{what}: a guest cannot stop the server. Its owner can, with Ctrl-C or SIGTERM. "
        "disconnect_clients_gracefully() and deny_new_connections() work"
    )


def _text(reason: Union[str, bytes]) -> str:
    return reason.decode("utf-8", "replace") if isinstance(reason, bytes) else reason
