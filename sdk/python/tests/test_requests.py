"""Plain HTTP requests, which the app answers."""

import asyncio
import contextlib
import io
import unittest

from ws_host_guest import App, EventStream, Reply, fake, replies, testing
from ws_host_guest.testing import Room


def answering(handler):
    app = App()
    app.on_request(handler)
    return Room(app)


class Whole(unittest.TestCase):
    def test_the_result_of_the_handler_is_the_answer(self):
        cases = [
            ("grüße", 200, "text/plain; charset=utf-8", "grüße".encode()),
            (b"\0", 200, "application/octet-stream", b"\0"),
            ({"a": [1]}, 200, "application/json", b'{"a": [1]}'),
            ([1], 200, "application/json", b"[1]"),
            (None, 204, None, b""),
            ((404, "no such page"), 404, "text/plain; charset=utf-8", b"no such page"),
            (("no such page", 404), 404, "text/plain; charset=utf-8", b"no such page"),
            (Reply("<p>", 201, {"Content-Type": "text/html"}), 201, "text/html", b"<p>"),
            (Reply(status=405, headers=[("allow", "POST")]), 405, None, b""),
        ]
        for given, status, kind, body in cases:

            async def later(request, given=given):
                return given

            for handler in (lambda request, given=given: given, later):
                answer = answering(handler).request("GET")
                seen = answer.status, answer.headers.get("content-type"), answer.body, answer.is_complete
                self.assertEqual(seen, (status, kind, body, True))

    def test_the_handler_sees_the_request(self):
        def handler(request):
            value = request.json() if request.header("Content-Type") == "application/json" else request.text
            return f"{request.method} {request.path} {request.query} {request.address[0]} {value}"

        room = answering(handler)
        self.assertEqual(room.request("post", "/a?b=c", json=[1]).text, "POST /a b=c 127.0.0.1 [1]")
        self.assertEqual(room.request("PUT", body="ä", address=("192.0.2.7", 1)).text, "PUT /  192.0.2.7 ä")

    def test_a_handler_answers_in_a_later_event(self):
        async def handler(request):
            await asyncio.sleep(1)
            return "at last"

        room = answering(handler)
        answer = room.request("GET")
        self.assertIsNone(answer.status)
        room.wait(1)
        self.assertEqual(answer.text, "at last")

    def test_a_client_that_goes_cancels_the_handler(self):
        seen = []

        async def handler(request):
            try:
                await asyncio.sleep(1)
            finally:
                seen.append("ended")
            seen.append("not cancelled")

        room = answering(handler)
        room.request("GET").goes()
        room.wait(1)
        self.assertEqual(seen, ["ended"])

    def test_a_failing_handler_has_answered_nothing_and_with_on_error_it_is_a_500(self):
        def now(request):
            raise ValueError("no")

        async def later(request):
            await asyncio.sleep(0.5)
            raise ValueError("no")

        for handler in (now, later):
            room = answering(handler)
            with self.assertRaisesRegex(ValueError, "no"):
                room.request("GET")
                room.wait(0.5)
            app = App()
            app.on_request(handler)
            app.on_error(lambda error: None)
            room = Room(app)
            with contextlib.redirect_stderr(io.StringIO()):
                answer = room.request("GET")
                room.wait(0.5)
            self.assertEqual((answer.status, answer.is_complete), (500, True))

    def test_results_that_are_no_answers_are_errors_of_one_line(self):
        for given, error in ((5, "cannot send int"), ((1, 2), "content and status"), (Reply(status=99), "from 200 to 599")):
            with self.assertRaisesRegex((TypeError, ValueError), error):
                answering(lambda request, given=given: given).request("GET")
        with self.assertRaisesRegex(ValueError, "refuses the answer to a request: the header Date belongs to the host"):
            answering(lambda request: Reply("", headers={"Date": "now"})).request("GET")


