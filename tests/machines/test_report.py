"""Shows that the report says of each row what became of it: `passed` only of what has just passed."""

import contextlib
import io
import os
import shutil
import tempfile
import unittest
from unittest import mock

import machine_test
import matrix
import report
import results
from machine import Disk, Row

GROUP = "Disks"
ROW = Row("a_row", Disk("a disk"))


class Scripted:
    """An emulator whose boots end as a test wants."""

    def __init__(self, missing="", ending=None):
        self._missing, self._ending = missing, ending

    def __call__(self, row, _):
        self.row = row
        return self

    def missing(self):
        return self._missing

    def refuse(self, *_):
        if self._ending is not None:
            raise self._ending
        return "firstlight: a complaint"


class Report(unittest.TestCase):
    def setUp(self):
        self.build = tempfile.mkdtemp(prefix="firstlight-")
        self.addCleanup(shutil.rmtree, self.build)
        for image in results.IMAGES:
            path = os.path.join(self.build, image)
            os.makedirs(os.path.dirname(path), exist_ok=True)
            self.write_image(path, b"an image")
        for patch in (mock.patch.dict(os.environ, FIRSTLIGHT_BUILD=self.build),
                      mock.patch.object(matrix, "ROWS", {GROUP: [ROW]})):
            patch.start()
            self.addCleanup(patch.stop)

    @staticmethod
    def write_image(path, content):
        with open(path, "wb") as file:
            file.write(content)

    def run_row(self, row=ROW, **script):
        """The row's own test, with an emulator that does not take long."""
        class Test(machine_test.MachineTest):
            def test(self):
                self.check(GROUP, row)
        result = unittest.TestResult()
        with mock.patch.dict(machine_test.EMULATORS, QEMU=Scripted(**script)):
            Test("test").run(result)
        return result

    def check(self, words, status=0):
        """The report's line about the row; the picture tells the same."""
        with contextlib.redirect_stdout(io.StringIO()):
            self.assertEqual(report.main(self.build, self.build), status)
        with open(os.path.join(self.build, "machines.md")) as file:
            lines = [line for line in file if line.startswith("| a_row |")]
        self.assertEqual(len(lines), 1)
        self.assertIn(f"| {words} |", lines[0])
        with open(os.path.join(self.build, "machines.svg")) as file:
            self.assertIn(f"a_row: {words}.", file.read())
        return lines[0]

    def test_without_a_result(self):
        self.check("not run", status=1)

    def test_refused(self):
        row = Row("a_row", ROW.disk, refused="complaint")
        matrix.ROWS[GROUP] = [row]
        self.assertTrue(self.run_row(row).wasSuccessful())
        self.assertIn("| firstlight: a complaint |", self.check("refused with the right message"))

    def test_skipped(self):
        result = self.run_row(missing="a program is not installed: package p brings it")
        self.assertEqual(len(result.skipped), 1)
        self.assertIn("package p brings it", self.check("skipped"))

    def test_failed(self):
        row = Row("a_row", ROW.disk, refused="complaint")
        matrix.ROWS[GROUP] = [row]
        result = self.run_row(row, ending=AssertionError("no error line\nand more"))
        self.assertEqual(len(result.failures), 1)
        self.assertIn("| no error line |", self.check("failed", status=1))

    def test_killed(self):
        row = Row("a_row", ROW.disk, refused="complaint")
        matrix.ROWS[GROUP] = [row]
        with self.assertRaises(KeyboardInterrupt):
            self.run_row(row, ending=KeyboardInterrupt())
        self.check("failed", status=1)

    def test_of_another_build(self):
        results.write(self.build, GROUP, ROW, results.PASSED, "fine")
        self.check("boots")
        self.write_image(os.path.join(self.build, results.IMAGES[1]), b"another image")
        self.check("not run", status=1)

    def test_of_another_row(self):
        results.write(self.build, GROUP, ROW, results.PASSED, "fine")
        matrix.ROWS[GROUP] = [Row("a_row", Disk("a disk", drive=0))]
        self.check("not run", status=1)


if __name__ == "__main__":
    unittest.main()
