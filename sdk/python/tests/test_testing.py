"""`ws_host_guest.testing`: a room without a host."""

import asyncio
import contextlib
import io
import traceback
import unittest

from ws_host_guest import Accept, App, Close, CloseCause, CloseInfo, Refuse, Saved, StartRefused, Status
from ws_host_guest import StoreRefused, clients, clients_of_user, sleep, store
from ws_host_guest.testing import Refused, Room


def club():
    """An app of its own for each test, with what it has seen in `left`."""
    app = App()
    app.left = []

    @app.on_new_client
    def joined(client):
        client.attach(client.path.encode())
        app.broadcast(f"{client.id} is here", exclude=[client])

    @app.on_message
    def said(client, message):
        if message == "close":
            client.close(4000, "as you wish")
            assert client.send("too late") is Status.CLOSING
        elif message == "subscribe":
            client.subscribe("news")
        elif message == "count":
            store["seen"] = b"1"
            app.set_timer(0.01, b"tick", repeat=True)
        elif message == "fail":
            store["seen"] = b"2"
            client.send("never heard")
            raise ValueError("no")
        else:
            app.publish("news", message)

    @app.on_client_left
    def left(client, info):
        app.left.append((client.id, info.code, info.cause, client.attachment, clients()))

    @app.on_timer
    def ring(id, payload):
        app.broadcast(payload)
        if not app.left:
            app.cancel_timer(id)

    return app


