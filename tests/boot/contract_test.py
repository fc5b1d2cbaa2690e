"""What the tests of the boot contract have in common: the kernels that the build made, new images of
them, and a kernel that is refused by bootimage and by stage 2 in the same words."""

import os
import shutil
import tempfile
import unittest

from harness import bochs
from harness.disk_image import DiskImage
from harness.environment import (UNCOMPRESSED, build_path, create_image, run_bootimage,
                                 skip_without)
from harness.expect import expect_boot, expect_error
from harness.qemu import ide_disk

PANIC = "^panic"
VGA = ["-vga", "std"]


def image(name):
    return build_path("tests", "boot", f"{name}.bin")


def elf(name):
    return build_path("tests", "boot", f"boot_{name}.elf")


class ContractTest(unittest.TestCase):
    def setUp(self):
        self.directory = tempfile.mkdtemp(prefix="firstlight-")
        self.addCleanup(shutil.rmtree, self.directory)

    def path(self, name):
        return os.path.join(self.directory, name)

    def write(self, name, content):
        with open(self.path(name), "wb") as file:
            file.write(content)
        return self.path(name)

    def boot_image(self, path, *options, serial=(), **settings):
        return expect_boot([*ide_disk(path), *VGA, *options], serial, absent=[PANIC], **settings)

    def boot(self, name, *options, serial=(), **settings):
        """The kernel kernels/NAME.c as the build made it. Gives what it wrote."""
        return self.boot_image(image(name), *options, serial=serial, **settings)

    def boot_bochs(self, name, serial, **settings):
        skip_without("bochs")
        bochs.expect_boot(image(name), serial, **settings)

    def remade(self, name, *arguments, **more):
        """The kernel in another image: create_image's arguments."""
        return create_image(elf(name), self.path("disk.bin"), *arguments, **more)

    def refused_on_host(self, kernel, pattern):
        """What bootimage says of the kernel, without the names in front."""
        finished = run_bootimage("create", "--kernel", kernel, "--output", self.path("none.bin"))
        self.assertEqual(finished.returncode, 1, finished.stderr)
        prefix = f"bootimage: {kernel}: "
        self.assertTrue(finished.stderr.startswith(prefix), finished.stderr)
        self.assertRegex(finished.stderr, pattern)
        return finished.stderr.strip().removeprefix(prefix)

    def check_refused(self, good, old, new, pattern):
        """`good`, an ELF file's bytes, is accepted; with `old` replaced by `new` it is refused by
        both, in the same words."""
        self.assertEqual((good.count(old), len(old)), (1, len(new)))
        words = self.refused_on_host(self.write("bad.elf", good.replace(old, new)), pattern)
        made = DiskImage(create_image(self.write("good.elf", good), self.path("good.bin"),
                                      options=UNCOMPRESSED))
        packed = bytes(made.kernel_bytes())
        self.assertEqual(packed.count(old), 1)
        made.patch_kernel(packed.index(old), new)
        line = expect_error([*ide_disk(made.write(self.path("bad.bin"))), *VGA], pattern)
        self.assertEqual(line, f"firstlight: {words}")
