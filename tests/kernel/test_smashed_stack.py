"""A function that overruns its array ends in a report that names it, not at a wild address."""

import os
import re
import shutil
import tempfile
import unittest

from harness.environment import build_path, create_image
from harness.expect import expect_boot
from harness.qemu import ide_disk

STATUS_FAILURE = 35  # MACHINE_EXIT_FAILURE: 2 * 11h + 1
GUARD = r"^guard ([0-9a-f]{16})$"


class SmashedStack(unittest.TestCase):
    def boot(self, word, serial, **settings):
        directory = tempfile.mkdtemp(prefix="firstlight-")
        self.addCleanup(shutil.rmtree, directory)
        image = create_image(build_path("tests", "kernel", "starter_smashed_stack.elf"),
                             os.path.join(directory, "disk.bin"), word)
        return expect_boot(ide_disk(image), serial, **settings)

    def test_smash(self):
        self.boot("smash", ["^filled with A$",
                            r"^panic: kernel/stack_protector\.c:\d+: a function wrote beyond",
                            r"^  at [0-9a-f]{16} fill_array\+"],
                  status=STATUS_FAILURE, absent=["(?s)filled.*filled"])

    def test_guard_is_another_each_time(self):
        guards = [re.search(GUARD, self.boot("", [GUARD, "^filled with A$"], absent=["panic"]),
                            re.MULTILINE).group(1) for _ in range(2)]
        self.assertNotEqual(*guards)
        for guard in guards:
            self.assertTrue(guard.endswith("00"), guard)
            self.assertGreater(len(set(guard)), 4, guard)


if __name__ == "__main__":
    unittest.main()