class Rooms(unittest.TestCase):
    def test_clients_hear_what_the_app_sends_to_them(self):
        room = Room(club())
        ann, ben = room.join(), room.join()
        self.assertEqual((room.hears(ann), room.hears(ben)), (["2 is here"], []))
        room.says(ben, "subscribe")
        room.says(ann, b"\x01")
        self.assertEqual((room.hears(ann), room.hears(ben)), ([], [b"\x01"]))
        self.assertEqual(room.hears(ben), [])

    def test_a_client_that_the_app_closes_leaves_and_is_heard_no_more(self):
        app = club()
        room = Room(app)
        ann = room.join("/blue?a=b")
        room.says(ann, "close")
        self.assertEqual(room.closed(ann), (4000, "as you wish"))
        room.says(ann, "close")
        ben = room.join()
        room.leaves(ben)
        room.leaves(ben)
        self.assertEqual(
            app.left, [(1, 4000, CloseCause.GUEST, b"/blue", []), (2, 1005, CloseCause.CLIENT, b"/", [])]
        )
        room.leaves(room.join(), CloseInfo(1006, "", False, CloseCause.LOST))
        self.assertEqual(app.left[2][:3], (3, 1006, CloseCause.LOST))

    def test_timers_run_while_the_test_waits(self):
        room = Room(club())
        ann, ben = room.join(), room.join()
        room.leaves(ben)
        room.says(ann, "count")
        room.hears(ann)
        room.wait(0.025)
        self.assertEqual(room.hears(ann), [b"tick"] * 2)
        room.wait(0.005)
        self.assertEqual(room.hears(ann), [b"tick"])
        self.assertEqual(list(store), ["seen"])

    def test_an_exception_comes_out_with_the_handlers_lines_and_nothing_of_the_handler_stays(self):
        room = Room(club())
        ann = room.join()
        try:
            room.says(ann, "fail")
        except ValueError as error:
            names = [frame.name for frame in traceback.extract_tb(error.__traceback__)]
        self.assertEqual((names[0], names[-1], "run" in names), (self._testMethodName, "said", False))
        self.assertEqual((room.hears(ann), "seen" in store), ([], False))

    def test_on_error_is_called_for_an_exception_and_the_room_goes_on(self):
        app, seen = club(), []
        app.on_error(seen.append)
        room = Room(app)
        ann = room.join()
        with contextlib.redirect_stderr(io.StringIO()) as stderr:
            room.says(ann, "fail")
        self.assertEqual(([str(error) for error in seen], room.hears(ann)), (["no"], ["never heard"]))
        self.assertIn("ValueError: no", stderr.getvalue())

    def test_a_client_that_is_away_stays_a_member_and_hears_what_is_sent(self) -> None:
        app = App()
        seen = []

        @app.on_line_lost
        def lost(client):
            seen.append(("lost", client.id, client.is_online))

        @app.on_line_back
        def back(client):
            seen.append(("back", client.id, client.is_online))

        @app.on_upgrade
        def gate(request):
            return Refuse(410) if request.resumes else None

        @app.on_message
        def told(client, message):
            app.broadcast(message)

        room = Room(app)
        ann, ben = room.join(), room.join()
        room.goes_away(ann), room.goes_away(ann)
        self.assertEqual((ann.is_online, ann.is_connected, ben.is_online, app.client(99).is_online), (False, True, True, False))
        room.says(ben, "hello")
        room.comes_back(ann), room.comes_back(ann)
        self.assertEqual((room.hears(ann), seen), (["hello"], [("lost", 1, False), ("back", 1, True)]))
        room.goes_away(ann)
        room.leaves(ann)
        self.assertEqual((ann.is_online, ann.is_connected), (False, False))
        with self.assertRaises(Refused):
            room.join(resumes=True)

    def test_the_request_decides_whether_a_client_joins(self):
        app = App()

        @app.on_upgrade
        def gate(request):
            match request.path:
                case "/closed":
                    return Close(4001, "not you")
                case "/secret":
                    return Refuse(401, [("www-authenticate", "Bearer")], b"who?")
                case "/named":
                    return Accept(user="ann", attachment=b"hers")
                case "/nobody":
                    return Accept(user="")
                case "/wrong":
                    return Accept("v9")
            return Accept("v2") if request.header("Token") == "abc" else None

        @app.on_new_client
        def joined(client):
            client.send(f"{client.subprotocol} {client.query} {client.address}")

        room = Room(app)
        ann = room.join("/?a=b", headers={"TOKEN": "abc"}, subprotocols=["v1", "v2"], address=("192.0.2.7", 1))
        self.assertEqual(room.hears(ann), ["v2 a=b ('192.0.2.7', 1)"])
        for path, decision in (("/closed", Close(4001, "not you")), ("/secret", Refuse(401, (("www-authenticate", "Bearer"),), b"who?"))):
            with self.assertRaises(Refused) as caught:
                room.join(path)
            self.assertEqual(caught.exception.decision, decision)
        with self.assertRaisesRegex(ValueError, r"subprotocol 'v9', and the client offers \['v1'\]"):
            room.join("/wrong", subprotocols=["v1"])
        named = room.join("/named")
        self.assertEqual((named.user, named.attachment, clients_of_user("ann")), ("ann", b"hers", [named]))
        named.subscribe("sport"), named.subscribe("news")
        self.assertEqual((named.topics, ann.topics), (["news", "sport"], []))
        room.leaves(named)
        self.assertEqual(clients_of_user("ann"), [])
        with self.assertRaisesRegex(ValueError, "1 to 256 bytes"):
            room.join("/nobody")
        app.deny_new_clients()
        self.assertFalse(room.is_admitting)
        with self.assertRaises(Refused) as caught:
            room.join()
        self.assertEqual(caught.exception.decision, Refuse(503))
        app.allow_new_clients()
        self.assertEqual((room.join().id, room.is_admitting), (3, True))

    def test_state_goes_from_snapshot_to_on_start(self):
        app, seen = App(), []

        @app.on_start
        def start(reason, saved):
            seen.append((reason, saved))
            if saved and saved.version == "2":
                raise StartRefused("too new")

        @app.snapshot
        def keep():
            app.broadcast("dropped")
            return Saved("1", b"x")

        room = Room(app)
        ann = room.join()
        saved = room.snapshot()
        self.assertEqual(room.hears(ann), [])
        Room(app, reason="after-trap", saved=saved)
        self.assertEqual(seen, [("fresh", None), ("after-trap", Saved("1", b"x"))])
        with self.assertRaisesRegex(StartRefused, "too new"):
            Room(app, reason="swap", saved=Saved("2", b""))

    def test_a_room_whose_place_another_has_taken_runs_no_handler(self):
        app = club()
        room = Room(app)
        ann, ben = room.join(), room.join()
        Room(app)
        with self.assertRaisesRegex(RuntimeError, "a later Room has taken the place of this one"):
            room.says(ben, "hello")
        self.assertEqual(room.hears(ann), ["2 is here"])

    def test_the_rules_of_the_contract_hold(self):
        app = App()
        room = Room(app)
        ann = room.join()
        self.assertEqual(app.send(99, "nobody"), Status.NO_SUCH_CLIENT)
        self.assertEqual((ann.close(1005), ann.close(1000, "é" * 62)), (Status.INVALID_CODE, Status.REASON_TOO_LONG))
        self.assertEqual((ann.attach(bytes(16385)), ann.attachment), (Status.TOO_BIG, None))
        self.assertEqual((ann.subscribe(""), ann.subscribe("é" * 129)), (Status.INVALID_TOPIC,) * 2)
        self.assertEqual([ann.subscribe(str(topic)) for topic in range(1025)], [Status.OK] * 1024 + [Status.LIMIT])
        for key, value, reason in (("é" * 257, b"", "KEY_TOO_LONG"), ("a", bytes((128 << 10) + 1), "VALUE_TOO_BIG")):
            with self.assertRaises(StoreRefused) as caught:
                store[key] = value
            self.assertEqual(caught.exception.reason, reason)
        for delay, payload, repeat in ((0, b"", True), (1, bytes((64 << 10) + 1), False)):
            with self.assertRaisesRegex(ValueError, "a payload over 64 KiB, or a repeat every 0 s"):
                app.set_timer(delay, payload, repeat=repeat)
        for _ in range(10_000):
            app.set_timer(1)
        with self.assertRaisesRegex(ValueError, "10,000 timers"):
            app.set_timer(1)

    def test_entries_of_the_store_come_in_the_order_of_their_bytes_and_in_parts(self):
        Room(App())
        for key in ("\U0001f600", "\uffff", "a"):
            store[key] = bytes(100_000)
        self.assertEqual([key for key, _ in store.list()], ["a", "\uffff", "\U0001f600"])
        for key in "bcdefghijk":
            store[key] = bytes(128 << 10)
        self.assertLess(len(store.list()), len(store))
        self.assertEqual([len(store.list(after=key)) for key in "k"], [2])

    def test_a_program_for_python_websocket_server_has_a_room_too(self):
        from websocket import WebSocketsServer

        server = WebSocketsServer(13254)
        server.set_fn_message_received(lambda client, server, message: server.send_message_to_all(f"{client['id']}: {message}"))
        room = Room(server)
        ann, ben = room.join(), room.join()
        room.says(ben, "hello")
        self.assertEqual((room.hears(ann), room.hears(ben)), (["2: hello"], ["2: hello"]))


