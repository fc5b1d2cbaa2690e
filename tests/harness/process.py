"""What every emulator that the harness starts needs. Used by qemu.py, coverage.py and bochs.py."""

import ctypes
import signal
import sys

PR_SET_PDEATHSIG = 1  # linux/prctl.h


def die_with_parent():
    """For Popen's preexec_fn: ctest kills a test that takes too long, and an emulator left behind
    would spin for ever."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def option_value(path):
    """A path inside a QEMU option: a comma there is doubled."""
    return str(path).replace(",", ",,")
