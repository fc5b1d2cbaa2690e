"""What `bootimage inspect` says of the boot request and of what the loader will do: every field, and
addresses worked out here by the documents."""

import re
import unittest

from harness.disk_image import ITEM_SYMBOLS
from harness.elf_file import (AVOID_ISA_HOLE, ET_DYN, FRAMEBUFFER, FRAMEBUFFER_REQUIRED,
                              NO_DIRECT_MAP, NO_RANDOMISATION, PAGE, R, W, X, DynamicData, Segment,
                              executable, relocation)
from harness.environment import create_image, run_bootimage
from elf_symbols import kernel_with_symbols
from support import BASE, ImageCase

DIRECT_MAP, LOADER_REGION = 0xFFFF800000000000, 0xFFFFFF0000000000
TOP_2_GIB = 0xFFFFFFFF80000000
MIB, GIB = 1 << 20, 1 << 30
REQUEST_ROW = re.compile(r"^  (\S.*?) {2,}(.*)$|^  (physical alignment) (.*)$", re.M)
PLACE_ROW = re.compile(r"^0x([0-9a-f]{16}) +(\d*)  (r[w-][x-]) +(.*)$", re.M)


class BootCase(ImageCase):
    def inspect(self, kernel, modules=()):
        """Makes an image; gives standard output, the request's rows and the places' rows."""
        source = self.write("kernel.elf", kernel)
        create_image(source, self.path("image.bin"), modules=modules)
        finished = run_bootimage("inspect", self.path("image.bin"))
        self.assertEqual((finished.returncode, finished.stderr), (0, ""))
        output = finished.stdout
        request = {(row[0] or row[2]): row[1] or row[3] for row in REQUEST_ROW.findall(output)}
        places = [(int(address, 16), int(size or 0), rights, what)
                  for address, size, rights, what in PLACE_ROW.findall(output)]
        return output, request, places

    def place(self, places, what):
        found = [place for place in places if place[3].startswith(what)]
        self.assertEqual(len(found), 1, f"{what}: {places}")
        return found[0][:3]


def kernel_with(**request):
    return executable([Segment(BASE, R | X, b"\xf4" * 100)], BASE, request=request)


class Request(BootCase):
    def test_none(self):
        output, rows, _ = self.inspect(executable([Segment(BASE, R | X, b"\xf4")], BASE))
        self.assertIn("boot request: none, so all is default", output)
        self.assertEqual(rows, {
            "contract": "(default) any version", "stack": "(default) 65536 bytes",
            "physical alignment": "(default) 4096 bytes",
            "15 to 16 MiB": "(default) not avoided",
            "direct map": "(default) in the higher half", "recursive slot": "(default) none",
            "randomisation": "(default) if position-independent",
            "screen": "(default) text mode"})

    def test_every_field(self):
        output, rows, _ = self.inspect(kernel_with(
            required=0x1FF, minimum_version=2, flags=NO_RANDOMISATION | AVOID_ISA_HOLE,
            stack_size=0x20000, direct_map=DIRECT_MAP + (1 << 40), recursive_slot=300,
            video=FRAMEBUFFER_REQUIRED, width=1280, height=720, depth=24,
            physical_alignment=0x10000))
        self.assertIn("boot request, version 1, 72 bytes:", output)
        self.assertEqual(rows, {
            "must be known": "0x1ff", "contract": "version 2 or later", "stack": "131072 bytes",
            "physical alignment": "65536 bytes", "15 to 16 MiB": "avoided",
            "direct map": "at 0xffff810000000000", "recursive slot": "300",
            "randomisation": "no", "screen": "a framebuffer, else no boot",
            "size": "1280 x 720 pixels", "depth": "24 bits a pixel"})

    def test_optional_parts(self):
        _, rows, _ = self.inspect(kernel_with(flags=NO_DIRECT_MAP, video=FRAMEBUFFER))
        self.assertEqual(rows["direct map"], "none")
        self.assertEqual(rows["screen"], "a framebuffer, else text mode")
        self.assertEqual(rows["size"], "(default) what the monitor prefers")
        self.assertEqual(rows["depth"], "(default) the most there is")

    def test_short_and_later_versions(self):
        """A kernel may know fewer fields than the tool, or more."""
        output, rows, _ = self.inspect(kernel_with(stack_size=0x3000, tail=bytes(16)))
        self.assertIn("version 1, 88 bytes:", output)
        self.assertEqual(rows["stack"], "12288 bytes")


