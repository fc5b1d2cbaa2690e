"""What the benchmark makes of its counts: results that are kept, the comparison with a baseline, the report; and
that a real payload is what it says. Nothing is booted."""

import gzip
import os
import shutil
import struct
import sys
import tempfile
import unittest
import xml.etree.ElementTree as xml
from types import SimpleNamespace
from unittest import mock

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

import contenders  # noqa: E402
import contents  # noqa: E402
import measure  # noqa: E402
import report  # noqa: E402
import results  # noqa: E402
from harness.elf_file import PAGE  # noqa: E402
from harness.qemu import QEMU  # noqa: E402

PLACES = [(device, content, size) for device in ("IDE", "virtio-blk")
          for content in ("incompressible", "real") for size in (64 << 10, 1 << 20)]
LONG = 256 << 10
OWN, FIRMWARE, CALLS, SECTORS = 100_000, 5_000, 10, 1_000


def counts(**changes):
    return SimpleNamespace(**{"own": OWN, "firmware": FIRMWARE, "disk_calls": CALLS,
                              "sectors": SECTORS, **changes})


def measured(**changes):
    store = results.Results()
    store.versions = {"QEMU": "7.2"}
    for place in PLACES:
        for name in report.NAMES:
            store.add((*place, name), counts(**changes))
    return store


class InFolder(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="firstlight-")
        self.addCleanup(folder.cleanup)
        self.folder = folder.name


class Kept(InFolder):
    def test_saved_and_read_again(self):
        path = os.path.join(self.folder, "results")
        store = measured()
        store.save(path)
        again = results.Results(path)
        self.assertEqual(again.entries, store.entries)
        self.assertEqual(again.versions, store.versions)
        self.assertEqual(os.listdir(self.folder), ["results"])

    def test_complete_when_counted_and_timed_often_enough(self):
        store, cell = measured(), (*PLACES[0], "floor")
        self.assertTrue(store.complete(cell, 0))
        self.assertFalse(store.complete(cell, 1))
        store.add_seconds(cell, 0.5)
        self.assertTrue(store.complete(cell, 1))
        self.assertFalse(store.complete((*PLACES[0], "another"), 0))


