"""The rules without I/O."""

import unittest

from ws_host_client import Breach, Closed, comes_back
from ws_host_client._rules import Backoff, to_websocket, with_session
from ws_host_client._session import Session

TOKENS = ["0" * 32, "1" * 32]


def begun():
    """A session that has begun."""
    session = Session()
    session.hello()
    session.welcome(f"w1 h1 {TOKENS[0]} 0 120000 fresh new")
    return session


class Rules(unittest.TestCase):
    def test_some_ends_are_final(self):
        codes = [1000, 1001, 1002, 1003, 1006, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 3001, 4000, 4999]
        final = [code for code in codes if not comes_back(Closed(code))]
        self.assertEqual(final, [1000, 1002, 1003, 1007, 1008, 1009, 1010, 4000, 4999])
        statuses = [200, 401, 403, 404, 408, 425, 429, 500, 503]
        self.assertEqual([s for s in statuses if not comes_back(Closed(1006, "", s))], [200, 401, 403, 404])

    def test_waits_double_up_to_the_longest_and_half_of_each_is_random(self):
        backoff = Backoff(0.5, 3.0)
        self.assertEqual([backoff.next(1.0) for _ in range(5)], [0.5, 1.0, 2.0, 3.0, 3.0])
        backoff.reset()
        self.assertEqual((backoff.next(0.0), backoff.attempts), (0.25, 1))

    def test_the_name_of_the_session_goes_into_the_query(self):
        self.assertEqual(with_session("ws://host/chat", "new"), "ws://host/chat?_resume=new")
        self.assertEqual(with_session("wss://host/chat?a=1#top", "h1"), "wss://host/chat?a=1&_resume=h1")
        self.assertEqual(with_session("ws://host", "h1"), "ws://host/?_resume=h1")
        self.assertEqual((to_websocket("https://host"), to_websocket("ws://host")), ("wss://host", "ws://host"))


class Sessions(unittest.TestCase):
    def test_a_session_sends_again_what_the_host_lacks(self):
        session = begun()
        for word in ("one", "two"):
            self.assertTrue(session.send(word))
        session.hear(".a")
        session.lost()
        self.assertFalse(session.send(b"three"))
        self.assertEqual(session.hello(), f"h1 {TOKENS[0]} 1")
        welcome = session.welcome(f"w1 h2 {TOKENS[1]} 1 120000 resumed")
        self.assertEqual((welcome.fresh, welcome.frames, session.handle), (None, ["r1", ".two", b".three"], "h2"))
        session.hear("r3")
        self.assertEqual(session.buffered, 0)

    def test_a_session_that_begins_anew_tells_what_may_be_lost(self):
        session = begun()
        session.send("one")
        session.lost()
        session.send("two")
        welcome = session.welcome(f"w1 h2 {TOKENS[1]} 0 120000 fresh expired")
        self.assertEqual((welcome.fresh, welcome.unknown, welcome.frames), ("expired", ["one"], ["r0", ".two"]))

    def test_a_confirmation_is_due_after_some_messages_or_some_bytes(self):
        session = begun()
        for _ in range(31):
            session.hear(".")
        self.assertFalse(session.is_confirmation_due)
        session.hear(b".")
        self.assertTrue(session.is_confirmation_due)
        self.assertEqual(session.confirmation(), "r32")
        session.hear("." + "x" * 16384)
        self.assertTrue(session.is_confirmation_due)

    def test_breaches_are_found(self):
        session = begun()
        session.send("one")
        for frame in ("r2", "r", "r 1", "r-1", "a", "x", "", b"", b"x", "w1", "q" + "x" * 256):
            with self.subTest(frame), self.assertRaises(Breach):
                session.hear(frame)
        with self.assertRaises(Breach):
            Session().welcome(f"w1 h1 {TOKENS[0]} 0 120000 resumed")

    def test_other_first_frames_are_no_welcome(self):
        for frame in ("hi", b"hi", "w2 h1", f"w1 h/1 {TOKENS[0]} 0 1 resumed", f"w1 h1 {TOKENS[0]} 0 1 fresh"):
            self.assertIsNone(Session().welcome(frame), frame)


if __name__ == "__main__":
    unittest.main()
