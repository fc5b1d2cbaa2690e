"""bootimage inspect --json: valid for whatever bytes an image has, complete, and the same facts as the
text."""

import json
import random
import re
import unittest

from elf_symbols import kernel_with_symbols
from harness.disk_image import SECTOR, DiskImage
from harness.elf_file import PAGE, R, W, X, Segment, executable
from harness.environment import create_image, run_bootimage
from support import BASE, REFUSED, ImageCase, simple_kernel

# The documented members, by where they stand. New ones are added here and in the manual page.
MEMBERS = {
    "": ["format", "file_bytes", "disk_signature", "image", "parts", "kernel", "boot",
         "bytes_behind", "good", "problem_count", "problems"],
    "image": ["sectors", "cylinders", "heads", "sectors_per_track"],
    "kernel": ["entry", "position_independent", "memory_bytes", "contiguous", "memory_alignment",
               "memory_phase", "segments", "request"],
    "request": ["note", "minimum_version", "stack_bytes", "physical_alignment", "avoid_isa_hole",
                "direct_map", "randomisation", "recursive_slot", "video", "width", "height",
                "depth"],
    "note": ["version", "size", "required"],
    "segment": ["index", "address", "memory_bytes", "file_bytes", "file_offset", "rights", "pages"],
    "part": ["kind", "lba", "bytes", "good"],
    "module part": ["name", "name_hex", "command_line", "command_line_hex"],
    "boot": ["entry", "slides", "tls", "map"],
    "slides": ["without_randomisation", "lowest", "step", "count", "relocations"],
    "tls": ["address", "file_bytes", "memory_bytes", "alignment"],
    "row": ["kind", "address", "bytes", "rights"],
}


def once(pairs):
    """An object whose members all have different names."""
    members = dict(pairs)
    assert len(members) == len(pairs), pairs
    return members


