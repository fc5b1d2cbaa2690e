"""Text mode and framebuffers: what a kernel asks for, gets, or is told; graphics cards of several kinds,
and one whose VBE lies (option_roms/vbe.asm). kernels/framebuffer.c draws, and its picture is read
back."""

import os
import re
import unittest

from harness import bochs
from harness.elf_file import (FRAMEBUFFER, FRAMEBUFFER_REQUIRED, NOTE_NAME, REQUEST_SIZE, TEXT,
                              boot_request)
from harness.environment import build_path, create_image, skip_without
from harness.error_test import ErrorTest, VGA
from harness.expect import check_halted, expect_boot, expect_error, fail
from harness.picture import read_png, read_ppm
from harness.qemu import Qemu, ide_disk

KERNEL = ("tests", "boot", "boot_framebuffer.elf")
PICTURE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "framebuffer.png")
NO_VGA = ["-vga", "none"]
TEXT_MODE = "^text mode 80x25 at b8000 cursor "
NO_SCREEN = "^text mode 0x0 at 0 cursor 0,0$"
DRAWN = "^drawn$"
PANIC = "^panic"
SIZE_LINE = r"^framebuffer (\d+)x(\d+)x(\d+) pitch (\d+) size (\d+) at ([0-9a-f]+)$"
DEFAULT_SIZE = (1024, 768)

# kernels/test_card.c
WHITE, PAPER, INK = b"\xff\xff\xff", b"\x00\x00\x40", b"\xff\xff\xc0"
BARS = [WHITE, b"\xff\xff\x00", b"\x00\xff\xff", b"\x00\xff\x00", b"\xff\x00\xff", b"\xff\x00\x00",
        b"\x00\x00\xff", b"\x00\x00\x00"]
GRADIENTS = [WHITE, b"\xff\x00\x00", b"\x00\xff\x00", b"\x00\x00\xff"]
PARTS, FIRST_GRADIENT, FIRST_TEXT = 16, 8, 12  # in sixteenths of the height
FIVE_BITS = bytes(value & 0xF8 for value in range(256))  # what every channel shows at least
EIGHT_BITS = bytes(range(256))

EDID_HEADER = bytes.fromhex("00ffffffffffff00")
EDID_BYTES = 128
EDID_TIMING = 54

# Offsets of words in VBE's ModeInfoBlock; those of VBE 3.0 say the same of the linear framebuffer.
MODE_ATTRIBUTES, MODE_PITCH, MODE_WIDTH, MODE_HEIGHT, MODE_PLANES = 0x00, 0x10, 0x12, 0x14, 0x18
MODE_MODEL, MODE_RED, MODE_ADDRESS, MODE_LINEAR_PITCH, MODE_LINEAR_RED = 0x1A, 0x1F, 0x28, 0x32, 0x36
MODE_1024_768_32 = 0x144  # of SeaBIOS
VBE_MODES_MAX = 512


