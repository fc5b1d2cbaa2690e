"""gdb and emulator in a terminal and under a front end: who gets Ctrl-C, and that neither outlives the
other."""

import os
import pty
import re
import select
import shutil
import subprocess
import tempfile
import time
import unittest

from gdb_session import SECONDS, gdb_script, skip_without_gdb, start_command
from harness.environment import build_path
from harness.process import die_with_parent

PROMPT = r"\(gdb\) $"
GONE_SECONDS = 20


def processes_with(text):
    """The command lines that have `text` in them, by process."""
    found = {}
    for number in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{number}/cmdline", "rb") as file:
                line = file.read().decode("utf-8", "replace").replace("\0", " ")
        except OSError:
            continue
        if text in line:
            found[int(number)] = line
    return found


class EndsTest(unittest.TestCase):
    def setUp(self):
        skip_without_gdb()
        if not os.path.isdir("/proc/self"):
            self.skipTest("there is no /proc to look for processes in")
        # The emulator's socket lies in there: its command line tells it from all others'.
        self.folder = tempfile.mkdtemp(prefix="firstlight-")
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)
        self.environment = {name: value for name, value in os.environ.items()
                            if name not in ("DISPLAY", "WAYLAND_DISPLAY", "GDB")}
        self.environment.update(TMPDIR=self.folder, TERM="dumb")

    def emulators(self):
        return processes_with(f"unix:{self.folder}/")

    def check_all_gone(self):
        deadline = time.monotonic() + GONE_SECONDS
        while self.emulators():
            self.assertLess(time.monotonic(), deadline, f"still there: {self.emulators()}")
            time.sleep(0.1)


class Terminal:
    """A program in a terminal of its own: what it writes, and what is typed."""

    def __init__(self, command, environment):
        self.pid, self.descriptor = pty.fork()
        if self.pid == 0:
            die_with_parent()
            os.execvpe(command[0], command, environment)
        self.text, self.status = "", None

    def read_until(self, pattern):
        """Until what was written since the last call matches; gives it."""
        deadline = time.monotonic() + SECONDS
        while re.search(pattern, self.text) is None:
            if time.monotonic() > deadline:
                raise AssertionError(f"{pattern!r} is not among {self.text!r}")
            if select.select([self.descriptor], [], [], 1)[0]:
                try:
                    self.text += os.read(self.descriptor, 65536).decode().replace("\r\n", "\n")
                except OSError:  # the other end is closed
                    raise AssertionError(f"ended without {pattern!r}: {self.text!r}") from None
        text, self.text = self.text, ""
        return text

    def type(self, text):
        os.write(self.descriptor, text.encode())

    def command(self, line):
        self.type(line + "\n")
        return self.read_until(PROMPT)

    def wait(self):
        """Until it ends; gives its status."""
        self.status = os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])
        return self.status

    def close(self):
        os.close(self.descriptor)
        if self.status is None:
            self.wait()


class InATerminal(EndsTest):
    def terminal(self, *command):
        terminal = Terminal(command, self.environment)
        self.addCleanup(terminal.close)
        return terminal

    def test_debug_target(self):
        """Ctrl-C stops the machine, and neither the build tool nor the emulator; `quit` ends all."""
        terminal = self.terminal(
            "sh", "-c", 'cmake --build "$0" --target debug; echo "ended with $?"',
            os.environ["FIRSTLIGHT_BUILD"])
        self.assertIn("firstlight: real mode", terminal.read_until(PROMPT))
        self.assertTrue(self.emulators())
        terminal.command("firstlight breakpoints kernel")
        terminal.command("set confirm off")
        self.assertRegex(terminal.command("continue"), r"_start \(\) at ")
        terminal.type("continue\n")
        terminal.read_until("usable memory: ")  # what the kernel prints on COM1
        terminal.type("\x03")
        self.assertIn("received signal SIGINT", terminal.read_until(PROMPT))
        self.assertIn("kernel_main", terminal.command("backtrace"))
        terminal.type("quit\n")
        terminal.read_until("(?m)^ended with 0$")
        self.check_all_gone()

    def test_gdb_ends_when_the_machine_has(self):
        terminal = self.terminal("gdb", "-nx", "-q", "-x", gdb_script())
        terminal.read_until(PROMPT)
        terminal.command(start_command(build_path("firstlight-exit.bin"), "/dev/null"))
        terminal.command("firstlight breakpoints none")
        terminal.type("continue\n")
        terminal.read_until("the emulator ended with status 33")
        self.assertEqual(terminal.wait(), 33)
        self.check_all_gone()


