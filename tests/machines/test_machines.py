"""Boots the project's kernel on each row of matrix.py: the loader must find its disk, its memory and
its way into the kernel everywhere."""

import os
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
        directory = tempfile.mkdtemp(prefix="firstlight-")
        self.addCleanup(shutil.rmtree, directory)
        image = MEDIA[medium](build_path("firstlight-exit.bin"), directory)
        # A file name that is an argument of its own is taken as it is.
        arguments = [image if option == "{image}"
                     else option.replace("{image}", option_value(image))
                     for option in shlex.split(options)]
        # A warning that the row does not announce is a failure.
        expect_boot(arguments, [*serial, *HELLO], absent=() if serial else [WARNING])


def row_test(name, options, special=None):
    def test(self):
        self.boot(options, **(special or {}))
    return f"test_{name}", test


def group_class(name, rows):
    tests = dict(row_test(*row) for row in rows)
    assert len(tests) == len(rows), f"two rows of {name} have the same name"
    return type(name, (MachineTest,), {"__module__": __name__, **tests})


globals().update({name: group_class(name, rows) for name, rows in matrix.ROWS.items()})
