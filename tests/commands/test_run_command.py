"""bootimage run: which QEMU it starts with which arguments, and what it makes of QEMU's status."""

import os
import pty
import select
import signal
import subprocess
import termios
import time
import unittest

from harness.environment import skip_without
from harness.gdb_stub import GdbStub
from harness.qemu import QEMU, option_value
from machines import (SECONDS, SIGNALS, SPIN, SWITCH_OFF, TRIPLE_FAULT, MachineCase, leave)

SUCCESS, FAILURE = 0x10, 0x11
RESET_VECTOR = 0xFFF0
SECTOR = 512
ISO_MARK = 32769  # where ISO 9660 has its identifier
EXIT_DEVICE = "isa-debug-exit,iobase=0xf4,iosize=4"


class Arguments(MachineCase):
    """A stand-in for QEMU records its arguments: no window can be looked at here."""

    def record(self, *arguments, name="image.bin", content=b"disk", **environment):
        image = self.write(name, content)
        qemu = self.script(f'printf "%s\\n" "$@" > "{self.path("arguments")}"')
        done = self.run_command("run", image, "--qemu", qemu, *arguments, environment=environment)
        self.assertEqual(done.stdout, "")
        return self.read("arguments").decode().split("\n")[:-1], done

    def check_window(self, *arguments, **environment):
        got, _ = self.record(*arguments, **environment)
        self.assertNotIn("-display", got)
        self.assertNotIn("-serial", got)

    def check_serial(self, *arguments, **environment):
        got, _ = self.record(*arguments, **environment)
        self.assertEqual(got[got.index("-display") + 1], "none")
        self.assertEqual(got[got.index("-serial") + 1], "stdio")

    def test_window_where_there_is_a_display(self):
        self.check_window(DISPLAY=":0")
        self.check_window(WAYLAND_DISPLAY="wayland-0")
        self.check_window("--display")

    def test_serial_where_there_is_none(self):
        self.check_serial()
        self.check_serial(DISPLAY="", WAYLAND_DISPLAY="")
        self.check_serial("--serial", DISPLAY=":0")

    def test_another_image_without_a_display(self):
        other = self.write("other.bin", b"other")
        for options, environment, booted in (
                ((), {}, other), (("--serial",), {"DISPLAY": ":0"}, other),
                ((), {"WAYLAND_DISPLAY": "wayland-0"}, self.path("image.bin")),
                (("--display",), {}, self.path("image.bin"))):
            got, done = self.record("--without-display", other, *options, **environment)
            self.assertEqual(got[1], f"format=raw,file={booted}")
            self.assertEqual("-display" in got, booted == other)
            self.assertEqual(f"bootimage: {other} boots, without a display: this is its serial line\n"
                             in done.stderr, booted == other)

    def test_image_and_exit_device(self):
        for name in ("image.bin", "with,comma and:colon.bin"):
            got, _ = self.record(name=name)
            drive = f"format=raw,file={option_value(self.path(name))}"
            self.assertEqual(got[:2], ["-drive", drive])
            self.assertIn(EXIT_DEVICE, got)
            self.assertIn("-no-reboot", got)

    def test_forms_of_images(self):
        footer = b"conectix".ljust(SECTOR, b"\0")
        for content, options in ((b"y", "format=raw"), (b"x" * SECTOR, "format=raw"),
                                 (bytes(ISO_MARK) + b"CD001", "media=cdrom,format=raw"),
                                 (bytes(ISO_MARK) + b"CD00", "format=raw"),
                                 (b"KDMV", "format=vmdk"), (footer + bytes(SECTOR), "format=vpc"),
                                 (bytes(SECTOR) + footer, "format=vpc"),
                                 (bytes(SECTOR) + footer + b"x", "format=raw")):
            got, _ = self.record(content=content)
            self.assertEqual(got[1], f"{options},file={self.path('image.bin')}")

    def test_arguments_after_dashes_come_last(self):
        more = ["-m", "64M", "--serial", "-drive", "a b", "--", "--help", ""]
        got, _ = self.record("--", *more)
        self.assertEqual(got[-len(more):], more)

    def test_debug(self):
        got, done = self.record("--debug")
        self.assertIn("-S", got)
        self.assertEqual(got[got.index("-gdb") + 1], "tcp:127.0.0.1:1234")
        self.assertIn("gdb KERNEL.elf -ex 'target remote 127.0.0.1:1234'\n", done.stderr)
        self.assertNotIn("-gdb", self.record()[0])

    def test_debug_with_a_stub_of_the_users_own(self):
        for more in (["-gdb", "tcp::99"], ["--gdb", "tcp::99"], ["-s"]):
            got, done = self.record("--debug", "--", *more)
            self.assertEqual([a for a in got if "gdb" in a], [a for a in more if "gdb" in a])
            self.assertIn("where its own arguments say", done.stderr)

    def test_wrong_usage(self):
        for arguments, text in ((["--display", "--serial"], "--display excludes '--serial'"),
                                (["--quick"], "unknown option '--quick'"),
                                (["--timeout", "0"], "1 to 86400 seconds, and is not '0'"),
                                (["--timeout", "1m"], "1 to 86400 seconds, and is not '1m'"),
                                (["second"], "second time")):
            done = self.run_command("run", "image", *arguments)
            self.check_one_line(done, 2, text)
        self.check_one_line(self.run_command("run"), 2, "'IMAGE' is missing")

    def test_no_image(self):
        self.check_one_line(self.run_command("run", self.path("none")), 3, "none: cannot be read")
        self.check_one_line(self.run_command("run", self.write("image.bin", b"x"), "--serial",
                                             "--without-display", self.path("other")),
                            3, "other: cannot be read")

    def test_no_qemu(self):
        done = self.run_command("run", self.write("image.bin", b"x"), "--qemu", "no-such-qemu")
        self.check_one_line(done, 3, "no-such-qemu")

    def test_no_machine_starts(self):
        """Whatever the program gives back, nothing was booted."""
        for status in (0, 33, 7):
            done = self.run_command("run", self.write("image.bin", b"x"), "--qemu",
                                    self.script(f"exit {status}"))
            self.check_one_line(done, 3, f"QEMU ended with status {status} before the machine "
                                         "started")


