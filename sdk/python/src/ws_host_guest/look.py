"""`python -m ws_host_guest.look FILE ANSWER`: runs an app's file and writes to ANSWER, as JSON, what a build needs."""

import json
import sys
from pathlib import Path
from typing import Any

from . import load, running


def look(file: Path) -> dict[str, Any]:
    """Runs the file. Returns what a build needs: its interfaces, port and host."""
    sys.path.insert(0, str(file.absolute().parent))
    load.load(file.name, file.read_text("utf-8"))
    assert running.app is not None, "load() raises without an app"
    return {"interfaces": running.interfaces(), "port": running.app.port, "host": running.app.host}


def main() -> None:
    """Writes the answer, or the traceback of a mistake in the app without this package's own lines."""
    file, answer = map(Path, sys.argv[1:])
    try:
        needs = look(file)
    except Exception as error:
        sys.stderr.write(running.own_traceback(error))
        sys.exit(1)
    answer.write_text(json.dumps(needs), "utf-8")


if __name__ == "__main__":
    main()
