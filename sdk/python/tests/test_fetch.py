"""`await fetch`, with servers that the test plays."""

import asyncio
import contextlib
import io
import unittest

from ws_host_guest import App, Body, FetchError, FetchTimeout, Response, StatusError, fetch, fetches, redirects, response
from ws_host_guest.testing import Room

URL = "https://api.example.com/a"


def asking(ask):
    """An app whose handler of messages is `ask(client, message)`, and a room with one client."""
    app = App()
    app.on_message(ask)
    room = Room(app)
    return app, room, room.join()


class Whole(unittest.TestCase):
    def test_an_answer_resumes_the_handler_while_others_have_run(self):
        async def ask(client, message):
            client.send(f"asking {message}")
            answer = await fetch(URL)
            client.send(f"{message}: {answer.status_code} {answer.text}")

        _, room, ann = asking(ask)
        room.says(ann, "a")
        room.says(ann, "b")
        a, b = room.asked()
        self.assertEqual((a.method, a.url, a.body, a.is_stream, a.timeout), ("GET", URL, b"", False, None))
        b.answers("second")
        a.answers("first", status=404)
        self.assertEqual(room.hears(ann), ["asking a", "asking b", "b: 200 second", "a: 404 first"])
        self.assertEqual(fetches._waiting, {})

    def test_what_is_sent_between_two_waits_is_all_or_nothing(self):
        async def ask(client, message):
            client.send("before")
            await fetch(URL)
            client.send("never heard")
            raise ValueError("no")

        _, room, ann = asking(ask)
        room.says(ann, "")
        with self.assertRaisesRegex(ValueError, "no"):
            room.asked()[0].answers()
        self.assertEqual(room.hears(ann), ["before"])

    def test_a_handler_that_fails_has_asked_nobody(self):
        def ask(client, message):
            asyncio.create_task(fetch(URL))
            raise ValueError("no")

        async def ask_and_fail(client, message):
            asyncio.create_task(fetch(URL))
            await asyncio.sleep(0)
            raise ValueError("no")

        for each in (ask, ask_and_fail):
            _, room, ann = asking(each)
            with self.assertRaises(ValueError):
                room.says(ann, "")
            self.assertEqual(room.asked(), [])

    def test_gather_asks_several_servers_at_once(self):
        async def ask(client, message):
            answers = await asyncio.gather(*(fetch(f"https://{name}.example/") for name in "abc"))
            client.send(" ".join(answer.text for answer in answers))

        _, room, ann = asking(ask)
        room.says(ann, "")
        asked = room.asked()
        for one in reversed(asked):
            one.answers(one.url[8])
        self.assertEqual(room.hears(ann), ["a b c"])

    def test_a_body_makes_a_post_and_says_its_type(self):
        async def ask(client, message):
            await asyncio.gather(
                fetch(URL, body="grüße"),
                fetch(URL, json={"a": [1, None]}, headers={"X-Note": "b"}),
                fetch(URL, body=b"\0", method="put", headers=[("Content-Type", "image/png")], timeout=1.5),
            )

        _, room, ann = asking(ask)
        room.says(ann, "")
        text, value, picture = room.asked()
        self.assertEqual((text.method, text.body, text.headers), ("POST", "grüße".encode(), {"content-type": "text/plain; charset=utf-8"}))
        self.assertEqual((value.json(), value.headers), ({"a": [1, None]}, {"x-note": "b", "content-type": "application/json"}))
        self.assertEqual((picture.method, picture.headers, picture.timeout), ("PUT", {"content-type": "image/png"}, 1.5))

    def test_an_answer_reads_as_those_of_requests_and_httpx(self):
        seen = []

        async def ask(client, message):
            seen.append(await fetch(URL))

        _, room, ann = asking(ask)
        for body, headers in ((b"caf\xe9", {"Content-Type": 'text/plain; charset="latin-1"'}), ('{"a": 1}', [("a", "1"), ("A", "2")])):
            room.says(ann, "")
            room.asked()[0].answers(body, headers=headers)
        first, second = seen
        self.assertEqual((first.text, first.content, first.headers["content-TYPE"]), ("café", b"caf\xe9", 'text/plain; charset="latin-1"'))
        self.assertEqual((second.json(), second.ok, second.url, second.reason), ({"a": 1}, True, URL, "OK"))
        self.assertEqual((second.headers["A"], second.headers.get_list("a"), dict(second.headers)), ("1, 2", ["1", "2"], {"a": "1, 2"}))
        self.assertIs(second.raise_for_status(), second)

    def test_a_status_is_an_error_when_the_app_asks_for_that(self):
        async def ask(client, message):
            try:
                (await fetch(URL)).raise_for_status()
            except StatusError as error:
                client.send(f"{error} ({error.response.text})")

        _, room, ann = asking(ask)
        room.says(ann, "")
        room.asked()[0].answers("who?", status=404)
        self.assertEqual(room.hears(ann), [f"GET {URL}: 404 Not Found (who?)"])


