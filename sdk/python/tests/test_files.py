"""The files that a component keeps in its memory, here in a Python that takes them from an archive."""

import subprocess
import sys
import tempfile
import textwrap
import unittest
import zlib
from importlib import metadata
from pathlib import Path

import ws_host_guest
from ws_host_guest import archive, distributions

SOURCES = str(Path(ws_host_guest.__file__).parents[1])

PACKAGE = {
    "/kept/words/__init__.py": "def late():\n    from . import kings\n    return kings.NAME\n",
    "/kept/words/kings.py": "NAME = 'Ann'\n\n\ndef fail():\n    raise ValueError('told to')\n",
    "/kept/words/data/list.txt": "kings\r\nand queens\n",
    "/kept/words-1.0.dist-info/METADATA": "Name: words\nVersion: 1.0\n",
}


@unittest.skipIf(sys.version_info < (3, 11), "the pathlib of Python 3.10 has names of its own for the functions")
class Mounted(unittest.TestCase):
    def run_with(self, code):
        """Runs code in a Python that has the package in its memory alone. Returns what it prints."""
        with tempfile.TemporaryDirectory() as folder:
            kept = Path(folder, archive.NAME)
            archive.write([(path, len(text), zlib.compress(text.encode())) for path, text in PACKAGE.items()], kept)
            begin = f"""
                import sys, glob, tokenize
                from os import listdir
                from pathlib import Path
                sys.path.insert(0, {SOURCES!r})
                from ws_host_guest import archive, files
                archive.keep(Path({str(kept)!r}))
                files.mount()
                sys.path.insert(0, "/kept")
            """
            code = textwrap.dedent(begin) + textwrap.dedent(code)
            done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
        self.assertEqual(done.returncode, 0, done.stderr)
        return done.stdout.split()

    def test_a_function_imports_a_module_of_its_package(self):
        self.assertEqual(self.run_with("import words; print(words.late())"), ["Ann"])
        self.assertEqual(self.run_with("import importlib; print(importlib.import_module('words.kings').NAME)"), ["Ann"])

    def test_a_traceback_has_the_line_of_a_kept_module(self):
        code = "import words.kings, traceback\ntry:\n    words.kings.fail()\nexcept ValueError:\n    print(traceback.format_exc())"
        self.assertIn("raise", self.run_with(code))

    def test_data_is_read_in_each_way_that_packages_know(self):
        ways = """
            import importlib.resources, os, pkgutil, words
            place = os.path.join(os.path.dirname(words.__file__), "data", "list.txt")
            assert open(place).read() == Path(place).read_text() == "kings\\nand queens\\n"
            assert open(place, newline="").readline() == "kings\\r\\n"
            assert open(place, "rb").read() == Path(place).read_bytes() == b"kings\\r\\nand queens\\n"
            assert pkgutil.get_data("words", "data/list.txt") == b"kings\\r\\nand queens\\n"
            assert (importlib.resources.files(words) / "data" / "list.txt").read_bytes().startswith(b"kings")
            assert os.path.getsize(place) == 18 and os.path.isfile(place) and not os.path.isdir(place)
            assert os.access(place, os.R_OK) and not os.access(place, os.W_OK)
        """
        self.run_with(ways)

    def test_folders_are_listed(self):
        ways = """
            import os
            assert sorted(listdir("/kept/words")) == sorted(os.listdir("/kept/words")) == ["__init__.py", "data", "kings.py"]
            assert [entry.name for entry in os.scandir("/kept/words") if entry.is_dir()] == ["data"]
            assert [path.name for path in Path("/kept/words").iterdir() if path.is_dir()] == ["data"]
            assert sum(len(names) for _, _, names in os.walk("/kept")) == 4
            assert glob.glob("/kept/**/*.txt", recursive=True) == ["/kept/words/data/list.txt"]
        """
        self.run_with(ways)

    def test_the_version_of_a_distribution_is_known(self):
        self.assertEqual(self.run_with("from importlib import metadata; print(metadata.version('words'))"), ["1.0"])

    def test_other_files_are_those_of_the_system_and_kept_ones_are_not_written(self):
        ways = """
            import os, tempfile
            with tempfile.TemporaryDirectory() as folder:
                Path(folder, "a").write_text("b")
                assert open(os.path.join(folder, "a")).read() == "b" and os.listdir(folder) == ["a"]
            for path, mode, kind in [("/kept/none", "r", FileNotFoundError), ("/kept/words", "r", IsADirectoryError), ("/kept/words/data/list.txt", "w", OSError)]:
                try:
                    open(path, mode)
                except kind:
                    continue
                raise AssertionError(path)
        """
        self.run_with(ways)


