"""The chat components, tested by clients of Python's websockets."""

import unittest

from support import HostTestCase, soon


class EveryChat:
    """The tests of every chat."""

    async def test_a_message_reaches_the_others(self):
        ann, ben, cem = [await self.connect() for _ in range(3)]
        await ann.send("good morning")
        await self.hears(ben, "good morning")
        await self.hears(cem, "good morning")
        await cem.send("good evening")
        await self.hears(ann, "good evening")
        await self.hears(ben, "good evening")

    async def test_a_join_is_announced_to_all(self):
        ann = await self.connect()
        await self.hears(ann, "joined")
        ben = await self.connect()
        await self.hears(ann, "joined")
        await self.hears(ben, "joined")

    async def test_a_leave_is_announced_to_the_others(self):
        ann, ben, cem = [await self.connect() for _ in range(3)]
        await soon(ben.close())
        await self.hears(ann, "has left")
        await self.hears(cem, "has left")

    async def test_a_lost_connection_is_announced_to_the_others(self):
        ann, ben = await self.connect(), await self.connect()
        ben.transport.abort()
        await self.hears(ann, self.lost)

    async def test_binary_messages_reach_only_the_others(self):
        ann, ben = await self.connect(), await self.connect()
        await self.hears(ann, "joined")
        await self.hears(ann, "joined")
        await ann.send(b"\x00\x01\x02")
        while (message := await self.recv(ben)) != b"\x00\x01\x02":
            self.assertIsInstance(message, str)
        await ann.send("done")
        while "done" not in (message := await self.recv(ann)):
            self.assertIsInstance(message, str)


class Chat(EveryChat, HostTestCase):
    guest = "chat"
    lost = "has lost the connection"

    async def test_a_chosen_name_replaces_the_given_one(self):
        ann, ben = await self.connect(), await self.connect()
        await ann.send("/name Ann")
        await self.hears(ben, "is now Ann")
        await ann.send("hello")
        await self.hears(ben, "Ann: hello")

    async def test_a_whisper_reaches_only_one(self):
        ann, ben, cem = [await self.connect() for _ in range(3)]
        await ben.send("/name Ben")
        await self.hears(ann, "is now Ben")
        await ann.send("/msg Ben a secret")
        await self.hears(ben, "a secret")
        await ann.send("no secret")
        while "no secret" not in (message := await self.recv(cem)):
            self.assertNotIn("secret", message)

    async def test_every_client_can_ask_for_the_names(self):
        ann, ben = await self.connect(), await self.connect()
        await ben.send("/name Ben")
        await self.hears(ann, "is now Ben")
        await ann.send("/who")
        self.assertIn("Ben", await self.hears(ann, "Here:"))


class BareChat(EveryChat, HostTestCase):
    """The guest without the SDK."""

    guest = "bare"
    lost = "has left"


if __name__ == "__main__":
    unittest.main()
