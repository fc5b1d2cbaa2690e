"""What the tests of the loader's waits have in common: a run that is looked at when the CPU has halted for
ever, in the kernel or behind an error line. Used by the tests of this folder."""

from harness.disk_image import DiskImage
from harness.elf_file import EXIT_CODE, PAGE, R, Segment, X, write_executable
from harness.environment import UNCOMPRESSED, create_image
from harness.error_test import ErrorTest, VGA
from harness.expect import check_error_line, check_halted, error_lines, fail
from harness.qemu import Qemu, ide_disk

KERNEL_ADDRESS = 0xFFFFFFFF80000000
KIB = 1 << 10
MACHINE = ["-nodefaults", "-no-reboot", *VGA]  # without exit device: the kernel stays, halted


class DeadlineTest(ErrorTest):
    def use_kernel(self, size):
        """The image becomes one with a kernel of so many bytes, which halts at once."""
        data = bytes(1 + index % 255 for index in range(KIB)) * (size // KIB)
        path = write_executable(self.path("kernel.elf"), [
            Segment(KERNEL_ADDRESS, R | X, EXIT_CODE),
            Segment(KERNEL_ADDRESS + PAGE, R, data)], KERNEL_ADDRESS)
        self.image = DiskImage(create_image(path, self.path("large.bin"),
                                            options=UNCOMPRESSED))

    def halted(self, *options, disk=None):
        """The run, when there is nothing to wait for any more."""
        run = Qemu([*MACHINE, *(disk or ide_disk(self.written())), *options], bare=False).__enter__()
        self.addCleanup(run.__exit__)
        if not run.wait_until(run.halted_for_ever):
            fail(run, "did not come to an end")
        check_halted(run)
        return run

    def ended(self, *options, line=None, disk=None):
        """The run, when the kernel has been entered, or when it has ended in this error line."""
        run = self.halted(*options, disk=disk)
        if line is not None:
            check_error_line(run, line)
        elif error_lines(run.serial()) or run.instruction_pointer() < KERNEL_ADDRESS:
            fail(run, "the kernel was not entered")
        return run
