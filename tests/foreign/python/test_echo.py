"""The echo component, tested by a client of Python's websockets."""

import unittest

import websockets
from websockets.frames import CloseCode

from support import HostTestCase, soon


class Messages(HostTestCase):
    async def test_a_text_comes_back_as_a_text(self):
        client = await self.connect()
        await client.send("grüße, 世界 🌍")
        self.assertEqual(await self.recv(client), "grüße, 世界 🌍")

    async def test_bytes_come_back_as_bytes(self):
        client = await self.connect()
        await client.send(bytes(range(256)))
        self.assertEqual(await self.recv(client), bytes(range(256)))

    async def test_an_empty_message_comes_back_empty(self):
        client = await self.connect()
        for empty in ("", b""):
            await client.send(empty)
            self.assertEqual(await self.recv(client), empty)

    async def test_a_message_of_any_length_of_length_field_comes_back(self):
        client = await self.connect()
        for size in (125, 126, 65_535, 65_536, 1_000_000):
            message = "x" * size
            await client.send(message)
            self.assertEqual(await self.recv(client), message)

    async def test_a_message_sent_in_fragments_comes_back_whole(self):
        client = await self.connect()
        await client.send(["one ", "", "mess", "age"])
        self.assertEqual(await self.recv(client), "one message")
        await client.send([b"\x00" * 40_000, b"\xff" * 40_000])
        self.assertEqual(await self.recv(client), b"\x00" * 40_000 + b"\xff" * 40_000)

    async def test_messages_come_back_in_their_order(self):
        client = await self.connect()
        messages = [f"message {number}" for number in range(500)]
        for message in messages:
            await client.send(message)
        self.assertEqual([await self.recv(client) for _ in messages], messages)

    async def test_a_message_goes_back_only_to_its_sender(self):
        one, other = await self.connect(), await self.connect()
        await one.send("from one")
        await other.send("from the other")
        self.assertEqual(await self.recv(other), "from the other")
        self.assertEqual(await self.recv(one), "from one")


class Handshakes(HostTestCase):
    async def test_without_an_offer_no_subprotocol_is_agreed_on(self):
        self.assertIsNone((await self.connect()).subprotocol)

    async def test_an_offered_subprotocol_is_declined_by_a_guest_without_a_gate(self):
        client = await self.connect(subprotocols=["chat", "superchat"])
        self.assertIsNone(client.subprotocol)
        await client.send("still there?")
        self.assertEqual(await self.recv(client), "still there?")

    async def test_a_path_and_a_query_are_allowed(self):
        async with websockets.connect(f"{self.host.url}room/blue?name=ann", proxy=None) as client:
            await client.send("here")
            self.assertEqual(await self.recv(client), "here")

    async def test_a_page_of_another_site_is_refused(self):
        with self.assertRaises(websockets.InvalidStatus) as refusal:
            await self.connect(origin="https://elsewhere.example")
        self.assertEqual(refusal.exception.response.status_code, 403)


class Closing(HostTestCase):
    async def test_a_clients_close_code_is_echoed(self):
        for code in (CloseCode.NORMAL_CLOSURE, CloseCode.GOING_AWAY, 3000, 4999):
            client = await self.connect()
            await soon(client.close(code, "bye"))
            self.assertEqual((await self.close_frame(client)).code, code)

    async def test_text_that_is_not_utf8_is_closed_with_1007(self):
        client = await self.connect()
        await client.send(b"caf\xe9", text=True)
        self.assertEqual((await self.close_frame(client)).code, CloseCode.INVALID_DATA)

    async def test_a_message_over_a_mebibyte_is_closed_with_1009(self):
        client = await self.connect(compression=None)
        try:
            await client.send(bytes(1024 * 1024 + 1))
        except websockets.ConnectionClosed:
            pass  # the host may close before it has read all of it
        self.assertEqual((await self.close_frame(client)).code, CloseCode.MESSAGE_TOO_BIG)

    async def test_the_others_stay_when_one_breaks_a_rule(self):
        rude, polite = await self.connect(), await self.connect()
        await rude.send(b"\xff", text=True)
        await self.close_frame(rude)
        await polite.send("still there?")
        self.assertEqual(await self.recv(polite), "still there?")


if __name__ == "__main__":
    unittest.main()
