"""The emulator as a child of gdb: it starts with its gdb stub on a socket of its own, and never
outlives gdb. Used by session.py."""

import ctypes
import errno
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time

import gdb

from firstlight_gdb.machine import Failure

START_SECONDS = 30
# In which the stub answers. gdb asks again after so long, 14 times; of a stub that was only slow it would then
# take the second answer for that to its next question.
ANSWER_SECONDS = 8
END_SECONDS = 5
PR_SET_PDEATHSIG = 1  # linux/prctl.h


def _die_with_gdb():
    """In the child: should gdb be killed, the emulator is too."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


class Emulator:
    """A running emulator. `command` starts it, halted (QEMU's -S); the option for the gdb stub is
    added to its end. A session of its own keeps the terminal's Ctrl-C from it."""

    def __init__(self, command):
        self.folder = tempfile.mkdtemp(prefix="firstlight-gdb-")
        self.socket = os.path.join(self.folder, "gdb")
        self.process = None
        self._deadline = time.monotonic() + START_SECONDS
        try:
            self.process = subprocess.Popen(
                [*command, "-gdb", f"unix:{self.socket},server=on,wait=off"],
                stdin=subprocess.DEVNULL, start_new_session=True, preexec_fn=_die_with_gdb)
            self._wait()
        except OSError as problem:
            self.end()
            raise Failure(f"cannot start {command[0]}: {problem.strerror}") from None
        except BaseException:
            self.end()
            raise

    def _wait(self):
        """Until the stub's socket is there."""
        while not os.path.exists(self.socket):
            self._pause()

    def _pause(self):
        if self.process.poll() is not None:
            raise Failure(f"the emulator ended at once with status {self.process.returncode}: "
                          "its message is above")
        if time.monotonic() > self._deadline:
            raise Failure(f"the emulator opens no gdb stub within {START_SECONDS} seconds")
        time.sleep(0.02)

    def attach(self):
        """Connects gdb to the stub: the socket is there a moment before anybody listens on it, and
        refuses until then; and somebody listens a moment before the stub answers."""
        while True:
            try:
                gdb.execute(f"with remotetimeout {ANSWER_SECONDS} -- target remote {self.socket}",
                            to_string=True)
                return
            except gdb.error as problem:
                refused = os.strerror(errno.ECONNREFUSED) in str(problem)
                if not refused and self.process.poll() is None:
                    raise
            self._pause()

    def end(self):
        """Ends it and what it started; does nothing where it has ended."""
        if self.process is not None:
            for number in (signal.SIGTERM, signal.SIGKILL):
                try:
                    os.killpg(self.process.pid, number)
                    self.process.wait(END_SECONDS)
                    break
                except ProcessLookupError:
                    self.process.wait()
                    break
                except subprocess.TimeoutExpired:
                    continue
        shutil.rmtree(self.folder, ignore_errors=True)

    def status(self):
        """The exit status once it has ended."""
        try:
            return self.process.wait(END_SECONDS)
        except subprocess.TimeoutExpired:
            return None


def own_terminal():
    """Makes gdb the terminal's foreground process group, alone: Ctrl-C is gdb's then, and not also
    that of the build tool that started it. Gives a function that puts it back."""
    try:
        terminal = os.open("/dev/tty", os.O_RDWR | os.O_CLOEXEC)
    except OSError:
        return lambda: None  # no terminal: nothing to share
    before = os.tcgetpgrp(terminal)
    signal.signal(signal.SIGTTOU, signal.SIG_IGN)
    signal.signal(signal.SIGTSTP, signal.SIG_IGN)  # nobody there would continue it
    if os.getpgrp() != os.getpid():
        os.setpgid(0, 0)
    os.tcsetpgrp(terminal, os.getpgrp())

    def put_back():
        try:
            os.tcsetpgrp(terminal, before)
        except OSError:
            pass  # that group has ended
    return put_back
