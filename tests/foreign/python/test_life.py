"""The life of the host and of idle connections, tested by a client of Python's websockets."""

import asyncio
import unittest
import urllib.error
import urllib.request

import websockets
from websockets.frames import CloseCode, Opcode

from support import HostTestCase, soon


class Shutdown(HostTestCase):
    async def test_sigterm_closes_every_client_with_1001_and_exits_with_0(self):
        clients = [await self.connect() for _ in range(3)]
        self.host.terminate()
        for client in clients:
            self.assertEqual((await self.close_frame(client)).code, CloseCode.GOING_AWAY)
        self.assertEqual(await self.host.exit_code(), 0)

    async def test_sigterm_without_clients_exits_with_0(self):
        self.host.terminate()
        self.assertEqual(await self.host.exit_code(), 0)

    async def test_answers_sent_before_sigterm_arrive(self):
        client = await self.connect()
        await client.send("last words")
        self.assertEqual(await self.recv(client), "last words")
        self.host.terminate()
        with self.assertRaises(websockets.ConnectionClosed):
            await self.recv(client)


class Pings(HostTestCase):
    async def test_a_clients_ping_is_answered_with_its_payload(self):
        client = await self.connect()
        await soon(await client.ping(b"are you there?"))

    async def test_a_silent_client_is_pinged_and_stays_when_it_answers(self):
        client = await self.connect(create_connection=Pinged, ping_interval=None)
        await soon(client.pings.get())
        await client.send("still here")
        self.assertEqual(await self.recv(client), "still here")

class Pinged(websockets.ClientConnection):
    """A client that reports each ping. The library answers them."""

    def __init__(self, *arguments, **options):
        super().__init__(*arguments, **options)
        self.pings = asyncio.Queue()

    def process_event(self, event):
        if getattr(event, "opcode", None) is Opcode.PING:
            self.pings.put_nowait(event)
        super().process_event(event)


class Page(HostTestCase):
    async def test_the_page_is_served_at_the_root(self):
        response = await self.get("/")
        self.assertEqual(response.status, 200)
        self.assertIn("text/html", response.headers["Content-Type"])
        self.assertIn(b"<html", response.read())

    async def test_a_head_request_gets_only_the_headers(self):
        response = await self.get("/", method="HEAD")
        self.assertEqual(response.status, 200)
        self.assertEqual(int(response.headers["Content-Length"]), len((await self.get("/")).read()))
        self.assertEqual(response.read(), b"")

    async def test_there_is_no_other_page(self):
        with self.assertRaises(urllib.error.HTTPError) as refusal:
            await self.get("/other")
        self.assertEqual(refusal.exception.code, 404)
        refusal.exception.close()

    async def get(self, path, method="GET"):
        request = urllib.request.Request(self.host.page.rstrip("/") + path, method=method)
        direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        response = await soon(asyncio.to_thread(direct.open, request))
        self.addCleanup(response.close)
        return response


if __name__ == "__main__":
    unittest.main()
