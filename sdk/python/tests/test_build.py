"""The build's messages about an app, without the slow run of componentize-py."""

import contextlib
import io
import os
import runpy
import shutil
import subprocess
import sys
import tempfile
import unittest
from importlib.machinery import EXTENSION_SUFFIXES
from pathlib import Path
from unittest import mock

from ws_host_guest import absent, build, component, quick


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

    def test_a_folder_of_caches_that_cannot_be_made_is_an_error_of_one_line(self):
        app = self.write("from ws_host_guest import App\napp = App()\n")
        command = [sys.executable, "-m", "ws_host_guest", "build", "--quickly", str(app)]
        done = subprocess.run(command, capture_output=True, text=True, env={**os.environ, "XDG_CACHE_HOME": str(app)})
        folder = f"cannot make the folder of caches {app}/ws-host/python: Not a directory"
        self.assertEqual(done.stderr, f"ws_host_guest: {folder}; set XDG_CACHE_HOME to a folder that can be written\n")
        homeless = mock.patch.object(Path, "home", side_effect=RuntimeError)
        with homeless, mock.patch.dict(os.environ, {"XDG_CACHE_HOME": ""}), self.assertRaisesRegex(component.NotBuilt, "set HOME"):
            quick.build(app, build.look(app), ("", b""), self.folder / "app.wasm")

    def test_a_file_that_cannot_be_written_is_an_error_of_one_line(self):
        app = self.write("from ws_host_guest import App\napp = App()\n")
        with contextlib.redirect_stderr(io.StringIO()) as stderr, mock.patch.object(sys, "argv", ["", "build", str(app)]):
            with mock.patch.object(build, "look", side_effect=OSError(28, "No space left on device", "/made.wasm")):
                with self.assertRaises(SystemExit) as end:
                    runpy.run_module("ws_host_guest", run_name="__main__")
        self.assertEqual((end.exception.code, stderr.getvalue()), (1, "ws_host_guest: [Errno 28] No space left on device: '/made.wasm'\n"))

    def test_look_returns_the_interfaces_that_an_app_needs(self):
        seen = build.look(self.write("from ws_host_guest import App\napp = App()\napp.on_timer(print)\n"))
        self.assertEqual((seen["interfaces"], seen["port"], seen["host"]), (["timers"], None, None))
        seen = build.look(self.write("from ws_host_guest import App\napp = App()\n@app.on_message\nasync def f(*_): pass\n"))
        self.assertEqual(seen["interfaces"], ["timers"])

    def test_look_returns_the_files_that_an_app_reads(self):
        self.write("kings and queens", "words.txt")
        self.write("WORDS = open(__file__.replace('names.py', 'words.txt')).read()\n", "names.py")
        seen = build.look(self.write("from ws_host_guest import App\nimport names\napp = App()\n"))
        own = [file for file in seen["files"] if file.startswith(str(self.folder))]
        self.assertEqual([Path(file).name for file in own], ["app.py", "names.py", "words.txt"])
        self.assertEqual([Path(file).name for file in seen["data"]], ["words.txt"])
        self.assertEqual(list(seen["own"]), ["names"])

    def test_look_returns_what_a_package_reads_of_the_app_and_not_what_it_reads_of_itself(self):
        packages = self.folder / "site-packages"
        packages.mkdir()
        self.write("", "site-packages/own.txt")
        self.write("from pathlib import Path\ndef read(file): return Path(file).read_text()\nread(Path(__file__).with_name('own.txt'))\n", "site-packages/reader.py")
        (self.folder / "texts").mkdir()
        self.write("hello", "texts/hello.txt")
        app = "from ws_host_guest import App\nimport os, reader\napp = App()\n"
        app += f"os.chdir({str(self.folder)!r})\nTEXTS = [reader.read(f'texts/{{name}}') for name in os.listdir('texts')]\n"
        with mock.patch.dict(os.environ, PYTHONPATH=str(packages)):
            seen = build.look(self.write(app))
        self.assertEqual([Path(path).name for path in seen["data"]], ["texts", "hello.txt"])
        self.assertTrue(set(seen["data"]) <= set(seen["files"]), seen)

    def test_a_file_that_an_app_reads_and_removes_is_no_input(self):
        gone = self.write("kings", "gone.txt")
        read = f"from pathlib import Path\ngone = Path({str(gone)!r})\ngone.read_text()\ngone.unlink()\n"
        seen = build.look(self.write("from ws_host_guest import App\napp = App()\n" + read))
        self.assertFalse(gone.exists())
        self.assertNotIn(str(gone), [*seen["files"], *seen["data"]])

    def test_look_returns_the_variables_that_an_app_reads(self):
        app = "from ws_host_guest import App\nimport os\napp = App()\nos.environ.get('A')\nos.getenv('B')\n'C' in os.environ\n"
        self.assertEqual(build.look(self.write(app))["variables"], ["A", "B", "C"])
        self.assertIn("*", build.look(self.write(app + "dict(os.environ)\n"))["variables"])
        self.assertIn("D", build.look(self.write(app + "os.environb.get(b'D')\n"))["variables"])

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

    def test_a_module_that_no_guest_has_is_an_error_in_one_line_unless_the_app_can_do_without(self):
        app = "from ws_host_guest import App\napp = App()\n"
        text = self.complaint(app + "import ctypes\n")
        self.assertEqual(text.splitlines()[0], "app.py:3: the module ctypes is not in a guest: a guest cannot call C")
        build.look(self.write(app + "try:\n    import ssl, lzma\nexcept ImportError:\n    ssl = None\n"))

    def test_a_module_that_no_guest_has_is_an_error_after_the_standard_library_has_tried_it_too(self):
        text = self.complaint("from ws_host_guest import App\napp = App()\nimport http.client\nfrom ssl import SSLContext\n")
        self.assertEqual(text.splitlines()[0], "app.py:4: the module ssl is not in a guest: TLS belongs to the host or its proxy")

    def test_a_file_that_is_left_open_is_refused_with_a_sentence(self):
        self.write("kings and queens", "words.txt")
        code = self.folder / "code"
        shutil.copytree(Path(build.__file__).parent, code / "ws_host_guest")
        app = "from ws_host_guest import App\napp = App()\nWORDS = open('words.txt')\n"
        command = [sys.executable, "-c", f"from ws_host_guest import inside; inside.load_app('app.py', {app!r}, {str(self.folder)!r})"]
        done = subprocess.run(command, capture_output=True, cwd="/", env={**os.environ, "PYTHONPATH": str(code)})
        self.assertEqual(done.returncode, 1)
        sentence = "app.py keeps the file words.txt open: a component has no files. Read it whole and close it\n"
        self.assertEqual((code / "failure.txt").read_text(), sentence, done.stderr)

    def test_within_a_component_only_an_extension_for_webassembly_is_loaded(self):
        path = self.folder / f"fast{EXTENSION_SUFFIXES[0]}"
        with mock.patch.object(absent.sys, "platform", "wasi"):
            for content, is_loaded in ((b"\0asm\1\0\0\0", True), (b"\x7fELF", False)):
                path.write_bytes(content)
                self.assertEqual(absent._is_for_a_guest(str(path)), is_loaded)

    def test_a_native_extension_is_an_error_in_one_line(self):
        self.write("", f"fast{EXTENSION_SUFFIXES[0]}")
        text = self.complaint("from ws_host_guest import App\napp = App()\nimport fast\n")
        self.assertEqual(text.splitlines()[0], "app.py:3: fast is a native extension, and a guest runs pure Python alone")
        self.assertEqual(len(text.splitlines()), 2, text)
        self.write("try:\n    import fast\nexcept ImportError as e:\n    raise ImportError('read\\nthis') from e\n", "slow.py")
        text = self.complaint("from ws_host_guest import App\napp = App()\nimport slow\n")
        self.assertIn("fast is a native extension", text.splitlines()[0])

    def test_a_socket_says_that_a_guest_has_no_network(self):
        app = "from ws_host_guest import App\napp = App()\nimport socket\n"
        for call in (
            "socket.socket()",
            "socket.create_connection(('127.0.0.1', 1))",
            "socket.getaddrinfo('localhost', 1)",
            "import urllib.request; urllib.request.urlopen('http://localhost/')",
            "import urllib.request; urllib.request.urlopen('https://localhost/')",
            "import http.client; http.client.HTTPConnection('localhost').connect()",
            "import http.client; http.client.HTTPSConnection('localhost')",
        ):
            self.assertIn(absent.NO_NETWORK, self.complaint(app + call + "\n"))

    def test_an_app_that_sends_no_requests_has_no_interfaces_for_them(self):
        app = "from ws_host_guest import App\napp = App()\n@app.on_message\nasync def said(client, message): "
        for body, interfaces in (("pass", ["timers"]), ("from ws_host_guest import fetch", ["http", "responses", "timers"])):
            self.assertEqual(build.look(self.write(app + body + "\n"))["interfaces"], interfaces)
        orphan = "from ws_host_guest import App\napp = App()\napp.on_orphan(print)\n"
        self.assertEqual(build.look(self.write(orphan))["interfaces"], ["http", "responses", "timers"])
        self.assertEqual(
            component.world(["http", "responses"]), "world python {\n    include app;\n    import http;\n    export responses;\n}\n"
        )

    def test_the_packages_of_a_build_are_those_of_the_python_that_runs_it(self):
        folders = component.packages()
        self.assertTrue(any(Path(folder).is_relative_to(sys.prefix) for folder in folders), folders)
        self.assertFalse(any((Path(folder) / "asyncio").is_dir() for folder in folders), folders)

    def test_the_main_file_of_a_folder_is_found(self):
        with self.assertRaisesRegex(component.NotBuilt, "no app.py and no server.py"):
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
        self.assertEqual(component.custom_section("n", b"x"), b"\x00\x03\x01nx")
        self.assertEqual(component.custom_section("n", b"x" * 200)[:4], b"\x00\xca\x01\x01")


