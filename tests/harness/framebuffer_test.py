"""What the tests of video modes have in common: an image whose kernel asks for a framebuffer, and the
picture that kernels/framebuffer.c draws there, read back. Used by tests/boot and tests/firmware."""

import re

from harness.elf_file import FRAMEBUFFER, FRAMEBUFFER_REQUIRED, NOTE_NAME, REQUEST_SIZE, boot_request
from harness.environment import build_path, create_image
from harness.error_test import ErrorTest
from harness.expect import check_halted, expect_boot, expect_error, fail
from harness.option_rom import tells
from harness.picture import read_ppm
from harness.qemu import Qemu, ide_disk

KERNEL = ("tests", "boot", "boot_framebuffer.elf")
TEXT_MODE = "^text mode 80x25 at b8000 cursor "
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
        """The option ROM that lies; it tells of each call."""
        return [*self.option_rom(*definitions), *self.told_to()]

    def vbe_calls(self):
        return tells(self.told())[0]

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
