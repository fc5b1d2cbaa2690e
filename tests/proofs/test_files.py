"""Each of load's files that is proved: all goals of all its functions, and no fewer than goals.txt
counts."""

import unittest

import prove


class Files(unittest.TestCase):
    def check(self, name):
        prove.skip_without_provers()
        goals, printed = prove.prove(name)
        self.assertEqual(prove.differences(name, goals), [], printed)


if __name__ == "__main__":
    unittest.main()
