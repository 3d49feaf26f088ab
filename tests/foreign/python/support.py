"""What the test modules share: a test case with a host, and clients in the words of the tests."""

import asyncio
import unittest

import websockets

from host import PATIENCE, Host


class HostTestCase(unittest.IsolatedAsyncioTestCase):
    """Each test gets a host of its own, running `guest`."""

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
        """The next text that contains `words`; others are passed over."""
        while True:
            message = await self.recv(client)
            if isinstance(message, str) and words in message:
                return message

    async def close_frame(self, client):
        """The close frame that the host sent, once the connection has ended."""
        await soon(client.wait_closed())
        return client.protocol.close_rcvd


async def soon(awaitable):
    """The result, or a failed test if it does not come."""
    return await asyncio.wait_for(awaitable, PATIENCE)
