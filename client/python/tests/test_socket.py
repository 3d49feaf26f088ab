"""A socket against servers that the tests play."""

import asyncio
import contextlib
import random
import unittest
from unittest import mock

from played import PlayedHost, Proxy
from websockets.asyncio.server import serve
from websockets.exceptions import ConnectionClosed, ConnectionClosedError, InvalidURI

from ws_host_client import Closed, Full, connect
from ws_host_client._line import Line

PATIENCE = 60


async def soon(awaitable):
    """The result. A test without one fails."""
    return await asyncio.wait_for(awaitable, PATIENCE)


class SocketTestCase(unittest.IsolatedAsyncioTestCase):
    """A test case with a played host."""

    async def asyncSetUp(self):
        self.host = await self.enterAsyncContext(PlayedHost())
        self.statuses = asyncio.Queue()
        self.fresh = []

    async def open(self, url=None, **options):
        """A socket with short waits, closed with the test."""
        options = {"min_delay": 0.002, "max_delay": 0.01, "proxy": None, **options}
        tell = {"on_status": self.statuses.put_nowait, "on_fresh": lambda *what: self.fresh.append(what)}
        return await self.enterAsyncContext(connect(url or self.host.url, **tell, **options))

    async def hears(self):
        return await soon(self.host.heard.get())

    async def sees(self, name):
        """The next status of this name."""
        while (status := await soon(self.statuses.get())).name != name:
            pass
        return status


class Sessions(SocketTestCase):
    """Sessions that go on, and sessions that begin anew."""

    async def test_every_message_arrives_once_and_in_order_whatever_is_cut(self):
        messages, cuts, dice = 300, 30, random.Random(18)

        def budget(number):
            # A handshake takes about 500 bytes. The first connection must carry the welcome: without its token, no session can resume.
            return 1 << 40 if number > cuts else dice.randrange(50, 1800) + 1000 * (number == 0)

        proxy = await self.enterAsyncContext(Proxy(self.host.port, budget))
        socket = await self.open(proxy.url)
        await socket.send("0")
        self.assertEqual(await self.hears(), "0")

        async def send():
            for number in range(1, messages):
                await socket.send(str(number))
                await self.host.send(str(number))
                if number % 8 == 0:
                    await asyncio.sleep(0)

        sending = asyncio.create_task(send())
        for number in range(1, messages):
            self.assertEqual(await soon(socket.recv()), str(number))
        for number in range(1, messages):
            self.assertEqual(await self.hears(), str(number))
        await sending
        self.assertTrue(self.host.heard.empty())
        self.assertEqual(self.fresh, [])

    async def test_a_socket_comes_back_with_its_session(self):
        socket = await self.open()
        await socket.send("early")
        self.assertEqual(await self.hears(), "early")
        self.assertEqual(await self.host.requests.get(), "/chat?a=1&_resume=new")
        self.assertFalse((await self.sees("online")).resumed)
        self.host.cut()
        await soon(self.host.codes.get())
        await self.host.send("while you were away")
        await self.host.send(b"\x00\xff")
        self.assertEqual([await soon(socket.recv()), await soon(socket.recv())], ["while you were away", b"\x00\xff"])
        self.assertTrue((await self.sees("online")).resumed)
        self.assertEqual(await self.host.requests.get(), "/chat?a=1&_resume=h1")

    async def test_a_session_that_is_lost_is_told_with_what_may_be_lost(self):
        socket = await self.open()
        await socket.send("carried")
        self.assertEqual(await self.hears(), "carried")
        await self.host.order(".before")
        await self.host.order("a50")
        await self.host.line.close(1001)
        self.host.forget("later-reason")
        self.assertEqual((await self.sees("away")).retry_in, 0.05)
        await socket.send("not carried")
        self.assertFalse((await self.sees("online")).resumed)
        self.assertEqual(await self.hears(), "not carried")
        self.assertEqual((await soon(socket.recv()), self.fresh), ("before", []))
        await self.host.send("after")
        self.assertEqual((await soon(socket.recv()), self.fresh), ("after", [("unknown", ["carried"])]))

    async def test_nothing_is_dropped_silently(self):
        socket = await self.open(max_buffered=10)
        await self.sees("online")
        socket.send_nowait("123456789")
        self.assertEqual(socket.buffered, 10)
        with self.assertRaises(Full):
            socket.send_nowait("")
        # The host confirms what it has when the socket comes back. A larger message waits until no other does.
        sending = asyncio.create_task(socket.send("longer than ten bytes"))
        self.assertEqual(await self.hears(), "123456789")
        self.host.cut()
        await soon(sending)
        self.assertEqual(await self.hears(), "longer than ten bytes")
        await socket.close()
        with self.assertRaises(Closed):
            await socket.send("late")

    async def test_a_dead_line_is_given_up_and_the_session_goes_on(self):
        with mock.patch("ws_host_client._driver.ANSWER", 0.05):
            socket = await self.open(heartbeat=0.02)
            await self.sees("online")
            # Answers are signs of life.
            for _ in range(3):
                await soon(self.host.pings.get())
            self.host.answers = False
            self.assertEqual((await self.sees("away")).cause, "the connection closed with code 1006: the server does not answer")
            self.host.answers = True
            self.assertEqual(await soon(self.host.codes.get()), 3003)
            self.assertTrue((await self.sees("online")).resumed)
            await socket.send("alive")
            self.assertEqual(await self.hears(), "alive")


