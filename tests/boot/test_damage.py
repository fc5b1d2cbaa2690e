"""Error messages of the MBR and of stage 2 about the disk: bytes that changed, a disk that ends too
early, sectors that cannot be read. One line each, then a machine that has halted for good."""

import re
import struct
import unittest

from harness import bochs
from harness.disk_image import (FLOPPY_1440K, SECTOR, STAGE2_LBA, error_rule, faulty_ide_disk)
from harness.environment import build_path, skip_without
from harness.error_test import ErrorTest
from harness.expect import expect_boot
from harness.qemu import ide_disk, option_value

STAGE2_ADDRESS = 0x8000
UNDEFINED_INSTRUCTION = b"\x0f\x0b"
HEADER_VERSION_OFFSET = 8  # in struct image_header
FIRST_BLOCK_SECTORS_OFFSET = 24  # in struct stage2_header
IMAGE_HEADER_SECTORS_OFFSET = 28
IMAGE_HEADER_LBA_OFFSET = 32
STATUS_READ_ERROR = "0[cC]"  # what SeaBIOS makes of an ATA error


class Damage(ErrorTest):
    """Bytes that changed on the disk, and were read without complaint."""

    def test_no_loader(self):
        for lba in range(STAGE2_LBA, self.image.used_sectors()):
            self.image.data[lba * SECTOR:(lba + 1) * SECTOR] = bytes(SECTOR)
        self.refused("^firstlight: loader damaged")

    def test_first_block_signature(self):
        self.image.flip(STAGE2_LBA)
        self.refused("^firstlight: loader damaged")

    def test_first_block_size(self):
        for size in (0, 1, 9, 0xFF):
            self.image.data[STAGE2_LBA * SECTOR + FIRST_BLOCK_SECTORS_OFFSET] = size
            self.refused("^firstlight: loader damaged")

    def test_first_block_every_sector(self):
        for sector in range(self.image.first_block_sectors):
            self.setUp()
            self.image.flip(STAGE2_LBA + sector, 300)
            self.refused("^firstlight: loader damaged")

    def test_first_block_sectors_swapped(self):
        first, second = (STAGE2_LBA + 2) * SECTOR, (STAGE2_LBA + 3) * SECTOR
        data = self.image.data
        data[first:second], data[second:second + SECTOR] = (data[second:second + SECTOR],
                                                            data[first:second])
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

    def test_image_header_magic(self):
        self.image.flip(self.image.header_lba)
        self.refused("image header: no magic number")

    def test_image_header_checksum(self):
        self.image.flip(self.image.header_lba, 100)
        self.refused("image header: wrong checksum")

    def test_image_header_version(self):
        self.image.patch_header(HEADER_VERSION_OFFSET, struct.pack("<I", 3))
        self.refused("image header: version 3, this loader knows version 2")

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
        with open(build_path("bootloader", "stage2", "stage2.elf.map")) as file:
            address = int(re.search(r"^\s*([0-9a-f]+) .* stage2_main$", file.read(),
                                    re.MULTILINE).group(1), 16)
        self.image.patch_stage2(address - STAGE2_ADDRESS, UNDEFINED_INSTRUCTION)
        self.refused(f"exception 6 in the loader, .*RIP {address:x}h")


