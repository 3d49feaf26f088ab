"""Handlers that run without a host."""

import contextlib
import io
import unittest
from unittest import mock
from unittest import mock

from ws_host_guest import App, _host, running, send, sleep
from ws_host_guest.room import LOOP


class Handlers(unittest.TestCase):
    def setUp(self):
        running.app, running.loop, running._begun = None, None, False
        # As in a build, though other tests have rooms.
        alone = mock.patch.multiple(running, has_one_app=True)
        alone.start()
        self.addCleanup(alone.stop)
        _host.shut()
        self.app = App()
        running.prepare(has_coroutines=True)
        self.addCleanup(lambda: (running.loop.leave(), running.loop.close()))

    def run_event(self, event, *arguments):
        """Runs the event's handler and keeps its stderr in `self.stderr`."""
        with contextlib.redirect_stderr(io.StringIO()) as stderr:
            try:
                running.run(event, *arguments)
            finally:
                self.stderr = stderr.getvalue()

    def test_an_event_without_a_handler_is_ignored(self):
        self.run_event("on_message", 1, "hello")
        self.assertEqual(self.stderr, "")

    def test_an_exception_ends_the_instance_and_its_traceback_begins_with_the_handler(self):
        @self.app.on_message
        def fail(client, message):
            raise ValueError("no")

        with self.assertRaises(SystemExit):
            self.run_event("on_message", 1, "hello")
        lines = self.stderr.splitlines()
        self.assertEqual(lines[0], "Traceback (most recent call last):")
        self.assertIn("in fail", lines[1])
        self.assertEqual(lines[-1], "ValueError: no")

    def test_an_app_that_fails_when_its_instance_starts_is_logged_as_a_handler_is(self):
        def fail():
            raise ValueError("not at home")

        running.late = fail
        self.addCleanup(setattr, running, "late", None)
        for start in (lambda: running.run("on_message", 1, "hello"), lambda: running.wake(1, LOOP)):
            running._begun = False
            with self.assertRaises(SystemExit), contextlib.redirect_stderr(io.StringIO()) as stderr:
                start()
            lines = stderr.getvalue().splitlines()
            self.assertIn("in fail", lines[1])
            self.assertEqual(lines[-1], "ValueError: not at home")

    def test_with_on_error_the_instance_goes_on_and_the_traceback_is_still_logged(self):
        seen = []
        self.app.on_error(seen.append)

        @self.app.on_message
        def fail(client, message):
            raise ValueError("no")

        self.run_event("on_message", 1, "hello")
        self.assertEqual([str(error) for error in seen], ["no"])
        self.assertEqual(self.stderr.count("ValueError: no"), 1)

    def test_on_error_may_be_a_coroutine(self):
        seen = []

        @self.app.on_error
        async def note(error):
            await sleep(0)
            seen.append(str(error))

        @self.app.on_message
        def fail(client, message):
            raise ValueError("no")

        self.run_event("on_message", 1, "hello")
        self.assertEqual(seen, ["no"])

    def test_on_error_is_not_called_where_the_host_waits_for_an_answer(self):
        self.app.on_error(lambda error: None)
        self.app.on_upgrade(lambda request: 1 / 0)
        with self.assertRaises(SystemExit), contextlib.redirect_stderr(io.StringIO()):
            running.ask("on_upgrade", None)

    def test_an_async_handler_runs_to_its_end(self):
        done = []

        async def more():
            return 7

        @self.app.on_message
        async def handle(client, message):
            done.append(await more())

        self.run_event("on_message", 1, "hello")
        self.assertEqual(done, [7])

    def test_a_handler_that_must_answer_at_once_cannot_sleep(self):
        @self.app.on_upgrade
        async def wait(request):
            await sleep(1)

        with self.assertRaises(SystemExit), contextlib.redirect_stderr(io.StringIO()) as stderr:
            running.ask("on_upgrade", None)
        self.assertIn("on_upgrade must answer at once", stderr.getvalue())

    def test_one_event_has_one_handler_and_a_component_one_app(self):
        self.app.on_message(print)
        with self.assertRaisesRegex(ValueError, "on_message has a handler already, print"):
            self.app.on_message(print)
        with self.assertRaisesRegex(RuntimeError, "a component has one"):
            App()

    def test_the_host_cannot_be_called_during_a_build(self):
        with self.assertRaisesRegex(RuntimeError, "runs when the app is built"):
            send(1, "hello")

    @mock.patch.dict(running.MODULES, clear=True)  # Other tests have loaded them.
    def test_the_world_has_the_interfaces_that_the_handlers_need(self):
        self.app.on_message(print)
        running.loop.close()
        running.loop = None
        self.assertEqual(running.interfaces(), [])
        self.app.on_start(print)
        self.app.on_upgrade(print)
        self.assertEqual(running.interfaces(), ["gate", "lifecycle"])
        running.prepare(has_coroutines=True)
        self.assertEqual(running.interfaces(), ["gate", "lifecycle", "timers"])


if __name__ == "__main__":
    unittest.main()
