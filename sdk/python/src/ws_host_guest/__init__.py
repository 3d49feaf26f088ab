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

from .app import App
from .room import Client, allow_new_clients, broadcast, cancel_timer, clients, clients_of_user, count, deny_new_clients
from .room import publish, send, set_timer, subscribers
from .running import sleep
from .room_store import Store, StoreRefused, store
from .values import Accept, CloseCause, CloseInfo, Close, Message, Refuse, Request, Saved, StartRefused, Status

__all__ = [
    "Accept",
    "App",
    "Client",
    "Close",
    "CloseCause",
    "CloseInfo",
    "Message",
    "Refuse",
    "Request",
    "Saved",
    "StartRefused",
    "Store",
    "StoreRefused",
    "Status",
    "allow_new_clients",
    "broadcast",
    "cancel_timer",
    "clients",
    "clients_of_user",
    "count",
    "deny_new_clients",
    "publish",
    "send",
    "set_timer",
    "sleep",
    "store",
    "subscribers",
]