class Truncated(ErrorTest):
    """The disk ends too early: an image that was not copied whole."""

    def check(self, sectors, pattern):
        disk = self.image.truncated_to(self.path("disk.bin"), sectors)
        self.refused(pattern, disk=ide_disk(disk))

    def test_behind_the_mbr(self):
        self.check(1, f"^firstlight: disk error {STATUS_READ_ERROR}$")

    def test_in_the_first_block(self):
        self.check(4, f"^firstlight: disk error {STATUS_READ_ERROR}$")

    def test_in_stage2(self):
        lba = self.rest_lba + 5
        self.check(lba, f"cannot read stage 2: disk 80h, LBA {lba}, status 0")

    def test_before_the_image_header(self):
        lba = self.image.header_lba
        self.check(lba, f"cannot read image header: disk 80h, LBA {lba}, status 0")

    def test_in_the_kernel(self):
        lba = self.image.kernel.lba + 7
        self.check(lba, f"cannot read kernel: disk 80h, LBA {lba}, status 0")

    def test_before_the_kernels_last_sector(self):
        lba = self.image.kernel.lba + self.image.kernel.sectors - 1
        self.check(lba, f"cannot read kernel: disk 80h, LBA {lba}, status 0")

    def test_only_padding_is_missing(self):
        disk = self.image.truncated_to(self.path("disk.bin"), self.image.used_sectors())
        expect_boot(ide_disk(disk), ["^Hello World!$"])

    def test_floppy(self):
        """QEMU's floppy reads zeros behind the end of its file."""
        self.image.write(self.path("disk.bin"), FLOPPY_1440K)
        size = (self.image.kernel.lba + 7) * SECTOR
        with open(self.path("disk.bin"), "r+b") as file:
            file.truncate(size)
            file.truncate(FLOPPY_1440K)
        self.refused(r"kernel is damaged \(checksum\)", disk=[
            "-drive", f"if=floppy,format=raw,file={option_value(self.path('disk.bin'))}",
            "-boot", "a"])


class DiskError(ErrorTest):
    """Sectors that cannot be read, for ever or once."""

    def faulty(self, lba, once=False):
        return faulty_ide_disk(self.written(), [error_rule(lba, once)], self.directory)

    def check(self, lba, pattern):
        self.refused(pattern, disk=self.faulty(lba))

    def test_first_sector_of_stage2(self):
        self.check(STAGE2_LBA, f"^firstlight: disk error {STATUS_READ_ERROR}$")

    def test_first_block(self):
        self.check(STAGE2_LBA + 3, f"^firstlight: disk error {STATUS_READ_ERROR}$")

    def test_stage2(self):
        lba = self.rest_lba + 6
        self.check(lba, f"cannot read stage 2: disk 80h, LBA {lba}, "
                   f"status {STATUS_READ_ERROR}h: check the disk")

    def test_image_header(self):
        lba = self.image.header_lba
        self.check(lba, f"cannot read image header: disk 80h, LBA {lba}, "
                   f"status {STATUS_READ_ERROR}h: check the disk")

    def test_command_line(self):
        lba = self.command_line_item().lba
        self.check(lba, f"cannot read command line: disk 80h, LBA {lba}, ")

    def test_kernel(self):
        lba = self.image.kernel.lba + 11
        self.check(lba, f"cannot read kernel: disk 80h, LBA {lba}, "
                   f"status {STATUS_READ_ERROR}h: check the disk")

    def test_floppy_returns_zeros(self):
        """QEMU's floppy controller reports success and delivers zeros: only a sum sees it."""
        self.image.write(self.path("disk.bin"), FLOPPY_1440K)
        rules = self.path("rules")
        with open(rules, "w") as file:
            file.write(error_rule(self.code_lba()))
        faulty = option_value(f"blkdebug:{rules}:{self.path('disk.bin')}")
        self.refused(r"kernel is damaged \(checksum\).*firmware read without error", disk=[
            "-drive", f"if=floppy,file={faulty},format=raw", "-boot", "a"])

    def survives(self, *lbas):
        rules = [error_rule(lba, once=True) for lba in lbas]
        expect_boot(faulty_ide_disk(self.written(), rules, self.directory), ["^Hello World!$"])

    def test_once_in_first_block(self):
        self.survives(STAGE2_LBA)

    def test_once_in_stage2(self):
        self.survives(self.rest_lba + 2)

    def test_once_in_image_header(self):
        self.survives(self.image.header_lba)

    def test_once_in_kernel(self):
        self.survives(self.image.kernel.lba + 4)

    def test_once_everywhere(self):
        self.survives(STAGE2_LBA, self.rest_lba, self.image.header_lba, self.image.kernel.lba + 1,
                      self.image.kernel.lba + 9)


if __name__ == "__main__":
    unittest.main()