class Boots(MachineCase):
    def setUp(self):
        super().setUp()
        skip_without(QEMU)

    def check(self, image, status, error, *arguments):
        done = self.run_command("run", "--serial", image, *arguments)
        self.assertEqual(done.returncode, status, done.stderr)
        self.assertEqual(done.stdout, "kernel is here\n")
        self.assertRegex(done.stderr, rf"\A{error}\Z")

    def test_success(self):
        self.check(self.boot_image(leave(SUCCESS)), 0, "")

    def test_switched_off(self):
        self.check(self.boot_image(SWITCH_OFF), 0, "")

    def test_other_status(self):
        self.check(self.boot_image(leave(FAILURE)), 35, "bootimage: [^\n]*: QEMU ended with status "
                   r"35 \(11h at port f4h\)\n")

    def test_triple_fault(self):
        self.check(self.boot_image(TRIPLE_FAULT), 1, "bootimage: [^\n]*: triple fault at RIP "
                   "ffffffff8[^\n]*\n")

    def test_another_image(self):
        other = self.boot_image(leave(SUCCESS), name="other.bin")
        self.check(self.boot_image(SPIN), 0, "bootimage: [^\n]*other.bin boots[^\n]*\n",
                   "--without-display", other)

    def test_time_out(self):
        image = self.boot_image(SPIN)
        self.check(image, 1, r"bootimage: [^\n]*: timed out after 3 s: CPU 0 was running at RIP [^\n]*\n",
                   "--timeout", "3")

    def test_serial_input(self):
        """The kernel leaves with the byte that it reads from COM1."""
        read = bytes.fromhex("66bafd03 ec a801 74fb 66baf803 ec e6f4") + SPIN
        image = self.boot_image(read)
        tool = subprocess.Popen([os.environ["FIRSTLIGHT_BOOTIMAGE"], "run", "--serial", image],
                                stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                stderr=subprocess.DEVNULL)
        self.assertIn(b"kernel is here", tool.stdout.readline())  # before that, it would get lost
        tool.communicate(bytes([FAILURE]), SECONDS)
        self.assertEqual(tool.returncode, 35)

    def test_killed(self):
        image = self.boot_image(SPIN)
        tool = subprocess.Popen(
            [os.environ["FIRSTLIGHT_BOOTIMAGE"], "run", "--serial", image, "--qemu",
             self.qemu_that_tells_its_process()], stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        os.kill(self.wait_for_process(), signal.SIGKILL)
        _, error = tool.communicate()
        self.assertEqual(tool.returncode, 128 + signal.SIGKILL)
        self.assertIn("QEMU was ended by signal 9 (Killed)", error)

    def test_ends_with_the_tool(self):
        image = self.boot_image(SPIN)
        for signal_number in SIGNALS:
            with self.subTest(signal=signal_number):
                self.check_ends_with_tool(signal_number, "run", "--serial", image, "--qemu",
                                          self.qemu_that_tells_its_process())
                os.unlink(self.path("process"))

    def test_debugger(self):
        """Halted before the first instruction, and after a triple fault still there."""
        image = self.boot_image(TRIPLE_FAULT)
        path = self.path("gdb")
        tool = subprocess.Popen(
            [os.environ["FIRSTLIGHT_BOOTIMAGE"], "run", "--serial", "--debug", image, "--qemu",
             self.qemu_that_tells_its_process(), "--", "-gdb", f"unix:{path},server=on,wait=off"],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            process = self.wait_for_process()
            while not os.path.exists(path) and tool.poll() is None:
                time.sleep(0.02)
            stub = GdbStub(path, SECONDS)
            self.assertEqual(stub.registers().rip, RESET_VECTOR)
            stub.run_on()
            self.assertEqual(stub.registers().rip >> 8, 0xFFFFFFFF800000)
            stub.close()
        finally:
            tool.terminate()
            tool.wait()
        self.check_gone(process)


class OnTerminal(MachineCase):
    """QEMU changes the terminal to pass every key on to the guest."""

    def setUp(self):
        super().setUp()
        skip_without(QEMU)

    def end(self, how):
        """Boots on a terminal of its own, and has how(terminal, QEMU's process) end it. Gives the
        tool's status as waitpid has it."""
        image, qemu = self.boot_image(SPIN), self.qemu_that_tells_its_process()
        tool, terminal = pty.fork()
        if tool == 0:
            path = os.environ["FIRSTLIGHT_BOOTIMAGE"]
            os.execv(path, [path, "run", "--serial", image, "--qemu", qemu])
        try:
            shown = b""
            while b"kernel is here" not in shown:
                self.assertTrue(select.select([terminal], [], [], SECONDS)[0], "nothing comes")
                shown += os.read(terminal, 4096)
            process = self.wait_for_process()
            self.assertFalse(self.is_by_line(terminal))
            how(terminal, process)
            self.check_gone(process)
            self.check_by_line_again(terminal)
            return os.waitpid(tool, 0)[1]
        finally:
            os.close(terminal)

    @staticmethod
    def is_by_line(terminal):
        return bool(termios.tcgetattr(terminal)[3] & termios.ICANON)

    def check_by_line_again(self, terminal):
        end = time.monotonic() + SECONDS
        while not self.is_by_line(terminal) and time.monotonic() < end:
            time.sleep(0.02)
        self.assertTrue(self.is_by_line(terminal), "the terminal stays as QEMU had it")

    def test_ctrl_c(self):
        status = self.end(lambda terminal, _: os.write(terminal, b"\x03"))
        self.assertEqual(os.waitstatus_to_exitcode(status), -signal.SIGINT)

    def test_qemu_that_cannot_put_it_right(self):
        status = self.end(lambda _, process: os.kill(process, signal.SIGKILL))
        self.assertEqual(os.waitstatus_to_exitcode(status), 128 + signal.SIGKILL)


if __name__ == "__main__":
    unittest.main()
