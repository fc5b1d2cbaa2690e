"""The proofs can fail: a seeded fault loses a goal of the function that it is in."""

import os
import shutil
import tempfile
import unittest

import prove
from faults import FAULTS


class Faults(unittest.TestCase):
    """One case for each of FAULTS, added below."""

    def check(self, fault):
        prove.skip_without_provers()
        with tempfile.TemporaryDirectory(prefix="firstlight-") as directory:
            load = os.path.join(directory, "load")
            shutil.copytree(prove.LOAD, load)
            path = os.path.join(load, fault.file)
            with open(path, encoding="utf-8") as file:
                text = file.read()
            self.assertEqual(text.count(fault.old), 1, "the fault's place")
            with open(path, "w", encoding="utf-8") as file:
                file.write(text.replace(fault.old, fault.new))
            lost = prove.first_lost_goal(fault.file, load, fault.function)
        self.assertIsNotNone(lost, f"{fault.what}: {fault.function} is proved with it, too")
        print(f"{fault.file}, {fault.function}, {fault.what}: {lost}")


def add_cases():
    for number, fault in enumerate(FAULTS):
        def case(self, fault=fault):
            self.check(fault)
        setattr(Faults, f"test_{fault.function}_{number}", case)


add_cases()

if __name__ == "__main__":
    unittest.main()
