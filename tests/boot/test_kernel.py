"""The project's own kernel and a foreign one, on QEMU and Bochs: what a newcomer sees."""

import os
import shutil
import struct
import tempfile
import unittest
import zlib

from harness import bochs, expect
from harness.disk_image import DiskImage, FLOPPY_1440K
from harness.environment import build_path, skip_without
from harness.expect import check_halted, check_serial, fail
from harness.qemu import Qemu, STATUS_SUCCESS, ide_disk, option_value

HELLO = "Hello World!"
LIGHT_CYAN, LIGHT_GREY = 0x0B, 0x07
SERIAL = [f"^{HELLO}$", r"^first byte +last byte +size +kind$",
          r"^[0-9a-f]{16}  [0-9a-f]{16} +\d+ +(B|KiB|MiB|GiB) +usable$",
          r"^usable memory: \d+ MiB \(\d+ bytes\)$"]
PICTURE_LIGHT_CYAN, PICTURE_LIGHT_GREY, PICTURE_BLACK = (5, 15, 15), (10, 10, 10), (0, 0, 0)
FOREIGN = "Hello from a foreign kernel"
FOREIGN_ATTRIBUTE = 0x2F
SECONDS_TO_SHOW = 50.0
SECONDS_WITHOUT_COM1 = 10.0  # it takes 0.2
SLOW_DISK_READS = 20  # a second, about one for each sector: loading takes some seconds
READS_INTO_LOADING = 30


def png_size_and_colours(path):
    """Width, height and the set of pixels of an 8-bit RGB PNG as QEMU writes it."""
    with open(path, "rb") as file:
        data = file.read()
    assert data[:8] == b"\x89PNG\r\n\x1a\n", "not a PNG"
    position, pixels = 8, b""
    while position < len(data):
        length, kind = struct.unpack_from(">I4s", data, position)
        body = data[position + 8:position + 8 + length]
        if kind == b"IHDR":
            width, height, depth, colour = struct.unpack_from(">IIBB", body)
            assert (depth, colour) == (8, 2), "not 8-bit RGB"
        elif kind == b"IDAT":
            pixels += body
        position += 12 + length
    return width, height, rgb_colours(zlib.decompress(pixels), width, height)


def rgb_colours(raw, width, height):
    """All colours of the unfiltered picture."""
    stride, previous, colours = width * 3, bytes(width * 3), set()
    for row in range(height):
        start = row * (stride + 1)
        line, kind = bytearray(raw[start + 1:start + 1 + stride]), raw[start]
        for i in range(stride):
            left = line[i - 3] if i >= 3 else 0
            corner = previous[i - 3] if i >= 3 else 0
            line[i] = (line[i] + predict(kind, left, previous[i], corner)) & 0xFF
        previous = bytes(line)
        colours |= {previous[i:i + 3] for i in range(0, stride, 3)}
    return colours


def predict(kind, left, up, corner):
    """PNG specification, section 9: filter types 0 to 4."""
    if kind == 3:
        return (left + up) // 2
    if kind == 4:
        estimate = left + up - corner
        return min((abs(estimate - left), 0, left), (abs(estimate - up), 1, up),
                   (abs(estimate - corner), 2, corner))[2]
    return (0, left, up)[kind]


def disk_reads(run):
    """How many times the disk has been read so far."""
    return sum(device["stats"]["rd_operations"] for device in run.qmp.execute("query-blockstats"))


class BootTest(unittest.TestCase):
    def setUp(self):
        self.directory = tempfile.mkdtemp(prefix="firstlight-")
        self.addCleanup(shutil.rmtree, self.directory)

    def path(self, name):
        return os.path.join(self.directory, name)


