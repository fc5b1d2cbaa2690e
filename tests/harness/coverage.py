"""Records which guest code runs in the tests: the plugin of tests/coverage, on every QEMU that
translates code, when the environment variable FIRSTLIGHT_COVERAGE names a folder for the records.
Used by qemu.py, and by tests/coverage, which reads the records."""

import functools
import hashlib
import os
import re
import subprocess

from harness.process import option_value

DIRECTORY = "FIRSTLIGHT_COVERAGE"
PLUGIN, PROGRAM = "tests/coverage/guest_coverage.so", "tests/coverage/program"  # in the build tree


@functools.cache
def has_plugins(qemu):
    """Whether this QEMU was built with plugins."""
    return "-plugin" in subprocess.run([qemu, "-help"], capture_output=True, text=True,
                                       check=True).stdout


def records_path(directory, program):
    """Where the records of this program are: those of another build do not fit."""
    with open(program, "rb") as file:
        name = hashlib.sha256(file.read()).hexdigest()[:16]
    return os.path.join(directory, f"{name}.records")


def recording(plugin, program, records):
    """QEMU's options for the plugin."""
    return ["-plugin", ",".join((option_value(plugin), f"program={option_value(program)}",
                                 f"output={option_value(records)}"))]


def recording_options(qemu, arguments):
    """The options that record a run with these arguments; none when nothing is to be recorded."""
    directory = os.environ.get(DIRECTORY)
    if not directory:
        return []
    plugin, program = (os.path.join(os.environ["FIRSTLIGHT_BUILD"], name)
                       for name in (PLUGIN, PROGRAM))
    by_hardware = any(re.search(r"\bkvm\b", argument) for argument in arguments)
    if by_hardware or not os.path.exists(plugin) or not has_plugins(qemu):
        return []
    os.makedirs(directory, exist_ok=True)
    return recording(plugin, program, records_path(directory, program))
