"""A VBE that lies, is not there, or never returns, and monitors that tell nonsense: an option ROM before
the graphics card's BIOS (option_rom/vbe.inc)."""

import re
import unittest

from harness.elf_file import FRAMEBUFFER, TEXT
from harness.error_test import VGA
from harness.expect import SETTLE_SECONDS, check_halted, expect_boot, fail
from harness.framebuffer_test import DEFAULT_SIZE, PANIC, TEXT_MODE, VideoTest
from harness.picture import read_ppm
from harness.qemu import Qemu, ide_disk

# Offsets of words in VBE's ModeInfoBlock; those of VBE 3.0 say the same of the linear framebuffer.
MODE_ATTRIBUTES, MODE_PITCH, MODE_WIDTH, MODE_HEIGHT, MODE_PLANES = 0x00, 0x10, 0x12, 0x14, 0x18
MODE_MODEL, MODE_RED, MODE_ADDRESS, MODE_LINEAR_PITCH, MODE_LINEAR_RED = 0x1A, 0x1F, 0x28, 0x32, 0x36
MODE_1024_768_32 = 0x144  # of SeaBIOS
VBE_MODES_MAX = 512


class Edid(VideoTest):
    """What a monitor tells is not believed unseen."""

    def check(self, definition):
        _, *got, serial = self.drawn("-device", "VGA,edid=on,xres=1280,yres=800",
                                     *self.vbe_rom(definition))
        self.assertEqual(tuple(got), (*DEFAULT_SIZE, 32), serial)
        self.assertRegex(serial, r"(?m)^edid \.$")

    def test_wrong_checksum(self):
        self.check("VBE_EDID_AT=100")

    def test_wrong_header(self):
        self.check("VBE_EDID_AT=0")

    def test_reported_as_failed(self):
        self.check("VBE_NO_EDID")


class SettingFails(VideoTest):
    def test_setting_fails(self):
        """Firmware has left text mode, and says that it could not."""
        self.refused(r"^firstlight: VBE refuses to set mode 144h \(AX=014f\): ask for another",
                     *VGA, *self.vbe_rom("VBE_SET_FAILS"), width=1024, height=768, depth=32)

    def test_setting_fails_but_content_with_text(self):
        image = self.image_of(video=FRAMEBUFFER)
        with Qemu([*ide_disk(image), *VGA, *self.vbe_rom("VBE_SET_FAILS")]) as run:
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
                     for name, value in zip(("VBE_AT", "VBE_TO"), word)))

    def test_old_version(self):
        self.check("VBE_VERSION=0x0102")

    def test_old_version_but_content_with_text(self):
        self.stays_in_text(*VGA, *self.vbe_rom("VBE_VERSION=0x0102"))

    def test_wrong_signature(self):
        self.check("VBE_SIGNATURE")

    def test_no_memory(self):
        self.check("VBE_NO_MEMORY")

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
            f"VBE_AT1={MODE_ADDRESS}", "VBE_TO1=0", f"VBE_AT2={MODE_ADDRESS + 2}", "VBE_TO2=0x10")]
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
                         *self.vbe_rom(f"VBE_AT1={MODE_LINEAR_PITCH}", "VBE_TO1=0",
                                       f"VBE_AT2={MODE_LINEAR_RED}", "VBE_TO2=0"),
                         width=DEFAULT_SIZE[0], height=DEFAULT_SIZE[1])

    def test_version_2(self):
        """The fields of version 3 are not there to be used."""
        self.check_drawn((*DEFAULT_SIZE, 32), *VGA,
                         *self.vbe_rom("VBE_VERSION=0x0200", f"VBE_AT1={MODE_LINEAR_PITCH}", "VBE_TO1=8192"),
                         width=DEFAULT_SIZE[0], height=DEFAULT_SIZE[1])

    def test_endless_list(self):
        self.check_drawn((1024, 768, 32), *VGA,
                         *self.vbe_rom(f"VBE_ENDLESS={MODE_1024_768_32}"))
        # The controller, EDID, the modes, and the one that is set.
        self.assertEqual(self.vbe_calls(), VBE_MODES_MAX + 3)

    def test_modes_with_options(self):
        """Numbers that would mean something else to the call that sets them."""
        self.check(f"VBE_ENDLESS={MODE_1024_768_32 | 0x8000}")

    def test_list_at_the_end_of_real_mode(self):
        self.check("VBE_LIST=0xFFFFFFFF")


class Absent(VideoTest):
    """No VBE, though there is a graphics card."""

    def test_required(self):
        self.refused("^firstlight: framebuffer 0x0x0 asked, this VBE offers none", *VGA,
                     *self.vbe_rom("VBE_ABSENT"))
        self.assertEqual(self.vbe_calls(), 1)

    def test_content_with_text(self):
        self.stays_in_text(*VGA, *self.vbe_rom("VBE_ABSENT"))


class NeverReturns(VideoTest):
    """A call of VBE that hangs is what the last line on COM1 and on the screen names."""

    def check(self, line, *definitions):
        image = self.image_of(width=1024, height=768, depth=32)
        with Qemu([*ide_disk(image), *VGA, *self.vbe_rom(*definitions)]) as run:
            def last_line():
                return run.serial().rstrip("\n").split("\n")[-1]
            if not run.wait_until(lambda: last_line() == line):
                fail(run, f"{line!r} did not become the last line")
            calls = len(re.findall("(?m)^VBE: ", run.serial()))
            if not run.wait_until(lambda: self.vbe_calls() == calls):
                fail(run, f"{self.vbe_calls()} calls instead of {calls}")
            self.assertFalse(run.wait_until(lambda: last_line() != line, SETTLE_SECONDS))
            self.assertIn(line, run.text_screen().text())
            run.quit()

    def test_controller(self):
        self.check("VBE: controller", "VBE_HANGS=0x4F00")

    def test_edid(self):
        self.check("VBE: EDID", "VBE_HANGS=0x4F15")

    def test_mode(self):
        self.check(f"VBE: mode {MODE_1024_768_32:x}h", "VBE_HANGS=0x4F01",
                   f"VBE_HANGS_AT={MODE_1024_768_32}")

    def test_set_mode(self):
        self.check(f"VBE: set mode {MODE_1024_768_32:x}h", "VBE_HANGS=0x4F02")

    def test_a_line_for_each_call(self):
        _, serial = self.check_drawn((*DEFAULT_SIZE, 32), *VGA, *self.vbe_rom("VBE_COUNTED"),
                                     width=DEFAULT_SIZE[0], height=DEFAULT_SIZE[1])
        self.assertEqual(len(re.findall("(?m)^VBE: ", serial)), self.vbe_calls())


class TextMode(VideoTest):
    def test_nothing_is_asked_of_vbe(self):
        text = expect_boot([*ide_disk(self.image_of("exit", video=TEXT)), *VGA, *self.vbe_rom("VBE_COUNTED")],
                           [TEXT_MODE], absent=[PANIC])
        self.assertEqual(self.vbe_calls(), 0, text)

    def test_something_is_asked_for_a_framebuffer(self):
        """The ROM that counts does count."""
        self.check_drawn((*DEFAULT_SIZE, 32), "-device", "VGA,edid=off", *self.vbe_rom("VBE_COUNTED"))
        self.assertGreater(self.vbe_calls(), 3)


if __name__ == "__main__":
    unittest.main()
