"""Boots damaged images in QEMU, each checked for the one ending that it must have. Used by
test_boots.py and test_boots_all.py."""

import collections
import os
import re
import shutil
import tempfile
import unittest

from boot_plan import BOOTS_SAME, FIRMWARE_REFUSES, all_boots
from damage import Damage
from fields import SAME
from harness.expect import ERROR_PREFIX, error_lines, expect_boot, expect_error, fail
from harness.qemu import Qemu, ide_disk, option_value
from verdicts import STAGE2, verdicts_of

VGA = ["-vga", "std"]
NOT_BOOTABLE = "Boot failed: not a bootable disk"  # SeaBIOS
MEMORY = ["-m", "128"]  # as verdicts.c has it

PARTS = 40  # of the plan, a test each
QUICK_PARTS = (7, 17, 27, 37)  # of the default run


class BootCase(unittest.TestCase):
    def setUp(self):
        self.directory = tempfile.mkdtemp(prefix="firstlight-")
        self.addCleanup(shutil.rmtree, self.directory)
        self.counts = collections.Counter()

    def path(self, name):
        return os.path.join(self.directory, name)

    def boot_part(self, part):
        """Every PARTS-th boot of the plan, from number `part` on."""
        by_image = collections.defaultdict(list)
        for boot in all_boots()[part::PARTS]:
            by_image[boot.image].append(boot)
        for image, boots in by_image.items():
            good, *verdicts = verdicts_of(image, [Damage("nothing", [])] +
                                          [boot.damage for boot in boots], STAGE2)
            for boot, verdict in zip(boots, verdicts):
                with self.subTest(boot.damage.what, field=str(boot.field)):
                    self.boot(boot, verdict, good)
        print(sum(self.counts.values()), "boots:", dict(self.counts))

    def boot(self, boot, verdict, good):
        with open(self.path("disk.bin"), "wb") as file:
            file.write(boot.damage.applied(boot.image))
        options = [*ide_disk(self.path("disk.bin")), *VGA, *MEMORY]
        if boot.ending == FIRMWARE_REFUSES:
            self.firmware_refuses(options)
            ending = boot.ending
        elif boot.asks_host and verdict.entered:
            ending = self.as_on_the_host(options, boot.field, verdict, good)
        elif boot.ending == BOOTS_SAME or boot.ending is None:
            expect_boot(options, [f"^digest {good.digest}$"])
            ending = BOOTS_SAME
        else:
            self.refused(options, boot, verdict)
            ending = "refused"
        self.counts[ending] += 1

    def refused(self, options, boot, verdict):
        """One line that is about the right thing, and the host's own words where it has any."""
        line = expect_error(options, ERROR_PREFIX)[len(ERROR_PREFIX):]
        self.assertRegex(line, boot.ending)
        if verdict.line is not None and not line.startswith(("loader damaged", "stage 2 is damaged")):
            # The disk reader of the host's machine knows no status.
            expected = re.escape(verdict.line).replace(
                r"cannot\ read\ image\ header:\ LBA", "cannot read image header: disk 80h, LBA")
            self.assertRegex(line, f"^{expected}")

    def as_on_the_host(self, options, field, verdict, good):
        """Stage 2 accepts it in QEMU, too: the kernel is as it was; or, the image header being
        another, all that was loaded is as on the host; or, the kernel's file being another, it is
        entered at the same address as there, whatever it does then."""
        if verdict.same_as(good):
            expect_boot(options, [f"^digest {good.digest}$"])
            return BOOTS_SAME
        self.assertNotEqual(field.boots, SAME)
        if field.of_image_header():
            expect_boot(options, [f"^digest {verdict.digest}$"])
        else:
            self.is_entered(options, int(verdict.entry, 16))
        return "boots another image"

    def is_entered(self, options, entry):
        """The code at the address is run, and the loader has said nothing."""
        log = self.path("log")
        with Qemu([*options, "-d", "in_asm", "-dfilter", f"{entry:#x}+1", "-D",
                   option_value(log)]) as run:
            def translated():
                if not os.path.exists(log):
                    return False
                with open(log) as file:
                    return f"0x{entry:08x}:" in file.read()
            if not run.wait_until(translated):
                fail(run, f"not entered at {entry:x}")
            if error_lines(run.serial()):
                fail(run, "an error line, and the kernel entered")

    def firmware_refuses(self, options):
        with Qemu(options) as run:
            if not run.wait_until(lambda: NOT_BOOTABLE in run.text_screen().text()):
                fail(run, "the firmware did not refuse the disk")
            self.assertEqual(run.serial(), "")
            run.quit()


def add_parts(case, numbers):
    """Gives a class of tests a method for each of these parts of the plan."""
    for number in numbers:
        def method(self, number=number):
            self.boot_part(number)
        setattr(case, f"test_part_{number:02}", method)
