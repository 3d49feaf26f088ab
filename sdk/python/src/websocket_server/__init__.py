"""The module under its later name: `from websocket_server import WebsocketServer`."""

from websocket import WebSocketsServer, WebsocketServer

__all__ = ["WebSocketsServer", "WebsocketServer"]
