"""The guide's page about packages of PyPI has each package that `packages/` tries, and each module that a guest lacks."""

import re
import runpy
import unittest
from pathlib import Path

from ws_host_guest import absent

SDK = Path(__file__).parents[1]
ROOT = SDK.parents[1]
USES = runpy.run_path(str(SDK / "packages/uses.py"))
PAGE = (ROOT / "docs/guide/src/reference/pypi-packages.md").read_text("utf-8")


def versions(file):
    """Returns the versions of a file of requirements by the names of the packages."""
    return dict(re.findall(r"^([\w.-]+)==(.+)$", file.read_text("utf-8"), re.MULTILINE))


def rows(page, heading):
    """Returns the rows of the first table below a heading."""
    lines = page.partition(f"{heading}\n")[2].splitlines()
    begin = next(place for place, line in enumerate(lines) if line.startswith("| ---"))
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[begin + 1 :]]
    return cells[: cells.index([""]) if [""] in cells else None]


class Packages(unittest.TestCase):
    installed = versions(SDK / "packages/requirements.txt")

    def shown(self, package):
        return f"`{package}` {self.installed[package]}"

    def test_the_table_of_packages_that_work_is_the_list_that_is_tried(self):
        cells = [cell for row in rows(PAGE, "# Packages of PyPI") for cell in row if cell]
        self.assertEqual(cells, [self.shown(package) for package in USES["USES"]])

    def test_the_table_of_the_others_has_the_reason_of_each(self):
        expected = [[self.shown(package), reason] for package, reason in USES["FAILS"].items()]
        self.assertEqual([row[:2] for row in rows(PAGE, "## Packages that cannot be used")], expected)

    def test_the_table_of_missing_modules_is_that_of_the_sdk(self):
        missing = [[f"`{module}`", reason] for module, reason in absent.MODULES.items()]
        self.assertEqual(rows(PAGE, "## The standard library"), missing)

    def test_the_dialogue_uses_each_package_that_works(self):
        dialogue = (SDK / "packages/tests/packages.chat").read_text("utf-8")
        self.assertEqual(re.findall(r"^ann says (.+)$", dialogue, re.MULTILINE), list(USES["USES"]))

    def test_the_packages_of_the_test_command_are_ten_of_them(self):
        tried = versions(ROOT / "tests/guests-python/requirements.txt")
        of_them = {package: version for package, version in tried.items() if package in USES["USES"]}
        self.assertEqual(len(of_them), 10)
        self.assertEqual(of_them, {package: self.installed[package] for package in of_them})


if __name__ == "__main__":
    unittest.main()
