"""A boot that is interrupted: the machine is reset at any point of the load, and must boot then all the
same; the medium is taken out, changed for another, or shrunk while it is being read."""

import re
import time
import unittest

from disk_test import DiskTest, FLOPPY, LARGE, LAST_LINE, MACHINE, READ_ERROR
from harness.disk_image import FLOPPY_1440K, SECTOR
from harness.environment import stage2_symbol
from harness.error_test import VGA
from harness.expect import check_error_line, check_halted, error_lines, fail
from harness.qemu import Qemu

SLOW_READS = [40, 20, 10, 5]                 # a second, until one is slow enough to reset in time
SLOW_BYTES = 60000                           # a second; the large module takes nine
READS = 13                                   # of a boot, which has 17
MOMENTS = [index * 0.004 for index in range(1, 12)]
ENOUGH = 300                                 # sectors into the large module


class ThrottledTest(DiskTest):
    @staticmethod
    def limit(run, reads=0, size=0):
        """So many reads or bytes a second from now on; 0: as many as come."""
        run.qmp.execute("block_set_io_throttle",
                        device=run.qmp.execute("query-blockstats")[0]["device"],
                        iops=reads, iops_rd=0, iops_wr=0, bps=size, bps_rd=0, bps_wr=0)


class Reset(ThrottledTest):
    def machine(self, device):
        """A machine that goes on when it is reset, in whatever way."""
        return Qemu(["-nodefaults", *VGA, *self.drive(device, self.medium(device))], bare=False)

    @staticmethod
    def reads(run):
        return run.qmp.execute("query-blockstats")[0]["stats"]["rd_operations"]

    @staticmethod
    def resets(run):
        run.qmp.execute("query-status")  # an answer brings the events before it
        return sum(event["event"] == "RESET" for event in run.qmp.events)

    def reset_and_boot(self, run, boot_reads):
        """One boot follows the reset, which takes no more reads than any: SeaBIOS resets the machine
        several times itself, to load itself anew, but the loader never. The machine is stopped."""
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

    def interrupt(self, run, count, more_seconds):
        """Stops a new boot as soon as so many reads have been made, and some more time has passed.
        False when the boot had come to its end by then."""
        enough, before = self.reads(run) + count, len(run.serial())
        run.qmp.execute("system_reset")
        run.qmp.execute("cont")
        if not run.wait_until(lambda: self.reads(run) >= enough):
            fail(run, f"no {count} reads")
        time.sleep(more_seconds)
        run.qmp.execute("stop")
        return LAST_LINE not in run.serial()[before:]

    def interrupt_in_time(self, run, count):
        """The later in the boot, and the busier this machine, the easier it is to come too late."""
        for slow in SLOW_READS:
            self.limit(run, reads=slow)
            if self.interrupt(run, count, 0):
                self.limit(run)
                return
        fail(run, f"too late for a reset after {count} reads, however slow they are")

    def check(self, device, interrupt, points):
        """Interrupt a boot at each of these points, and boot."""
        with self.machine(device) as run:
            self.assertTrue(run.wait_until(lambda: LAST_LINE in run.serial()))
            boot_reads = self.reads(run)
            for point in points:
                interrupt(run, point)
                self.reset_and_boot(run, boot_reads)

    def check_reads(self, device, counts):
        """Reset as soon as so many reads have been made."""
        self.check(device, self.interrupt_in_time, counts)

    def check_moments(self, device, moments):
        """Reset so many seconds each after firmware has read the MBR, be it the boot's end."""
        self.check(device, lambda run, moment: self.interrupt(run, 1, moment), moments)


class Medium(ThrottledTest):
    """What the loader reads now, stage 2's disk_request tells."""

    def interrupted(self, device, action):
        """Runs `action` on the machine in the middle of the large module; gives the run's end."""
        run = Qemu([*MACHINE, *VGA, *self.drive(device, self.medium(device))], bare=False,
                   started=False).__enter__()
        self.addCleanup(run.__exit__)
        self.limit(run, size=SLOW_BYTES)
        run.qmp.execute("cont")
        address, wanted = stage2_symbol("disk_request"), self.parts[LARGE][0] + ENOUGH

        def lba():
            return int.from_bytes(run.physical_memory(address, 8), "little")
        run.wait_until(lambda: wanted <= lba() < wanted + ENOUGH)
        run.qmp.execute("stop")
        if not wanted <= lba() < wanted + ENOUGH:
            fail(run, "the large module was not read")
        self.limit(run)
        action(run)
        run.qmp.execute("cont")
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