class Json(ImageCase):
    def inspect(self, path=None, status=0):
        finished = run_bootimage("inspect", "--json", path or self.path("image.bin"))
        self.assertEqual(finished.returncode, status, finished.stderr)
        self.assertTrue(finished.stdout.isascii())
        report = json.loads(finished.stdout, object_pairs_hook=once)
        self.assertEqual(report["format"], 1)
        self.assertEqual(list(report), MEMBERS[""])
        self.assertEqual(report["good"], status == 0)
        self.assertEqual(report["problem_count"] == 0, status == 0)
        return report

    def test_parts(self):
        source = self.write("kernel.elf", kernel_with_symbols([("f", BASE), ("g", BASE + 1)]))
        modules = [("first", self.write("1", b"x" * 513)), ("two words", self.write("2", b"y"), "a b")]
        image = DiskImage(create_image(source, self.path("image.bin"), "quiet", modules))
        report = self.inspect()
        self.assertEqual(report["file_bytes"], len(image.data))
        self.assertEqual(list(report["image"]), MEMBERS["image"])
        self.assertEqual(report["image"]["sectors"] * SECTOR, len(image.data))
        self.assertEqual([part["kind"] for part in report["parts"]],
                         ["mbr", "stage2_first_block", "stage2_rest", "image_header",
                          "command_line", "kernel", "symbols", "module", "module", "padding"])
        for part in report["parts"]:
            self.assertEqual(list(part)[:4], MEMBERS["part"])
            self.assertTrue(part["good"])
        items = report["parts"][4:9]
        self.assertEqual([(part["lba"], part["bytes"]) for part in items],
                         [(item.lba, item.bytes) for item in image.items])
        self.assertEqual((items[0]["command_line"], items[0]["command_line_hex"]),
                         ("quiet", b"quiet".hex()))
        self.assertEqual(items[2]["functions"], 2)
        self.assertEqual(list(items[4])[4:], MEMBERS["module part"])
        self.assertEqual(items[4]["name"], "two words")
        self.assertEqual(items[4]["command_line"], "a b")

    def test_kernel_and_boot(self):
        self.image(kernel=executable(
            [Segment(BASE, R | X, b"\xf4" * 5000), Segment(BASE + 2 * PAGE, R, b"r" * 10),
             Segment(BASE + 3 * PAGE, R | W, b"d" * 10, 9000)], BASE + 3))
        report = self.inspect()
        kernel, boot = report["kernel"], report["boot"]
        self.assertEqual(list(kernel), MEMBERS["kernel"])
        self.assertEqual(list(kernel["request"]), MEMBERS["request"])
        self.assertEqual((kernel["entry"], boot["entry"]), (f"0x{BASE + 3:016x}",) * 2)
        self.assertIsNone(kernel["request"]["note"])
        self.assertEqual(kernel["request"]["stack_bytes"], 64 << 10)
        for segment in kernel["segments"]:
            self.assertEqual(list(segment), MEMBERS["segment"])
        self.assertEqual([list(segment.values()) for segment in kernel["segments"]], [
            [0, f"0x{BASE:016x}", 5000, 5000, 4096, "r-x", "in place"],
            [1, f"0x{BASE + 2 * PAGE:016x}", 10, 10, 3 * PAGE, "r--", "in place"],
            [2, f"0x{BASE + 3 * PAGE:016x}", 9000, 10, 4 * PAGE, "rw-", "in place"]])
        self.assertEqual(list(boot), MEMBERS["boot"])
        self.assertEqual((boot["slides"], boot["tls"]), (None, None))
        for row in boot["map"]:
            self.assertEqual(list(row)[:4], MEMBERS["row"])
        self.assertEqual(boot["map"][0]["pages"], [{"size": 4096, "count": 2}])
        self.assertEqual({row["kind"] for row in boot["map"]},
                         {"kernel", "vga_text", "direct_map", "handover_page", "stack",
                          "boot_info"})

    def test_request(self):
        self.image(kernel=executable([Segment(BASE, R | X, b"\xf4" * 100)], BASE,
                                     {"stack_size": 0x4000, "recursive_slot": 300, "video": 1}))
        report = self.inspect()
        request = report["kernel"]["request"]
        self.assertEqual(list(request["note"]), MEMBERS["note"])
        self.assertEqual((request["stack_bytes"], request["recursive_slot"], request["video"]),
                         (0x4000, 300, "framebuffer"))
        rows = {row["kind"]: row for row in report["boot"]["map"]}
        self.assertIsNone(rows["framebuffer"]["bytes"])
        self.assertEqual(rows["page_tables"]["address"], "0xffff960000000000")

    def test_same_addresses_as_the_text(self):
        self.image()
        text = run_bootimage("inspect", self.path("image.bin")).stdout
        rows = re.findall(r"^(0x[0-9a-f]{16}) +(\d+)  (r[w-][x-]) ", text, re.MULTILINE)
        self.assertEqual([(row["address"], str(row["bytes"]), row["rights"])
                          for row in self.inspect()["boot"]["map"]], rows)

    def test_damage(self):
        image = self.image("quiet")
        image.flip(image.kernel.lba)
        report = self.inspect(image.write(self.path("damaged.bin")), REFUSED)
        self.assertEqual([part["kind"] for part in report["parts"] if not part["good"]], ["kernel"])
        self.assertEqual((report["kernel"], report["boot"]), (None, None))
        self.assertIn("the kernel is damaged", report["problems"][0])
        report = self.inspect(self.write("nothing", b""), REFUSED)
        self.assertEqual((report["image"], report["parts"]), (None, []))

    def check_names(self, names):
        """Gives an image's modules these names, bytes that bootimage would not write, and reads them
        back."""
        source = self.write("kernel.elf", simple_kernel())
        module = self.write("m", b"x")
        image = DiskImage(create_image(
            source, self.path("image.bin"),
            modules=[("x" * len(name), module) for name in names]))
        for item, name in zip(image.modules, names):
            image.patch_header(item.text_offset, name)
        finished = run_bootimage("inspect", "--json", image.write(self.path("hostile.bin")))
        report = json.loads(finished.stdout, object_pairs_hook=once)
        self.assertTrue(finished.stdout.isascii())
        parts = [part for part in report["parts"] if part["kind"] == "module"]
        self.assertEqual([bytes.fromhex(part["name_hex"]) for part in parts], names)
        for part, name in zip(parts, names):
            part["name"].encode("utf-8")  # fails for half a surrogate pair
            try:
                self.assertEqual(part["name"], name.decode("utf-8"))
            except UnicodeDecodeError:
                self.assertIn("\ufffd", part["name"])

    def test_every_byte_in_a_name(self):
        self.check_names([bytes([byte]) for byte in range(1, 256)])
        self.check_names([b"a" + bytes([byte]) + b"\"\\/" for byte in range(1, 256)])

    def test_utf8(self):
        self.check_names([text.encode() for text in ("grüße", "\u20ac", "\U0001f600", "\ud7ff", "\ue000",
                                                     "\U0010ffff", "\u0080\u07ff\u0800\uffff")])
        # Too long, surrogates, beyond the last, cut short, and what only follows.
        self.check_names([b"\xc0\x80", b"\xc1\xbf", b"\xe0\x9f\xbf", b"\xf0\x8f\xbf\xbf", b"\xed\xa0\x80",
                          b"\xed\xbf\xbf", b"\xf4\x90\x80\x80", b"\xf5\x80\x80\x80", b"\xe2\x82",
                          b"\xf0\x9f\x98", b"\xc3", b"\x80", b"\xe2\x82x", b"\xff\xfe"])

    def test_random_names(self):
        chance = random.Random(5)
        self.check_names([bytes(chance.randrange(1, 256) for _ in range(chance.randrange(1, 40)))
                          for _ in range(200)])


if __name__ == "__main__":
    unittest.main()
