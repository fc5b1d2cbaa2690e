"""Errors that come by the count of reads, and several at a time: the first N reads, every Nth, a bad sector
on a drive that is slow. What the reader's number of attempts can bear boots, one more names the sector.
test_every_pattern.py has the rest."""

import unittest

from disk_test import DiskTest, FLOPPY, READ_ERROR, TRANSFER_SECTORS
from harness.disk_image import STAGE2_LBA, error_rule
from harness.loader_limits import MBR_ATTEMPTS, TRANSFER_ATTEMPTS

NOWHERE = 1 << 40   # a sector that no drive has
# Before the loader's first: QEMU's own look at the partition table, and firmware's at LBA 0.
FIRMWARE_READS = 2
MBR_READS = MBR_ATTEMPTS * 2  # by EDD and by CHS
# By EDD at 127 sectors, then once each at 63, 31, 15, 7, 3, then at one. Then by CHS, where the
# large module's first track has room for 32 to 63 sectors: a size less (disk_reader.inc).
READER_READS = (TRANSFER_ATTEMPTS + 5 + TRANSFER_ATTEMPTS) + (TRANSFER_ATTEMPTS + 4 + TRANSFER_ATTEMPTS)
# As SeaBIOS uses them, a virtio drive takes a transfer for one read or two, an IDE drive each sector.
VIRTIO_SECTORS = 64  # of one read
BY_TRANSFER, BY_SECTOR = "virtio_blk", "ide"


def state_rules(failing, following):
    """blkdebug's rules for one read in each state, which fails or not, and the state that follows.
    A rule stays in force until another takes its place: that is what NOWHERE is for."""
    rules = []
    for state, (fails, next_state) in enumerate(zip(failing, following), 1):
        where = "" if fails else f'sector = "{NOWHERE}"\n'
        rules.append(f'[inject-error]\nevent = "read_aio"\nstate = "{state}"\n{where}')
        rules.append(f'[set-state]\nevent = "read_aio"\nstate = "{state}"\n'
                     f'new_state = "{next_state}"\n')
    return rules


def failing_run(before, count):
    """So many reads fail, after those before them."""
    failing = [False] * before + [True] * count + [False]
    states = range(2, len(failing) + 2)
    return state_rules(failing, [*states[:-1], len(failing)])


def failing_cycle(every, phase):
    """One read of `every` fails, again and again."""
    failing = [False] * FIRMWARE_READS + [index == phase for index in range(every)]
    return state_rules(failing, [*range(2, len(failing) + 1), FIRMWARE_READS + 1])


class PatternTest(DiskTest):
    def survives(self, rules, least, device=BY_TRANSFER):
        failed = self.boots(self.drive(device, self.medium(device), rules))
        self.assertGreaterEqual(failed, least, "the errors were not played")

    def check_cycles(self, device, cycles):
        for every, phase in cycles:
            with self.subTest(every=every, phase=phase):
                self.survives(failing_cycle(every, phase), 1, device)

    def reads_before_large(self):
        """Two by the MBR, and what comes between, of which nothing takes two transfers."""
        between = ("stage 2", "image header", "command line", "kernel")
        counts = [self.parts[name][1] for name in between]
        self.assertLessEqual(max(counts), TRANSFER_SECTORS)
        return FIRMWARE_READS + 2 + sum(-(-count // VIRTIO_SECTORS) for count in counts)


class FirstReads(PatternTest):
    def gives_up(self, lba, rules):
        self.ends_in(self.unreadable(lba, READ_ERROR),
                     self.drive(BY_TRANSFER, self.medium(BY_TRANSFER), rules))

    def test_mbr_bears(self):
        self.survives(failing_run(FIRMWARE_READS, MBR_READS - 1), MBR_READS - 1)

    def test_mbr_gives_up(self):
        self.gives_up(STAGE2_LBA, failing_run(FIRMWARE_READS, MBR_READS))

    def test_reader_bears(self):
        self.survives(failing_run(self.reads_before_large(), READER_READS - 1), READER_READS - 1)

    def test_reader_gives_up(self):
        self.gives_up(self.parts["large"][0],
                      failing_run(self.reads_before_large(), READER_READS))


class FewCycles(PatternTest):
    def test_transfer(self):
        self.check_cycles(BY_TRANSFER, [(3, 1)])

    def test_sector(self):
        self.check_cycles(BY_SECTOR, [(64, 32)])


class Several(PatternTest):
    def test_once_everywhere(self):
        rules = [error_rule(first + offset, once=True) for first, count in self.parts.values()
                 for offset in {0, count // 2, count - 1}]
        self.survives(rules, len(self.parts))

    def test_first_of_two_is_named(self):
        kernel, _ = self.parts["kernel"]
        rules = [error_rule(self.parts["large"][0]), error_rule(kernel + 9), error_rule(kernel + 3)]
        self.ends_in(self.unreadable(kernel + 3, READ_ERROR),
                     self.drive("ide", self.medium("ide"), rules))

    def test_passing_one_before_lasting_one(self):
        kernel, count = self.parts["kernel"]
        rules = [error_rule(kernel, once=True), error_rule(kernel + count - 1)]
        self.ends_in(self.unreadable(kernel + count - 1, READ_ERROR),
                     self.drive("ide", self.medium("ide"), rules))


class Slow(PatternTest):
    # An IDE drive reads each of the 1200 sectors by itself.
    READS, BYTES = ",throttling.iops-total=400", ",throttling.bps-total=400000"

    def slow(self, device, how, rules=()):
        return self.drive(device, self.medium(device), rules, how)

    def test_reads(self):
        self.boots(self.slow("ide", self.READS))

    def test_bytes(self):
        self.boots(self.slow("virtio_blk", self.BYTES))

    def test_floppy(self):
        self.boots(self.slow(FLOPPY, self.BYTES))

    def test_once(self):
        rule = error_rule(self.parts["kernel"][0] + 5, once=True)
        self.assertEqual(self.boots(self.slow("ide", self.READS, [rule])), 1)

    def test_for_ever(self):
        lba = self.parts["kernel"][0] + 5
        self.ends_in(self.unreadable(lba, READ_ERROR),
                     self.slow("ide", self.READS, [error_rule(lba)]))


class WriteProtected(PatternTest):
    """IDE drives are never so in QEMU."""

    def check(self, device):
        self.boots(self.drive(device, self.medium(device), extra=",readonly=on"))

    def test_virtio(self):
        self.check("virtio_blk")

    def test_usb(self):
        self.check("usb")

    def test_floppy(self):
        self.check(FLOPPY)


if __name__ == "__main__":
    unittest.main()
