"""One run of QEMU: starts it, watches it, knows how it ended. Used by expect.py and by tests that
look inside a running machine."""

import os
import re
import shutil
import signal
import subprocess
import tempfile
import time
import unittest

from harness.coverage import recording_options
from harness.process import die_with_parent, option_value
from harness.qmp import Qmp, QmpClosed, QmpError
from harness.screen import TextScreen, TEXT_SCREEN_ADDRESS, TEXT_SCREEN_BYTES

QEMU = "qemu-system-x86_64"
DEFAULT_TIMEOUT = 60.0  # seconds; a boot takes about 0.2, a loaded machine much longer

# isa-debug-exit ends QEMU with status (value << 1) | 1: the guest's "success" is 10h.
EXIT_PORT_DEVICE = "isa-debug-exit,iobase=0xf4,iosize=4"
GUEST_SUCCESS = 0x10
STATUS_SUCCESS = (GUEST_SUCCESS << 1) | 1

INTERRUPT_FLAG = 1 << 9

OUR_OWN_REASONS = ("host-qmp-quit", "host-qmp-system-reset")

# Nothing but what the test names, and nothing that could make a reset go unseen.
BARE_MACHINE = ["-nodefaults", "-no-reboot", "-device", EXIT_PORT_DEVICE]


def ide_disk(image):
    """Opened for reading only, what the guest writes is dropped: tests share images."""
    return ["-drive", f"if=ide,format=raw,snapshot=on,file={option_value(image)}"]


def sparse_ram(size, machine="pc"):
    """Options for RAM that the host sets aside only as it is touched."""
    return ["-object", f"memory-backend-ram,id=ram,size={size},reserve=off", "-m", size,
            "-machine", f"{machine},memory-backend=ram"]


class Qemu:
    """Use in a `with` statement: QEMU never outlives it. `arguments` come behind BARE_MACHINE. What is
    not `started` waits for a debugger to let it run."""

    def __init__(self, arguments, timeout=DEFAULT_TIMEOUT, bare=True, com1=True, started=True):
        if shutil.which(QEMU) is None:
            raise unittest.SkipTest(f"{QEMU} is not installed")
        self.directory = tempfile.mkdtemp(prefix="firstlight-")
        self.serial_path = os.path.join(self.directory, "serial")
        self._stderr_path = os.path.join(self.directory, "stderr")
        qmp_path = os.path.join(self.directory, "qmp")
        self.qmp = Qmp(qmp_path)
        self.command = [QEMU, *(BARE_MACHINE if bare else []), "-display", "none",
                        "-serial", f"file:{self.serial_path}" if com1 else "none",
                        "-qmp", f"unix:{option_value(qmp_path)}", "-S",
                        *recording_options(QEMU, arguments), *arguments]
        self.deadline = time.monotonic() + timeout
        self.timeout = timeout
        self._started = started
        self.timed_out = False
        self.killed = False
        self.process = None
        self.ended_before_start = False
        self._last_state = ""

    def __enter__(self):
        with open(self._stderr_path, "wb") as stderr:
            self.process = subprocess.Popen(self.command, stdin=subprocess.DEVNULL,
                                            stdout=stderr, stderr=stderr,
                                            preexec_fn=die_with_parent)
        try:
            self.qmp.accept(lambda: self.process.poll() is None, self.timeout)
            if self._started:
                self.qmp.execute("cont")  # by -S it waits, so that every event is seen
        except QmpClosed:
            self.ended_before_start = True
        return self

    def __exit__(self, *_):
        self.kill()
        self.qmp.close()
        shutil.rmtree(self.directory, ignore_errors=True)

    # ---- watching ----

    def running(self):
        return self.process.poll() is None

    def wait(self):
        """Until QEMU ends by itself; past the time-out it is killed, and timed_out says so."""
        try:
            self.process.wait(max(0.0, self.deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            self.timed_out = True
            self._last_state = self._where_it_hangs()
            self.kill()
        self.qmp.drain(1.0)

    def wait_until(self, condition, seconds=None):
        """Until condition() is true; False when QEMU ended or time ran out first."""
        end = self.deadline
        if seconds is not None:
            end = min(end, time.monotonic() + seconds)
        while True:
            if condition():
                return True
            if not self.running():
                self.qmp.drain(1.0)
                return bool(condition())
            if time.monotonic() > end:
                return False
            time.sleep(0.02)

    def kill(self):
        if self.process is not None and self.process.poll() is None:
            self.killed = True
            self.process.kill()
            self.process.wait()

    def quit(self):
        """The harness's own, orderly end of a run that the guest does not end."""
        try:
            self.qmp.execute("quit")
        except QmpClosed:
            pass
        self.wait()

    # ---- what there is to see ----

    def serial(self):
        """What the guest wrote to COM1, as text with plain line ends."""
        try:
            with open(self.serial_path, "rb") as file:
                return file.read().decode("ascii", "backslashreplace").replace("\r\n", "\n")
        except FileNotFoundError:
            return ""

    def stderr(self):
        with open(self._stderr_path, "rb") as file:
            return file.read().decode("utf-8", "backslashreplace")

    def registers(self):
        """CPU 0 as the monitor's `info registers` shows it."""
        return self.qmp.monitor("info registers")

    def halted_for_ever(self):
        """Whether CPU 0 sits in HLT with interrupts off."""
        try:
            registers = self.registers()
        except QmpClosed:
            return False
        flags = re.search(r"\b[ER]FL=([0-9a-f]+)", registers)
        halted = re.search(r"\bHLT=(\d)", registers)
        return (halted is not None and halted.group(1) == "1"
                and flags is not None and not int(flags.group(1), 16) & INTERRUPT_FLAG)

    def instruction_pointer(self):
        return int(re.search(r"\b[ER]IP=([0-9a-f]+)", self.registers()).group(1), 16)

    def physical_memory(self, address, size):
        path = os.path.join(self.directory, "memory")
        self.qmp.execute("pmemsave", val=address, size=size, filename=path)
        with open(path, "rb") as file:
            return file.read()

    def text_screen(self):
        return TextScreen(self.physical_memory(TEXT_SCREEN_ADDRESS, TEXT_SCREEN_BYTES))

    def screendump(self, path, form="png"):
        """The picture a person would see, as PNG or, which is read faster, as PPM."""
        self.qmp.execute("screendump", filename=str(path), format=form)

    def resets(self):
        """Why the guest reset or shut down: triple faults and keyboard resets end here."""
        return [f"{event['event']} ({event.get('data', {}).get('reason', 'no reason given')})"
                for event in self.qmp.events
                if event["event"] in ("RESET", "SHUTDOWN", "GUEST_PANICKED")
                and event.get("data", {}).get("reason") not in OUR_OWN_REASONS]

    def _where_it_hangs(self):
        try:
            return f"---- screen ----\n{self.text_screen().show()}\n{self.registers()}"
        except (QmpClosed, QmpError, OSError):
            return ""

    def ending(self):
        """How the run ended, in words."""
        if self.timed_out:
            return f"timed out after {self.timeout:g} s"
        status = self.process.poll()
        if status is None:
            return "still running"
        if status < 0:
            return f"killed by signal {signal.Signals(-status).name}"
        cause = ", ".join(self.resets())
        return f"exit status {status}" + (f" after {cause}" if cause else "")

    def report(self):
        """All a person needs to see why a run failed."""
        return (f"ended: {self.ending()}\n"
                f"command: {' '.join(self.command)}\n"
                f"---- serial ----\n{self.serial()}\n"
                f"---- QEMU's messages ----\n{self.stderr()}{self._last_state}----\n")
