"""The coverage's own tests: a boot sector of which it is known what runs must give just that, and a
report on it fails for each thing that is wrong. The build's own loader and kernel: what is known of
any boot."""

import contextlib
import io
import os
import re
import shutil
import struct
import subprocess
import tempfile
import unittest
from unittest import mock

import coverage_report
from coverage_report import Figures, read_coverage
from guest_program import flat_part, write
from harness import coverage
from harness.disk_image import SECTOR, DiskImage
from harness.environment import build_path, skip_without
from harness.expect import expect_boot, expect_error
from harness.qemu import QEMU, Qemu, ide_disk

TESTS = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
KNOWN = os.path.join(TESTS, "coverage", "sectors", "known.asm")
OTHER = os.path.join(TESTS, "harness", "sectors", "ending.asm")
SECTOR_ADDRESS, SECTOR_BYTES = 0x7C00, 512
LINES, LINES_RUN, BRANCHES, DIRECTIONS_RUN = 46, 38, 8, 10  # of known.asm
COUNTER = struct.Struct("<Q")
DIRECTIONS = {"both ways": (True, True), "always taken": (False, True),
              "never taken": (True, False), "never runs": (False, False)}


def expectations(source, endless):
    """({line: runs}, {line: (not taken, taken)}) as the comments of known.asm have them."""
    lines, branches, used = {}, {}, True
    with open(source, encoding="utf-8") as file:
        text = file.read().split("start:\n")
    first = text[0].count("\n") + 2
    for number, line in enumerate(text[1].split("\n"), first):
        code, _, comment = (part.strip() for part in line.partition(";"))
        if code.startswith("%"):
            used = endless == (code == "%ifdef ENDLESS") or code == "%endif"
        elif used and code and not re.match(r"\.?\w+:$|times|d[bwd]", code):
            lines[number] = comment != "never runs"
            if re.match(r"j(?!mp)|loop|rep", code):
                branches[number] = DIRECTIONS[comment]
    return lines, branches


class Recorded(unittest.TestCase):
    """Makes programs of boot sectors in a folder of the test's own, and runs them."""

    def setUp(self):
        skip_without("nasm")
        skip_without(QEMU)
        if not coverage.has_plugins(QEMU):
            self.skipTest(f"{QEMU} is built without plugins")
        self.directory = tempfile.mkdtemp(prefix="firstlight-")
        self.addCleanup(shutil.rmtree, self.directory)
        self.plugin = build_path(coverage.PLUGIN)
        # QEMU cannot load a plugin twice: these runs record for this test only.
        patch = mock.patch.dict(os.environ)
        patch.start()
        self.addCleanup(patch.stop)
        os.environ.pop(coverage.DIRECTORY, None)

    def path(self, name):
        return os.path.join(self.directory, name)

    def assemble(self, source, *options):
        subprocess.run(["nasm", "-f", "bin", *options, "-l", self.path("listing"), "-o",
                        self.path("disk.bin"), source], check=True)
        return self.path("disk.bin")

    def make_program(self, *options, source=KNOWN):
        """known.asm as the program to look for, and as the disk."""
        disk = self.assemble(source, *options)
        with open(disk, "rb") as file, open(self.path("sector"), "wb") as sector:
            sector.write(file.read(SECTOR_BYTES))
        part = flat_part("sector", SECTOR_ADDRESS, self.path("sector"), self.path("listing"), source)
        write([part], self.path("program"), os.path.dirname(source))
        return disk

    def options(self, disk, program=None):
        return [*coverage.recording(self.plugin, program or self.path("program"),
                                    self.path("records")), *ide_disk(disk)]

    def run_known(self):
        expect_boot(self.options(self.make_program()))

    def coverage_of(self, name="known.asm", program=None):
        return read_coverage(program or self.path("program"), self.path("records"))[name]


class Sector(Recorded):
    def check(self, endless):
        found = self.coverage_of()
        lines, branches = expectations(KNOWN, endless)
        self.assertEqual(len(branches), BRANCHES)
        self.assertEqual(found.lines, lines)
        self.assertEqual({line: tuple(map(bool, times)) for line, *times in found.branches}, branches)

    def test_what_ran(self):
        self.run_known()
        self.check(endless=False)

    def test_how_often(self):
        self.run_known()
        with open(KNOWN, encoding="utf-8") as file:
            line = file.read().split("\n").index("    rep stosb" + " " * 27 + "; both ways") + 1
        branch, = (times for where, *times in self.coverage_of().branches if where == line)
        self.assertEqual(branch, [1, 3])

    def test_killed_run_loses_nothing(self):
        with Qemu(self.options(self.make_program("-DENDLESS"))) as run:
            self.assertTrue(run.wait_until(lambda: "+" in run.serial()))
            run.kill()
        self.check(endless=True)

    def test_runs_add_up(self):
        self.run_known()
        once = self.coverage_of().branches
        expect_boot(self.options(self.path("disk.bin")))
        self.assertEqual(self.coverage_of().branches,
                         [(line, 2 * no, 2 * yes) for line, no, yes in once])

    def test_another_sector_at_the_address_does_not_count(self):
        self.make_program()
        expect_boot(self.options(self.assemble(OTHER, "-DEXIT_SUCCESS")), ["^sector: hello$"])
        found = self.coverage_of()
        self.assertFalse(any(found.lines.values()))
        self.assertFalse(any(no or yes for _, no, yes in found.branches))


