"""A boot that is interrupted: the machine is reset at any point of the load, and must boot then all the
same; the medium is taken out, changed for another, or shrunk while it is being read."""

import re
import time
import unittest

from disk_test import DiskTest, FLOPPY, LARGE, LAST_LINE, MACHINE, READ_ERROR
from harness.disk_image import FLOPPY_1440K, SECTOR
from harness.environment import build_path
from harness.error_test import VGA
from harness.expect import check_error_line, check_halted, error_lines, fail
from harness.qemu import Qemu

SLOW_READS = ",throttling.iops-total=40"     # a boot takes half a second
SLOW_BYTES = ",throttling.bps-total=600000"  # a second
READS = 13                                   # of a boot, which has 17
MOMENTS = [index * 0.004 for index in range(1, 12)]
ENOUGH = 300                                 # sectors into the large module


class Reset(DiskTest):
    def machine(self, device, how=""):
        """A machine that goes on when it is reset, in whatever way."""
        return Qemu(["-nodefaults", *VGA, *self.drive(device, self.medium(device), extra=how)],
                    bare=False)

    @staticmethod
    def reads(run):
        return run.qmp.execute("query-blockstats")[0]["stats"]["rd_operations"]

    @staticmethod
    def resets(run):
        run.qmp.execute("query-status")  # an answer brings the events before it
        return sum(event["event"] == "RESET" for event in run.qmp.events)

    def reset_and_boot(self, run, boot_reads):
        """One boot follows the reset, which takes no more reads than any: SeaBIOS resets the machine
        several times itself, to load itself anew, but the loader never."""
        run.qmp.execute("stop")
        before, resets, reads = len(run.serial()), self.resets(run), self.reads(run)
        run.qmp.execute("system_reset")
        run.qmp.execute("cont")

        def booted():
            """Not the boot before, which may have come to its end meanwhile."""
            return (self.resets(run) > resets and run.halted_for_ever()
                    and run.serial().endswith(LAST_LINE))
        run.wait_until(lambda: booted() or error_lines(run.serial()))
        if not booted() or LAST_LINE not in run.serial()[before:]:
            fail(run, "no boot after the reset")
        self.assertLessEqual(self.reads(run) - reads, boot_reads + 1, "more than one boot")

    def check_reads(self, device, counts, how=SLOW_READS, more_seconds=0.0):
        """Reset as soon as so many reads have been made, and some more time has passed."""
        with self.machine(device, how) as run:
            self.assertTrue(run.wait_until(lambda: LAST_LINE in run.serial()))
            boot_reads = self.reads(run)
            for count in counts:
                enough, before = self.reads(run) + count, len(run.serial())
                run.qmp.execute("system_reset")
                if not run.wait_until(lambda: self.reads(run) >= enough):
                    fail(run, f"no {count} reads")
                time.sleep(more_seconds)
                self.assertTrue(more_seconds or LAST_LINE not in run.serial()[before:],
                                "too late for a reset")
                self.reset_and_boot(run, boot_reads)

    def check_moments(self, device, moments):
        """Reset so many seconds each after firmware has read the MBR."""
        for moment in moments:
            self.check_reads(device, [1], "", moment)


class Medium(DiskTest):
    """What the loader reads now, stage 2's disk_request tells."""

    def disk_request(self):
        with open(build_path("bootloader", "stage2", "stage2.elf.map")) as file:
            return int(re.search(r"^\s*([0-9a-f]+) .* disk_request$", file.read(), re.MULTILINE)
                       .group(1), 16)

    def interrupted(self, device, action):
        """Runs `action` on the machine in the middle of the large module; gives the run's end."""
        run = Qemu([*MACHINE, *VGA, *self.drive(device, self.medium(device), extra=SLOW_BYTES)],
                   bare=False).__enter__()
        self.addCleanup(run.__exit__)
        address, wanted = self.disk_request(), self.parts[LARGE][0] + ENOUGH

        def lba():
            return int.from_bytes(run.physical_memory(address, 8), "little")
        if not run.wait_until(lambda: wanted <= lba() < wanted + ENOUGH):
            fail(run, "the large module was not read")
        action(run)
        run.wait_until(lambda: LAST_LINE in run.serial() or error_lines(run.serial()))
        return run

    def check_error(self, run, pattern):
        check_halted(run)
        line = check_error_line(run, pattern)
        self.assertIn(line, run.text_screen().text())
        return line

    def check_unreadable(self, run, status, device):
        """The line names the sector where reading stopped, in the large module."""
        line = self.check_error(run, "cannot read")
        lba = int(re.search(r"LBA (\d+)", line).group(1))
        self.assertEqual(line, self.unreadable(lba, status, device))
        self.assertGreaterEqual(lba, self.parts[LARGE][0] + ENOUGH)
        return lba


class ResetFew(Reset):
    def test_reads(self):
        self.check_reads("virtio_blk", [4, 9])

    def test_moments(self):
        self.check_moments("ide", MOMENTS[::6])


class Changed(Medium):
    NO_MEDIUM = "20"  # SeaBIOS's status, "controller failure"

    def test_floppy_taken_out(self):
        self.check_unreadable(self.interrupted(FLOPPY, lambda run: run.qmp.execute(
            "eject", device="floppy0", force=True)), self.NO_MEDIUM, FLOPPY)

    def test_floppy_changed_for_an_empty_one(self):
        empty = self.path("empty.bin")
        with open(empty, "wb") as file:
            file.truncate(FLOPPY_1440K)
        run = self.interrupted(FLOPPY, lambda run: run.qmp.execute(
            "blockdev-change-medium", device="floppy0", filename=empty, format="raw"))
        line = self.check_error(run, "checksum")
        self.assertEqual(line, self.damaged(self.parts[LARGE][0], FLOPPY))

    def test_disk_shrunk(self):
        """As a logical volume can be; the drive itself reports the error then."""
        sectors = self.parts[LARGE][0] + 2 * ENOUGH + 5
        run = self.interrupted("virtio_blk", lambda run: run.qmp.execute(
            "block_resize", device="disk", size=sectors * SECTOR))
        self.assertEqual(self.check_unreadable(run, READ_ERROR, "virtio_blk"), sectors)


if __name__ == "__main__":
    unittest.main()
