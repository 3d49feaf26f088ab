"""The record of what went into a component."""

import json
import os
import tempfile
import unittest
from pathlib import Path
from unittest import mock

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
        self.keep()

    def keep(self, variables=()):
        files = [str(self.app), str(self.names)]
        inputs = record.inputs(self.app, {"files": files, "variables": variables, "imports": {}})
        record.keep(self.app, self.component, "whole", inputs)
        return json.loads(record.record_of(self.component).read_text())

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

    def test_a_missing_file_has_an_empty_digest_and_makes_the_component_stale_when_it_comes_back(self):
        self.names.unlink()
        self.assertEqual(self.keep()["files"][str(self.names)], "")
        self.assertTrue(self.is_current())
        self.names.write_text("names")
        self.assertFalse(self.is_current())

    def test_a_file_or_folder_that_cannot_be_read_has_an_empty_digest(self):
        with mock.patch.object(Path, "read_bytes", side_effect=PermissionError), mock.patch.object(Path, "iterdir", side_effect=PermissionError):
            digests = record.digests([str(self.app), str(self.app.parent)])
        self.assertEqual(set(digests.values()), {""})

    @unittest.skipUnless(hasattr(os, "environb"), "this system has text alone in its environment")
    def test_a_variable_that_is_not_utf_8_is_an_input_as_others_are(self):
        with mock.patch.dict(os.environb, {b"WS_HOST_\xff": b"\xff"}):
            self.keep(["*", "WS_HOST_\udcff"])
            self.assertTrue(self.is_current())
            os.environb[b"WS_HOST_\xff"] = b"\xfe"
            self.assertFalse(self.is_current())

    def test_the_same_value_of_a_variable_has_another_hash_in_each_record(self):
        with mock.patch.dict(os.environ, WS_HOST_KEY="a"):
            first, second = self.keep(["WS_HOST_KEY"]), self.keep(["WS_HOST_KEY"])
            self.assertNotEqual(first["variables"], second["variables"])
            self.assertTrue(self.is_current())

    def test_a_record_without_a_salt_is_not_current(self):
        kept = self.keep()
        del kept["salt"]
        record.record_of(self.component).write_text(json.dumps(kept))
        self.assertFalse(self.is_current())

    def test_a_component_elsewhere_has_no_record(self):
        self.assertIsNone(record.record_of(self.app.with_name("app.wasm")))


if __name__ == "__main__":
    unittest.main()