class WithoutATerminal(EndsTest):
    def check_end(self, start, last_command):
        path = os.path.join(self.folder, "commands")
        with open(path, "w", encoding="utf-8") as file:
            file.write(f"source {gdb_script()}\n{start}\npython import os\n"
                       f"shell touch {self.folder}/started\n{last_command}\n")
        subprocess.run(["gdb", "-nx", "-q", "-batch", "-x", path], stdin=subprocess.DEVNULL,
                       stdout=subprocess.DEVNULL, env=self.environment, timeout=SECONDS,
                       preexec_fn=die_with_parent, check=False)
        self.assertTrue(os.path.exists(os.path.join(self.folder, "started")))
        self.check_all_gone()

    def by_qemu(self):
        return start_command(build_path("firstlight.bin"), "/dev/null")

    def by_bootimage(self):
        return (f"firstlight start {os.environ['FIRSTLIGHT_BOOTIMAGE']} run --debug "
                f"{build_path('firstlight.bin')} -- -snapshot")

    def test_script_ends(self):
        self.check_end(self.by_qemu(), "info registers rip")
        self.check_end(self.by_bootimage(), "info registers rip")

    def test_gdb_is_killed(self):
        self.check_end(self.by_qemu(), "python os.kill(os.getpid(), 9)")
        self.check_end(self.by_bootimage(), "python os.kill(os.getpid(), 9)")

    def test_nothing_is_left_in_the_temporary_folder(self):
        self.check_end(self.by_qemu(), "continue")
        self.assertEqual(sorted(os.listdir(self.folder)), ["commands", "started"])


class UnderAFrontEnd(EndsTest):
    """Editors speak GDB/MI: gdb is started with the kernel, and asked to continue again and again."""

    def test_the_same_stops(self):
        kernel = build_path("tests", "boot", "boot_mappings_pie.elf")
        gdb = subprocess.Popen(["gdb", "-nx", "-q", "--interpreter=mi3", kernel],
                               stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
                               env=self.environment, preexec_fn=die_with_parent)
        try:
            for line in (f"source {gdb_script()}", "firstlight kernel",
                         start_command(build_path("tests", "boot", "mappings_pie.bin"), "/dev/null")):
                self.ask(gdb, '-interpreter-exec console "' + line.replace("\\", "\\\\") + '"',
                         r"\^done")
            self.ask(gdb, "-break-insert -f kernel_main", r"\^done")
            for function in ("mbr", "stage2_main", "handover_code.last_jump", "_start",
                             "kernel_main"):
                stop = self.ask(gdb, "-exec-continue", r"\*stopped,")
                self.assertIn('reason="breakpoint-hit"', stop)
                self.assertIn(f'func="{function}"', stop)
            self.ask(gdb, "-gdb-exit", r"\^exit")
        finally:
            gdb.kill()
            gdb.wait()
            gdb.stdin.close()
            gdb.stdout.close()
        self.check_all_gone()

    def ask(self, gdb, command, pattern):
        """Sends a command; gives the record that answers it."""
        gdb.stdin.write(command + "\n")
        gdb.stdin.flush()
        for line in gdb.stdout:
            self.assertFalse(line.startswith("^error"), f"{command}: {line}")
            if re.match(pattern, line):
                return line
        raise AssertionError(f"gdb ended behind {command}")


if __name__ == "__main__":
    unittest.main()
