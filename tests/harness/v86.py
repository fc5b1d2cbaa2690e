"""One run of v86, an emulator of a 32-bit PC, under Node: SeaBIOS on a CPU without long mode. Used by
tests/machines; tools/setup.sh says which version, and where it is."""

import functools
import json
import os
import subprocess

from harness.expect import check_error_line, fail
from harness.process import die_with_parent
from harness.setup_script import setup_script

NODE = "node"
DEFAULT_TIMEOUT = 60.0
START_SECONDS = 30.0  # Node's own, on a machine that has much else to do
RUNNER = os.path.join(os.path.dirname(os.path.abspath(__file__)), "v86.mjs")
BIOS = "/usr/share/seabios/bios.bin"
VGA_BIOS = "/usr/share/seabios/vgabios-stdvga.bin"
NEEDS = (NODE, BIOS, VGA_BIOS)


@functools.cache
def library():
    """The folder of npm's package, there or not."""
    return setup_script("--where", "v86")


class Run:
    """What a run that has ended left behind."""

    def __init__(self, image, drive, timeout):
        self._finished = subprocess.run(
            [NODE, RUNNER, library(), BIOS, VGA_BIOS, drive, image, str(timeout)],
            stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False,
            timeout=timeout + START_SECONDS, preexec_fn=die_with_parent)
        seen = json.loads(self._finished.stdout) if self._finished.returncode == 0 else {}
        self.halted = seen.get("halted", False)
        self._serial = seen.get("serial", "")
        self.screen = "".join(seen.get("screen", []))

    def serial(self):
        return self._serial.replace("\r\n", "\n")

    def report(self):
        return (f"Node's exit status: {self._finished.returncode}\n"
                f"{'halted for ever' if self.halted else 'not halted'}\n"
                f"---- serial ----\n{self.serial()}\n---- screen ----\n{self.screen}\n"
                f"---- Node's messages ----\n{self._finished.stderr}----\n")


def expect_error(image, pattern, drive="hda", timeout=DEFAULT_TIMEOUT):
    """One line that starts with `firstlight: ` on COM1 and on screen, the last thing said, and a
    CPU that has halted with interrupts off. Gives the line."""
    run = Run(image, drive, timeout)
    line = check_error_line(run, pattern)
    if not run.halted:
        fail(run, "not halted with interrupts off")
    if line not in run.screen:
        fail(run, "the screen lacks the line")
    return line
