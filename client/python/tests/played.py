"""Servers that the tests play: a host with sessions, and a proxy that cuts connections."""

import asyncio
import contextlib
from urllib.parse import parse_qs, urlsplit

from websockets.asyncio.server import serve
from websockets.exceptions import ConnectionClosed


class PlayedSession:
    """The host's side of a session."""

    def __init__(self, handle):
        self.handle = handle
        self.kept = []
        self.sent = 0
        self.received = 0
        self.token = "-"
        self.line = None


class PlayedHost:
    """A host that keeps sessions, without limits. It runs within an ``async with``."""

    def __init__(self):
        self.sessions = {}
        self.heard = asyncio.Queue()
        self.requests = asyncio.Queue()
        self.codes = asyncio.Queue()
        self.pings = asyncio.Queue()
        #: Whether it answers pings.
        self.answers = True
        self.reason = "new"
        #: Whether it welcomes clients.
        self.welcomes = asyncio.Event()
        self.welcomes.set()
        self._lines = 0

    async def __aenter__(self):
        self._server = await serve(self._serve, "127.0.0.1", 0, ping_interval=None)
        self.port = self._server.sockets[0].getsockname()[1]
        self.url = f"ws://127.0.0.1:{self.port}/chat?a=1"
        return self

    async def __aexit__(self, *_):
        self._server.close()
        await self._server.wait_closed()

    @property
    def session(self):
        return list(self.sessions.values())[-1]

    @property
    def line(self):
        return self.session.line

    async def send(self, message):
        session = self.session
        session.sent += 1
        session.kept.append((session.sent, message))
        if session.line is not None:
            await self._write(session.line, b"." + message if isinstance(message, bytes) else "." + message)

    async def order(self, frame):
        await self._write(self.line, frame)

    def cut(self):
        self.line.transport.abort()

    def forget(self, reason):
        self.sessions.clear()
        self.reason = reason

    async def _serve(self, line):
        self._lines += 1
        self.requests.put_nowait(line.request.path)
        session = None
        try:
            session = await self._begin(line, await line.recv())
            async for frame in line:
                await self._hear(line, session, frame)
        except ConnectionClosed:
            pass
        finally:
            if session is not None and session.line is line:
                session.line = None
            self.codes.put_nowait(line.protocol.close_rcvd.code if line.protocol.close_rcvd else None)

    async def _begin(self, line, hello):
        await self.welcomes.wait()
        version, token, received = hello.split(" ")
        assert version == "h1", hello
        handle = parse_qs(urlsplit(line.request.path).query)["_resume"][0]
        session = self.sessions.get(handle)
        if session is not None and session.token == token:
            if session.line is not None:
                session.line.transport.abort()
            end = "resumed"
            self._confirm(session, int(received))
        else:
            session = PlayedSession(f"h{self._lines}")
            self.sessions[session.handle] = session
            end = f"fresh {self.reason}"
        # The token stays the same, so that a welcome that is lost does no harm.
        session.token = f"{int(session.handle[1:]):032x}"
        session.line = line
        await self._write(line, f"w1 {session.handle} {session.token} {session.received} 120000 {end}")
        for _, message in list(session.kept):
            await self._write(line, b"." + message if isinstance(message, bytes) else "." + message)
        return session

    async def _hear(self, line, session, frame):
        if session.line is not line:
            return
        if frame[:1] in (".", b"."):
            session.received += 1
            self.heard.put_nowait(frame[1:])
            if session.received % 8 == 0:
                await self._write(line, f"r{session.received}")
        elif frame[0] == "r":
            self._confirm(session, int(frame[1:]))
        elif frame[0] == "p":
            self.pings.put_nowait(frame)
            if self.answers:
                await self._write(line, "q" + frame[1:])
        else:
            raise AssertionError(frame)

    @staticmethod
    def _confirm(session, number):
        session.kept = [kept for kept in session.kept if kept[0] > number]

    @staticmethod
    async def _write(line, frame):
        with contextlib.suppress(ConnectionClosed):
            await line.send(frame)


class Proxy:
    """Carries connections, each up to as many bytes, in both directions, as ``budget`` gives for its number. Within an ``async with``."""

    def __init__(self, port, budget):
        self._port = port
        self._budget = budget
        self._number = 0

    async def __aenter__(self):
        self._server = await asyncio.start_server(self._carry, "127.0.0.1", 0)
        self.url = "ws://127.0.0.1:%d/" % self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_):
        self._server.close()

    async def _carry(self, client, to_client):
        left = self._budget(self._number)
        self._number += 1
        server, to_server = await asyncio.open_connection("127.0.0.1", self._port)

        async def pump(source, sink):
            nonlocal left
            with contextlib.suppress(ConnectionError):
                while left > 0 and (data := await source.read(512)):
                    data = data[: max(left, 0)]
                    left -= len(data)
                    sink.write(data)
                    await sink.drain()

        pumps = [asyncio.create_task(pump(client, to_server)), asyncio.create_task(pump(server, to_client))]
        await asyncio.wait(pumps, return_when=asyncio.FIRST_COMPLETED)
        for sink in (to_server, to_client):
            sink.close()
        for task in pumps:
            task.cancel()