class Report(Recorded):
    """The report on known.asm, taken for a part of the loader."""

    def setUp(self):
        super().setUp()
        os.mkdir(self.path("bootloader"))
        self.source = shutil.copy(KNOWN, self.path("bootloader"))
        disk = self.make_program(source=self.source)
        write([flat_part("sector", SECTOR_ADDRESS, self.path("sector"), self.path("listing"),
                         self.source)], self.path("program"), self.directory)
        expect_boot(self.options(disk))
        os.rename(self.path("records"), coverage.records_path(self.directory, self.path("program")))
        self.figures = Figures([self.found()])
        self.reasons = "".join(f"| {line}\n" for line in self.missed_texts())
        self.reasons = f"bootloader/known.asm, start\n{self.reasons}for the test\n"

    def records(self):
        return coverage.records_path(self.directory, self.path("program"))

    def found(self):
        return read_coverage(self.path("program"), self.records())["bootloader/known.asm"]

    def missed_texts(self):
        with open(self.source, encoding="utf-8") as file:
            lines = file.read().split("\n")
        return [lines[line - 1].strip() for line in self.found().missed_lines()]

    def run_report(self, lines=None, branches=None):
        """(status, what it printed), asked for as much as there is unless told otherwise."""
        with open(self.path("reasons"), "w", encoding="utf-8") as file:
            file.write(self.reasons)
        arguments = ["", "--program", self.path("program"), "--directory", self.directory,
                     "--source", self.directory, "--reasons", self.path("reasons"), "--lines",
                     str(lines or self.figures.line_percent()), "--branches",
                     str(branches or self.figures.branch_percent())]
        with mock.patch("sys.argv", arguments), \
                contextlib.redirect_stdout(io.StringIO()) as printed:
            return coverage_report.main(), printed.getvalue()

    def assert_fails(self, reason, **least):
        status, printed = self.run_report(**least)
        self.assertEqual(status, 1)
        self.assertRegex(printed, f"(?m)^coverage: .*{reason}")

    def test_enough_passes(self):
        status, printed = self.run_report()
        self.assertEqual(status, 0, printed)
        self.assertIn("inc bx", printed)
        with open(self.path("coverage.md"), encoding="utf-8") as file:
            written = file.read()
        self.assertRegex(written, rf"known\.asm \| {LINES} \| {LINES_RUN} \| 82\.6 \| "
                                  rf"{2 * BRANCHES} \| {DIRECTIONS_RUN} \| 62\.5 \|")
        self.assertRegex(written, r"known\.asm:\d+: never taken")

    def test_too_few_lines_fail(self):
        self.assert_fails("of the loader's lines ran", lines=self.figures.line_percent() + 0.01)

    def test_too_few_branches_fail(self):
        self.assert_fails("branch directions ran", branches=self.figures.branch_percent() + 0.01)

    def test_lost_branch_fails(self):
        """One direction less than there was."""
        with open(self.records(), "r+b") as file:
            file.seek(-2 * len(self.found().branches) * COUNTER.size, os.SEEK_END)
            before = COUNTER.unpack(file.read(COUNTER.size))
            self.assertEqual(before, (1,))  # the first branch: LOOP, not taken once
            file.seek(-COUNTER.size, os.SEEK_CUR)
            file.write(bytes(COUNTER.size))
        self.assert_fails("branch directions ran")

    def test_line_without_reason_fails(self):
        self.reasons = self.reasons.replace("| hlt ", "| hlt and more ", 1)
        self.assert_fails(r"known\.asm:\d+ never ran, and has no reason")

    def test_reason_for_no_line_fails(self):
        self.reasons = self.reasons.replace("| hlt ", "| hlt and more ", 1)
        self.assert_fails("a line that is not there: .*hlt and more")

    def test_reason_for_a_line_that_ran_fails(self):
        self.reasons = self.reasons.replace("| hlt ", "| mov ss, ax\n| hlt ", 1)
        self.assert_fails("a line that ran: .*mov ss, ax")

    def test_reason_in_another_function_fails(self):
        self.reasons = self.reasons.replace(", start", ", finish")
        self.assert_fails("a line that is not there: bootloader/known.asm, finish")

    def test_no_records_says_what_to_run(self):
        os.remove(self.records())
        status, printed = self.run_report()
        self.assertEqual(status, coverage_report.NO_RECORDS)
        self.assertIn("ctest --preset full", printed)


class Loader(Recorded):
    """The build's program: line tables, the copy on the hand-over page, C and assembly."""

    def setUp(self):
        super().setUp()
        self.program = build_path(coverage.PROGRAM)

    def ran(self, name):
        return self.coverage_of(name, self.program).lines.values()

    def test_a_boot(self):
        expect_boot(self.options(build_path("firstlight-exit.bin"), self.program))
        for name in ("bootloader/stage2/enter_kernel.asm", "bootloader/stage2/real_mode_call.asm"):
            self.assertTrue(all(self.ran(name)), name)
        self.assertTrue(any(self.ran("bootloader/bios/bios_call.c")))
        for name in ("bootloader/mbr/mbr.asm", "bootloader/stage2/main.c", "kernel/main.c"):
            self.assertGreater(sum(self.ran(name)), len(self.ran(name)) // 2, name)
            self.assertFalse(all(self.ran(name)), name)
        self.assertFalse(any(self.ran("bootloader/load/message.c")))

    def test_an_error(self):
        image = DiskImage(build_path("firstlight.bin"))
        image.data[image.header_lba * SECTOR] ^= 1
        expect_error([*self.options(image.write(self.path("disk.bin")), self.program),
                      "-vga", "std"], "image header")
        self.assertGreater(sum(self.ran("bootloader/load/message.c")), 20)
        self.assertFalse(any(self.ran("bootloader/stage2/enter_kernel.asm")))
        self.assertFalse(any(self.ran("kernel/main.c")))


if __name__ == "__main__":
    unittest.main()
