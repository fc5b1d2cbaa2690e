"""Where the build put things, and what this machine lacks. ctest passes the former in environment
variables (Cases.cmake); used by every test file."""

import functools
import os
import re
import shutil
import subprocess
import unittest

from harness import bochs
from harness.qemu import QEMU
from harness.setup_script import SETUP_SCRIPT, setup_script


def build_path(*parts):
    """A file in the build tree; one that is not there fails the test."""
    path = os.path.join(os.environ["FIRSTLIGHT_BUILD"], *parts)
    if not os.path.exists(path):
        raise AssertionError(f"{path} has not been built")
    return path


def stage2_symbol(name):
    """The address of a function or variable of stage 2, by the linker's map."""
    with open(build_path("bootloader", "stage2", "stage2.elf.map"), encoding="utf-8") as file:
        found = re.findall(rf"^\s*([0-9a-f]+)\s.*\s{re.escape(name)}$", file.read(), re.MULTILINE)
    assert len(found) == 1, f"{name} stands {len(found)} times in the map"
    return int(found[0], 16)


def run_bootimage(*arguments):
    """Runs the image tool; gives the finished process, whatever its status."""
    return subprocess.run([os.environ["FIRSTLIGHT_BOOTIMAGE"], *map(str, arguments)],
                          capture_output=True, text=True, check=False)


# For create_image: parts lie in the image as they are.
UNCOMPRESSED = ("--compress", "none")


def create_image(kernel, output, command_line=None, modules=(), options=()):
    """Makes an image with the image tool, which must accept the kernel. `modules` are tuples
    (name, path) or (name, path, command line), `options` more arguments of the tool."""
    options = list(options) + ([] if command_line is None else ["--cmdline", command_line])
    for name, path, *text in modules:
        options += ["--module", f"{name}={path}"]
        options += ["--module-cmdline", text[0]] if text else []
    made = run_bootimage("create", "--kernel", kernel, "--output", output, *options)
    if made.returncode != 0:
        raise AssertionError(f"bootimage refused {kernel}: {made.stderr}")
    return output


@functools.cache
def kvm_works():
    """Whether QEMU can use KVM here: the device being there does not mean so."""
    if not os.access("/dev/kvm", os.R_OK | os.W_OK):
        return False
    probe = subprocess.run(
        [QEMU, "-nodefaults", "-display", "none", "-S", "-accel", "kvm", "-monitor", "stdio"],
        input="quit\n", capture_output=True, text=True, timeout=60, check=False)
    return probe.returncode == 0


def missing(need):
    """What `need` (a path, a program, "kvm", "bochs") lacks here, and what brings it; empty when it
    is there."""
    if need == "kvm":
        return "" if kvm_works() else "KVM does not work here"
    if need == "bochs":
        need = bochs.missing()
        if not need:
            return ""
    if os.path.exists(need) if "/" in need else shutil.which(need):
        return ""
    return (f"{need} is not installed: package {setup_script('--brings', need)} brings it, "
            f"`sh {SETUP_SCRIPT} --full` installs it")


def skip_without(need):
    """Ends the running test as skipped, never as passed, where something is missing."""
    reason = missing(need)
    if reason:
        raise unittest.SkipTest(reason)
