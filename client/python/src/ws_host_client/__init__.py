"""A WebSocket client that comes back.

    async with connect("wss://chat.example/room") as socket:
        await socket.send("hello")  # also before it is online, and while it is away
        async for message in socket:
            print(message)

When its connection breaks, the socket makes another one. With ws-host its session goes on: each message arrives once and in order, in both
directions. With any other server it reconnects, and tells what may be lost. The protocol is docs/resume.md in the repository of ws-host.
"""

from ._rules import comes_back
from ._session import Breach
from ._socket import Socket, connect
from ._types import Closed, Data, Full, Status

__all__ = ["Breach", "Closed", "Data", "Full", "Socket", "Status", "comes_back", "connect"]