def card_row(y, width, height):
    """A row of the test card but for its text, without the white border left and right."""
    part = y * PARTS // height
    if y in (0, height - 1):
        return WHITE * (width - 2)
    if part >= FIRST_TEXT:
        return PAPER * (width - 2)
    if part >= FIRST_GRADIENT:
        colour = GRADIENTS[part - FIRST_GRADIENT]
        return b"".join(bytes(channel & x * 255 // (width - 1) for channel in colour)
                        for x in range(1, width - 1))
    return b"".join(BARS[x * len(BARS) // width] for x in range(1, width - 1))


class VideoTest(ErrorTest):
    def image_of(self, command_line=None, **request):
        """An image whose kernel asks for this; without a video mode, for a framebuffer that it
        requires."""
        with open(build_path(*KERNEL), "rb") as file:
            kernel = bytearray(file.read())
        name = NOTE_NAME.ljust(12, b"\0")
        self.assertEqual(kernel.count(name), 1)
        start = kernel.index(name) + len(name)
        kernel[start:start + REQUEST_SIZE] = boot_request(
            **{"video": FRAMEBUFFER_REQUIRED, **request})
        with open(self.path("kernel.elf"), "wb") as file:
            file.write(kernel)
        return create_image(self.path("kernel.elf"), self.path("disk.bin"), command_line)

    def vbe_rom(self, *definitions):
        """The option ROM that lies; what it is asked is counted in the file `played`."""
        return [*self.option_rom("vbe", *definitions),
                "-debugcon", f"file:{self.path('played')}"]

    def vbe_calls(self):
        return os.path.getsize(self.path("played"))

    def refused(self, pattern, *options, screen=True, **request):
        return expect_error([*ide_disk(self.image_of(**request)), *options], pattern,
                            screen=screen)

    def stays_in_text(self, *options, says=TEXT_MODE, **request):
        """A framebuffer is asked for in vain, and the kernel runs in text mode."""
        image = self.image_of("exit", **{"video": FRAMEBUFFER, **request})
        return expect_boot([*ide_disk(image), *options], [says], absent=[PANIC, DRAWN])

    def drawn(self, *options, **request):
        """A kernel that has drawn its picture: (picture, width, height, depth, COM1)."""
        with Qemu([*ide_disk(self.image_of(**request)), *options]) as run:
            if not run.wait_until(lambda: re.search(f"{DRAWN}|^panic|^firstlight|^text mode",
                                                    run.serial(), re.M)):
                fail(run, "nothing was drawn")
            check_halted(run)
            found = re.search(SIZE_LINE, run.serial(), re.M)
            if not found or not re.search(DRAWN, run.serial(), re.M):
                fail(run, "nothing was drawn")
            run.screendump(self.path("screen.ppm"), "ppm")
            run.quit()
            return (read_ppm(self.path("screen.ppm")), *map(int, found.groups()[:3]), run.serial())

    def check_picture(self, picture, width, height, depth):
        """Every pixel is where it belongs, and has the colour it should have."""
        self.assertEqual((picture.width, picture.height), (width, height))
        exact = EIGHT_BITS if depth >= 24 else FIVE_BITS
        white, paper, ink = (colour.translate(exact) for colour in (WHITE, PAPER, INK))
        inked, expected = 0, {}
        for y, row in enumerate(picture.rows):
            row = row.translate(exact)
            key = (y in (0, height - 1), y * PARTS // height)
            if key not in expected:
                expected[key] = card_row(y, width, height).translate(exact)
            inside = row[3:-3]
            if key == (False, PARTS - 1) or key[1] >= FIRST_TEXT and not key[0]:
                inked += inside.count(ink)
                inside = inside.replace(ink, paper)
            self.assertEqual((row[:3], row[-3:]), (white, white), f"border, row {y}")
            self.assertEqual(inside, expected[key], f"row {y}")
        self.assertGreater(inked, 500, "no text")

    def check_drawn(self, size, *options, **request):
        picture, *got, serial = self.drawn(*options, **request)
        self.assertEqual(tuple(got), size, serial)
        self.check_picture(picture, *got)
        return picture, serial


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

    def test_wrong_checksum(self):
        self.assertEqual(self.drawn_by((*DEFAULT_SIZE, 32), *self.vbe_rom("EDID_AT=100")), b"")

    def test_wrong_header(self):
        self.assertEqual(self.drawn_by((*DEFAULT_SIZE, 32), *self.vbe_rom("EDID_AT=0")), b"")

    def test_reported_as_failed(self):
        self.assertEqual(self.drawn_by((*DEFAULT_SIZE, 32), *self.vbe_rom("NO_EDID")), b"")


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

    def test_setting_fails(self):
        """Firmware has left text mode, and says that it could not."""
        self.refused(r"^firstlight: VBE refuses to set mode 144h \(AX=014f\): ask for another",
                     *VGA, *self.vbe_rom("SET_FAILS"), width=1024, height=768, depth=32)

    def test_setting_fails_but_content_with_text(self):
        image = self.image_of(video=FRAMEBUFFER)
        with Qemu([*ide_disk(image), *VGA, *self.vbe_rom("SET_FAILS")]) as run:
            run.wait_until(lambda: re.search(TEXT_MODE, run.serial(), re.M))
            check_halted(run)
            if "text mode 80x25" not in run.text_screen().row(0):
                fail(run, "not in text mode")
            run.screendump(self.path("screen.ppm"), "ppm")
            picture = read_ppm(self.path("screen.ppm"))
            self.assertEqual((picture.width, picture.height), (720, 400))
            run.quit()


class LyingVbe(VideoTest):
    """Nothing that VBE says of a mode is used unseen."""

    def check(self, *definitions):
        self.refused("^firstlight: framebuffer 0x0x0 asked, this VBE offers none", *VGA,
                     *self.vbe_rom(*definitions))
        self.assertGreater(self.vbe_calls(), 0)

    def check_mode(self, *words):
        """Every mode's description has these (offset, word)."""
        self.check(*(f"{name}{index}={value}" for index, word in enumerate(words, 1)
                     for name, value in zip(("AT", "TO"), word)))

    def test_old_version(self):
        self.check("VERSION=0x0102")

    def test_old_version_but_content_with_text(self):
        self.stays_in_text(*VGA, *self.vbe_rom("VERSION=0x0102"))

    def test_wrong_signature(self):
        self.check("SIGNATURE")

    def test_no_memory(self):
        self.check("NO_MEMORY")

    def test_no_pitch(self):
        self.check_mode((MODE_PITCH, 0), (MODE_LINEAR_PITCH, 0))

    def test_small_pitch(self):
        self.check_mode((MODE_PITCH, 400), (MODE_LINEAR_PITCH, 400))

    def test_more_than_the_memory(self):
        self.check_mode((MODE_HEIGHT, 16384), (MODE_LINEAR_PITCH, 0xFFFF))

    def test_no_height(self):
        self.check_mode((MODE_HEIGHT, 0))

    def test_huge_width(self):
        self.check_mode((MODE_WIDTH, 0xFFFF))

    def test_no_address(self):
        self.check_mode((MODE_ADDRESS, 0), (MODE_ADDRESS + 2, 0))

    def test_address_at_the_end(self):
        self.check_mode((MODE_ADDRESS, 0xF000), (MODE_ADDRESS + 2, 0xFFFF))

    def test_address_of_the_kernel(self):
        """The framebuffer is set when that is seen, and text mode again when it is said."""
        options = [*VGA, *self.vbe_rom(
            f"AT1={MODE_ADDRESS}", "TO1=0", f"AT2={MODE_ADDRESS + 2}", "TO2=0x10")]
        self.refused("^firstlight: firmware puts a device at 0x100000, ", *options)
        self.stays_in_text(*options)

    def test_no_linear_framebuffer(self):
        self.check_mode((MODE_ATTRIBUTES, 0x1B))

    def test_no_colours(self):
        self.check_mode((MODE_RED, 0), (MODE_LINEAR_RED, 0))

    def test_four_planes(self):
        self.check_mode((MODE_PLANES, 0x2004))

    def test_memory_model(self):
        self.check_mode((MODE_MODEL, 0x0301))

    def test_version_3_without_its_fields(self):
        """What VBE 2.0 had says the same."""
        self.check_drawn((*DEFAULT_SIZE, 32), *VGA,
                         *self.vbe_rom(f"AT1={MODE_LINEAR_PITCH}", "TO1=0",
                                       f"AT2={MODE_LINEAR_RED}", "TO2=0"),
                         width=DEFAULT_SIZE[0], height=DEFAULT_SIZE[1])

    def test_version_2(self):
        """The fields of version 3 are not there to be used."""
        self.check_drawn((*DEFAULT_SIZE, 32), *VGA,
                         *self.vbe_rom("VERSION=0x0200", f"AT1={MODE_LINEAR_PITCH}", "TO1=8192"),
                         width=DEFAULT_SIZE[0], height=DEFAULT_SIZE[1])

    def test_endless_list(self):
        self.check_drawn((1024, 768, 32), *VGA,
                         *self.vbe_rom("ENDLESS_LIST", f"MODE={MODE_1024_768_32}"))
        # The controller, EDID, the modes, and the one that is set.
        self.assertEqual(self.vbe_calls(), VBE_MODES_MAX + 3)

    def test_modes_with_options(self):
        """Numbers that would mean something else to the call that sets them."""
        self.check("ENDLESS_LIST", f"MODE={MODE_1024_768_32 | 0x8000}")

    def test_list_at_the_end_of_real_mode(self):
        self.check("LIST=0xFFFFFFFF")


class TextMode(VideoTest):
    def test_nothing_is_asked_of_vbe(self):
        text = expect_boot([*ide_disk(self.image_of("exit", video=TEXT)), *VGA, *self.vbe_rom()],
                           [TEXT_MODE], absent=[PANIC])
        self.assertEqual(self.vbe_calls(), 0, text)

    def test_something_is_asked_for_a_framebuffer(self):
        """The ROM that counts does count."""
        self.check_drawn((*DEFAULT_SIZE, 32), "-device", "VGA,edid=off", *self.vbe_rom())
        self.assertGreater(self.vbe_calls(), 3)

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