class Packed(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.packages = Path(folder.name)
        sys.path.append(folder.name)
        self.addCleanup(sys.path.remove, folder.name)

    def install(self, name, files, requires=""):
        its_metadata = f"{name.replace('-', '_')}-1.0.dist-info/METADATA"
        files = {**files, its_metadata: f"Name: {name}\nVersion: 1.0\n" + requires}
        for path, text in files.items():
            (self.packages / path).parent.mkdir(parents=True, exist_ok=True)
            (self.packages / path).write_text(text)
        (self.packages / its_metadata).with_name("RECORD").write_text("".join(f"{path},,\n" for path in files))

    def test_a_component_keeps_files_of_packages_below_a_folder_named_tests(self):
        self.packages = self.packages / "tests" / ".venv"
        self.packages.mkdir(parents=True)
        self.install("words", {"words/__init__.py": "", "words/tests/a.py": "", "words/late.py": ""})
        self.assertEqual(self.kept("words/__init__.py"), ({"/1/words/__init__.py", "/1/words/late.py"}, []))

    def test_a_component_keeps_no_secrets_and_no_paths_of_the_machine(self):
        info = "words-1.0.dist-info"
        told = {f"{info}/{name}": "words" for name in ("direct_url.json", "INSTALLER", "REQUESTED", "entry_points.txt", "top_level.txt")}
        self.install("words", {"words/__init__.py": "", "words/.env": "KEY=a", "words/.git/config": "", "words.pth": "/home", **told})
        Path(self.packages, "words", "not-listed").mkdir()
        Path(self.packages, "words", "not-listed", ".env").write_text("KEY=a")
        Path(self.packages, "words", "key").symlink_to(Path(__file__).absolute())
        Path(self.packages, "words", "same.py").symlink_to("__init__.py")
        entries, _ = distributions.kept([str(self.packages / "words/__init__.py")], ["/nowhere", str(self.packages)])
        names = {path.removeprefix("/1/") for path, _, _ in entries}
        its_metadata = {f"{info}/METADATA", f"{info}/entry_points.txt", f"{info}/top_level.txt"}
        self.assertEqual(names, {"words/__init__.py", "words/same.py", *its_metadata})

    def test_the_kept_metadata_tells_a_version_its_requirements_and_entry_points(self):
        points = {"words-1.0.dist-info/entry_points.txt": "[kings]\nall = words\n", "words-1.0.dist-info/top_level.txt": "words\n"}
        self.install("words", {"words/__init__.py": "", **points}, "Requires-Dist: kings\n")
        entries, _ = distributions.kept([str(self.packages / "words/__init__.py")], ["/nowhere", str(self.packages)])
        with tempfile.TemporaryDirectory() as component:
            for path, _, content in entries:
                Path(component + path).parent.mkdir(parents=True, exist_ok=True)
                Path(component + path).write_bytes(zlib.decompress(content))
            [found] = metadata.distributions(path=[f"{component}/1"])
            self.assertEqual((found.version, found.requires, found.files), ("1.0", ["kings"], None))
            self.assertEqual([point.value for point in found.entry_points], ["words"])
            self.assertEqual(found.read_text("top_level.txt"), "words\n")

    def test_the_state_of_packages_changes_with_each_file_that_is_kept_and_with_no_other(self):
        self.install("words", {"words/__init__.py": "", "words/late.py": "", "words/list.dat": "a", "words/tests/a.py": ""})

        def state():
            return distributions.state([str(self.packages / "words/__init__.py")], ["/nowhere", str(self.packages)])

        before = state()
        (self.packages / "words/tests/a.py").write_text("other")
        self.assertEqual(state(), before)
        for name in ("late.py", "list.dat", "new.dat"):
            (self.packages / "words" / name).write_text("other")
            self.assertNotEqual(state(), before, name)
            before = state()

    def kept(self, *modules):
        entries, left_out = distributions.kept([str(self.packages / module) for module in modules], ["/nowhere", str(self.packages)])
        return {path for path, _, _ in entries if "dist-info" not in path}, left_out

    def test_a_package_is_kept_whole_with_what_it_requires_and_no_other(self):
        self.install("words", {"words/__init__.py": "", "words/late.py": "", "words/list.dat": "a", "words/fast.so": "", "words/tests/a.py": ""}, "Requires-Dist: Kings_and-Queens>=1\nRequires-Dist: absent\nRequires-Dist: other; extra == 'all'\n")
        self.install("kings-and-queens", {"kings.py": "", "shared/kings/__init__.py": ""})
        self.install("other", {"other.py": "", "shared/other/__init__.py": ""})
        words = {"/1/words/__init__.py", "/1/words/late.py", "/1/words/list.dat"}
        kings = {"/1/kings.py", "/1/shared/kings/__init__.py"}
        self.assertEqual(self.kept("words/late.py"), (words | kings, []))
        self.assertEqual(self.kept("shared/kings/__init__.py"), (kings, []))
        self.assertEqual(self.kept(), (set(), []))

    def test_packages_beyond_the_limit_are_named(self):
        self.install("words", {"words.py": "a"})
        self.install("numbers", {"numbers/__init__.py": "", "numbers/list.dat": "".join(map(str, range(1000)))})
        before, distributions.MOST = distributions.MOST, 1000
        self.addCleanup(setattr, distributions, "MOST", before)
        self.assertEqual(self.kept("words.py", "numbers/__init__.py"), ({"/1/words.py"}, ["numbers"]))


if __name__ == "__main__":
    unittest.main()