class Places(BootCase):
    def test_defaults(self):
        output, _, places = self.inspect(executable(
            [Segment(BASE, R, b"r" * 10), Segment(BASE + PAGE, R | X, b"\xf4" * 10),
             Segment(BASE + 2 * PAGE, R | W, b"d" * 10, 3 * PAGE)], BASE + PAGE))
        self.assertIn("type: static", output)
        self.assertEqual(places[:3], [
            (BASE, PAGE, "r--", "kernel, 1 x 4 KiB"),
            (BASE + PAGE, PAGE, "r-x", "kernel, 1 x 4 KiB"),
            (BASE + 2 * PAGE, 3 * PAGE, "rw-", "kernel, 3 x 4 KiB")])
        self.assertEqual(self.place(places, "VGA text"), (0xB8000, 0x8000, "rw-"))
        self.assertEqual(self.place(places, "direct map"), (DIRECT_MAP, 4 * GIB, "rw-"))
        self.assertEqual(self.place(places, "hand-over"), (LOADER_REGION, PAGE, "r-x"))
        self.assertEqual(self.place(places, "stack"), (LOADER_REGION + 2 * PAGE, 0x10000, "rw-"))
        self.assertEqual(self.place(places, "boot_info")[0],
                         LOADER_REGION + 2 * PAGE + 0x10000 + PAGE)
        self.assertNotIn("framebuffer,", output)

    def test_what_was_asked_for(self):
        output, _, places = self.inspect(kernel_with(
            direct_map=DIRECT_MAP + (3 << 39), recursive_slot=300, stack_size=0x40000,
            video=FRAMEBUFFER))
        self.assertEqual(self.place(places, "direct map")[0], DIRECT_MAP + (3 << 39))
        self.assertEqual(self.place(places, "page tables, recursive slot 300"),
                         (0xFFFF000000000000 + (300 << 39), 1 << 39, "rw-"))
        self.assertEqual(self.place(places, "stack")[1], 0x40000)
        self.assertEqual(self.place(places, "framebuffer")[0], LOADER_REGION + 4 * GIB)
        output, _, places = self.inspect(kernel_with(flags=NO_DIRECT_MAP))
        self.assertNotIn("direct map of", output)

    def test_segments_in_the_way(self):
        """The defaults move; B8000h is the kernel's."""
        _, _, places = self.inspect(executable(
            [Segment(0xB8000, R | X, b"\xf4"), Segment(DIRECT_MAP, R | W, b"d"),
             Segment(LOADER_REGION, R | W, b"d")], 0xB8000))
        self.assertFalse([place for place in places if place[3].startswith("VGA")])
        self.assertEqual(self.place(places, "direct map")[0], DIRECT_MAP + (1 << 39))
        self.assertEqual(self.place(places, "hand-over")[0], LOADER_REGION - (1 << 39))

    def test_modules(self):
        """In the order of the image, each on the next page, large ones where large pages can be."""
        modules = [("small", self.write("small", b"x")), ("two pages", self.write("two", b"x" * 5000)),
                   ("large", self.write("large", b"x" * (2 * MIB + 1))),
                   ("last", self.write("last", b"x"))]
        _, _, places = self.inspect(kernel_with(), modules)
        start = LOADER_REGION + 8 * GIB
        found = [self.place(places, f'module "{name}"')[:2] for name, _ in modules]
        self.assertEqual(found, [(start, PAGE), (start + PAGE, 2 * PAGE),
                                 (start + 2 * MIB, 2 * MIB + PAGE),
                                 (start + 4 * MIB + PAGE, PAGE)])

    def test_large_pages(self):
        """The page that begins in the middle of 2 MiB, whole ones, the rest."""
        _, _, places = self.inspect(executable(
            [Segment(BASE + PAGE, R | X, b"\xf4" * (5 * MIB))], BASE + PAGE))
        self.assertEqual(places[0], (BASE + PAGE, 5 * MIB, "r-x",
                                     "kernel, 511 x 4 KiB + 1 x 2 MiB + 257 x 4 KiB"))

    def test_relro_and_tls(self):
        kernel = executable(
            [Segment(BASE, R | X, b"\xf4"), Segment(BASE + PAGE, R | W, b"d" * (2 * PAGE))], BASE,
            relro=(BASE + PAGE, PAGE), tls=(BASE + 2 * PAGE, 24, 100, 32))
        output, _, places = self.inspect(kernel)
        self.assertEqual(places[1:3], [(BASE + PAGE, PAGE, "r--", "kernel (RELRO), 1 x 4 KiB"),
                                       (BASE + 2 * PAGE, PAGE, "rw-", "kernel, 1 x 4 KiB")])
        self.assertIn(f"template at 0x{BASE + 2 * PAGE:016x}, 24 bytes in the file, 100 in memory, "
                      "alignment 32", output)


