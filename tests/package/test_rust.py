"""The example in Rust, where there is a rustc for it: the target's own library, or Debian 12's sources of
it, which take a while to compile."""

import re
import unittest

from examples_case import ExamplesCase


class Rust(ExamplesCase):
    def test_boots(self):
        missing = re.search("No example in Rust: (.*)", self.build_examples(rust=True))
        if missing:
            self.skipTest(missing[1])
        self.assertRegex(self.run_tests("-R", "hello_rust"), r"hello_rust \.+ +Passed")


if __name__ == "__main__":
    unittest.main()