class Beginnings(SocketTestCase):
    """A line that is not ready yet."""

    async def test_a_server_that_welcomes_behind_the_limit_of_the_attempt_has_sessions(self):
        self.host.welcomes.clear()
        socket = await self.open(connect_timeout=0.1)
        await soon(self.host.requests.get())
        asyncio.get_running_loop().call_later(0.2, self.host.welcomes.set)
        await self.sees("online")
        await socket.send("hello")
        self.assertEqual(await self.hears(), "hello")

    async def test_messages_that_wait_for_the_first_line_go_before_the_socket_closes(self):
        socket = await self.open()
        await socket.send("last words")
        await soon(socket.close())
        self.assertEqual((await self.hears(), await soon(self.host.codes.get())), ("last words", 1000))

    async def test_messages_that_wait_for_the_welcome_go_before_the_socket_closes(self):
        self.host.welcomes.clear()
        socket = await self.open()
        await socket.send("last words")
        await soon(self.host.requests.get())
        closing = asyncio.create_task(socket.close())
        asyncio.get_running_loop().call_soon(self.host.welcomes.set)
        await soon(closing)
        self.assertEqual((await self.hears(), await soon(self.host.codes.get())), ("last words", 1000))

    async def test_a_socket_that_is_closed_waits_no_longer_than_an_attempt_may_take(self):
        self.host.welcomes.clear()
        socket = await self.open(connect_timeout=0.2)
        await socket.send("never heard")
        await soon(socket.close())
        self.assertEqual(socket.status.name, "closed")
        self.host.welcomes.set()


class Sizes(SocketTestCase):
    """Messages that are large."""

    async def test_a_message_may_be_larger_than_a_mebibyte(self):
        socket = await self.open()
        await self.sees("online")
        await self.host.send(bytes(1 << 20))
        self.assertEqual(await soon(socket.recv()), bytes(1 << 20))

    async def test_a_message_beyond_the_limit_of_the_application_ends_the_socket(self):
        socket = await self.open(max_size=1000)
        await self.sees("online")
        await self.host.send("a" * 1000)
        with self.assertRaises(Closed) as caught:
            await soon(socket.recv())
        self.assertEqual((caught.exception.code, await soon(self.host.codes.get())), (1009, 1009))