class PositionIndependent(BootCase):
    def kernel(self, base, **request):
        data = DynamicData(base + PAGE, [relocation(base + PAGE + 0xF00 + 8 * i, base)
                                         for i in range(3)])
        return executable([Segment(base, R | X, b"\xf4" * 64),
                           Segment(base + PAGE, R | W, data.data.ljust(PAGE, b"d"))], base,
                          kind=ET_DYN, dynamic=data.place, request=request)

    def test_linked_low(self):
        """Slid in the top 2 GiB, less their last 2 MiB, by pages."""
        output, _, places = self.inspect(self.kernel(0))
        slides = (2 * GIB - 2 * MIB - 2 * PAGE) // PAGE + 1
        self.assertIn(f"type: position-independent, 3 relocations; one of {slides} slides: "
                      f"0x{TOP_2_GIB:x} up by multiples of 0x1000\n", output)
        self.assertIn(f"slid by 0x{TOP_2_GIB:x}\n", output)
        self.assertIn(f"entry: 0x{TOP_2_GIB:016x}", output)
        self.assertEqual(places[0], (TOP_2_GIB, PAGE, "r-x", "kernel, 1 x 4 KiB"))

    def test_linked_high(self):
        output, _, places = self.inspect(self.kernel(TOP_2_GIB + 16 * MIB))
        self.assertIn("slid by 0x0\n", output)
        self.assertEqual(places[0][0], TOP_2_GIB + 16 * MIB)

    def test_not_randomised(self):
        output, _, _ = self.inspect(self.kernel(0, flags=NO_RANDOMISATION))
        self.assertIn("3 relocations; never slid at random\n", output)


class Hostile(BootCase):
    def test_text_cannot_reach_the_terminal(self):
        """Names with escape sequences, put into the image behind the tool's back."""
        name, text = b"evil\x1b[2Jname", b"\x07beep\r\n"
        module = self.write("module", b"content")
        source = self.write("kernel.elf", kernel_with())
        create_image(source, self.path("image.bin"),
                     modules=[("x" * len(name), module, "y" * len(text))])
        image = self.disk_image()
        item = image.modules[0]
        image.patch_header(item.text_offset, name)
        image.patch_header(item.text_offset + len(name) + 1, text)
        # Damage the module as well, so that a message names it.
        image.flip(item.lba)
        image.write(self.path("image.bin"))
        finished = run_bootimage("inspect", self.path("image.bin"))
        self.assertEqual(finished.returncode, 1)
        for output in (finished.stdout, finished.stderr):
            self.assertFalse(set(output) - {"\n"} - {chr(c) for c in range(0x20, 0x7F)})
        self.assertIn(r'module "evil\x1b[2Jname", command line "\x07beep\x0d\x0a"', finished.stdout)
        self.assertIn("module 1, evil?[2Jname, is damaged", finished.stderr)
        self.assertIn("the name of module 1 has control character 1bh at byte 4", finished.stderr)

    def test_request_changed_in_the_image(self):
        """The item's flags and the kernel's request must agree."""
        create_image(self.write("kernel.elf", kernel_with(physical_alignment=0x4000)),
                     self.path("image.bin"))
        image = self.disk_image()
        note = image.kernel_bytes().index(b"Firstlight\0")
        image.patch_kernel(note + 12 + 64, (0x2000).to_bytes(8, "little"))
        image.write(self.path("image.bin"))
        finished = run_bootimage("inspect", self.path("image.bin"))
        self.assertEqual(finished.returncode, 1)
        self.assertIn("or for another alignment", finished.stderr)
        image.patch_kernel(note + 12 + 64, (3).to_bytes(8, "little"))
        image.write(self.path("image.bin"))
        finished = run_bootimage("inspect", self.path("image.bin"))
        self.assertEqual(finished.returncode, 1)
        self.assertIn("boot request: physical_alignment 0x3", finished.stderr)

    def test_table_of_symbols_that_lies(self):
        create_image(self.write("kernel.elf", kernel_with_symbols([("f", BASE)])),
                     self.path("image.bin"))
        image = self.disk_image()
        item = image.find(ITEM_SYMBOLS)
        self.assertEqual(image.symbols(), [(0, "f")])
        image.patch_item(item, 0, (1 << 30).to_bytes(4, "little"))
        image.write(self.path("image.bin"))
        finished = run_bootimage("inspect", self.path("image.bin"))
        self.assertEqual(finished.returncode, 1)
        self.assertIn("symbol", finished.stderr)


if __name__ == "__main__":
    unittest.main()
