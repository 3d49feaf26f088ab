"""The later module name of `websocket`: `from websocket_server import WebsocketServer`."""

from websocket import WebSocketsServer, WebsocketServer

__all__ = ["WebSocketsServer", "WebsocketServer"]
