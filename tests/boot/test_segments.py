"""Kernels of unusual segments, written byte by byte: very many, none, at odd addresses, several in
one page, entered at their last byte. Each looks at all its bytes from the inside."""

import functools
import os
import shutil
import struct
import subprocess
import tempfile
import unittest

from harness import bochs
from harness.disk_image import DiskImage
from harness.elf_file import (EXIT_CODE, PAGE, PT_LOAD, R, Segment, W, X, program_header_offset,
                              write_executable)
from harness.environment import create_image, run_bootimage, skip_without
from harness.expect import expect_boot, expect_error
from harness.qemu import ide_disk

SOURCE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "kernels", "segments.asm")
CODE, DATA = 0xFFFFFFFF80000000, 0xFFFFFFFF90000000
LARGE_PAGE = 0x200000
MANY = 5000
STEP = 7  # from one byte of a segment to the next, in segments.asm
PT_NULL = 0
OFFSET_IN_HEADER = 8  # p_offset in a program header


def pattern(first, size):
    return bytes((first + STEP * index) & 0xFF for index in range(size))


@functools.cache
def checking_code():
    with tempfile.NamedTemporaryFile(prefix="firstlight-") as output:
        subprocess.run(["nasm", "-f", "bin", "-o", output.name, SOURCE], check=True)
        return output.read()


class Segments(unittest.TestCase):
    def setUp(self):
        self.directory = tempfile.mkdtemp(prefix="firstlight-")
        self.addCleanup(shutil.rmtree, self.directory)

    def path(self, name):
        return os.path.join(self.directory, name)

    def image(self, segments, entry):
        return create_image(write_executable(self.path("kernel.elf"), segments, entry),
                            self.path("disk.bin"))

    def checked(self, data, code_address=CODE):
        """An image of these segments and one whose code checks them all."""
        table = b"".join(struct.pack("<4Q", segment.address, len(segment.data),
                                     segment.memory - len(segment.data), segment.data[0])
                         for segment in data)
        code = Segment(code_address, R | X, checking_code() + table + bytes(8))
        return self.image(sorted([code, *data], key=lambda segment: segment.address),
                          code_address)

    def check(self, data, *options, **places):
        expect_boot([*ide_disk(self.checked(data, **places)), *options])

    def check_bochs(self, data, **places):
        skip_without("bochs")
        bochs.expect_boot(self.checked(data, **places))

    # ---- many, none ----

    def many(self, stride):
        return [Segment(DATA + index * stride, R | W, pattern(index & 0xFF, 24), 40)
                for index in range(MANY)]

    def test_5000(self):
        self.check(self.many(2 * PAGE))

    def test_5000_that_share_pages(self):
        self.check(self.many(PAGE // 8))

    def test_5000_bochs(self):
        self.check_bochs(self.many(PAGE // 8))

    def test_a_wrong_byte_is_seen(self):
        """The checking code itself: what it is told is not what is there."""
        image = DiskImage(self.checked([Segment(DATA, R, pattern(3, 100))]))
        self.assertEqual(image.kernel_bytes().count(pattern(3, 100)), 1)
        image.patch_kernel(image.kernel_bytes().index(pattern(3, 100)) + 99, b"\0")
        expect_boot(ide_disk(image.write(self.path("wrong.bin"))), status=0x11 * 2 + 1)

    def test_none(self):
        kernel = write_executable(self.path("none.elf"), [], CODE)
        refused = run_bootimage("create", "--kernel", kernel, "--output", self.path("disk.bin"))
        self.assertEqual(refused.returncode, 1)
        self.assertIn("segment", refused.stderr)
        words = refused.stderr.strip().removeprefix(f"bootimage: {kernel}: ")

        image = DiskImage(self.image([Segment(CODE, R | X, EXIT_CODE)], CODE))
        image.patch_kernel(program_header_offset(0), struct.pack("<I", PT_NULL))
        line = expect_error([*ide_disk(image.write(self.path("none.bin"))), "-vga", "std"],
                            "segment")
        self.assertEqual(line, f"firstlight: {words}")
        self.assertNotEqual(PT_NULL, PT_LOAD)

    # ---- where they lie ----

    def odd(self, base):
        """Odd addresses and sizes; the second and third share a page, the last has .bss only
        behind one byte."""
        return [Segment(base + 1, R, pattern(1, 4095)),
                Segment(base + PAGE + 3, R | W, pattern(2, 1), 2),
                Segment(base + PAGE + 7, R | W, pattern(3, 5001), 5003),
                Segment(base + 4 * PAGE - 1, R | W, pattern(4, 3), 12345),
                Segment(base + 9 * PAGE + 4095, R, pattern(5, 1)),
                Segment(base + 11 * PAGE + 1001, R | W, pattern(6, 1), 3 * PAGE + 1)]

    def test_byte_odd(self):
        self.check(self.odd(DATA), code_address=CODE + 0x12345)

    def test_byte_odd_low(self):
        self.check(self.odd(0x600000), code_address=0x401001)

    def test_byte_odd_bochs(self):
        self.check_bochs(self.odd(DATA), code_address=CODE + 0x12345)

    def test_2_mib_aligned(self):
        size = 2 * LARGE_PAGE + 5000
        segments = [Segment(DATA + index * 4 * LARGE_PAGE, R | (W if index else 0),
                            pattern(index + 1, size), size + index * LARGE_PAGE,
                            alignment=LARGE_PAGE) for index in range(2)]
        self.check(segments, "-m", "64M")

    def test_bytes_not_in_order(self):
        """The data of two segments changes places in the file, which bootimage never does: nothing
        can be mapped where it lies, so the image grants memory for all."""
        first, second = (Segment(DATA + index * 2 * PAGE, R | W, pattern(index + 1, 5000))
                         for index in range(2))
        image = DiskImage(self.checked([first, second]))
        packed = image.kernel_bytes()
        places = [program_header_offset(index) + OFFSET_IN_HEADER for index in (1, 2)]
        offsets = [packed[place:place + 8] for place in places]
        contents = [packed.index(segment.data) for segment in (first, second)]
        self.assertEqual(contents, [int.from_bytes(offset, "little") for offset in offsets])
        image.kernel.memory_bytes *= 2
        for place, offset in zip(places, reversed(offsets)):
            image.patch_kernel(place, offset)
        for place, segment in zip(contents, (second, first)):
            image.patch_kernel(place, segment.data)
        expect_boot(ide_disk(image.write(self.path("swapped.bin"))))

    def test_far_apart(self):
        """One in every corner of the address space."""
        places = [0x1000, 0x7FFFFFFFF001, 0xFFFF800000000000, 0xFFFF912345678901, (1 << 64) - 99]
        self.check([Segment(place, R | W, pattern(place & 0x7F | 1, 99)) for place in places])

    # ---- the entry ----

    def check_entry(self, boundary):
        """The first byte of the first instruction ends one segment, the rest begins the next."""
        segments = [Segment(boundary - 50, R | X, bytes(49) + EXIT_CODE[:1]),
                    Segment(boundary, R | X, EXIT_CODE[1:])]
        expect_boot(ide_disk(self.image(segments, boundary - 1)))

    def test_entry_in_the_last_byte_before_a_page(self):
        self.check_entry(CODE + 5 * PAGE)

    def test_entry_in_the_last_byte_inside_a_page(self):
        self.check_entry(CODE + 5 * PAGE + 1234)


if __name__ == "__main__":
    unittest.main()