def sleeper():
    """An app whose handler sleeps, with a queue that belongs to the module."""
    app = App()
    jobs = asyncio.Queue()

    async def fail():
        await asyncio.sleep(1)
        raise ValueError("in a task")

    async def work():
        while True:
            app.broadcast(await jobs.get())

    @app.on_message
    async def said(client, message):
        if message == "task":
            asyncio.create_task(fail())
        elif message == "work":
            asyncio.create_task(work())
        elif message == "poll":
            while True:
                await asyncio.sleep(0)
        elif message == "fail":
            await sleep(0.2)
            raise ValueError("after a while")
        elif message.startswith("job"):
            await jobs.put(message)
        else:
            await asyncio.sleep(float(message))
            client.send("awake")

    return app


class Asyncio(unittest.TestCase):
    def setUp(self):
        self.app = sleeper()
        self.room = Room(self.app)
        self.ann = self.room.join()

    def test_a_handler_sleeps_until_the_test_has_waited(self):
        self.room.says(self.ann, "2")
        self.room.wait(1.999)
        self.assertEqual(self.room.hears(self.ann), [])
        self.room.wait(0.001)
        self.assertEqual(self.room.hears(self.ann), ["awake"])

    def test_a_sleep_ends_in_the_wait_of_its_length(self):
        for milliseconds in range(1, 500):
            self.room.says(self.ann, str(milliseconds / 1000))
            self.room.wait(milliseconds / 1000)
            self.assertEqual(self.room.hears(self.ann), ["awake"], milliseconds)

    def test_an_exception_behind_an_await_comes_out_of_the_wait(self):
        self.room.says(self.ann, "fail")
        with self.assertRaisesRegex(ValueError, "after a while"):
            self.room.wait(1)

    def test_an_exception_of_a_task_that_nobody_awaits_comes_out_too(self):
        self.room.says(self.ann, "task")
        with self.assertRaisesRegex(ValueError, "in a task"):
            self.room.wait(1)

    def test_a_coroutine_that_polls_does_not_keep_the_clock_from_moving(self):
        self.room.says(self.ann, "poll")
        self.room.wait(0.01)

    def test_the_tasks_of_a_room_end_with_it_and_queues_of_the_module_work_in_the_next(self):
        self.room.says(self.ann, "work")
        self.room.says(self.ann, "job 1")
        self.assertEqual(self.room.hears(self.ann), ["job 1"])
        room = Room(self.app)
        ben = room.join()
        room.says(ben, "job 2")
        room.says(ben, "work")
        self.assertEqual((room.hears(ben), self.room.hears(self.ann)), (["job 2"], []))


class WithinAsyncio(unittest.IsolatedAsyncioTestCase):
    async def test_a_room_works_within_an_asynchronous_test(self):
        room = Room(sleeper())
        ann = room.join()
        room.says(ann, "1")
        await asyncio.sleep(0)
        room.wait(1)
        self.assertEqual(room.hears(ann), ["awake"])


if __name__ == "__main__":
    unittest.main()