class Growth(unittest.TestCase):
    def check(self, lines, **changes):
        self.assertEqual(len(results.growth(measured(), measured(**changes))),
                         lines * len(PLACES) * len(report.NAMES))

    def test_the_same(self):
        self.check(0)

    def test_three_per_cent_are_allowed(self):
        self.check(0, own=OWN * 103 // 100)

    def test_more_own_instructions(self):
        self.check(1, own=OWN * 103 // 100 + 1)

    def test_more_calls_and_sectors(self):
        self.check(2, disk_calls=CALLS + 1, sectors=SECTORS * 2)

    def test_firmware_is_not_compared(self):
        self.check(0, firmware=FIRMWARE * 2)


class Report(InFolder):
    def written(self, store):
        """(the tables, the chart's parts by name)"""
        report.write(store, self.folder)
        with open(os.path.join(self.folder, "bench.md")) as file:
            text = file.read()
        chart = xml.parse(os.path.join(self.folder, "bench.svg"))
        return text, [part.tag.split("}")[1] for part in chart.iter()]

    def test_everything_is_in_it(self):
        text, parts = self.written(measured())
        cells = len(PLACES) * len(report.NAMES)
        self.assertEqual(text.count("| 105,000 | 1.00 |"), cells)
        self.assertEqual(text.count(" | 0.105"), cells)  # the overview
        self.assertEqual(text.count(" pairs: "), 2 * len(report.RIVALS))
        # Each point is a dot, and each line has two in the legend.
        self.assertEqual(parts.count("circle"), cells + 2 * len(report.NAMES))

    def test_thousands_of_millions(self):
        """As gunzip takes for 256 MiB."""
        self.written(measured(own=15_000_000_000))

    def test_what_was_not_measured_is_left_out(self):
        store = measured()
        for place in PLACES[1:]:
            del store.entries[results.key(*place, "GRUB")]
        text, parts = self.written(store)
        self.assertEqual(text.count("| GRUB | 100,000 |"), 1)
        cells = len(PLACES) * len(report.NAMES) - len(PLACES[1:])
        self.assertEqual(parts.count("circle"), cells + 2 * len(report.NAMES))


class Behind(unittest.TestCase):
    def lines(self, store):
        return report.behind(store, results.total, str).splitlines()

    def test_nowhere(self):
        store = measured()
        for place in PLACES:
            for name in ("Firstlight", "Firstlight, plain"):
                store.add((*place, name), counts(own=OWN - 1))
        self.assertEqual([line.split(", ")[-1] for line in self.lines(store)],
                         [f"{2 * len(PLACES)} pairs: nowhere."] * 3)

    def test_each_like_with_its_like(self):
        store = measured(own=OWN * 2)
        for place in PLACES:
            for name in ("Firstlight", "Firstlight, plain"):
                store.add((*place, name), counts())
        store.add((*PLACES[0], "GRUB"), counts())
        store.add((*PLACES[1], "SYSLINUX, gzip"), counts(own=OWN - 1))
        self.assertEqual(self.lines(store), [
            "- Firstlight, plain beside GRUB and SYSLINUX, 16 pairs: "
            "64 KiB, IDE, incompressible (105000 : 105000, GRUB).",
            "- Firstlight beside GRUB, gzip and SYSLINUX, gzip, 16 pairs: "
            "1 MiB, IDE, incompressible (105000 : 104999, SYSLINUX, gzip).",
            "- Firstlight beside GRUB and SYSLINUX, 16 pairs: "
            "64 KiB, IDE, incompressible (105000 : 105000, GRUB)."])

    def test_what_was_not_measured_is_not_compared(self):
        text = report.behind(measured(), results.wall_seconds, str)
        self.assertEqual(text.count(", 0 pairs: not measured.\n"), 3)
        store = measured()
        for place in PLACES:
            del store.entries[results.key(*place, "GRUB")]
        self.assertIn(" GRUB and SYSLINUX, 8 pairs: 64 KiB", self.lines(store)[0])


class SlowDisk(InFolder):
    def test_is_in_the_tables_only(self):
        device = next(iter(measure.THROTTLED))
        store = measured()
        for name in report.NAMES:
            store.add((device, "real", 64 << 10, name), counts())
        report.write(store, self.folder)
        with open(os.path.join(self.folder, "bench.md")) as file:
            self.assertIn(f"## {device}, real payload", file.read())
        with open(os.path.join(self.folder, "bench.svg")) as file:
            self.assertNotIn(device, file.read())

    def test_is_slowed_down_in_qemu_and_for_one_payload(self):
        for device in measure.DEVICES:
            slow = device in measure.THROTTLED
            self.assertEqual(any("throttling.bps-read=" in option for option in
                                 measure.machine("disk", device, 1)), slow)
            self.assertEqual(measure.takes(device, "incompressible"), not slow)
            self.assertTrue(measure.takes(device, "real"))


class Gzip(unittest.TestCase):
    def test_whole_sectors_that_unpack(self):
        for size in (0, 1, 511, 4096, 100_001):
            with self.subTest(size=size):
                data = contents.incompressible(size)
                packed = contenders.gzip_bytes(data)
                self.assertEqual(len(packed) % contenders.SECTOR, 0)
                self.assertEqual(gzip.decompress(packed), data)
                self.assertEqual(packed[-4:], struct.pack("<I", size))  # GRUB looks here


class RealPayload(unittest.TestCase):
    def sources(self, *paths):
        """Payloads are made of these only."""
        contents._code_and_text.cache_clear()
        self.addCleanup(contents._code_and_text.cache_clear)
        patch = mock.patch.object(contents, "sources", lambda: paths)
        patch.start()
        self.addCleanup(patch.stop)

    def qemu(self):
        if shutil.which(QEMU) is None:
            self.skipTest(f"{QEMU} is not installed")
        return shutil.which(QEMU)

    def test_nothing_is_there_twice(self):
        self.sources(self.qemu())
        data = contents.real(1 << 20)
        self.assertEqual(len(data), 1 << 20)
        with open(self.qemu(), "rb") as file:
            program = file.read()
        self.assertEqual(program.count(data[-LONG:]), 1)  # code
        pages = [data[start:start + PAGE] for start in range(0, len(data), PAGE)]
        self.assertEqual([program.count(page) for page in pages[1:len(pages) // 4 - 1]],
                         [1] * (len(pages) // 4 - 2))  # data, but for where two sections meet
        self.assertEqual(len(set(pages)), len(pages))

    def test_too_little(self):
        self.sources(self.qemu())
        with self.assertRaisesRegex(contents.TooLittle, "setup.sh --full"):
            contents.real(256 << 20)

    def test_what_is_no_program(self):
        self.sources(__file__)
        with self.assertRaisesRegex(contents.TooLittle, "there are 0 and 0"):
            contents.real(64 << 10)


if __name__ == "__main__":
    unittest.main()
