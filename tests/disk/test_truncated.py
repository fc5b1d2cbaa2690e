"""Disks that end too early: an image that was not copied whole, cut at every boundary between its parts,
a sector and some bytes before and behind."""

import unittest

from disk_test import DiskTest, FLOPPY, READ_ERROR
from harness.disk_image import SECTOR

LOAD_ORDER = ["first block", "stage 2", "image header", "command line", "kernel", "large", "small",
              "symbols"]
# What SeaBIOS says of a sector behind the end is CHS's answer, which the loader tries last. Of a disk
# below a whole cylinder it names no cylinder, and leaves it to the drive.
CYLINDER_SECTORS = 16 * 63
BEHIND_THE_CYLINDERS = "01"
CUTS = {
    "sector_before": -SECTOR,
    "within_the_sector_before": -SECTOR + 200,
    "between": 0,
    "within_the_sector_behind": 200,
    "sector_behind": SECTOR,
}


class TruncatedTest(DiskTest):
    def cut(self, device, size):
        """The medium, ending behind so many bytes. A floppy is as long as ever and reads as zeros."""
        path = self.medium(device)
        with open(path, "r+b") as file:
            file.seek(0, 2)
            whole = file.tell()
            file.truncate(size)
            if device == FLOPPY:
                file.truncate(whole)
        return path

    def is_zero(self, start, end):
        return not any(self.image.data[start:end])

    def line_for(self, device, size):
        """What the boot must end in; None where nothing that it needs is missing."""
        whole = -(-size // SECTOR)  # QEMU fills the last sector up with zeros
        for name in LOAD_ORDER:
            first, count = self.parts[name]
            end = first + count
            if device != FLOPPY and whole < end:
                status = READ_ERROR if whole < CYLINDER_SECTORS else BEHIND_THE_CYLINDERS
                return self.unreadable(max(first, whole), status, device)
            if not self.is_zero(max(first * SECTOR, size), max(end * SECTOR, size)):
                return self.damaged(min(max(first, whole), end - 1), device)
        return None

    def check(self, device, size):
        arguments = self.drive(device, self.cut(device, size))
        line = self.line_for(device, size)
        if line is None:
            self.boots(arguments)
        else:
            self.ends_in(line, arguments)

def truncation_tests(name, device, boundaries):
    """A class of tests: the device's medium cut at (part, cut) each."""
    def test(part, cut):
        return lambda self: self.check(device, self.parts[part][0] * SECTOR + CUTS[cut])
    return type(name, (TruncatedTest,), {
        f"test_{part.replace(' ', '_')}_{cut}": test(part, cut) for part, cut in boundaries})


class CutEnd(TruncatedTest):
    """What only padding follows."""

    def end(self):
        return self.image.used_sectors() * SECTOR

    def test_only_padding_is_missing(self):
        self.assertIsNone(self.line_for("ide", self.end()))
        self.check("ide", self.end())

    def test_last_sector_is_missing(self):
        self.assertIsNotNone(self.line_for("ide", self.end() - SECTOR))
        self.check("ide", self.end() - SECTOR)


CutIde = truncation_tests("CutIde", "ide", [
    ("first block", "between"), ("first block", "sector_behind"), ("stage 2", "sector_before"),
    ("image header", "within_the_sector_before"), ("kernel", "between"),
    ("large", "within_the_sector_behind"), ("small", "within_the_sector_before")])
CutFloppy = truncation_tests("CutFloppy", FLOPPY, [
    ("first block", "sector_behind"), ("kernel", "within_the_sector_behind"), ("small", "between")])

if __name__ == "__main__":
    unittest.main()
