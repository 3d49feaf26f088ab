"""The chat components, as clients of Python's websockets see them."""

import unittest

from support import HostTestCase, soon


class EveryChat:
    """What each chat does."""

    async def test_what_one_says_the_others_hear(self):
        ann, ben, cem = [await self.connect() for _ in range(3)]
        await ann.send("good morning")
        await self.hears(ben, "good morning")
        await self.hears(cem, "good morning")
        await cem.send("good evening")
        await self.hears(ann, "good evening")
        await self.hears(ben, "good evening")

    async def test_a_newcomer_hears_of_itself_and_so_do_the_others(self):
        ann = await self.connect()
        await self.hears(ann, "joined")
        ben = await self.connect()
        await self.hears(ann, "joined")
        await self.hears(ben, "joined")

    async def test_when_one_leaves_the_others_hear_of_it(self):
        ann, ben, cem = [await self.connect() for _ in range(3)]
        await soon(ben.close())
        await self.hears(ann, "has left")
        await self.hears(cem, "has left")

    async def test_when_a_connection_is_lost_the_others_hear_of_it(self):
        ann, ben = await self.connect(), await self.connect()
        ben.transport.abort()
        await self.hears(ann, self.lost)

    async def test_binary_messages_reach_the_others_alone(self):
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

    async def test_a_whisper_reaches_one_alone(self):
        ann, ben, cem = [await self.connect() for _ in range(3)]
        await ben.send("/name Ben")
        await self.hears(ann, "is now Ben")
        await ann.send("/msg Ben a secret")
        await self.hears(ben, "a secret")
        await ann.send("no secret")
        while "no secret" not in (message := await self.recv(cem)):
            self.assertNotIn("secret", message)

    async def test_everybody_can_ask_who_is_here(self):
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
