"""How many calls of INT 13h the worst disks cost, to the call (bootloader/README.md, Waits): one that never
reads, one that reads a sector at a time, and one that fails twice before each."""

import re
import unittest

from deadline_test import DeadlineTest, KIB
from harness.disk_image import FLOPPY_1440K
from harness.loader_limits import FAILURES_MAX, MBR_ATTEMPTS, TRANSFER_ATTEMPTS
from harness.option_rom import BROKEN, CALLED, PLAYED
from harness.qemu import option_value

MIB = 1 << 20
STATUS = "80"              # time-out
ONE_SECTOR = ("DISK_NOT_MBR", "DISK_LIMIT=1")
TWICE = "DISK_BEFORE=2"
CALLS_AN_ATTEMPT = 4       # whether there is EDD, by EDD, by CHS, reset
CALLS_OF_A_GOOD_MBR = 4    # two transfers: whether there is EDD, and the read
CALLS_OF_DISK_INIT = 2     # whether there is EDD, geometry
CALLS_OF_DESCRIBE = 2      # whether there is EDD, its parameters
CALLS_OF_GOOD_BOOT = CALLS_OF_A_GOOD_MBR + CALLS_OF_DISK_INIT + CALLS_OF_DESCRIBE


class DiskCalls(DeadlineTest):
    def counts(self, *definitions, **ending):
        """(calls, failures) that the disk has counted when all is over."""
        rom = self.option_rom("DISK_TELLS_CALLS", f"DISK_STATUS=0x{STATUS}", *definitions)
        self.line = self.ended(*rom, *self.told_to(), **ending).serial()
        told = self.told()
        self.assertEqual(told.count(BROKEN), 0)
        return told.count(CALLED), told.count(PLAYED)

    def rest_sectors(self):
        return self.image.stage2_sectors - self.image.first_block_sectors

    def failures_down_to_one(self):
        """Until the first transfer, stage 2's rest, has come down to a sector a time."""
        size, failures = self.rest_sectors(), TRANSFER_ATTEMPTS
        while (size := size // 2) > 1:
            failures += 1
        return failures

    def single_sectors(self):
        return self.rest_sectors() + self.image.header_sectors + self.image.kernel.sectors

    def test_never(self):
        calls, failures = self.counts("DISK_ALL", line=f"^firstlight: disk error {STATUS}$")
        self.assertEqual(calls, MBR_ATTEMPTS * CALLS_AN_ATTEMPT)
        self.assertEqual(failures, MBR_ATTEMPTS * 2)

    def test_one_sector(self):
        self.use_kernel(2 * MIB)
        calls, failures = self.counts(*ONE_SECTOR)
        self.assertEqual(failures, self.failures_down_to_one())
        self.assertEqual(calls, CALLS_OF_GOOD_BOOT + self.single_sectors() + 2 * failures)

    def test_one_sector_and_damaged(self):
        """What is damaged is read twice."""
        self.use_kernel(MIB)
        self.image.flip(self.image.kernel.lba + 100)
        calls, failures = self.counts(*ONE_SECTOR, line=r"^firstlight: kernel is damaged")
        self.assertEqual(calls, CALLS_OF_GOOD_BOOT - CALLS_OF_DESCRIBE + self.single_sectors()
                         + self.image.kernel.sectors + 2 * failures)

    def test_each_sector_twice(self):
        self.use_kernel(64 * KIB)
        calls, failures = self.counts(*ONE_SECTOR, TWICE)
        self.assertEqual(failures, self.failures_down_to_one() + 2 * self.single_sectors())
        self.assertLess(failures, FAILURES_MAX)
        self.assertEqual(calls, CALLS_OF_GOOD_BOOT + self.single_sectors() + 2 * failures)

    def test_each_sector_twice_and_many(self):
        """However large the kernel is, the number of failures is not."""
        self.use_kernel(4 * MIB)
        calls, failures = self.counts(*ONE_SECTOR, TWICE, line="^firstlight: cannot read kernel: ")
        self.assertEqual(failures, FAILURES_MAX)
        read = int(re.search(r"LBA (\d+), status 80h", self.line).group(1)) - self.rest_lba
        self.assertEqual(calls, CALLS_OF_GOOD_BOOT - CALLS_OF_DESCRIBE + read + 2 * failures)

    def test_floppy_each_sector_twice(self):
        """The probe for the medium's format is not given up after one failure, nor after two."""
        self.use_kernel(64 * KIB)
        floppy = option_value(self.image.write(self.path("floppy.bin"), FLOPPY_1440K))
        calls, failures = self.counts("ENTRY_DRIVE=0", *ONE_SECTOR, TWICE, disk=[
            "-drive", f"if=floppy,format=raw,file={floppy}"])
        self.assertGreaterEqual(failures, 2 * self.single_sectors())
        self.assertLess(failures, FAILURES_MAX)
        self.assertGreater(calls, self.single_sectors() + 2 * failures)


if __name__ == "__main__":
    unittest.main()
