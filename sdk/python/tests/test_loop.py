"""asyncio in handlers, with a host whose clock the test sets."""

import asyncio
import contextlib
import io
import unittest

from ws_host_guest import App, absent, room, running


class Control:
    """The host's timers, by their ids: when they are due."""

    def __init__(self, now):
        self.now, self.timers, self.ids = now, {}, 0

    def set_timer(self, seconds, payload):
        self.ids += 1
        self.timers[self.ids] = (self.now() + seconds, payload)
        return self.ids


class Asyncio(unittest.TestCase):
    def setUp(self):
        running.app, running.loop, running._begun = None, None, False
        self.app = App()
        running.prepare(has_coroutines=True)
        self.addCleanup(running.loop.close)
        self.addCleanup(running.loop.leave)
        self.time = 100.0
        running.loop.time = lambda: self.time
        self.control = Control(lambda: self.time)
        kept = room.set_timer, room.cancel_timer
        self.addCleanup(lambda: (setattr(room, "set_timer", kept[0]), setattr(room, "cancel_timer", kept[1])))
        room.set_timer, room.cancel_timer = self.control.set_timer, self.control.timers.pop
        self.heard = []

    def message(self, text="hello"):
        running.run("on_message", 1, text)

    def later(self, seconds):
        """Lets time pass. The host calls each timer that is due."""
        end = self.time + seconds
        while due := [(when, id) for id, (when, _) in self.control.timers.items() if when <= end]:
            when, id = min(due)
            self.time = max(self.time, when)
            self.assertTrue(running.wake(id, self.control.timers.pop(id)[1]))
        self.time = end

    def test_a_handler_sleeps_while_others_run(self):
        @self.app.on_message
        async def handle(client, message):
            self.heard.append(message)
            await asyncio.sleep(2)
            self.heard.append(message.upper())

        self.message("a")
        self.later(1)
        self.message("b")
        self.later(1)
        self.assertEqual(self.heard, ["a", "b", "A"])
        self.later(1)
        self.assertEqual(self.heard, ["a", "b", "A", "B"])
        self.assertEqual(self.control.timers, {})

    def test_gather_wait_for_and_timeout_work(self):
        async def double(number):
            await asyncio.sleep(number)
            return 2 * number

        @self.app.on_message
        async def handle(client, message):
            self.heard.append(await asyncio.gather(double(1), double(2)))
            try:
                await asyncio.wait_for(double(9), 1)
            except asyncio.TimeoutError:
                self.heard.append("too late")

        self.message()
        self.later(2)
        self.assertEqual(self.heard, [[2, 4]])
        self.later(1)
        self.assertEqual(self.heard, [[2, 4], "too late"])

    def test_an_event_and_a_queue_wake_handlers_in_the_turn_that_sets_them(self):
        event, queue = asyncio.Event(), asyncio.Queue()

        @self.app.on_message
        async def handle(client, message):
            if message == "set":
                event.set()
                await queue.put("job")
            else:
                await event.wait()
                self.heard.append(await queue.get())

        self.message("wait")
        self.assertEqual(self.heard, [])
        self.message("set")
        self.assertEqual(self.heard, ["job"])

    def test_a_handler_without_async_can_create_tasks(self):
        async def work():
            await asyncio.sleep(1)
            self.heard.append("done")

        self.app.on_message(lambda client, message: asyncio.create_task(work()) and None)
        self.message()
        self.later(1)
        self.assertEqual(self.heard, ["done"])

    def test_a_coroutine_that_polls_leaves_the_turn_to_others(self):
        @self.app.on_message
        async def handle(client, message):
            self.heard.append(message)
            while len(self.heard) < 2:
                await asyncio.sleep(0)
            self.heard.append("both")

        self.message("a")
        self.assertEqual(len(self.control.timers), 1)
        self.message("b")
        self.assertEqual(self.heard.count("both"), 2)

    def test_time_outs_that_were_not_needed_keep_one_timer_of_the_room(self):
        @self.app.on_message
        async def handle(client, message):
            await asyncio.wait_for(asyncio.sleep(0), 60)

        for _ in range(1000):
            self.message()
        self.assertLessEqual(len(self.control.timers), 1)
        self.assertLess(len(running.loop._scheduled), 200)

    def test_without_a_timer_left_a_sleep_is_an_error_of_one_line_and_a_later_turn_sets_it(self):
        def refuse(seconds, payload):
            raise ValueError("the timer was refused: the room has its limit of 10,000 timers and 16 MiB of payloads")

        @self.app.on_message
        async def handle(client, message):
            await asyncio.sleep(1)
            self.heard.append(message)

        kept, room.set_timer = room.set_timer, refuse
        with self.assertRaises(SystemExit), contextlib.redirect_stderr(io.StringIO()) as stderr:
            self.message("a")
        self.assertEqual(
            stderr.getvalue(),
            "ws_host_guest.values.CannotWait: nothing can wake the coroutines that wait: the timer was refused: the room has its "
            "limit of 10,000 timers and 16 MiB of payloads\n",
        )
        self.app.on_error(lambda error: self.heard.append(type(error).__name__))
        with contextlib.redirect_stderr(io.StringIO()):
            self.message("b")
        room.set_timer = kept
        self.message("c")
        self.later(1)
        self.assertEqual(self.heard, ["CannotWait", "a", "b", "c"])

    def test_a_tasks_exception_that_nobody_handles_is_logged_once_and_the_instance_goes_on(self):
        async def fail():
            await asyncio.sleep(1)
            raise ValueError("no")

        self.app.on_message(lambda client, message: asyncio.create_task(fail()) and None)
        self.message()
        with contextlib.redirect_stderr(io.StringIO()) as stderr:
            self.later(1)
        lines = stderr.getvalue().splitlines()
        self.assertIn("Task exception was never retrieved: <Task finished", lines[0])
        self.assertIn("in fail", lines[2])
        self.assertEqual((lines[-1], lines.count("ValueError: no")), ("ValueError: no", 1))

    def test_an_exception_behind_an_await_is_the_handlers(self):
        @self.app.on_message
        async def handle(client, message):
            await asyncio.sleep(1)
            raise ValueError("no")

        self.message()
        with self.assertRaises(SystemExit), contextlib.redirect_stderr(io.StringIO()) as stderr:
            self.later(1)
        self.assertTrue(stderr.getvalue().endswith("ValueError: no\n"), stderr.getvalue())
        self.assertIn("in handle", stderr.getvalue().splitlines()[1])

    def test_what_no_guest_has_is_an_error_with_a_reason(self):
        @self.app.on_message
        async def handle(client, message):
            for wanted in (asyncio.open_connection("example.com", 80), asyncio.to_thread(print), asyncio.create_subprocess_exec("ls")):
                try:
                    await wanted
                except (OSError, RuntimeError) as error:
                    self.heard.append(str(error))

        self.message()
        self.assertIn("a guest has no network of its own", self.heard[0])
        self.assertIn("a guest has one thread", self.heard[1])
        self.assertIn("a guest cannot start processes", self.heard[2])

    def test_an_answer_can_await_what_needs_no_later_event(self):
        async def decide():
            return "yes"

        @self.app.on_upgrade
        async def gate(request):
            return (await asyncio.gather(decide(), decide()))[1]

        self.assertEqual(running.ask("on_upgrade", None), "yes")

    def test_asyncio_run_ends_with_a_sentence_where_nothing_can_wake_it(self):
        absent.use_our_loop(asyncio)
        running.loop.leave()

        async def quick():
            await asyncio.sleep(0)
            return 7

        async def endless():
            await asyncio.Event().wait()

        self.assertEqual(asyncio.run(quick()), 7)
        with self.assertRaisesRegex(RuntimeError, "nothing can wake this loop"):
            asyncio.run(endless())


if __name__ == "__main__":
    unittest.main()
