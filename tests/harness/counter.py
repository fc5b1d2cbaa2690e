"""Counts a boot's guest instructions by a plugin in QEMU, tests/bench/instruction_counter.c, which ctest
and the benchmark's targets name in FIRSTLIGHT_PLUGIN. Used by tests/bench and tests/deadlines."""

import functools
import os
import shutil

from harness.coverage import has_plugins
from harness.process import option_value
from harness.qemu import QEMU


@functools.cache
def missing():
    """What keeps QEMU from counting here; empty when nothing does."""
    if not os.environ.get("FIRSTLIGHT_PLUGIN"):
        return "the plugin is not built here"
    if shutil.which(QEMU) is None:
        return f"{QEMU} is not installed"
    if not has_plugins(QEMU):
        return f"{QEMU} is built without plugins"
    return ""


def counting(entry, output, profile=None, steps=()):
    """QEMU's options to count up to the instruction at `entry` into the file `output`; `profile`
    is a file for how often each instruction ran, `steps` are addresses of functions: what had run
    when each was first called stands in the output by step_name()."""
    plugin = f"{option_value(os.environ['FIRSTLIGHT_PLUGIN'])},entry={entry:x}"
    plugin += f",output={option_value(output)}"
    plugin += f",profile={option_value(profile)}" if profile else ""
    plugin += f",steps={'-'.join(f'{address:x}' for address in steps)}" if steps else ""
    return ["-plugin", plugin]


def step_name(address, count):
    return f"{address:x}_{count}"


def read_counts(path):
    """{first word of a line: the number behind it} of a file of the plugin's."""
    with open(path) as file:
        return {name: int(number) for name, number in map(str.split, file)}