class Ends(SocketTestCase):
    """Ends after which a socket comes back, and ends after which it does not."""

    async def test_a_socket_that_is_closed_sends_all_and_ends_its_session(self):
        socket = await self.open()
        await self.sees("online")
        await socket.send("last words")
        await soon(socket.close(3001, "enough"))
        self.assertEqual((await self.hears(), await soon(self.host.codes.get())), ("last words", 3001))
        with self.assertRaises(Closed) as caught:
            await socket.recv()
        self.assertEqual(caught.exception.code, 3001)

    async def test_a_socket_that_is_closed_without_a_line_ends_too(self):
        socket = await self.open("ws://127.0.0.1:1/")
        await self.sees("away")
        waiting = asyncio.create_task(socket.recv())
        await asyncio.sleep(0)
        await soon(socket.close())
        with self.assertRaises(Closed):
            await soon(waiting)

    async def test_a_line_that_breaks_before_all_is_written_does_not_hold_up_close(self):
        class Stuck:
            broken = asyncio.Event()

            async def send(self, _):
                await self.broken.wait()
                raise ConnectionClosedError(None, None)

        line, written = Line(Stuck()), asyncio.Event()
        line.put("last words")
        writing, drained = asyncio.create_task(line.write(written)), asyncio.create_task(line.drained(written))
        await asyncio.sleep(0)
        Stuck.broken.set()
        await asyncio.wait_for(asyncio.gather(writing, drained), PATIENCE)

    async def test_a_code_that_means_do_not_come_back_ends_the_socket(self):
        socket = await self.open()
        for code in (1011, 1008):
            await self.sees("online")
            await self.host.line.close(code, "why")
        with self.assertRaisesRegex(Closed, "closed with code 1008: why"):
            async for _ in socket:
                pass
        self.assertEqual(socket.status.name, "closed")

    async def test_messages_end_with_1000(self):
        socket = await self.open()
        await self.sees("online")
        await self.host.order(".last")
        await self.host.line.close(1000)
        self.assertEqual([message async for message in socket], ["last"])

    async def test_a_host_that_breaks_the_protocol_is_told_so(self):
        for frame in ("w1 h9 " + "0" * 32 + " 0 0 resumed", "x", b"x", "r-1", "r99"):
            with self.subTest(frame):
                socket = await self.open()
                await self.sees("online")
                await self.host.order(frame)
                with self.assertRaises(Closed) as caught:
                    await soon(socket.recv())
                self.assertEqual((caught.exception.code, await soon(self.host.codes.get())), (1002, 1002))

    async def test_a_refusal_of_http_is_final_unless_it_may_pass(self):
        statuses = iter([503, 403])
        refuse = lambda connection, request: connection.respond(next(statuses), "no")
        server = await self.enterAsyncContext(serve(lambda line: None, "127.0.0.1", 0, process_request=refuse))
        socket = await self.open("ws://127.0.0.1:%d/" % server.sockets[0].getsockname()[1])
        with self.assertRaisesRegex(Closed, "HTTP status 403"):
            await soon(socket.recv())

    async def test_the_address_is_asked_for_at_each_attempt(self):
        calls = []

        async def url():
            calls.append(1)
            if len(calls) == 1:
                raise RuntimeError("no token")
            return f"{self.host.url}&token={len(calls)}"

        await self.open(url)
        self.assertEqual((await self.sees("away")).cause, "the connection closed with code 1006: no address: no token")
        await self.sees("online")
        self.assertEqual(await self.host.requests.get(), "/chat?a=1&token=2&_resume=new")

    async def test_a_wrong_address_that_is_asked_for_ends_the_socket(self):
        socket = await self.open(lambda: "chat.example")
        with self.assertRaisesRegex(Closed, "InvalidURI: chat.example"):
            await soon(socket.recv())

    async def test_an_address_that_is_none_is_refused_at_once(self):
        with self.assertRaises(InvalidURI):
            connect("chat.example")


class Plain(SocketTestCase):
    """Servers without sessions."""

    async def serve(self):
        heard = asyncio.Queue()

        async def hear(line):
            await line.send("hi")
            with contextlib.suppress(ConnectionClosed):
                async for message in line:
                    heard.put_nowait(message)
                    if message == "cut":
                        line.transport.abort()

        server = await self.enterAsyncContext(serve(hear, "127.0.0.1", 0))
        return "ws://127.0.0.1:%d" % server.sockets[0].getsockname()[1], heard

    async def test_a_socket_without_sessions_reconnects_and_tells_that_something_may_be_lost(self):
        url, heard = await self.serve()
        socket = await self.open(url, resume=False, heartbeat=0.01)
        self.assertEqual(await soon(socket.recv()), "hi")
        await socket.send("cut")
        self.assertEqual((await soon(socket.recv()), self.fresh), ("hi", [("off", [])]))
        await socket.send(bytearray(b"again"))
        self.assertEqual([await soon(heard.get()), await soon(heard.get())], ["cut", b"again"])

    async def test_a_socket_notices_that_a_server_has_no_sessions(self):
        url, heard = await self.serve()
        socket = await self.open(url)
        await socket.send("waiting")
        self.assertEqual(await soon(socket.recv()), "hi")
        self.assertEqual([await soon(heard.get()), await soon(heard.get())], ["h1 - 0", "waiting"])

    async def test_a_server_that_refuses_hello_or_is_silent_is_asked_for_no_session(self):
        for refuses in (True, False):
            heard = asyncio.Queue()

            async def hear(line):
                with contextlib.suppress(ConnectionClosed):
                    async for message in line:
                        heard.put_nowait(message)
                        if refuses:
                            await line.close(1007)

            server = await self.enterAsyncContext(serve(hear, "127.0.0.1", 0))
            with self.subTest(refuses), mock.patch("ws_host_client._driver.FIRST_WELCOME", 5 if refuses else 0.05):
                socket = await self.open("ws://127.0.0.1:%d" % server.sockets[0].getsockname()[1])
                await socket.send("waiting")
                self.assertEqual([await soon(heard.get()), await soon(heard.get())], ["h1 - 0", "waiting"])


if __name__ == "__main__":
    unittest.main()
