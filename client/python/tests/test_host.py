"""The library against the real host, over connections that are cut."""

import asyncio
import os
import pathlib
import random
import sys
import unittest

from played import Proxy

from ws_host_client import connect

sys.path.append(str(pathlib.Path(__file__).parents[3] / "tests/foreign/python"))


@unittest.skipUnless("WS_HOST" in os.environ, "WS_HOST names no host")
class RealHost(unittest.IsolatedAsyncioTestCase):
    """Messages to an echo and back."""

    async def test_every_message_arrives_once_and_in_order_whatever_is_cut(self):
        from host import Host

        messages, cuts, dice = 300, 20, random.Random(18)

        def budget(number):
            # A handshake takes about 600 bytes. The first connection must carry the welcome: without its token, no session can resume.
            return 1 << 40 if number > cuts else dice.randrange(50, 2500) + 2000 * (number == 0)

        host = await self.enterAsyncContext(Host("echo"))
        proxy = await self.enterAsyncContext(Proxy(int(host.authority.rpartition(":")[2]), budget))
        fresh, statuses = [], []
        options = {"min_delay": 0.002, "max_delay": 0.01, "on_fresh": lambda *what: fresh.append(what), "proxy": None}
        async with connect(proxy.url, on_status=statuses.append, **options) as socket:
            await socket.send("first")
            self.assertEqual(await asyncio.wait_for(socket.recv(), 60), "first")
            for number in range(messages):
                await socket.send(str(number))
            heard = [await asyncio.wait_for(socket.recv(), 60) for _ in range(messages)]
        self.assertEqual(heard, [str(number) for number in range(messages)])
        self.assertEqual(fresh, [])
        self.assertGreaterEqual(sum(status.name == "online" and status.resumed for status in statuses), 2)


if __name__ == "__main__":
    unittest.main()
