"""Of bootimage test and run what takes long: KVM, which some hosts only crawl with, and a whole time-out."""

import unittest

from harness.environment import skip_without
from harness.qemu import QEMU
from machines import HALT, TRIPLE_FAULT, MachineCase


class UnderKvm(MachineCase):
    def test_triple_fault(self):
        """KVM does not tell one from another reset, and the verdict says no more than is known."""
        skip_without("kvm")
        done = self.run_command("test", self.boot_image(TRIPLE_FAULT), "--", "-accel", "kvm")
        self.assertEqual(done.returncode, 1, done.stderr)
        self.assertRegex(done.stderr, "(?m)^bootimage: .*: the guest reset the machine at RIP "
                                      "[0-9a-f]{16}, perhaps by a triple fault$")


class WithoutDisplay(MachineCase):
    def test_a_minute_if_nothing_is_said(self):
        skip_without(QEMU)
        image = self.boot_image(HALT)
        done = self.run_command("run", image, "--serial", "--without-display", image, seconds=180)
        self.assertEqual(done.returncode, 1, done.stderr)
        self.assertIn("timed out after 60 s: CPU 0 was halted with interrupts off", done.stderr)


if __name__ == "__main__":
    unittest.main()
