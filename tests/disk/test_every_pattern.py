"""Errors that come by the count of reads, in each phase of many cycles, and once in every sector: as
test_patterns.py, which has a few of them, and takes less long."""

import unittest

from harness.disk_image import error_rule
from harness.loader_limits import FAILURES_MAX
from test_patterns import BY_SECTOR, BY_TRANSFER, PatternTest

TRANSFER_CYCLES = [(every, phase) for every in (2, 3, 4, 5, 7) for phase in range(every)]
SECTOR_CYCLES = [(every, phase) for every in (9, 64, 131) for phase in (0, every // 2)]


class EveryCycle(PatternTest):
    def test_transfer(self):
        self.check_cycles(BY_TRANSFER, TRANSFER_CYCLES)

    def test_sector(self):
        self.check_cycles(BY_SECTOR, SECTOR_CYCLES)


class EverySector(PatternTest):
    def test_most_sectors_once(self):
        """Sector by sector, each read twice: less errors than the reader bears in a boot."""
        end = min(max(first + count for first, count in self.parts.values()), FAILURES_MAX)
        self.survives([error_rule(lba, once=True) for lba in range(1, end)], end - 1)


if __name__ == "__main__":
    unittest.main()
