"""The part of a build that runs within the component: it loads the app, and the component keeps the memory that this leaves."""

from __future__ import annotations

import gc
import io
import sys
from pathlib import Path

from . import _host, load, traces

FAILURE = "failure.txt"
"""The file in the folder of the code that tells why the app did not load."""


def load_app(name: str, source: str) -> None:
    """Loads the app, and leaves its failure in a file: componentize-py would bury it in a trace of its own."""
    # Each printed line becomes a log line at once.
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(line_buffering=True)
    try:
        load.load(name, source)
        _refuse_open_files(name)
    except BaseException as error:
        is_sentence = isinstance(error, SystemExit) and isinstance(error.code, str)
        Path(__file__).parents[1].joinpath(FAILURE).write_text(f"{error}\n" if is_sentence else traces.own_traceback(error))
        raise
    _host.open_up()
    gc.collect()
    gc.freeze()


def _refuse_open_files(name: str) -> None:
    """A file that stays open would end the instance that reads on: its handle belongs to the build."""
    gc.collect()
    for found in gc.get_objects():
        if isinstance(found, io.FileIO) and not found.closed and found.fileno() > 2:
            raise SystemExit(f"{name} keeps the file {found.name} open: a component has no files. Read it whole and close it")