class Failures(unittest.TestCase):
    def heard(self, ask, answer=None, denies=False):
        async def told(client, message):
            try:
                await ask()
            except FetchError as error:
                client.send(f"{type(error).__name__} {error.cause} {isinstance(error, TimeoutError)} {error}")

        _, room, ann = asking(told)
        room.denies_http = denies
        room.says(ann, "")
        if answer:
            answer(room.asked()[0])
        return room.hears(ann)

    def test_a_denied_request_names_the_flag_that_allows_it(self):
        told = self.heard(lambda: fetch("https://api.example.com:8443/a?b=c"), denies=True)
        self.assertEqual(
            told,
            [
                "FetchError denied False GET https://api.example.com:8443/a?b=c: this host does not allow requests to "
                "api.example.com:8443: it allows none. The owner of the host allows it with `ws-host run --allow-http api.example.com:8443`"
            ],
        )

    def test_a_failure_tells_its_cause(self):
        told = self.heard(lambda: fetch(URL), lambda asked: asked.fails("unresolved", "no such name"))
        self.assertEqual(told, [f"FetchError unresolved False GET {URL}: no such name"])
        told = self.heard(lambda: fetch(URL), lambda asked: asked.fails("timeout", "too late"))
        self.assertEqual(told, [f"FetchTimeout timeout True GET {URL}: too late"])
        self.assertTrue(issubclass(FetchTimeout, TimeoutError))
        self.assertIn("invalid", self.heard(lambda: fetch("ftp://example.com/"))[0])
        self.assertIn("--fetch-room", self.heard(lambda: asyncio.gather(*(fetch(URL) for _ in range(33))))[0])

    def test_a_cancelled_request_is_given_up(self):
        async def ask(client, message):
            try:
                async with asyncio.timeout(1):
                    await fetch(URL)
            except TimeoutError:
                client.send("too late")

        _, room, ann = asking(ask)
        room.says(ann, "")
        [asked] = room.asked()
        room.wait(0.5)
        self.assertFalse(asked.is_given_up)
        room.wait(0.5)
        self.assertEqual((room.hears(ann), asked.is_given_up), (["too late"], True))

    def test_a_handler_that_must_answer_at_once_cannot_wait_for_a_server(self):
        app = App()

        @app.on_upgrade
        async def gate(request):
            await fetch(URL)

        room = Room(app)
        with self.assertRaisesRegex(RuntimeError, "on_upgrade must answer at once"):
            room.join()


