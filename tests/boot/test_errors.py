"""Error messages of the MBR and of stage 2 about the machine and the kernel, each provoked by its real
cause: one line on COM1 and on screen that names it, then a machine that has halted for good."""

import os
import re
import struct
import subprocess
import unittest

from harness import bochs
from harness.disk_image import DiskImage
from harness.elf_file import (EXIT_CODE, PAGE, R, Segment, W, X, program_header_offset,
                              write_executable)
from harness.environment import create_image, skip_without
from harness.error_test import ErrorTest
from harness.expect import expect_boot
from harness.qemu import ide_disk, sparse_ram

KERNEL_ADDRESS, LOW_ADDRESS = 0xFFFFFFFF80000000, 0x400000
MIB, GIB = 1 << 20, 1 << 30
PROGRAM_HEADER_FLAGS_OFFSET = 4
ELF_ENTRY_OFFSET = 24


class Cpu(ErrorTest):
    """Real mode is as far as these get."""

    def check(self, model, feature):
        line = self.refused(f"this CPU lacks {feature}.*a 64-bit x86 CPU is needed", "-cpu", model)
        self.assertNotIn("warning", line)

    def test_486(self):
        self.check("486", "long mode, PAE, MSR, CMOV, FXSR, SSE2:")

    def test_without_cpuid(self):
        """No model lacks it, so the flag that tells is read back as it was before the change."""
        tell, kept = bytes.fromhex("6650669d669c"), bytes.fromhex("6650665a669c")
        self.patch_stage2_once(tell, kept)  # popfd -> pop edx
        self.refused("^firstlight: this CPU lacks CPUID: a 64-bit x86 CPU is needed")

    def test_pentium3(self):
        self.check("pentium3", "long mode, SSE2:")

    def test_qemu32(self):
        self.check("qemu32", "long mode:")

    def test_without_extended_leaves(self):
        self.check("qemu64,xlevel=0", "long mode:")

    def test_without_long_mode(self):
        self.check("qemu64,-lm", "long mode:")

    def test_without_pae(self):
        self.check("qemu64,-pae", "PAE:")

    def test_without_pse(self):
        self.check("qemu64,-pse", "PSE:")

    def test_without_msr(self):
        self.check("qemu64,-msr", "MSR:")

    def test_without_cmov(self):
        self.check("qemu64,-cmov", "CMOV:")

    def test_without_fxsr(self):
        self.check("qemu64,-fxsr", "FXSR:")

    def test_without_sse2(self):
        self.check("qemu64,-sse2", "SSE2:")

    def test_several_are_all_named(self):
        self.check("qemu64,-lm,-pae,-pse,-msr", "long mode, PAE, PSE, MSR:")

    def test_bochs_32_bit_cpu(self):
        skip_without("bochs")
        for model in ("pentium", "p3_katmai"):
            bochs.expect_error(self.written(), "this CPU lacks long mode", cpu=model)


class Memory(ErrorTest):
    """Machines that do not have what the kernel or the loader needs."""

    def large_kernel(self, memory, address=KERNEL_ADDRESS):
        """An image whose kernel asks for so many bytes of .bss."""
        segments = [Segment(address, R | X, EXIT_CODE),
                    Segment(address + PAGE, R | W, b"data", memory)]
        kernel = write_executable(self.path("kernel.elf"), segments, address)
        self.image = DiskImage(create_image(kernel, self.path("large.bin")))

    def sizes(self, what, ram_mib):
        """(needed, largest) in KiB as the message tells them."""
        line = self.refused(f"not enough memory for {what}: ", "-m", f"{ram_mib}M")
        return tuple(map(int, re.search(r"(\d+) KiB needed in one piece at a multiple of 4 "
                                        r"KiB, largest free piece "
                                        r"(\d+) KiB: add memory", line).groups()))

    def test_kernel_larger_than_memory(self):
        self.large_kernel(1024 * MIB)
        needed, largest = self.sizes("kernel", 512)
        self.assertEqual(needed, self.image.kernel.memory_bytes // 1024)
        self.assertGreater(needed, 1024 * 1024)
        self.assertLess(largest, 511 * 1024)
        self.assertGreater(largest, 509 * 1024)

    def test_kernel_that_just_fits(self):
        self.large_kernel(500 * MIB)
        expect_boot(ide_disk(self.written()) + ["-m", "512M"])

    def test_no_room_left_for_page_tables(self):
        self.large_kernel(1024 * MIB)
        _, largest = self.sizes("kernel", 64)
        overhead = self.image.kernel.memory_bytes - 1024 * MIB
        self.large_kernel(largest * 1024 - overhead)
        self.assertEqual(self.image.kernel.memory_bytes, largest * 1024)
        needed, left = self.sizes("page tables and stack", 64)
        self.assertGreater(needed, left)

    def test_kernel_out_of_reach(self):
        """Without pages of 1 GiB, stage 2's own tables reach some GiB only."""
        self.large_kernel(40 * GIB, LOW_ADDRESS)
        self.refused("memory at 0x[0-9a-f]+ is out of the loader's reach: its page tables map [0-9]+ "
                     "GiB on a CPU without 1 GiB pages", *sparse_ram("64G"))


class Refused(ErrorTest):
    """Kernels that bootimage would never let through, in images made by hand."""

    def test_writable_and_executable(self):
        offset = program_header_offset(0) + PROGRAM_HEADER_FLAGS_OFFSET
        self.image.patch_kernel(offset, struct.pack("<I", R | W | X))
        self.refused("kernel segment 0 is both writable and executable: link with -z separate-code")

    def test_not_an_elf(self):
        self.image.patch_kernel(0, b"MZ")
        self.refused("the kernel is not an ELF file")

    def test_entry_outside(self):
        self.image.patch_kernel(ELF_ENTRY_OFFSET, struct.pack("<Q", 0xFFFFFFFF80000000))
        self.refused("entry point 0xffffffff80000000 is not in the file's part of an executable")

    def test_more_memory_than_announced(self):
        """The image header promises less than the segments need."""
        self.image.kernel.memory_bytes -= PAGE
        self.image.repair_header()
        self.refused("the image header gives the kernel other flags, memory or alignment than its file wants: "
                     "make the image again with bootimage")

    def test_patched_by_hand_but_sound(self):
        """What these tests repair is right: an image patched to the same boots."""
        self.image.patch_kernel(0, b"\x7fELF")
        self.image.patch_stage2(0, b"1stLight")
        expect_boot(ide_disk(self.written()), ["^Hello World!$"])


class SectorSize(ErrorTest):
    def test_cd_without_emulation(self):
        """A CD that boots the MBR without emulation has sectors of 2048 bytes. The MBR goes on
        to try disk 80h, and tells what became of that."""
        skip_without("genisoimage")
        tree = self.path("tree")
        os.mkdir(tree)
        self.image.write(os.path.join(tree, "disk.bin"))
        iso = self.path("disk.iso")
        subprocess.run(["genisoimage", "-quiet", "-no-emul-boot", "-boot-load-size", "4", "-b",
                        "disk.bin", "-o", iso, tree], check=True, capture_output=True)
        self.refused("^firstlight: disk error 01$",
                     disk=["-cdrom", iso, "-boot", "d"])


if __name__ == "__main__":
    unittest.main()
