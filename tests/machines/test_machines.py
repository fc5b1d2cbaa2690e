"""Boots two kernels on each row of matrix.py: the project's own, since the loader must find its disk,
its memory and its way into the kernel everywhere; and one that checks every promise of boot_info
(tests/boot/kernels/boot_info.c), which must mean the same everywhere."""

import os
import re
import shlex
import shutil
import tempfile
import unittest

import matrix
from harness.disk_image import (DiskImage, FLOPPY_1440K, FLOPPY_2880K, hard_disk_iso,
                                power_of_two_size)
from harness.environment import build_path, skip_without
from harness.expect import expect_boot
from harness.qemu import option_value

HELLO = ["^Hello World!$", "^first byte .* kind$", r"^usable memory: \d+ MiB"]
WARNING = "^firstlight: warning"
BOOT_INFO = ["^boot_info: as promised$"]
DEFAULT_MEMORY = "128M"
UNITS = {"M": 1 << 20, "G": 1 << 30}
# RAM that firmware keeps, the hole below 1 MiB, and ranges cut to pages.
FIRMWARE_SHARE = 2 << 20
TEXT_COLUMNS = 80
FLAG_NX = 1


def memory_size(arguments):
    """Bytes of RAM that QEMU's options give the machine."""
    text = arguments[arguments.index("-m") + 1] if "-m" in arguments else DEFAULT_MEMORY
    return int(text[:-1]) * UNITS[text[-1]]


def has_screen(arguments):
    return "-vga" in arguments and arguments[arguments.index("-vga") + 1] != "none"


def copied(size_of):
    """A medium that is the image, cut or padded."""
    def make(image, directory):
        disk = DiskImage(image)
        return disk.write(os.path.join(directory, "medium"), size_of(disk))
    return make


MEDIA = {
    None: copied(lambda disk: None),
    "floppy_1440k": copied(lambda disk: FLOPPY_1440K),
    "floppy_2880k": copied(lambda disk: FLOPPY_2880K),
    "sd_card": copied(lambda disk: power_of_two_size(len(disk.data))),
    "hard_disk_iso": hard_disk_iso,
}


class MachineTest(unittest.TestCase):
    def boot(self, options, medium=None, needs=None, serial=()):
        if needs:
            skip_without(needs)
        # A warning that the row does not announce is a failure.
        absent = () if serial else [WARNING]
        arguments = self.arguments(build_path("firstlight-exit.bin"), options, medium)
        expect_boot(arguments, [*serial, *HELLO], absent=absent)
        arguments = self.arguments(build_path("tests", "boot", "boot_info.bin"), options, medium)
        self.check_report(expect_boot(arguments, [*serial, *BOOT_INFO], absent=absent), arguments)

    def arguments(self, image, options, medium):
        """QEMU's, with the image as the row's medium."""
        directory = tempfile.mkdtemp(prefix="firstlight-")
        self.addCleanup(shutil.rmtree, directory)
        image = MEDIA[medium](image, directory)
        # A file name that is an argument of its own is taken as it is.
        return [image if option == "{image}" else option.replace("{image}", option_value(image))
                for option in shlex.split(options)]

    def check_report(self, text, arguments):
        """What boot_info says of this machine is what QEMU was told to make."""
        words = dict(re.findall(r"^(\w+) ([0-9a-f]+)$", text, re.MULTILINE))
        memory, size = int(words["memory"], 16), memory_size(arguments)
        self.assertLessEqual(memory, size)
        self.assertGreater(memory, size - FIRMWARE_SHARE)
        self.assertEqual(int(words["columns"], 16), TEXT_COLUMNS if has_screen(arguments) else 0)
        self.assertEqual(bool(int(words["flags"], 16) & FLAG_NX), "qemu64,-nx" not in arguments)


def row_test(name, options, special=None):
    def test(self):
        self.boot(options, **(special or {}))
    return f"test_{name}", test


def group_class(name, rows):
    tests = dict(row_test(*row) for row in rows)
    assert len(tests) == len(rows), f"two rows of {name} have the same name"
    return type(name, (MachineTest,), {"__module__": __name__, **tests})


globals().update({name: group_class(name, rows) for name, rows in matrix.ROWS.items()})