class Streams(unittest.TestCase):
    def test_pieces_and_lines_come_as_the_server_sends_them(self):
        async def ask(client, message):
            answer = await fetch(URL, stream=True)
            client.send(f"{answer.status_code}")
            async for part in answer if message == "pieces" else answer.lines():
                client.send(part)
            client.send("end")

        _, room, ann = asking(ask)
        room.says(ann, "pieces")
        [asked] = room.asked()
        asked.begins()
        self.assertEqual(room.hears(ann), ["200"])
        for piece in ("once", "upon"):
            asked.sends(piece)
            self.assertEqual(room.hears(ann), [piece.encode()])
        asked.ends()
        self.assertEqual(room.hears(ann), ["end"])
        room.says(ann, "lines")
        [asked] = room.asked()
        asked.begins()
        for piece, lines in (("a\nb", ["a"]), ("c\r", ["bc"]), ("\n\r\n", [""]), (b"\xc3", []), (b"\xa4\n\nd", ["ä", ""])):
            room.hears(ann)
            asked.sends(piece)
            self.assertEqual(room.hears(ann), lines)
        asked.ends()
        self.assertEqual(room.hears(ann), ["d", "end"])

    def test_a_stream_is_read_whole_too(self):
        async def ask(client, message):
            answer = await fetch(URL, stream=True)
            with self.assertRaisesRegex(RuntimeError, "await response.read"):
                answer.text
            await answer.read()
            client.send(answer.text)

        _, room, ann = asking(ask)
        room.says(ann, "")
        room.asked()[0].answers("all of it")
        self.assertEqual(room.hears(ann), ["all of it"])

    def test_a_whole_answer_is_read_in_pieces_and_lines_too(self):
        async def ask(client, message):
            answer = await fetch(URL)
            client.send(" ".join([line async for line in answer.lines()]))

        _, room, ann = asking(ask)
        room.says(ann, "")
        room.asked()[0].answers("a\nb")
        self.assertEqual(room.hears(ann), ["a b"])

    def test_a_body_that_breaks_off_raises_behind_what_has_come(self):
        async def ask(client, message):
            try:
                async for piece in await fetch(URL, stream=True):
                    client.send(piece)
            except FetchError as error:
                client.send(error.cause)

        _, room, ann = asking(ask)
        room.says(ann, "")
        [asked] = room.asked()
        asked.begins()
        asked.sends("half")
        asked.fails("broken")
        self.assertEqual(room.hears(ann), [b"half", "broken"])

    def test_a_stream_that_nobody_holds_or_whose_reader_is_cancelled_is_given_up(self):
        async def breaks(client, message):
            async for piece in await fetch(URL, stream=True):
                break

        async def leaves(client, message):
            async with await fetch(URL, stream=True) as answer:
                kept.append(answer)
                await anext(answer)

        async def waits(client, message):
            answer = await fetch(URL, stream=True)
            kept.append(answer)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(1):
                    await answer.read()

        kept = []
        for ask in (breaks, leaves, waits):
            _, room, ann = asking(ask)
            room.says(ann, "")
            [asked] = room.asked()
            asked.begins()
            asked.sends("half")
            room.wait(1)
            self.assertTrue(asked.is_given_up, ask.__name__)

    def test_a_body_that_nobody_reads_is_given_up_before_it_fills_the_memory(self):
        async def ask(client, message):
            answer = await fetch(URL, stream=True)
            await asyncio.sleep(1)
            try:
                await answer.read()
            except FetchError as error:
                client.send(f"{error.cause}: {error.detail}")

        _, room, ann = asking(ask)
        room.says(ann, "")
        [asked] = room.asked()
        asked.begins()
        for _ in range(response.MOST_UNREAD >> 20):
            asked.sends(bytes(1 << 20))
        self.assertFalse(asked.is_given_up)
        asked.sends("x")
        self.assertTrue(asked.is_given_up)
        room.wait(1)
        self.assertIn("too-big: 4194304 bytes of the body wait to be read", room.hears(ann)[0])


class Orphans(unittest.TestCase):
    def begun(self, on_orphan=None):
        """A request whole and one streamed, whose head has come, of an instance that has ended since."""

        async def ask(client, message):
            answer = await fetch(URL, stream=message == "stream", context=message.encode())
            await asyncio.Event().wait()
            answer.close()

        app, room, ann = asking(ask)
        if on_orphan:
            app.on_orphan(on_orphan)
        room.says(ann, "whole")
        room.says(ann, "stream")
        whole, streamed = room.asked()
        streamed.begins()
        fetches.forget()  # As a new instance, which has asked nobody.
        return room, whole, streamed

    def test_answers_and_the_rest_of_streams_reach_the_handler_for_orphans_with_their_context(self):
        heard = []

        async def orphan(context, answer):
            heard.append((context, type(answer)))
            if isinstance(answer, Response):
                heard.append(answer.text)
            elif isinstance(answer, Body):
                heard.extend([line async for line in answer.lines()])

        _, whole, streamed = self.begun(orphan)
        streamed.sends("a\nb")
        whole.answers("here")
        streamed.sends("\nc")
        streamed.ends()
        self.assertEqual(heard, [(b"stream", Body), (b"whole", Response), "here", "a", "b", "c"])

    def test_a_failure_is_an_orphan_too(self):
        heard = []
        _, whole, streamed = self.begun(lambda context, answer: heard.append((context, answer.cause)))
        whole.fails("interrupted", "the host has ended before the answer came")
        self.assertEqual(heard, [(b"whole", "interrupted")])

    def test_a_body_that_no_handler_keeps_is_given_up_and_the_log_says_so_once(self):
        fetches._has_told = False
        _, whole, streamed = self.begun()
        with contextlib.redirect_stderr(io.StringIO()) as stderr:
            whole.answers("here")
            streamed.sends("a")
        self.assertTrue(streamed.is_given_up)
        self.assertEqual(stderr.getvalue().count("the app has no on_orphan"), 1)


