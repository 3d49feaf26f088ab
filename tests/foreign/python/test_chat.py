"""The chat component, as clients of Python's websockets see it."""

import unittest

from support import HostTestCase, soon


class Chat(HostTestCase):
    guest = "chat"

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
        await self.hears(ann, "left")
        await self.hears(cem, "left")

    async def test_a_lost_connection_counts_as_leaving(self):
        ann, ben = await self.connect(), await self.connect()
        ben.transport.abort()
        await self.hears(ann, "left")


class BareChat(Chat):
    """The same, by a guest without the SDK."""

    guest = "bare"


if __name__ == "__main__":
    unittest.main()
