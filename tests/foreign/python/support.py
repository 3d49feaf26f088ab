"""Shared by the test modules: a test case with a host, and clients with methods in the words of the tests."""

import asyncio
import unittest

import websockets

from host import PATIENCE, Host


class HostTestCase(unittest.IsolatedAsyncioTestCase):
    """A test case in which each test has its own host, which runs `guest`."""

    guest = "echo"
    options = ()

    async def asyncSetUp(self):
        self.host = await self.enterAsyncContext(Host(self.guest, *self.options))

    async def connect(self, **options):
        """A connected client, closed with the test."""
        return await self.enterAsyncContext(websockets.connect(self.host.url, proxy=None, **options))

    async def recv(self, client):
        """The next message."""
        return await soon(client.recv())

    async def hears(self, client, words):
        """The next text that contains `words`. Others are skipped."""
        while True:
            message = await self.recv(client)
            if isinstance(message, str) and words in message:
                return message

    async def close_frame(self, client):
        """Waits for the end of the connection, and returns the close frame that the host sent."""
        await soon(client.wait_closed())
        return client.protocol.close_rcvd


async def soon(awaitable):
    """The result. A test without one fails."""
    return await asyncio.wait_for(awaitable, PATIENCE)