class Redirects(unittest.TestCase):
    def test_a_redirect_is_followed_and_remembered(self):
        async def ask(client, message):
            answer = await fetch(URL, json=1, headers={"Authorization": "secret", "X-Note": "a"}, stream=bool(message))
            await answer.read()
            client.send(f"{answer.url} {answer.text} {[one.status_code for one in answer.history]}")

        _, room, ann = asking(ask)
        for message in ("", "stream"):
            room.says(ann, message)
            room.asked()[0].answers("moved", status=307, headers={"Location": "../b?c=d"})
            [asked] = room.asked()
            self.assertEqual((asked.method, asked.url, asked.body), ("POST", "https://api.example.com/b?c=d", b"1"))
            self.assertEqual((asked.headers["authorization"], asked.headers["x-note"]), ("secret", "a"))
            asked.answers(status=303, headers={"location": "https://elsewhere.example/"})
            [asked] = room.asked()
            self.assertEqual((asked.method, asked.url, asked.body, asked.headers), ("GET", "https://elsewhere.example/", b"", {"x-note": "a"}))
            asked.answers("here")
            self.assertEqual(room.hears(ann), ["https://elsewhere.example/ here [307, 303]"])

    def test_redirects_end_in_an_error_or_are_answers_if_the_app_likes(self):
        async def ask(client, message):
            try:
                client.send(f"{(await fetch(URL, follow_redirects=not message)).status_code}")
            except FetchError as error:
                client.send(f"{error.cause} {error.detail}")

        _, room, ann = asking(ask)
        room.says(ann, "no")
        room.asked()[0].answers(status=302, headers={"location": "/"})
        room.says(ann, "")
        for _ in range(21):
            room.asked()[0].answers(status=302, headers={"location": "/"})
        self.assertEqual(room.hears(ann), ["302", "redirects more than 20 redirects"])

    def test_the_method_the_body_and_secrets_follow_the_standard(self):
        def followed(method, status, location="/", secrets=("authorization", "cookie", "content-type", "x")):
            asked = redirects.Asked(method, "http://a.example/", [(name, "1") for name in secrets], b"body")
            target = redirects.follow(asked, status, location)
            return target and (target.method, target.url, [name for name, _ in target.headers], target.body)

        everything = ["authorization", "cookie", "content-type", "x"]
        for status in (301, 302):
            self.assertEqual(followed("POST", status), ("GET", "http://a.example/", ["authorization", "cookie", "x"], None))
            self.assertEqual(followed("PUT", status), ("PUT", "http://a.example/", everything, b"body"))
        self.assertEqual(followed("PUT", 303)[0::3], ("GET", None))
        self.assertEqual(followed("HEAD", 303)[0], "HEAD")
        for status in (307, 308):
            self.assertEqual(followed("POST", status), ("POST", "http://a.example/", everything, b"body"))
        self.assertEqual(followed("GET", 302, "http://a.example:80/b")[2], everything)
        for other in ("https://a.example/", "http://b.example/", "http://a.example:81/", "//b.example"):
            self.assertEqual(followed("GET", 302, other)[2], ["content-type", "x"], other)
        self.assertIsNone(followed("GET", 304))
        self.assertIsNone(followed("GET", 302, None))


if __name__ == "__main__":
    unittest.main()
