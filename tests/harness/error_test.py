"""What the tests of error messages have in common: an image to spoil, and the line it must end in.
Used by the tests under tests/boot, tests/disk and tests/firmware."""

import os
import re
import shutil
import tempfile
import unittest

from harness.disk_image import DiskImage, ITEM_COMMAND_LINE, SECTOR, STAGE2_LBA
from harness.environment import build_path
from harness.expect import expect_error
from harness.option_rom import assemble
from harness.qemu import ide_disk, option_value

VGA = ["-vga", "std"]


class ErrorTest(unittest.TestCase):
    def setUp(self):
        self.directory = tempfile.mkdtemp(prefix="firstlight-")
        self.addCleanup(shutil.rmtree, self.directory)
        self.image = DiskImage(build_path("firstlight-exit.bin"))

    def path(self, name):
        return os.path.join(self.directory, name)

    def written(self):
        """The image as it is now, on disk."""
        return self.image.write(self.path("disk.bin"))

    def refused(self, pattern, *options, disk=None):
        """The image, or the disk given by QEMU options, ends in an error line."""
        return expect_error([*(disk or ide_disk(self.written())), *VGA, *options], pattern)

    def command_line_item(self):
        return next(item for item in self.image.items if item.kind == ITEM_COMMAND_LINE)

    def code_lba(self):
        """A sector of the kernel's that is not all zeros."""
        for lba in range(self.image.kernel.lba + 2, self.image.used_sectors() - 1):
            if any(self.image.data[lba * SECTOR:(lba + 1) * SECTOR]):
                return lba
        raise AssertionError("the kernel is all zeros")

    @property
    def rest_lba(self):
        return STAGE2_LBA + self.image.first_block_sectors

    def replace_everywhere(self, old, new):
        """Replaces code of stage 2 everywhere; gives how often it stood there."""
        self.assertEqual(len(old), len(new))
        stage2 = bytes(self.image.data[STAGE2_LBA * SECTOR:self.image.header_lba * SECTOR])
        found = [match.start() for match in re.finditer(re.escape(old), stage2)]
        for offset in found:
            self.image.patch_stage2(offset, new)
        return len(found)

    def patch_stage2_once(self, old, new):
        """Replaces code of stage 2 that must occur there exactly once."""
        self.assertEqual(self.replace_everywhere(old, new), 1, f"{old.hex()} in stage 2")

    def option_rom(self, *definitions):
        """QEMU's options for an option ROM that does what the definitions say (option_rom.py)."""
        return ["-option-rom", option_value(assemble(self.path("rom.bin"), definitions))]

    def told_to(self):
        """QEMU's options for a file that keeps what an option ROM tells on port E9h."""
        return ["-debugcon", f"file:{self.path('played')}"]  # what follows file: is taken as it is

    def told(self):
        with open(self.path("played"), "rb") as file:
            return file.read()
