"""The build's messages about an app, without the slow run of componentize-py."""

import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

from ws_host_guest import build


class Looking(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)

    def write(self, text, name="app.py"):
        (self.folder / name).write_text(text)
        return self.folder / name

    def complaint(self, text):
        """Returns stderr of a failed `build` of this app."""
        command = [sys.executable, "-m", "ws_host_guest", "build", str(self.write(text))]
        done = subprocess.run(command, capture_output=True, text=True)
        self.assertEqual(done.returncode, 1)
        return done.stderr

    def test_look_returns_the_interfaces_that_an_app_needs(self):
        seen = build.look(self.write("from ws_host_guest import App\napp = App()\napp.on_timer(print)\n"))
        self.assertEqual(seen, {"interfaces": ["timers"], "port": None, "host": None})

    def test_both_orders_of_port_and_host_are_understood(self):
        for arguments in ('8000, "0.0.0.0"', '"0.0.0.0", 8000', 'port=8000, host="0.0.0.0"', '8000, hostname="0.0.0.0"'):
            text = f"from websocket import WebSocketsServer\nWebSocketsServer({arguments}).run_forever()\n"
            seen = build.look(self.write(text))
            self.assertEqual((seen["port"], seen["host"]), (8000, "0.0.0.0"), arguments)

    def test_a_traceback_shows_only_the_apps_own_lines(self):
        text = self.complaint("from ws_host_guest import App\napp = App()\napp.on_mesage(print)\n")
        self.assertIn('  File "app.py", line 3, in <module>\n', text)
        self.assertNotIn("load.py", text)
        self.assertTrue(text.endswith("ws_host_guest: app.py was not built (see above)\n"), text)

    def test_a_message_sent_at_import_is_an_error(self):
        text = self.complaint("from ws_host_guest import App\napp = App()\napp.broadcast('hello')\n")
        self.assertIn("the host cannot be called yet (broadcast)", text)

    def test_a_server_that_is_never_run_is_an_error(self):
        text = self.complaint("from websocket import WebSocketsServer\nserver = WebSocketsServer(13254)\n")
        self.assertIn("never calls its run_forever()", text)

    def test_a_guest_cannot_serve_tls(self):
        text = self.complaint("from websocket import WebSocketsServer\nWebSocketsServer(443, key='k', cert='c')\n")
        self.assertIn("put a proxy with the certificate in front of ws-host", text)

    def test_the_main_file_of_a_folder_is_found(self):
        with self.assertRaisesRegex(build.NotBuilt, "no app.py and no server.py"):
            build.main_file(self.folder)
        server = self.write("", "server.py")
        self.assertEqual(build.main_file(self.folder), server)
        app = self.write("")
        self.assertEqual(build.main_file(self.folder), app)

    @unittest.skipIf(sys.version_info < (3, 11), "tomllib needs Python 3.11")
    def test_pyproject_names_another_main_file(self):
        chat = self.write("", "chat.py")
        self.write('[tool.ws-host]\napp = "chat.py"\n', "pyproject.toml")
        self.assertEqual(build.main_file(self.folder), chat)

    def test_a_custom_section_has_its_length_in_leb128(self):
        self.assertEqual(build.custom_section("n", b"x"), b"\x00\x03\x01nx")
        self.assertEqual(build.custom_section("n", b"x" * 200)[:4], b"\x00\xca\x01\x01")


if __name__ == "__main__":
    unittest.main()
