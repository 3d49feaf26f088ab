"""The record of what went into a component."""

import tempfile
import unittest
from pathlib import Path

from ws_host_guest import record


class Record(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.app = Path(folder.name, "app.py")
        self.component = Path(folder.name, ".ws-host", "app.wasm")
        self.component.parent.mkdir()
        self.component.write_bytes(b"made")
        self.app.write_text("app")
        self.names = self.app.with_name("names.py")
        self.names.write_text("names")
        record.keep(self.app, self.component, "whole", record.digests([str(self.app), str(self.names)]), [])

    def is_current(self, kind="whole"):
        return record.is_current(self.app, self.component, kind)

    def test_a_component_of_unchanged_inputs_is_current_however_often_they_are_written(self):
        self.assertTrue(self.is_current())
        self.names.write_text("names")
        self.assertTrue(self.is_current())

    def test_each_change_of_an_input_makes_it_stale(self):
        self.names.write_text("other names")
        self.assertFalse(self.is_current())
        self.names.write_text("names")
        self.assertTrue(self.is_current())
        self.app.with_name("random.py").write_text("a new module that hides another")
        self.assertFalse(self.is_current())
        self.app.with_name("random.py").unlink()
        self.names.unlink()
        self.assertFalse(self.is_current())

    def test_a_component_that_something_else_wrote_is_stale(self):
        self.assertFalse(self.is_current("quick"))
        self.component.write_bytes(b"foreign")
        self.assertFalse(self.is_current())

    def test_a_component_elsewhere_has_no_record(self):
        self.assertIsNone(record.record_of(self.app.with_name("app.wasm")))


if __name__ == "__main__":
    unittest.main()
