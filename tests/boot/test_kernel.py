"""The project's own kernel and a foreign one, on QEMU and Bochs: what a newcomer sees."""

import os
import shutil
import tempfile
import unittest

from harness import bochs, expect
from harness.disk_image import DiskImage, FLOPPY_1440K
from harness.environment import build_path, skip_without
from harness.expect import check_halted, check_serial, fail
from harness.picture import read_png
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
        picture = read_png(self.path("screen.png"))
        self.assertEqual((picture.width, picture.height), (720, 400))
        # A colour of the VGA's palette has 6 bits a channel; how the rest is filled varies.
        coarse = {tuple(channel >> 4 for channel in colour) for colour in picture.colours()}
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
