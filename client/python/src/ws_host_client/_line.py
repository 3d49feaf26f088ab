"""One connection, and the frames that wait to be written to it."""

from __future__ import annotations

import asyncio
from collections import deque
from typing import Deque, Optional

from websockets.asyncio.client import ClientConnection
from websockets.exceptions import ConnectionClosed

from ._types import Data

#: A line that is given up while its session goes on: docs/resume.md of ws-host.
GIVEN_UP = 3003
#: How long a close frame of a line that is given up may take.
_LEAVE = 1.0


class Line:
    """One connection. Frames go out in the order of the calls."""

    def __init__(self, connection: ClientConnection) -> None:
        self.connection = connection
        #: Whether the session has begun on it, or messages may go out as they are.
        self.is_ready = False
        #: Whether frames are read. They are not while the application has no room for them.
        self.reads = True
        self.heard = asyncio.get_running_loop().time()
        #: Tells the host what was received.
        self.confirm: Optional[asyncio.TimerHandle] = None
        #: The bytes of the frames that wait.
        self.buffered = 0
        self._out: Deque[Data] = deque()
        self._wake = asyncio.Event()
        #: Whether nothing is written any more.
        self._is_broken = False

    def put(self, frame: Data) -> None:
        """Writes a frame behind those before it."""
        self._out.append(frame)
        self.buffered += len(frame)
        self._wake.set()

    def hears(self) -> None:
        """The other side has sent something."""
        self.heard = asyncio.get_running_loop().time()

    async def write(self, written: asyncio.Event) -> None:
        """Writes what waits, and sets the event. Ends with the connection, of which the reader learns too."""
        try:
            while True:
                while self._out:
                    await self.connection.send(self._out[0])
                    self.buffered -= len(self._out.popleft())
                    written.set()
                self._wake.clear()
                await self._wake.wait()
        except ConnectionClosed:
            return
        finally:
            self._is_broken = True
            written.set()

    async def drained(self, written: asyncio.Event) -> None:
        """Waits until everything is written, or nothing can be any more."""
        while self._out and not self._is_broken:
            written.clear()
            await written.wait()

    async def ping(self, patience: float) -> None:
        """Asks for a pong of RFC 6455 §5.5.3, for servers without sessions, and waits for it."""
        try:
            pong = await self.connection.ping()
            await asyncio.wait_for(pong, patience)
            self.hears()
        except asyncio.TimeoutError:
            pass
        except ConnectionClosed:
            # The reader learns how the line has ended.
            self.hears()

    async def leave(self, code: int, reason: str = "") -> None:
        """Leaves a line that may be dead."""
        try:
            await asyncio.wait_for(self.connection.close(code, reason), _LEAVE)
        except (asyncio.TimeoutError, OSError):
            pass
        finally:
            self.connection.transport.abort()
