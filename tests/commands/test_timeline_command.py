"""bootimage timeline: what it draws of the log of a real boot, and what it refuses. The starter kernel's
table is checked on the way."""

import os
import re
import unittest
import xml.etree.ElementTree as ElementTree

from harness.environment import UNCOMPRESSED, build_path, create_image, run_bootimage, skip_without
from harness.expect import expect_boot
from harness.qemu import ide_disk
from machines import MachineCase  # and the path of the next one
from support import OLD_CONTENT, REFUSED, SYSTEM, USAGE

SVG = "{http://www.w3.org/2000/svg}"
STEPS = ["firmware and MBR", "reading stage 2", "screen and A20", "memory map", "image header",
         "kernel", "relocation", "modules", "tables, screen", "plan", "page tables",
         "entering the kernel"]
FREQUENCY = 2_000_000_000
FIRST = "large"
MODULE_BYTES = 300_000  # too many for one read
LOG = ("boot timeline in cycles of the time-stamp counter\n       from took ...\n"
       "0 500 - - step firmware and MBR\n500 40 - - step kernel\n0 540 - - total x\n")


def rows_of(log):
    """(from, took, bytes, rate, part, of) of each row; numbers, or None for a dash."""
    text = log[log.index("boot timeline in "):]
    found = re.findall(r"^ *(\d+) +(\d+) +(\d+|-) +(\d+|-)  (\w+) +(.*)$", text, re.MULTILINE)
    return [(*(None if number == "-" else int(number) for number in row[:4]), row[4], row[5].rstrip())
            for row in found]


