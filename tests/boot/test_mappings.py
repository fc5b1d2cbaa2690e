"""Everything that is mapped when a kernel starts, leaf by leaf, against the kernel's file and what
bootloader/README.md documents: not a page more, not a permission more."""

import unittest

from harness.elf_file import ELF_HEADER, PAGE, PROGRAM_HEADER, PT_LOAD, R, W, X
from harness.environment import build_path
from harness.expect import expect_boot
from harness.mapping_report import Report
from harness.qemu import ide_disk, sparse_ram

USABLE, LOADER, ACPI, NVS, RESERVED, BAD, MODULE = 1, 2, 4, 5, 6, 7, 8
VGA_TEXT, VGA_TEXT_END = 0xB8000, 0xC0000
FOUR_GIB = 1 << 32


def kernel_pages(path, slide):
    """{page: flags} of the kernel's file; segments that share a page add up."""
    with open(path, "rb") as file:
        data = file.read()
    header = ELF_HEADER.unpack_from(data)
    offset, count = header[5], header[10]
    pages = {}
    for index in range(count):
        kind, flags, _, address, _, _, memory, _ = PROGRAM_HEADER.unpack_from(
            data, offset + index * PROGRAM_HEADER.size)
        if kind == PT_LOAD and memory:
            first = (address + slide) % (1 << 64)
            for page in range(first & -PAGE, first + memory, PAGE):
                pages[page] = pages.get(page, 0) | flags
    return pages


class Mappings(unittest.TestCase):
    def report(self, name, *options):
        return Report(expect_boot([*ide_disk(build_path("tests", "boot", f"{name}.bin")),
                                   "-vga", "std", *options], ["^map "]))

    def check_kernel(self, report, name):
        expected = kernel_pages(build_path("tests", "boot", f"boot_{name}.elf"),
                                report.kernel_slide)
        found = {}
        for first in sorted(expected):
            for virtual, _, size, flags in report.take(first, first + PAGE):
                self.assertEqual(size, PAGE)
                found[virtual] = flags
        self.assertEqual(found, expected)

    def check_direct_map(self, report):
        """One to one, writable, all RAM and the first 4 GiB, and nothing else."""
        offset = report.direct_map_offset
        pieces = report.take(offset, offset + report.direct_map_size)
        wanted = [(0, FOUR_GIB)] + [(base, base + length) for base, length, kind in report.ranges
                                    if kind not in (RESERVED, BAD)]
        covered = []
        for virtual, physical, size, flags in pieces:
            self.assertEqual((virtual - offset, flags), (physical, R | W))
            covered.append((physical, physical + size))
        for low, high in wanted:
            position = low
            for first, end in covered:
                position = end if first <= position < end else position
            self.assertGreaterEqual(position, high, f"{low:x}-{high:x} is not mapped")
        for first, end in covered:
            for page in (max(first, FOUR_GIB), end - PAGE) if end > FOUR_GIB else ():
                self.assertIn(report.kind(page), (USABLE, LOADER, 3, ACPI, NVS, MODULE))
        self.assertEqual(max(end for _, end in covered), report.direct_map_size)

    def check_loader_region(self, report):
        """Hand-over page, stack, and what boot_info points to, with gaps around the stack."""
        page, = report.take(report.handover_page, report.handover_page + PAGE)
        self.assertEqual((page[2], page[3]), (PAGE, R | X))
        self.assertEqual(report.kind(page[1]), LOADER)
        stack = report.take(report.stack_bottom, report.stack_top)
        self.assertEqual(sum(size for _, _, size, _ in stack),
                         report.stack_top - report.stack_bottom)
        for virtual, physical, size, flags in stack:
            self.assertEqual((flags, report.kind(physical)), (R | W, LOADER))
        info = [run for run in report.runs if run[0] <= report.boot_info < run[0] + run[2]]
        self.assertEqual(len(info), 1, "boot_info is not mapped")
        self.assertGreaterEqual(info[0][0], report.stack_top + PAGE, "no gap above the stack")
        for virtual, physical, size, flags in report.runs:
            self.assertGreater(virtual, report.handover_page)
            self.assertEqual(flags, R | W, f"{virtual:x}")
            self.assertIn(report.kind(physical), (LOADER, MODULE), f"{virtual:x}")
        guard = report.stack_bottom - report.stack_guard_size
        self.assertFalse([run for run in report.runs
                          if run[0] < report.stack_bottom and run[0] + run[2] > guard])

    def check(self, name, *options):
        report = self.report(name, *options)
        self.check_kernel(report, name)
        self.check_direct_map(report)
        self.assertEqual(report.take(VGA_TEXT, VGA_TEXT_END),
                         [(VGA_TEXT, VGA_TEXT, VGA_TEXT_END - VGA_TEXT, R | W)])
        self.check_loader_region(report)

    def test_higher_half(self):
        self.check("mappings")

    def test_low_half(self):
        self.check("mappings_low")

    def test_above_4_gib(self):
        self.check("mappings", *sparse_ram("6G", "q35"))

    def test_gigabyte_pages(self):
        self.check("mappings", *sparse_ram("6G"), "-cpu", "max")

    def test_reserved_terabyte(self):
        self.check("mappings", "-cpu", "EPYC", "-m", "1G")


if __name__ == "__main__":
    unittest.main()
