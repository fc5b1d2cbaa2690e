"""Sectors of every class, as data, and the tests made of them: one for each sector and drive, for ever
or once. Used by test_sectors.py, test_every_sector.py and test_compressed.py."""

from disk_test import DiskTest, FLOPPY, READ_ERROR, TRANSFER_SECTORS
from harness.disk_image import error_rule

FIRST, MIDDLE, LAST = "first", "middle", "last"
TRANSFER_END, TRANSFER_START = "transfer's last", "next transfer's first"
FIRST_BLOCK_SECTORS = 6
REST_SHARES = 8          # each share has every eighth sector of stage 2's rest, whatever its size

# Name, part of the image, where in it (a number counts from its first sector; a list is all of it).
PLACES = {
    **{f"first_block_{index}": ("first block", index) for index in range(FIRST_BLOCK_SECTORS)},
    "stage2_first": ("stage 2", FIRST),
    "stage2_middle": ("stage 2", MIDDLE),
    "stage2_last": ("stage 2", LAST),
    "header_first": ("image header", FIRST),
    "header_middle": ("image header", MIDDLE),
    "header_last": ("image header", LAST),
    "command_line_first": ("command line", FIRST),
    "command_line_last": ("command line", LAST),
    "kernel_first": ("kernel", FIRST),
    "kernel_middle": ("kernel", MIDDLE),
    "kernel_last": ("kernel", LAST),
    "module_first": ("large", FIRST),
    "module_transfer_end": ("large", TRANSFER_END),
    "module_transfer_start": ("large", TRANSFER_START),
    "module_middle": ("large", MIDDLE),
    "module_last": ("large", LAST),
    "last_module_first": ("small", FIRST),
    "last_module_last": ("small", LAST),
    "symbols_first": ("symbols", FIRST),
    "symbols_last": ("symbols", LAST),
}


def sector_of(parts, place):
    part, where = PLACES[place]
    first, count = parts[part]
    offsets = {FIRST: 0, MIDDLE: count // 2, LAST: count - 1,
               TRANSFER_END: TRANSFER_SECTORS - 1, TRANSFER_START: TRANSFER_SECTORS}
    return first + offsets.get(where, where)


class SectorTest(DiskTest):
    def for_ever(self, device, lba):
        """The boot ends in the line for just this sector. A floppy's error comes as zeros that
        were read without one."""
        medium = self.medium(device)
        line = (self.damaged(lba, device) if device == FLOPPY
                else self.unreadable(lba, READ_ERROR, device))
        self.ends_in(line, self.drive(device, medium, [error_rule(lba)]))

    def once(self, device, lba):
        failed = self.boots(self.drive(device, self.medium(device),
                                       [error_rule(lba, once=True)]))
        if device != FLOPPY:  # whose errors QEMU does not count
            self.assertEqual(failed, 1, "the error was not played")


def test_class(name, tests, base=SectorTest):
    return type(name, (base,), {f"test_{case}": test for case, test in tests.items()})


def sector_tests(name, check, device, places, base=SectorTest):
    """A class of tests: `check`, a method of `base`, for each place on a device."""
    def test(place):
        return lambda self: check(self, device, sector_of(self.parts, place))
    return test_class(name, {place: test(place) for place in places}, base)


def rest_tests(name, check, device):
    """The same for every sector of stage 2's rest."""
    def test(share):
        def run(self):
            first, count = self.parts["stage 2"]
            for lba in range(first + share, first + count, REST_SHARES):
                with self.subTest(lba=lba):
                    check(self, device, lba)
        return run
    return test_class(name, {f"stage2_{share}_of_{REST_SHARES}": test(share)
                             for share in range(REST_SHARES)})