class Drawn(MachineCase):
    def boot(self, *machine, options=UNCOMPRESSED):
        """The log of the starter kernel with two modules, its timeline asked for."""
        modules = []
        for name, content in ((FIRST, bytes(i * i % 251 for i in range(251)) * (MODULE_BYTES // 251)),
                              ("a <b>", b"small")):
            modules.append((name, self.write(f"module{len(modules)}", content)))
        image = create_image(build_path("kernel", "firstlight-kernel.elf"), self.path("disk.bin"),
                             "exit timeline", modules, options)
        log = expect_boot([*ide_disk(image), *machine], [r"^boot timeline in ", r"  total  "])
        self.write("serial.log", log.encode())
        return log

    def check_rows(self, log, compressed):
        rows = rows_of(log)
        steps = [row for row in rows if row[4] == "step"]
        self.assertEqual([row[5] for row in steps], STEPS)
        end = 0
        for begin, took, *_ in steps:
            self.assertEqual(begin, end)
            end = begin + took
        self.assertEqual(rows[-1], (0, end, None, None, "total", "to the kernel's first instruction"))
        self.check_items(rows, compressed)

    def check_items(self, rows, compressed):
        """Each item's parts stand behind their step, inside it and one after the other."""
        items, step, end = [], None, 0
        for begin, took, size, _, part, of in rows[:-1]:
            if part == "step":
                step, end = (begin, begin + took), begin
                continue
            self.assertTrue(end <= begin and begin + took <= step[1], (begin, took, part, of))
            end = begin + took
            items.append((part, of))
            if of == FIRST and part != "read":
                self.assertEqual(size, MODULE_BYTES // 251 * 251)
            if of == FIRST and part == "read":
                self.assertEqual(size < MODULE_BYTES // 2, compressed)
        parts = ["read", "verify", *(["decompress"] if compressed else [])]
        for of in ("command line", "symbols", "a <b>"):
            self.assertEqual([part for part, name in items if name == of], ["read", "verify"], of)
        for of in ("kernel", FIRST):
            self.assertEqual([part for part, name in items if name == of], parts, of)

    def drawing(self, *options):
        """The parsed drawing, and the texts in it."""
        done = run_bootimage("timeline", self.path("serial.log"), "--output", self.path("boot.svg"),
                             *options)
        self.assertEqual((done.returncode, done.stdout, done.stderr), (0, "", ""))
        root = ElementTree.fromstring(self.read("boot.svg"))
        return root, [element.text for element in root.iter(f"{SVG}text")]

    def check_drawing(self, root, texts, rows):
        for step in STEPS[1:]:
            self.assertIn(step, texts)
        self.assertIn("a <b>", texts)
        bars = [bar for bar in root.iter(f"{SVG}rect") if bar.find(f"{SVG}title") is not None]
        self.assertEqual(len(bars), len(rows) - 2)  # without the first step and the total
        left = min(float(bar.get("x")) for bar in bars)
        right = max(float(bar.get("x")) + float(bar.get("width")) for bar in bars)
        begin, total = rows[0][1], rows[-1][1]
        pixel = (right - left) / (total - begin)
        for bar, (at, took, *_) in zip(bars, rows[1:-1]):
            self.assertAlmostEqual(float(bar.get("x")), left + (at - begin) * pixel, delta=2)
            self.assertAlmostEqual(float(bar.get("width")), max(1, took * pixel), delta=2)

    def test_cycles(self):
        log = self.boot()
        self.assertIn("boot timeline in cycles", log)
        self.check_rows(log, compressed=False)
        root, texts = self.drawing()
        self.check_drawing(root, texts, rows_of(log))
        self.assertTrue(any(text and text.endswith(" cycles") for text in texts))
        _, texts = self.drawing("--frequency", FREQUENCY, "--force")
        self.assertFalse(any(text and text.endswith(" cycles") for text in texts))
        self.assertTrue(any(text and text.endswith("MB/s") for text in texts))

    def test_without_counter_by_cpuid(self):
        """The first block then leaves its stamp out: the first row is stage 2's."""
        rows = rows_of(self.boot("-cpu", "qemu64,-tsc"))
        self.assertEqual([row[5] for row in rows if row[4] == "step"], STEPS[1:])
        self.assertEqual(rows[0][0], 0)

    def test_compressed(self):
        log = self.boot(options=("--compress", "lz4"))
        self.check_rows(log, compressed=True)
        root, texts = self.drawing()
        self.check_drawing(root, texts, rows_of(log))

    def test_kvm(self):
        """A hypervisor tells the frequency: microseconds, and bytes a second."""
        skip_without("kvm")
        log = self.boot("-accel", "kvm", "-cpu", "qemu64,+invtsc,vmware-cpuid-freq=on")
        if "boot timeline in cycles" in log:
            self.skipTest("this host's KVM does not tell the counter's frequency")
        self.assertRegex(log, r"boot timeline in microseconds, time-stamp counter at \d{9,} Hz")
        self.check_rows(log, compressed=False)
        for begin, took, size, rate, part, of in rows_of(log):
            if took and size:
                self.assertEqual(rate, size * 1_000_000 // took, (part, of))
        root, texts = self.drawing()
        self.check_drawing(root, texts, rows_of(log))


class Written(MachineCase):
    def setUp(self):
        super().setUp()
        self.log = self.write("serial.log", LOG.encode())

    def timeline(self, *arguments):
        return run_bootimage("timeline", self.log, *arguments)

    def test_standard_output(self):
        done = self.timeline()
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        ElementTree.fromstring(done.stdout)
        self.assertEqual(self.timeline("--output", self.path("boot.svg")).returncode, 0)
        self.assertEqual(self.read("boot.svg").decode(), done.stdout)

    def test_file_that_is_there(self):
        old = self.write("boot.svg", OLD_CONTENT)
        self.check_one_line(self.timeline("--output", old), REFUSED, old, "is there already")
        self.assertEqual(self.read("boot.svg"), OLD_CONTENT)
        self.assertEqual(self.timeline("--output", old, "--force").returncode, 0)
        self.assertIn(b"</svg>", self.read("boot.svg"))

    def test_log_is_kept(self):
        self.check_one_line(self.timeline("--output", self.log, "--force"), REFUSED, "is the log")
        self.assertEqual(self.read("serial.log").decode(), LOG)

    def test_log_that_is_no_good(self):
        for content, words in ((b"SeaBIOS\nHello\n", "has no boot timeline"),
                               (LOG.replace("540", "541").encode(), "line 5 has times that"),
                               (LOG[:-20].encode(), "ends before"), (b"", "empty")):
            self.log = self.write("bad.log", content)
            self.check_one_line(self.timeline("--output", self.path("no.svg")), REFUSED,
                                "bad.log", words)
            self.assertFalse(os.path.exists(self.path("no.svg")))

    def test_log_that_is_not_there(self):
        self.log = self.path("none.log")
        self.check_one_line(self.timeline(), SYSTEM, "none.log")

    def test_place_that_cannot_be(self):
        self.check_one_line(self.timeline("--output", self.path("none/boot.svg")), SYSTEM,
                            "none/boot.svg")

    def test_frequency(self):
        for wrong in ("0", "", "x", "1.5", "-1", "1000000000001", "99999999999999999999999"):
            self.check_one_line(self.timeline(f"--frequency={wrong}"), USAGE, "--frequency")
        known = LOG.replace("cycles of the time-stamp counter",
                            "microseconds, time-stamp counter at 5 Hz")
        self.log = self.write("known.log", known.encode())
        self.check_one_line(self.timeline("--frequency", "7"), REFUSED, "leave --frequency out")


if __name__ == "__main__":
    unittest.main()
