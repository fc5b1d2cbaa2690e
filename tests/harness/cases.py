"""Runs one unittest case for ctest: `cases.py FILE CASE`; `cases.py FILE --list` names them all.
Exit status: 0 passed, 1 failed, SKIPPED where a tool is missing (ctest's SKIP_RETURN_CODE)."""

import importlib.util
import os
import sys
import unittest

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

SKIPPED = 77


def load(path):
    sys.path.insert(0, os.path.dirname(os.path.abspath(path)))
    name = os.path.splitext(os.path.basename(path))[0]
    specification = importlib.util.spec_from_file_location(name, path)
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    return unittest.defaultTestLoader.loadTestsFromModule(module)


def flatten(suite):
    for item in suite:
        if isinstance(item, unittest.TestSuite):
            yield from flatten(item)
        else:
            yield item


def name_of(case):
    """Class.method without what every name has in common."""
    _, group, method = case.id().rsplit(".", 2)
    return f"{group}.{method.removeprefix('test_')}"


def main(path, wanted):
    cases = list(flatten(load(path)))
    if wanted == "--list":
        print(*(name_of(case) for case in cases), sep="\n")
        return 0
    chosen = [case for case in cases if name_of(case) == wanted]
    if len(chosen) != 1:
        print(f"{path}: {len(chosen)} cases are named {wanted}")
        return 1
    result = unittest.TextTestRunner(stream=sys.stdout, verbosity=2).run(chosen[0])
    if not result.wasSuccessful() or result.testsRun != 1:
        return 1
    if result.skipped:
        print("skipped:", result.skipped[0][1])
        return SKIPPED
    return 0


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit("usage: cases.py FILE CASE|--list")
    sys.exit(main(sys.argv[1], sys.argv[2]))
