"""Kernels linked where nobody expects them: each must run at its address, and what the loader adds
(direct map, stack, hand-over page, screen) must have moved out of its way."""

import os
import re
import shutil
import subprocess
import tempfile
import unittest

from harness.elf_file import R, W, X, PAGE, Segment, write_executable
from harness.environment import create_image
from harness.expect import expect_boot
from harness.qemu import ide_disk

SOURCE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "kernels", "report.asm")
FLAG_VGA_TEXT, FLAG_CONTIGUOUS = 2, 4
VGA_TEXT, VGA_TEXT_END = 0xB8000, 0xC0000
DEFAULT_DIRECT_MAP = 0xFFFF800000000000
DEFAULT_LOADER_REGION = 0xFFFFFF0000000000
TOP = 1 << 64


class Addresses(unittest.TestCase):
    def setUp(self):
        self.directory = tempfile.mkdtemp(prefix="firstlight-")
        self.addCleanup(shutil.rmtree, self.directory)

    def path(self, name):
        return os.path.join(self.directory, name)

    def code(self):
        subprocess.run(["nasm", "-f", "bin", "-o", self.path("code"), SOURCE], check=True)
        with open(self.path("code"), "rb") as file:
            return file.read()

    def boot(self, segments, entry):
        """Boots a kernel of these segments; gives what it reports, as numbers."""
        kernel = write_executable(self.path("kernel.elf"), segments, entry)
        image = create_image(kernel, self.path("disk.bin"))
        serial = expect_boot(ide_disk(image), [f"^address={entry:016x}$"])
        return {name: int(value, 16)
                for name, value in re.findall(r"^(\w+)=([0-9a-f]{16})$", serial, re.MULTILINE)}

    def check_apart(self, report, segments):
        """Nothing of the loader's overlaps the kernel or something else of the loader's."""
        ranges = [(segment.address & -PAGE, -(-(segment.address + segment.memory) // PAGE) * PAGE,
                   "a segment") for segment in segments]
        ranges += [(report["direct_map_offset"],
                    report["direct_map_offset"] + report["direct_map_size"], "direct map"),
                   (report["stack_bottom"] - PAGE, report["stack_top"], "stack and guard page"),
                   (report["handover_page"], report["handover_page"] + PAGE, "hand-over page")]
        ranges.sort()
        for low, high in zip(ranges, ranges[1:]):
            self.assertLessEqual(low[1], high[0], f"{low[2]} overlaps {high[2]}: {report}")

    def boot_at(self, address):
        """One segment, read and execute, at the address."""
        segments = [Segment(address, R | X, self.code())]
        report = self.boot(segments, address)
        self.assertEqual(report["kernel_virtual_base"], address & -PAGE)
        self.assertEqual(report["kernel_virtual_size"], PAGE)
        self.assertTrue(report["flags"] & FLAG_CONTIGUOUS)
        self.check_apart(report, segments)
        return report

    def test_top_2_gib(self):
        report = self.boot_at(0xFFFFFFFF80000000)
        self.assertEqual(report["direct_map_offset"], DEFAULT_DIRECT_MAP)
        self.assertEqual(report["handover_page"], DEFAULT_LOADER_REGION)
        self.assertTrue(report["flags"] & FLAG_VGA_TEXT)

    def test_low_half(self):
        self.assertTrue(self.boot_at(0x200000)["flags"] & FLAG_VGA_TEXT)

    def test_lowest_page(self):
        self.boot_at(0x1000)

    def test_where_stage2_runs(self):
        self.boot_at(0x8000)

    def test_where_the_mbr_runs(self):
        self.boot_at(0x7C00)

    def test_where_stage2_keeps_its_tables(self):
        self.boot_at(0x30000)

    def test_not_aligned_to_pages(self):
        self.boot_at(0xFFFFFFFF80123450)

    def test_last_page_of_low_half(self):
        self.boot_at(0x7FFFFFFFF000)

    def test_first_page_of_high_half(self):
        report = self.boot_at(0xFFFF800000000000)
        self.assertNotEqual(report["direct_map_offset"], DEFAULT_DIRECT_MAP)

    def test_last_page(self):
        self.boot_at(TOP - PAGE)

    def test_in_the_loader_region(self):
        report = self.boot_at(DEFAULT_LOADER_REGION)
        self.assertNotEqual(report["handover_page"], DEFAULT_LOADER_REGION)

    def test_on_the_stack(self):
        self.boot_at(DEFAULT_LOADER_REGION + 0x4000)

    def test_in_the_middle_of_the_direct_map(self):
        self.boot_at(DEFAULT_DIRECT_MAP + 0x80000000)

    def test_over_the_screen(self):
        report = self.boot_at(VGA_TEXT)
        self.assertFalse(report["flags"] & FLAG_VGA_TEXT)

    def test_over_the_last_page_of_the_screen(self):
        report = self.boot_at(VGA_TEXT_END - PAGE)
        self.assertFalse(report["flags"] & FLAG_VGA_TEXT)

    def test_behind_the_screen(self):
        report = self.boot_at(VGA_TEXT_END)
        self.assertTrue(report["flags"] & FLAG_VGA_TEXT)

    def test_segments_in_both_halves(self):
        code = self.code()
        segments = [Segment(0x400000, R | X, code),
                    Segment(0xFFFFFFFF80000000, R | W, b"data", memory=0x5000)]
        report = self.boot(segments, 0x400000)
        self.check_apart(report, segments)
        self.assertEqual(report["kernel_virtual_base"], 0x400000)

    def test_many_segments(self):
        segments = [Segment(0x400000, R | X, self.code())]
        segments += [Segment(0x500000 + index * 0x3000, R | W, bytes([index]) * 5000)
                     for index in range(60)]
        self.check_apart(self.boot(segments, 0x400000), segments)


if __name__ == "__main__":
    unittest.main()