class Kernel(BootTest):
    """firstlight.bin, which halts, and firstlight-exit.bin, which ends QEMU."""

    def run_to_the_end(self, arguments, **settings):
        """A run of firstlight.bin that has said all and halted."""
        run = Qemu(arguments, **settings).__enter__()
        self.addCleanup(run.__exit__)
        if not run.wait_until(lambda: "usable memory" in run.serial()):
            run.timed_out = run.running()
            fail(run, "the kernel did not come to its end")
        check_halted(run)
        check_serial(run, SERIAL)
        return run

    def check_screen(self, run):
        screen = run.text_screen()
        self.assertEqual(screen.row(0).rstrip(), HELLO, run.report())
        self.assertEqual(screen.attributes(0, 0, len(HELLO)), bytes([LIGHT_CYAN]) * len(HELLO))
        shown = screen.show()
        self.assertRegex(shown, r"(?m)^first byte +last byte +size +kind$")
        self.assertRegex(shown, r"(?m)^usable memory: \d+ MiB")
        # Nothing of the firmware's is left, and nothing else is coloured.
        self.assertNotIn("SeaBIOS", shown)
        self.assertNotIn("Booting", shown)
        for row in range(1, 25):
            self.assertEqual(set(screen.attributes(row)), {LIGHT_GREY}, f"row {row}")

    def test_screen_and_serial(self):
        run = self.run_to_the_end([*ide_disk(build_path("firstlight.bin")), "-vga", "std"])
        self.check_screen(run)

    def test_plain_command(self):
        """qemu-system-x86_64 -drive format=raw,file=firstlight.bin, and nothing else."""
        copy = shutil.copy(build_path("firstlight.bin"), self.path("firstlight.bin"))
        image = option_value(copy)
        run = self.run_to_the_end(["-drive", f"format=raw,file={image}"], bare=False)
        self.check_screen(run)

    def test_picture(self):
        run = self.run_to_the_end([*ide_disk(build_path("firstlight.bin")), "-vga", "std"])
        run.screendump(self.path("screen.png"))
        width, height, colours = png_size_and_colours(self.path("screen.png"))
        self.assertEqual((width, height), (720, 400))
        # A colour of the VGA's palette has 6 bits a channel; how the rest is filled varies.
        coarse = {tuple(channel >> 4 for channel in colour) for colour in colours}
        self.assertEqual(coarse, {PICTURE_LIGHT_CYAN, PICTURE_LIGHT_GREY, PICTURE_BLACK})

    def test_without_com1(self):
        """No serial port at all: neither hangs nor slows the boot."""
        run = Qemu([*ide_disk(build_path("firstlight.bin")), "-vga", "std"],
                   com1=False).__enter__()
        self.addCleanup(run.__exit__)
        if not run.wait_until(lambda: "usable memory" in run.text_screen().show(),
                              SECONDS_WITHOUT_COM1):
            fail(run, f"no kernel on the screen:\n{run.text_screen().show()}")
        check_halted(run)
        self.check_screen(run)

    def test_reset_while_loading(self):
        """Somebody presses the button while a slow disk is being read: the next start succeeds."""
        slow = [*ide_disk(build_path("firstlight-exit.bin"))]
        slow[-1] += f",throttling.iops-total={SLOW_DISK_READS}"
        with Qemu([*slow, "-action", "reboot=reset"]) as run:
            if not run.wait_until(lambda: disk_reads(run) >= READS_INTO_LOADING):
                fail(run, "the disk is not being read")
            self.assertNotIn(HELLO, run.serial(), "not slow enough to interrupt")
            run.qmp.execute("system_reset")
            run.wait()
            # Firmware answers a warm start by a reset of its own: only the end counts.
            if run.timed_out or run.process.returncode != STATUS_SUCCESS:
                fail(run, "did not boot after the reset")
            check_serial(run, SERIAL)

    def test_exit_word_ends_qemu(self):
        image = build_path("firstlight-exit.bin")
        expect.expect_boot([*ide_disk(image), "-vga", "std"], SERIAL)

    def test_bochs(self):
        skip_without("bochs")
        bochs.expect_boot(build_path("firstlight-exit.bin"), SERIAL)

    def test_bochs_floppy(self):
        skip_without("bochs")
        image = DiskImage(build_path("firstlight-exit.bin"))
        floppy = image.write(self.path("floppy.bin"), FLOPPY_1440K)
        bochs.expect_boot(floppy, SERIAL, medium="floppy")

    def test_bochs_other_cpu(self):
        skip_without("bochs")
        bochs.expect_boot(build_path("firstlight-exit.bin"), SERIAL,
                          cpu="athlon64_clawhammer")

    def test_kvm(self):
        skip_without("kvm")
        run = self.run_to_the_end([*ide_disk(build_path("firstlight.bin")), "-vga", "std",
                                   "-accel", "kvm", "-cpu", "qemu64"])
        self.check_screen(run)


class Foreign(BootTest):
    """A kernel made by gcc, linked low, that knows nothing of the loader."""

    def test_screen(self):
        image = os.environ["FIRSTLIGHT_FOREIGN_IMAGE"]
        if not image:
            self.skipTest("gcc for x86-64 Linux is not installed")
        with Qemu([*ide_disk(image), "-vga", "std"]) as run:
            if not run.wait_until(lambda: FOREIGN in run.text_screen().row(0), SECONDS_TO_SHOW):
                fail(run, f"the foreign kernel did not show its line:\n{run.text_screen().show()}")
            check_halted(run)
            self.assertEqual(run.text_screen().attributes(0, 0, len(FOREIGN)),
                             bytes([FOREIGN_ATTRIBUTE]) * len(FOREIGN))


if __name__ == "__main__":
    unittest.main()
