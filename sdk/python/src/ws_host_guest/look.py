"""`python -m ws_host_guest.look FILE ANSWER`: runs an app's file, and writes what it has, as JSON."""

import json
import sys
from pathlib import Path
from typing import Any

from . import load, running


def look(file: Path) -> dict[str, Any]:
    """Runs the file, and answers what a build has to know of it."""
    sys.path.insert(0, str(file.absolute().parent))
    load.load(file.name, file.read_text("utf-8"))
    assert running.app is not None, "load has seen to that"
    return {"interfaces": running.interfaces(), "port": running.app.port, "host": running.app.host}


def main() -> None:
    """Ends with what Python would print of a mistake in the app, without what led to it."""
    file, answer = map(Path, sys.argv[1:])
    try:
        told = look(file)
    except Exception as error:
        sys.stderr.write(running.own_traceback(error))
        sys.exit(1)
    answer.write_text(json.dumps(told), "utf-8")


if __name__ == "__main__":
    main()
