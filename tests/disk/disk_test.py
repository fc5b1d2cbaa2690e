"""What the tests of failing disks have in common: an image with a part of every kind, the drives
that carry it, and what a boot must end in. Used by the tests of this folder."""

import functools
import os
import re
import shlex
import tempfile

from harness.content import compressible
from harness.disk_image import (DiskImage, FLOPPY_1440K, ITEM_COMMAND_LINE, ITEM_SYMBOLS,
                                SECTOR, STAGE2_LBA, faulty_file)
from harness.environment import UNCOMPRESSED, build_path, create_image
from harness.error_test import ErrorTest, VGA
from harness.expect import check_serial, error_lines, expect_error, fail
from harness.qemu import Qemu, option_value

FLOPPY_DRIVE, HARD_DISK_DRIVE = 0x00, 0x80
READ_ERROR = "0c"     # what SeaBIOS makes of any drive's error
NO_SUCH_DRIVE = "01"  # its status for a hard disk that is not there
TRANSFER_SECTORS = 127

# The large module takes several transfers and ends beyond the 1008 sectors that firmware wants to see
# of some disks; the modules' command lines make the image header some sectors long.
LARGE, SMALL = "large", "small"
LARGE_BYTES, SMALL_BYTES, MODULE_TEXT = 1000 * SECTOR + 7, 700, "x" * 600
LAST_LINE = "2 modules\n"  # of the kernel's
COMMAND_LINE = "quiet " + "y" * 1000

# QEMU's options; {drive} is for those of -drive. No exit device: the kernel stays, for a look at it.
MACHINE = ["-nodefaults", "-no-reboot"]
FLOPPY = "floppy"
DRIVE = "-drive if=none,id=disk,{drive} "
DEVICES = {
    "ide": "-drive if=ide,{drive}",
    "ahci": "-machine q35 -drive if=ide,{drive}",
    "virtio_blk": DRIVE + "-device virtio-blk-pci,drive=disk",
    "usb": DRIVE + "-device qemu-xhci,id=usb -device usb-storage,drive=disk,bus=usb.0",
    FLOPPY: "-drive if=floppy,{drive} -boot a",
}


@functools.cache
def content():
    """What the modules are the beginning of."""
    return compressible(LARGE_BYTES)


@functools.cache
def test_image(options):
    """A kernel that checks boot_info and its modules, with a part of every kind."""
    with tempfile.TemporaryDirectory(prefix="firstlight-") as directory:
        modules = []
        for name, size in ((LARGE, LARGE_BYTES), (SMALL, SMALL_BYTES)):
            path = os.path.join(directory, name)
            with open(path, "wb") as file:
                file.write(content()[:size])
            modules.append((name, path, MODULE_TEXT))
        kernel = build_path("tests", "boot", "boot_modules.elf")
        with open(create_image(kernel, os.path.join(directory, "disk.bin"), COMMAND_LINE, modules,
                               options), "rb") as file:
            return file.read()


class DiskTest(ErrorTest):
    options = UNCOMPRESSED  # every sector that is read counts here, so the parts are what they seem

    def setUp(self):
        super().setUp()
        self.image_path = self.path("whole.bin")
        with open(self.image_path, "wb") as file:
            file.write(test_image(self.options))
        self.image = DiskImage(self.image_path)

    # ---- the image's parts ----

    @functools.cached_property
    def parts(self):
        """What messages call a part, and its (first LBA, sectors), in the disk's order."""
        image = self.image
        items = {"command line": image.find(ITEM_COMMAND_LINE), "kernel": image.kernel,
                 "symbols": image.find(ITEM_SYMBOLS), LARGE: image.module(LARGE),
                 SMALL: image.module(SMALL)}
        parts = {"first block": (STAGE2_LBA, image.first_block_sectors),
                 "stage 2": (self.rest_lba, image.stage2_sectors - image.first_block_sectors),
                 "image header": (image.header_lba, image.header_sectors),
                 **{name: (item.lba, item.sectors) for name, item in items.items()}}
        return dict(sorted(parts.items(), key=lambda part: part[1]))

    def part_of(self, lba):
        """What messages call the part that has this sector; None behind the last."""
        return next((name for name, (first, count) in self.parts.items()
                     if first <= lba < first + count), None)

    # ---- drives ----

    def drive(self, device, image, rules=(), extra=""):
        """QEMU's options for an image on a device, with faults (blkdebug's rules) and more options
        of -drive."""
        file = option_value(faulty_file(image, rules, self.directory) if rules else image)
        return [option.replace("{drive}", f"format=raw,file={file}{extra}")
                for option in shlex.split(DEVICES[device])]

    def medium(self, device):
        """The image as it is now, as a medium for the device."""
        size = FLOPPY_1440K if device == FLOPPY else None
        return self.image.write(self.path("disk.bin"), size)

    # ---- the two ways to end ----

    def unreadable(self, lba, status, device="ide"):
        """The whole line for a sector that cannot be read."""
        name = self.part_of(lba)
        drive = FLOPPY_DRIVE if device == FLOPPY else HARD_DISK_DRIVE
        if name == "first block":
            return f"firstlight: disk error {status.upper()}"
        if name == "stage 2":
            return (f"firstlight: cannot read stage 2: disk {drive:02x}h, LBA {lba:02}, status "
                    f"{status}h: check the disk")
        return (f"firstlight: cannot read {name}: disk {drive:02x}h, LBA {lba}, status {status}h: "
                "check the disk, or write the image to another")

    def damaged(self, lba, device="ide"):
        """The whole line for a sector that is read without error, and is not what was written."""
        name = self.part_of(lba)
        first, sectors = self.parts[name]
        if name == "first block":
            # The first hard disk is tried last, and where there is none that is what is told.
            return ("firstlight: disk error " + NO_SUCH_DRIVE if device == FLOPPY
                    else "firstlight: loader damaged")
        if name == "stage 2":
            return "firstlight: stage 2 is damaged (checksum): write the image again"
        if name == "image header":
            fault = "no magic number" if lba == first else "wrong checksum"
            return f"firstlight: image header: {fault}: write the image to the disk again"
        return (f"firstlight: {name} is damaged (checksum): LBA {first}, {sectors} sectors, which "
                "firmware read without error: write the image again")

    def ends_in(self, line, arguments):
        """The boot ends in this very line."""
        expect_error([*arguments, *VGA], f"^{re.escape(line)}$")

    def check_booted(self, run):
        """The kernel ran, all was as promised, and nothing has been written to any disk."""
        run.wait_until(lambda: LAST_LINE in run.serial() or error_lines(run.serial()))
        if LAST_LINE not in run.serial():
            fail(run, "the kernel did not come to its end")
        check_serial(run, [rf"^module \[{LARGE}\] \[{MODULE_TEXT}\] {LARGE_BYTES} ",
                           rf"^module \[{SMALL}\] \[{MODULE_TEXT}\] {SMALL_BYTES} "])
        if "panic" in run.serial() or "firstlight:" in run.serial() or run.resets():
            fail(run, "more happened than a boot")
        statistics = [drive["stats"] for drive in run.qmp.execute("query-blockstats")]
        self.assertEqual(sum(drive["wr_operations"] for drive in statistics), 0)
        return sum(drive["failed_rd_operations"] for drive in statistics)

    def boots(self, arguments):
        """Gives how many reads have failed on the way."""
        with Qemu([*MACHINE, *VGA, *arguments], bare=False) as run:
            return self.check_booted(run)
