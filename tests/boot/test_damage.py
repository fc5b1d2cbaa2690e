"""Error messages of the MBR and of stage 2 about bytes on the disk that changed, and were read without
complaint. One line each, then a machine that has halted for good. tests/damage flips every bit; here is
what it does not: other kinds of damage, other values, Bochs."""

import struct
import unittest

from harness import bochs
from harness.disk_image import SECTOR, STAGE2_LBA
from harness.environment import skip_without, stage2_symbol
from harness.error_test import ErrorTest

STAGE2_ADDRESS = 0x8000
UNDEFINED_INSTRUCTION = b"\x0f\x0b"
INT_1D = b"\xcd\x1d"
HEADER_VERSION_OFFSET = 8  # in struct image_header
IMAGE_HEADER_SECTORS_OFFSET = 28  # in struct stage2_header
IMAGE_HEADER_LBA_OFFSET = 32


class Damage(ErrorTest):
    def test_no_loader(self):
        for lba in range(STAGE2_LBA, self.image.used_sectors()):
            self.image.data[lba * SECTOR:(lba + 1) * SECTOR] = bytes(SECTOR)
        self.refused("^firstlight: loader damaged")

    def test_first_block_signature_ends_otherwise(self):
        self.image.flip(STAGE2_LBA, 7)
        self.refused("^firstlight: loader damaged")

    def test_stage2_first_sector(self):
        self.image.flip(self.rest_lba)
        self.refused(r"stage 2 is damaged \(checksum\): write the image again")

    def test_stage2_last_sector(self):
        self.image.flip(STAGE2_LBA + self.image.stage2_sectors - 1, SECTOR - 1)
        self.refused(r"stage 2 is damaged \(checksum\)")

    def test_stage2_bochs(self):
        skip_without("bochs")
        self.image.flip(self.rest_lba)
        bochs.expect_error(self.written(), r"stage 2 is damaged \(checksum\)")

    def test_image_header_version(self):
        self.image.patch_header(HEADER_VERSION_OFFSET, struct.pack("<I", 4))
        self.refused("image header: version 4, this loader knows version 3")

    def test_image_header_size_in_stage2(self):
        self.image.patch_stage2(IMAGE_HEADER_SECTORS_OFFSET, struct.pack("<I", 128))
        self.refused("the image header has 128 sectors")

    def test_image_header_where_nothing_is(self):
        self.image.patch_stage2(IMAGE_HEADER_LBA_OFFSET, struct.pack("<Q", 2000))
        self.refused("image header: no magic number")

    def test_image_header_beyond_the_disk(self):
        self.image.patch_stage2(IMAGE_HEADER_LBA_OFFSET, struct.pack("<Q", 1 << 50))
        self.refused(f"cannot read image header: disk 80h, LBA {1 << 50}, status")

    def test_kernel(self):
        kernel = self.image.kernel
        self.image.flip(kernel.lba + kernel.sectors // 2, 77)
        self.refused(rf"kernel is damaged \(checksum\): LBA {kernel.lba}, {kernel.sectors} sectors, "
                     "which firmware read without error")

    def test_kernel_padding(self):
        """Behind the kernel's last byte, in its last sector."""
        kernel = self.image.kernel
        self.assertNotEqual(kernel.bytes % SECTOR, 0)
        self.image.flip(kernel.lba + kernel.sectors - 1, SECTOR - 1)
        self.refused(r"kernel is damaged \(checksum\)")

    def test_kernel_stale_sector(self):
        """A sector that was never written: it holds its neighbour's old bytes."""
        start = self.code_lba() * SECTOR
        data, neighbour = self.image.data, slice(start + SECTOR, start + 2 * SECTOR)
        self.assertNotEqual(data[start:start + SECTOR], data[neighbour])
        data[start:start + SECTOR] = data[neighbour]
        self.refused(r"kernel is damaged \(checksum\)")

    def test_kernel_bochs(self):
        skip_without("bochs")
        self.image.flip(self.image.kernel.lba + 3)
        bochs.expect_error(self.written(), r"kernel is damaged \(checksum\)")

    def test_command_line(self):
        item = self.command_line_item()
        self.image.flip(item.lba)
        self.refused(rf"command line is damaged \(checksum\): LBA {item.lba}, 1 sectors")

    def test_loader_that_crashes(self):
        """An exception inside the loader is a line, too: its first C instruction is undefined."""
        self.check_crash(UNDEFINED_INSTRUCTION, 6, "0")

    def test_loader_that_crashes_by_a_vector_without_a_gate(self):
        # 1Dh << 3 | 2 (Intel SDM volume 3A, 6.13); QEMU 7.2 shifts by 4.
        self.check_crash(INT_1D, 13, "(ea|1d2)")

    def check_crash(self, instruction, vector, error_code):
        address = stage2_symbol("stage2_main")
        self.image.patch_stage2(address - STAGE2_ADDRESS, instruction)
        self.refused(f"exception {vector} in the loader, error code {error_code}h, "
                     f"RIP {address:x}h")


if __name__ == "__main__":
    unittest.main()
