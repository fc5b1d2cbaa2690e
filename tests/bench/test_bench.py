"""Firstlight stays ahead of GRUB and SYSLINUX, near the floor (below it where it unpacks), and where it was:
by counts, for the payloads that do not take long. The target `bench` measures all sizes."""

import os
import unittest

import contenders
import measure
import contents
import results

SIZES = (64 * measure.KIB, measure.MIB)
SMALLEST = min(SIZES)
AHEAD_OF_OTHERS = 20  # times fewer own instructions, for the smallest payload
# Calls that ask what the drive is, and reads of what must be known before the next is read.
CALLS_MORE_THAN_FLOOR = 10
LARGE = 64 * measure.MIB
RUNS_OF_LARGE = 4  # at most; the least counts: firmware polls, most of all on a busy host
BASELINE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "baseline.json")


class Bench(unittest.TestCase):
    """One case for each device: whatever is compared was counted in the same run."""

    def count(self, contenders_present, disks, place):
        device, content, size = place
        return {one.name: measure.count(one, disks.disk(one), device, size)
                for one in contenders_present if one.takes(content)}

    def check_ahead(self, mine, theirs, size):
        self.assertLess(mine.total, theirs.total)
        if size == SMALLEST:
            self.assertLessEqual(mine.own * AHEAD_OF_OTHERS, theirs.own)

    def check_floor(self, mine, floor):
        """What is not compressed is read as the floor reads it, no sector twice."""
        self.assertEqual(mine.sectors, floor.sectors)
        self.assertLessEqual(mine.disk_calls, floor.disk_calls + CALLS_MORE_THAN_FLOOR)
        self.assertLessEqual(mine.reads, floor.reads + CALLS_MORE_THAN_FLOOR)

    def check_baseline(self, place, counts):
        measured, baseline = results.Results(), results.Results(BASELINE)
        for ours in contenders.OURS:
            measured.add((*place, ours.name), counts[ours.name])
        self.assertEqual(set(measured.entries) - set(baseline.entries), set(), "no baseline")
        self.assertEqual(results.growth(baseline, measured), [])

    def check_place(self, place, counts):
        for ours in contenders.OURS:
            print(place, ours.name, vars(counts[ours.name]))
            for other in contenders.OTHERS:
                if other.name in counts:
                    self.check_ahead(counts[ours.name], counts[other.name], place[2])
        if contenders.FLOOR.name in counts:
            self.check_floor(counts[contenders.UNCOMPRESSED.name],
                             counts[contenders.FLOOR.name])
        self.check_baseline(place, counts)

    def check_device(self, device):
        lacking = {one: one.missing() for one in contenders.CONTENDERS}
        found = [one for one, lacks in lacking.items() if not lacks]
        for content in contents.CONTENTS:
            for size in SIZES:
                place = (device, content, size)
                with self.subTest(place=place), measure.Disks(content, size) as disks:
                    self.check_place(place, self.count(found, disks, place))
        if any(lacking.values()):
            self.skipTest("; ".join(filter(None, lacking.values())))

    def test_compressed_is_below_the_floor(self):
        """By IDE firmware moves each word itself, so that its instructions follow the sectors."""
        if lacks := contenders.FLOOR.missing():
            self.skipTest(lacks)
        with measure.Disks("real", LARGE) as disks:
            for _ in range(RUNS_OF_LARGE):
                mine, floor = (measure.count(one, disks.disk(one), "IDE", LARGE)
                               for one in (contenders.OURS[0], contenders.FLOOR))
                print(vars(mine), vars(floor))
                if mine.firmware < floor.firmware:
                    break
        self.assertLess(mine.sectors, floor.sectors)
        self.assertLess(mine.disk_calls, floor.disk_calls)
        self.assertLess(mine.firmware, floor.firmware)

    def test_ide(self):
        self.check_device("IDE")

    def test_virtio(self):
        self.check_device("virtio-blk")

    def test_usb(self):
        self.check_device("USB (xHCI)")


if __name__ == "__main__":
    unittest.main()