APP = "from ws_host_guest import App\nimport names\napp = App()\n"


class Building(unittest.TestCase):
    """Builds with a componentize-py that makes other bytes each time, as the real one does."""

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.app = Path(folder.name, "app.py")
        self.app.write_text(APP)
        self.app.with_name("names.py").write_text("import json, wave\n")
        self.built = []
        self.enter(mock.patch.object(component, "componentize", self.componentize))
        self.enter(mock.patch.dict(os.environ, XDG_CACHE_HOME=folder.name))

    def enter(self, patch):
        patch.start()
        self.addCleanup(patch.stop)

    def componentize(self, entry, interfaces, folders, modules, output, what):
        self.built.append(entry)
        output.write_bytes(b"component" + os.urandom(8))

    def build(self, quickly):
        output = self.app.parent / build.record.KEPT_IN / ("dev" if quickly else "") / "app.wasm"
        with open(os.devnull, "w") as nowhere, contextlib.redirect_stderr(nowhere):
            return build.build(self.app, output, quickly).read_bytes()

    def test_an_unchanged_app_is_not_built_again(self):
        first = self.build(quickly=False)
        self.assertEqual(self.build(quickly=False), first)
        self.app.with_name("names.py").write_text("import json\n")
        self.assertNotEqual(self.build(quickly=False), first)
        self.assertEqual(len(self.built), 2)

    def test_an_edit_during_a_build_leads_to_another_build(self):
        componentize = build.component.componentize

        def edited_meanwhile(*arguments):
            self.app.write_text(APP + "# an edit\n")
            return componentize(*arguments)

        with mock.patch.object(build.component, "componentize", edited_meanwhile):
            self.build(quickly=False)
        self.build(quickly=False)
        self.assertEqual(len(self.built), 2)

    def test_another_main_file_is_another_app(self):
        self.build(quickly=False)
        self.app = self.app.rename(self.app.with_name("other.py"))
        self.build(quickly=False)
        self.assertEqual(len(self.built), 2)

    def test_in_dev_an_edit_changes_the_text_of_the_app_and_not_the_runtime(self):
        first = self.build(quickly=True)
        self.app.with_name("names.py").write_text("import json\nNAME = 'Ann'\n")
        second = self.build(quickly=True)
        self.assertEqual(len(self.built), 1)
        runtime = first[: len(b"component") + 8]
        self.assertTrue(second.startswith(runtime))
        self.assertIn(b"NAME = 'Ann'", second)
        self.assertNotIn(b"NAME = 'Ann'", first)

    def test_in_dev_a_package_that_the_runtime_lacks_makes_a_new_one_and_a_package_less_does_not(self):
        self.build(quickly=True)
        packages = self.app.parent / "site-packages"
        packages.mkdir()
        (packages / "kings.py").write_text("")
        with mock.patch.dict(os.environ, PYTHONPATH=str(packages)):
            self.app.write_text("import kings\n" + APP)
            self.build(quickly=True)
            self.assertEqual(len(self.built), 2)
            self.app.write_text(APP)
            self.build(quickly=True)
            self.assertEqual(len(self.built), 2)

    def test_a_file_of_a_package_that_no_import_has_loaded_makes_another_component_and_runtime(self):
        package = self.app.parent / "site-packages" / "kings"
        package.mkdir(parents=True)
        (package / "__init__.py").write_text("")
        (package / "late.py").write_text("")
        self.app.write_text("import kings\n" + APP)
        self.enter(mock.patch.dict(os.environ, PYTHONPATH=str(package.parent)))
        self.enter(mock.patch.object(sys, "path", [*sys.path, str(package.parent)]))
        for expected, quickly in enumerate([False, True] * 2, start=1):
            for _ in range(2):
                self.build(quickly)
            self.assertEqual(len(self.built), expected)
            if expected == 2:
                (package / "late.py").write_text("NAME = 'Ann'")

    def test_in_dev_a_module_of_the_standard_library_makes_no_new_runtime_which_keeps_them_all(self):
        self.build(quickly=True)
        self.app.write_text("import pdb, xml.sax.saxutils, logging.config\n" + APP)
        self.build(quickly=True)
        self.assertEqual(len(self.built), 1)

    def test_an_app_is_built_again_when_a_folder_or_variable_that_it_reads_has_changed(self):
        texts = self.app.parent / "texts"
        texts.mkdir()
        self.app.write_text(APP + f"import os\nTEXTS = os.listdir({str(texts)!r})\nKEY = os.environ.get('KEY')\n")
        for change in (lambda: None, lambda: (texts / "hello.txt").write_text(""), lambda: os.environ.update(KEY="a"), lambda: os.environ.update(KEY="b")):
            change()
            for _ in range(2):
                self.build(quickly=False)
        self.assertEqual(len(self.built), 4)

    def test_in_dev_an_app_that_reads_files_is_built_whole(self):
        self.app.with_name("words.txt").write_text("kings and queens")
        self.app.with_name("names.py").write_text("WORDS = open(__file__.replace('names.py', 'words.txt')).read()\n")
        self.build(quickly=True)
        self.assertIn("load_app", self.built[0])

    def test_an_instance_of_dev_loads_the_app_from_its_standard_input(self):
        made = self.build(quickly=True)
        stdin = made.partition(b"ws-host:stdin")[2]
        code = "from ws_host_guest import _host, bundle, running; _host.open_up = int; bundle.load_app(); import names; print(running.app, names.__file__)"
        environment = {**os.environ, "PYTHONPATH": str(Path(build.__file__).parent.parent)}
        done = subprocess.run([sys.executable, "-c", code], input=stdin, capture_output=True, env=environment, cwd="/")
        self.assertIn(b"ws_host_guest.app.App object", done.stdout, done.stderr)
        self.assertIn(str(self.app.with_name("names.py")).encode(), done.stdout)


if __name__ == "__main__":
    unittest.main()
