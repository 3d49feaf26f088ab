"""Prints what a build says of each package that a guest cannot have: `python refused.py [PACKAGE ..]`. It fails if it says something else than `uses.py`."""

import subprocess
import sys
import tempfile
from importlib import metadata
from pathlib import Path

from uses import FAILS, NATIVE, module

SENTENCES = {NATIVE: " is a native extension, and a guest runs pure Python alone"}


def says(package):
    """Returns what the build of an app with this package says of it, in one line."""
    with tempfile.TemporaryDirectory() as folder:
        app = Path(folder, "app.py")
        app.write_text(f"from ws_host_guest import App\napp = App()\nimport {module(package)}\n")
        command = [sys.executable, "-m", "ws_host_guest", "build", str(app)]
        return subprocess.run(command, capture_output=True, text=True).stderr.splitlines()


def main(packages):
    """Tries each package. Returns the exit code."""
    wrong = 0
    for package in packages or FAILS:
        lines = says(package)
        sentence = SENTENCES.get(FAILS[package], "the module ssl is not in a guest: ")
        right = len(lines) == 2 and sentence in lines[0]
        wrong += not right
        print(f"{package} {metadata.version(package)}: {lines[0] if right else 'NOT AS EXPECTED: ' + repr(lines[-3:])}", flush=True)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
