"""What the tests of `run` and `test` share: images of kernels that do one thing, stand-ins for
QEMU, and whether a process is gone."""

import os
import signal
import subprocess
import sys
import time

from harness.elf_file import R, X, Segment, executable
from harness.environment import create_image
from harness.qemu import QEMU

sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))),
                                "image"))
from support import ImageCase  # noqa: E402

BASE = 0xFFFFFFFF80000000
BOOTED = b"kernel is here\r\n"
SECONDS = 60  # more than any of these boots takes

# lea rsi, [rip + text]; next: mov dx, 3FDh; in al, dx; test al, 20h; jz next; mov dx, 3F8h; lodsb;
# test al, al; jz done; out dx, al; jmp next; done:
PRINT = (bytes.fromhex("488d35"),
         bytes.fromhex("66bafd03 ec a820 74f7 66baf803 ac 84c0 7403 ee ebeb"))

HALT = bytes.fromhex("fa f4 ebfc")                      # cli; hlt; jmp -4
SPIN = bytes.fromhex("ebfe")                            # jmp -2
TRIPLE_FAULT = bytes.fromhex("0f0b")                    # ud2, and no IDT
KEYBOARD_RESET = bytes.fromhex("b0fe e664") + HALT      # out 64h, FEh
SWITCH_OFF = bytes.fromhex("66ba0406 66b80020 66ef") + HALT  # out 604h, 2000h: QEMU's PM1a control
WORK_A_WHILE = bytes.fromhex("b900000008 ffc9 75fc")    # mov ecx, 8000000h; dec ecx; jnz


def leave(value):
    """out F4h, value."""
    return bytes([0xB0, value]) + bytes.fromhex("e6f4") + HALT


def kernel(text, *ending):
    """Writes `text` to COM1, then runs `ending`."""
    head, loop = PRINT
    code = loop + b"".join(ending)
    return executable([Segment(BASE, R | X, head + len(code).to_bytes(4, "little") + code + text +
                               b"\0")], BASE)


def is_running(process):
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    return True


class MachineCase(ImageCase):
    def boot_image(self, *ending, text=BOOTED, name="image.bin", **more):
        return create_image(self.write("kernel.elf", kernel(text, *ending)), self.path(name),
                            **more)

    def run_command(self, *arguments, environment=None, seconds=SECONDS):
        """Runs the tool. `environment`: these variables and PATH, no others."""
        return subprocess.run(
            [os.environ["FIRSTLIGHT_BOOTIMAGE"], *arguments], text=True, errors="backslashreplace",
            stdin=subprocess.DEVNULL, capture_output=True, timeout=seconds, check=False,
            env=None if environment is None else {"PATH": os.environ["PATH"], **environment})

    def script(self, text, name="stand-in"):
        """An executable shell script, for --qemu."""
        path = self.write(name, f"#!/bin/sh\n{text}\n".encode())
        os.chmod(path, 0o755)
        return path

    def qemu_that_tells_its_process(self):
        return self.script(f'echo $$ > "{self.path("process")}"; exec {QEMU} "$@"')

    def wait_for_process(self):
        """The number that the script wrote, once it is whole."""
        end = time.monotonic() + SECONDS
        while time.monotonic() < end:
            try:
                text = self.read("process")
            except FileNotFoundError:
                text = b""
            if text.endswith(b"\n"):
                return int(text)
            time.sleep(0.02)
        raise AssertionError("the stand-in did not start")

    def check_gone(self, process):
        """Whether it is there no more, a moment later."""
        end = time.monotonic() + SECONDS
        while is_running(process) and time.monotonic() < end:
            time.sleep(0.02)
        self.assertFalse(is_running(process), "QEMU outlived bootimage")

    def check_ends_with_tool(self, signal_number, *arguments):
        """A signal ends the tool in the midst of a run, and QEMU with it."""
        tool = subprocess.Popen([os.environ["FIRSTLIGHT_BOOTIMAGE"], *arguments],
                                stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                stderr=subprocess.DEVNULL)
        with tool:
            process = self.wait_for_process()
            self.assertTrue(is_running(process))
            tool.send_signal(signal_number)
            self.assertEqual(tool.wait(SECONDS), -signal_number)
        self.check_gone(process)


SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGKILL)
