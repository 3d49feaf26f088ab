"""The part of a build that runs within the component: it loads the app, and the component keeps the memory that this leaves."""

from __future__ import annotations

import gc
import io
import os
import sys
from pathlib import Path

from . import _host, absent, archive, bundle, files, load, running, traces, zones

FAILURE = "failure.txt"
"""The file in the folder of the code that tells why the app did not load."""


def load_app(name: str, source: str, folder: str) -> None:
    """Loads the app of a folder, and leaves its failure in a file: componentize-py would bury it in a trace of its own."""
    _print_lines()
    # The app finds its files by a relative path, and beside its `__file__`, which is relative.
    os.chdir(folder)
    try:
        load.load(name, source)
        zones.keep()
        _refuse_open_files(name)
        _keep_files()
    except BaseException as error:
        is_sentence = isinstance(error, SystemExit) and isinstance(error.code, str)
        Path(__file__).parents[1].joinpath(FAILURE).write_text(f"{error}\n" if is_sentence else traces.own_traceback(error))
        raise
    _host.open_up()
    gc.collect()
    gc.freeze()


def make_runtime(modules: list[str]) -> None:
    """Imports these modules, so that an instance can load an app without any file."""
    _print_lines()
    absent.install()
    for name in modules:
        load.try_import(name)
    zones.keep()
    _keep_files()
    from . import fetches, loop, rooms

    assert fetches and loop and rooms, "the app finds them loaded"
    _host.open_up()
    _host.shut()
    running.late = bundle.load_app
    gc.collect()
    gc.freeze()


def _keep_files() -> None:
    """Keeps the files that a handler may need, in place of the file system."""
    archive.keep_standard_library()
    archive.keep(Path(__file__).parents[1] / archive.NAME)
    files.mount()


def _print_lines() -> None:
    """Each printed line becomes a log line at once."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(line_buffering=True)


def _refuse_open_files(name: str) -> None:
    """A file that stays open would end the instance that reads on: its handle belongs to the build."""
    gc.collect()
    for found in gc.get_objects():
        if issubclass(type(found), io.FileIO) and not found.closed and found.fileno() > 2:
            raise SystemExit(f"{name} keeps the file {found.name} open: a component has no files. Read it whole and close it")
