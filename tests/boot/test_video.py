"""Text mode and framebuffers: what a kernel asks for, gets, or is told, on graphics cards of several
kinds. kernels/framebuffer.c draws, and its picture is read back."""

import os
import re
import unittest

from harness import bochs
from harness.elf_file import FRAMEBUFFER, TEXT
from harness.environment import skip_without
from harness.error_test import VGA
from harness.expect import expect_boot
from harness.framebuffer_test import DEFAULT_SIZE, DRAWN, PANIC, TEXT_MODE, VideoTest
from harness.picture import read_png
from harness.qemu import ide_disk

PICTURE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "framebuffer.png")
NO_VGA = ["-vga", "none"]
NO_SCREEN = "^text mode 0x0 at 0 cursor 0,0$"

EDID_HEADER = bytes.fromhex("00ffffffffffff00")
EDID_BYTES = 128
EDID_TIMING = 54


class Framebuffer(VideoTest):
    def test_exact(self):
        """And the picture that is kept in the tree is what is drawn."""
        picture, serial = self.check_drawn((1024, 768, 32), *VGA, width=1024, height=768, depth=32)
        kept = read_png(PICTURE)
        self.assertEqual((picture.width, picture.height), (kept.width, kept.height))
        self.assertEqual(picture.rows, kept.rows, "tests/boot/framebuffer.png is another picture")
        self.assertRegex(serial, "(?m)^red 8@16 green 8@8 blue 8@0 reserved 8@24$")

    def test_16_bits(self):
        _, serial = self.check_drawn((800, 600, 16), *VGA, width=800, height=600, depth=16)
        self.assertRegex(serial, "(?m)^red 5@11 green 6@5 blue 5@0 ")

    def test_15_bits(self):
        _, serial = self.check_drawn((800, 600, 15), *VGA, width=800, height=600, depth=15)
        self.assertRegex(serial, "(?m)^red 5@10 green 5@5 blue 5@0 ")

    def test_24_bits(self):
        _, serial = self.check_drawn((640, 480, 24), *VGA, width=640, height=480, depth=24)
        self.assertRegex(serial, "(?m)^red 8@16 green 8@8 blue 8@0 ")

    def test_cirrus(self):
        """The most it has is 24 bits."""
        self.check_drawn((1024, 768, 24), "-vga", "cirrus", width=1024, height=768)

    def test_vmware(self):
        self.check_drawn((1280, 1024, 32), "-vga", "vmware", width=1280, height=1024)

    def test_qxl(self):
        self.check_drawn((1024, 768, 32), "-vga", "qxl", width=1024, height=768)

    def test_virtio(self):
        self.check_drawn((1024, 768, 32), "-vga", "virtio", width=1024, height=768)

    def test_q35(self):
        self.check_drawn((1920, 1080, 32), *VGA, "-machine", "q35", width=1920, height=1080)

    def test_monitor_that_is_too_small(self):
        for size in ("xres=160,yres=800", "xres=1280,yres=100"):
            with self.subTest(size=size):
                self.check_drawn((*DEFAULT_SIZE, 32), "-device", f"VGA,edid=on,{size}")

    def test_without_a_size(self):
        """Without EDID."""
        _, serial = self.check_drawn((*DEFAULT_SIZE, 32), "-device", "VGA,edid=off")
        self.assertRegex(serial, r"(?m)^edid \.$")

    def test_nearest(self):
        self.check_drawn((640, 480, 32), *VGA, video=FRAMEBUFFER, width=700, height=500, depth=32)

    def test_bochs(self):
        """Another VBE, on another emulation of the card."""
        skip_without("bochs")
        skip_without(bochs.CIRRUS_BIOS)
        image = self.image_of("exit", width=1024, height=768, depth=24)
        bochs.expect_boot(image, ["^framebuffer 1024x768x24 pitch 3072 size 2359296 at c0000000$",
                                  "^red 8@16 green 8@8 blue 8@0 ", DRAWN], cirrus=True)


class Edid(VideoTest):
    """What the monitor tells, and whether it is believed."""

    def drawn_by(self, size, *options, **request):
        _, *got, serial = self.drawn("-device", "VGA,edid=on,xres=1280,yres=800", *options,
                                     **request)
        self.assertEqual(tuple(got), size, serial)
        return bytes.fromhex(re.search(r"(?m)^edid ([0-9a-f]*)\.$", serial).group(1))

    def check_edid(self, edid):
        self.assertEqual(len(edid), EDID_BYTES)
        self.assertEqual(edid[:8], EDID_HEADER)
        self.assertEqual(sum(edid) % 256, 0)
        timing = edid[EDID_TIMING:]
        self.assertEqual((timing[2] | timing[4] >> 4 << 8, timing[5] | timing[7] >> 4 << 8),
                         (1280, 800))

    def test_preferred_size(self):
        self.check_edid(self.drawn_by((1280, 800, 32)))

    def test_named_size(self):
        self.check_edid(self.drawn_by((800, 600, 32), width=800, height=600))

class Refusal(VideoTest):
    """What is asked is not there."""

    def test_size(self):
        line = self.refused("^firstlight: framebuffer 1920x1079x32 asked, this VBE offers ", *VGA,
                            width=1920, height=1079, depth=32)
        self.assertRegex(line, r" offers( \d+x\d+x\d+){8}: ask for one of these$")
        self.assertIn(" 1680x1050x32 ", line)

    def test_depth(self):
        self.refused("^firstlight: framebuffer 1024x768x32 asked, this VBE offers 1024x768x24 "
                     "1024x768x16 1024x768x15 800x600x24 ", "-vga", "cirrus",
                     width=1024, height=768, depth=32)

    def test_depth_alone(self):
        self.refused("^firstlight: framebuffer 0x0x32 asked, this VBE offers 1024x768x24 ",
                     "-vga", "cirrus", depth=32)

    def test_no_vga(self):
        self.refused("^firstlight: framebuffer 0x0x0 asked, this VBE offers none: use another "
                     "graphics card, or text mode$", *NO_VGA, screen=False)

    def test_bochs(self):
        skip_without("bochs")
        skip_without(bochs.CIRRUS_BIOS)
        bochs.expect_error(self.image_of(width=1023, height=768, depth=32),
                           "framebuffer 1023x768x32 asked, this VBE offers 800x600x24 ",
                           cirrus=True)

    def test_no_vga_but_content_with_text(self):
        self.stays_in_text(*NO_VGA, says=NO_SCREEN)

class TextMode(VideoTest):
    def test_cursor(self):
        """Behind what firmware has written."""
        text = expect_boot([*ide_disk(self.image_of("exit", video=TEXT)), *VGA], [TEXT_MODE])
        column, row = map(int, re.search(r"cursor (\d+),(\d+)$", text, re.M).groups())
        self.assertLess(column, 80)
        self.assertTrue(0 < row < 25, text)

    def test_no_vga(self):
        expect_boot([*ide_disk(self.image_of("exit", video=TEXT)), *NO_VGA], [NO_SCREEN],
                    absent=[PANIC])


if __name__ == "__main__":
    unittest.main()
