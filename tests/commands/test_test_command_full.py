"""bootimage test under KVM, which some hosts only crawl with."""

import unittest

from harness.environment import skip_without
from machines import TRIPLE_FAULT, MachineCase


class UnderKvm(MachineCase):
    def test_triple_fault(self):
        """KVM does not tell one from another reset, and the verdict says no more than is known."""
        skip_without("kvm")
        done = self.run_command("test", self.boot_image(TRIPLE_FAULT), "--", "-accel", "kvm")
        self.assertEqual(done.returncode, 1, done.stderr)
        self.assertRegex(done.stderr, "(?m)^bootimage: .*: the guest reset the machine at RIP "
                                      "[0-9a-f]{16}, perhaps by a triple fault$")


if __name__ == "__main__":
    unittest.main()
