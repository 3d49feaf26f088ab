"""Write the application of a ws-host WebSocket server in Python.

    from ws_host_guest import App

    app = App()

    @app.on_new_client
    def joined(client):
        app.broadcast(f"{client.id} has joined")

    @app.on_message
    def said(client, message):
        app.broadcast(message)

`python -m ws_host_guest build app.py -o app.wasm` builds the component, and `ws-host run app.wasm` serves it.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from .app import App
from .room import Client, allow_new_clients, broadcast, cancel_timer, clients, clients_of_user, count, deny_new_clients
from .room import publish, send, set_timer, subscribers
from .running import sleep
from .reply import EventStream, HttpRequest, Reply
from .room_store import Store, StoreRefused, store
from .values import Accept, CloseCause, CloseInfo, Close, Message, Refuse, Request, Saved, Source, StartRefused, Status

if TYPE_CHECKING:
    from .fetches import fetch
    from .response import Body, FetchError, FetchTimeout, Response, StatusError

_LATE = {
    "fetch": "fetches",
    "Body": "response",
    "FetchError": "response",
    "FetchTimeout": "response",
    "Response": "response",
    "StatusError": "response",
}
"""The names of modules that load asyncio. An app without them does not pay for it."""


def __getattr__(name: str) -> Any:
    if name not in _LATE:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f".{_LATE[name]}", __name__), name)


__all__ = [
    "Accept",
    "App",
    "Body",
    "Client",
    "Close",
    "CloseCause",
    "CloseInfo",
    "EventStream",
    "FetchError",
    "FetchTimeout",
    "HttpRequest",
    "Message",
    "Refuse",
    "Reply",
    "Request",
    "Response",
    "Saved",
    "Source",
    "StartRefused",
    "Status",
    "StatusError",
    "Store",
    "StoreRefused",
    "allow_new_clients",
    "broadcast",
    "cancel_timer",
    "clients",
    "clients_of_user",
    "count",
    "deny_new_clients",
    "fetch",
    "publish",
    "send",
    "set_timer",
    "sleep",
    "store",
    "subscribers",
]