class Streams(unittest.TestCase):
    def setUp(self):
        self.queue = asyncio.Queue()
        self.seen = []
        self.app = App()

        @self.app.on_request
        async def handler(request):
            return EventStream(self.words()) if request.path == "/events" else Reply(self.words(), 203)

        self.app.on_message(lambda client, message: self.queue.put_nowait(message))
        self.room = Room(self.app)
        self.ann = self.room.join()

    async def words(self):
        try:
            while (word := await self.queue.get()) != "end":
                yield word
        finally:
            self.seen.append("closed")

    def test_pieces_go_out_as_they_come(self):
        answer = self.room.request("GET")
        self.assertEqual((answer.status, answer.reads(), answer.is_complete), (203, b"", False))
        for word in ("once", "upon"):
            self.room.says(self.ann, word)
            self.assertEqual(answer.reads(), word.encode())
        self.room.says(self.ann, "end")
        self.assertEqual((answer.text, answer.is_complete, self.seen), ("onceupon", True, ["closed"]))

    def test_server_sent_events_have_their_form(self):
        answer = self.room.request("GET", "/events")
        self.room.says(self.ann, "two\nlines")
        self.assertEqual(answer.reads(), b"data: two\ndata: lines\n\n")
        self.assertEqual((answer.headers["content-type"], answer.headers["cache-control"]), ("text/event-stream", "no-store"))

    def test_a_slow_client_holds_the_generator_back_and_no_one_else(self):
        answer = self.room.request("GET")
        answer.is_slow()
        for word in ("a", "b", "c"):
            self.room.says(self.ann, word)
        self.assertEqual((answer.reads(), self.queue.qsize()), (b"a", 2))
        answer.catches_up()
        self.assertEqual(answer.reads(), b"bc")

    def test_a_large_piece_goes_out_in_parts(self):
        answer = self.room.request("GET")
        answer.is_slow()
        self.room.says(self.ann, bytes(600 << 10))
        self.assertEqual(len(answer.reads()), 256 << 10)
        answer.catches_up()
        self.assertEqual(len(answer.body), 600 << 10)

    def test_a_client_that_goes_ends_the_generator(self):
        for is_slow in (False, True):
            answer = self.room.request("GET")
            if is_slow:
                answer.is_slow()
            self.room.says(self.ann, "a")
            answer.goes()
            self.assertEqual(self.seen.pop(), "closed")

    def test_a_generator_that_fails_has_its_answer_cut(self):
        app = App()
        app.on_error(lambda error: None)

        @app.on_request
        async def handler(request):
            yield "half"
            await asyncio.sleep(1)
            raise ValueError("the source has failed")

        room = Room(app)
        answer = room.request("GET")
        with contextlib.redirect_stderr(io.StringIO()):
            room.wait(1)
        self.assertEqual((answer.status, answer.text, answer.is_complete, answer.is_cut), (200, "half", False, True))

    def test_a_new_instance_gives_up_the_requests_of_before_and_answers_those_that_come(self):
        complete = self.room.request("GET")
        self.room.says(self.ann, "end")
        streams = self.room.request("GET")
        # A new instance knows no request. Its first event may be one.
        replies.forget()
        replies._open.add(99)
        self.room._state.replies[99] = fake.Replied()
        self.room._state.replies[98] = fake.Replied()
        with testing._instance(self.app):
            replies.abandon()
        self.assertEqual((complete.is_complete, complete.is_cut), (True, False))
        self.assertEqual((streams.is_complete, streams.is_cut), (False, True))
        states = [self.room._state.replies[id] for id in (98, 99)]
        self.assertEqual([reply.head and reply.head.status for reply in states], [500, None])

    def test_a_handler_that_is_a_generator_streams_too(self):
        app = App()

        @app.on_request
        async def handler(request):
            yield "a"
            await asyncio.sleep(1)
            yield b"b"

        room = Room(app)
        answer = room.request("GET")
        self.assertEqual((answer.status, answer.reads(), answer.headers["content-type"]), (200, b"a", "text/plain; charset=utf-8"))
        room.wait(1)
        self.assertEqual((answer.reads(), answer.is_complete), (b"b", True))


if __name__ == "__main__":
    unittest.main()
