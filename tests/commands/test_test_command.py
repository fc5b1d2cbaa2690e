"""bootimage test: what passes, and that each way to fail is told as what it was."""

import os
import re
import shutil
import signal
import subprocess
import sys
import unittest

from harness.disk_image import hard_disk_iso
from harness.elf_file import PAGE
from harness.environment import build_path, create_image, skip_without
from harness.qemu import QEMU
from machines import (BASE, BOOTED, HALT, KEYBOARD_RESET, SIGNALS, SPIN, SWITCH_OFF, TRIPLE_FAULT,
                      WORK_A_WHILE, MachineCase, kernel, leave)

from elf_symbols import symbol_sections, with_sections  # noqa: E402 (machines has the way to it)

SUCCESS, FAILURE = 0x10, 0x11


class TestCase(MachineCase):
    def setUp(self):
        super().setUp()
        skip_without(QEMU)

    def check_passes(self, *arguments):
        done = self.run_command("test", *arguments)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assertRegex(done.stdout, r"\A[^\n]*: passed: [^\n]*\n\Z")

    def check_fails(self, image, pattern, *arguments, status=1, serial=BOOTED):
        """One line that says why, then all of serial. Gives standard error."""
        done = self.run_command("test", image, *arguments)
        self.assertEqual((done.returncode, done.stdout), (status, ""), done.stderr)
        first, rest = done.stderr.split("\n", 1)
        self.assertRegex(first, rf"\Abootimage: {re.escape(image)}: {pattern}")
        if serial is not None:
            self.assertIn(f"---- serial ----\n{serial.decode().replace(chr(13), '')}---- end of "
                          "serial ----\n", rest)
        return done.stderr


class Passes(TestCase):
    def test_kernel_that_reports_success(self):
        self.check_passes(self.boot_image(leave(SUCCESS)))

    def test_expected_text(self):
        image = self.boot_image(leave(SUCCESS), text=b"one\r\ntwo 123\r\nthree\r\n")
        self.check_passes(image, "--expect", "two [0-9]+")
        self.check_passes(image, "--expect=^two 123$", "--expect", "^(three|four)$")

    def test_other_statuses(self):
        self.check_passes(self.boot_image(leave(FAILURE)), "--exit-code", "35")
        self.check_passes(self.boot_image(SWITCH_OFF), "--exit-code", "0", "--expect", "here")

    def test_line_that_looks_like_the_loaders(self):
        """A kernel may say what it likes, and run on."""
        image = self.boot_image(WORK_A_WHILE, leave(SUCCESS), text=b"firstlight: hello\r\n")
        self.check_passes(image, "--expect", "^firstlight: hello$")

    def test_zeros_on_serial(self):
        code = bytes.fromhex("66baf803 b000 ee b041 ee") + leave(SUCCESS)  # out 0; out 'A'
        self.check_passes(self.boot_image(code), "--expect", "A")

    def test_guest_writes_do_not_reach_the_image(self):
        # Selects the IDE disk's LBA 0 for a write of one sector of words.
        write = bytes.fromhex("66baf601 b0e0 ee 66baf201 b001 ee ffc2 b000 ee ffc2 ee ffc2 ee "
                              "66baf701 b030 ee ec a808 74fb 66baf001 b900010000 66ef e2fc "
                              "66baf701 ec a880 75fb b0e7 ee ec a880 75fb")
        image = self.boot_image(write, leave(SUCCESS))
        before = self.read("image.bin")
        self.check_passes(image)
        self.assertEqual(self.read("image.bin"), before)
        done = self.run_command("run", "--serial", image)  # the same kernel, and it counts
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertNotEqual(self.read("image.bin"), before)

    def test_names_with_commas_and_colons(self):
        self.boot_image(leave(SUCCESS), name="a,b:c,,d.bin")
        done = subprocess.run([os.environ["FIRSTLIGHT_BOOTIMAGE"], "test", "a,b:c,,d.bin"],
                              cwd=self.folder, capture_output=True, text=True, check=False)
        self.assertEqual((done.returncode, done.stderr), (0, ""))

    def test_other_forms_of_image(self):
        skip_without("qemu-img")
        raw = self.boot_image(leave(SUCCESS))
        for form in ("vmdk", "vpc"):
            image = self.path(f"image.{form}")
            subprocess.run(["qemu-img", "convert", "-f", "raw", "-O", form, raw, image], check=True)
            self.check_passes(image)

    def test_cd(self):
        skip_without("genisoimage")
        image = self.boot_image(leave(SUCCESS))
        self.check_passes(hard_disk_iso(image, self.folder))

    def test_two_at_once(self):
        image = self.boot_image(WORK_A_WHILE, leave(SUCCESS))
        command = [os.environ["FIRSTLIGHT_BOOTIMAGE"], "test", image]
        both = [subprocess.Popen(command, stdout=subprocess.DEVNULL) for _ in range(2)]
        self.assertEqual([one.wait() for one in both], [0, 0])

    def test_arguments_for_qemu(self):
        """Firstlight's own kernel tells how much memory it found."""
        image = build_path("firstlight-exit.bin")
        self.check_passes(image, "--expect", "usable memory: 63 MiB", "--", "-m", "64M")

    def test_leaves_nothing_behind(self):
        image = self.boot_image(leave(SUCCESS))
        temporary = self.path("temporary")
        os.mkdir(temporary)
        before = sorted(os.listdir(self.folder))
        done = self.run_command("test", image, environment={"TMPDIR": temporary})
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(os.listdir(temporary), [])
        self.assertEqual(sorted(os.listdir(self.folder)), before)


class Fails(TestCase):
    def test_wrong_status(self):
        self.check_fails(self.boot_image(leave(FAILURE)),
                         r"wrong exit status 35 \(11h at port f4h\), expected 33 \(10h at port "
                         r"f4h\)$")

    def test_success_where_failure_is_expected(self):
        self.check_fails(self.boot_image(leave(SUCCESS)), "wrong exit status 33 .*, expected 35",
                         "--exit-code", "35")

    def test_switched_off(self):
        self.check_fails(self.boot_image(SWITCH_OFF),
                         "the guest switched the machine off: wrong exit status 0, expected 33")

    def test_triple_fault(self):
        self.check_fails(self.boot_image(TRIPLE_FAULT),
                         "triple fault at RIP ffffffff800000[0-9a-f]{2}: an exception")

    def test_function_in_which_it_ended(self):
        """By the symbols that the image carries."""
        code = kernel(BOOTED, TRIPLE_FAULT)
        place = BASE + code.index(TRIPLE_FAULT + BOOTED) % PAGE
        for symbols, name in (([("first", BASE), ("second", place)], r" \(second\+0h\)"),
                              ([("first", place - 27), ("later", place + 1)], r" \(first\+1bh\)"),
                              ([("later", place + 1)], "")):
            named = with_sections(code, symbol_sections(symbols))
            image = create_image(self.write("named.elf", named), self.path("named.bin"))
            self.check_fails(image, rf"triple fault at RIP {place:x}{name}: ")

    def test_triple_fault_where_status_0_is_expected(self):
        """QEMU by itself would end with 0."""
        self.check_fails(self.boot_image(TRIPLE_FAULT), "triple fault", "--exit-code", "0")

    def test_keyboard_reset(self):
        self.check_fails(self.boot_image(KEYBOARD_RESET),
                         "the guest reset the machine at RIP [0-9a-f]{16}, not by a triple fault$")

    def test_triple_fault_with_a_log_of_the_users_own(self):
        log = self.path("log")
        self.check_fails(self.boot_image(TRIPLE_FAULT), "the guest reset the machine at RIP "
                         "[0-9a-f]{16}, perhaps by a triple fault$", "--", "-d", "int", "-D", log)
        self.assertIn(b"v=06", self.read("log"))  # the exception, as the message promises

    def test_hang(self):
        image = self.boot_image(SPIN)
        self.check_fails(image, r"timed out after 3 s: CPU 0 was running at RIP ffffffff80000",
                         "--timeout", "3", "--qemu", self.qemu_that_tells_its_process())
        self.check_gone(self.wait_for_process())

    def test_halt(self):
        self.check_fails(self.boot_image(HALT), "timed out after 3 s: CPU 0 was halted with "
                         "interrupts off at RIP ffffffff80000", "--timeout", "3")

    def test_text_missing(self):
        image = self.boot_image(leave(SUCCESS))
        self.check_fails(image, "text missing: nothing on serial matches 'kernel was here'$",
                         "--expect", "kernel was here")

    def test_text_in_the_wrong_order(self):
        self.check_fails(self.boot_image(leave(SUCCESS)), "text missing: nothing on serial matches "
                         "'kernel' behind what the pattern before it matched$",
                         "--expect", "here", "--expect", "kernel")

    def test_text_over_two_lines(self):
        self.check_fails(self.boot_image(leave(SUCCESS), text=b"a\r\nb\r\n"), "text missing",
                         "--expect", "a.b", serial=b"a\r\nb\r\n")

    def test_escapes(self):
        """What a terminal would obey is shown, not sent."""
        text = b"\x1b[2J\x07\xff\ttab\r\n"
        self.check_fails(self.boot_image(TRIPLE_FAULT, text=text), "triple fault",
                         serial=rb"\x1b[2J\x07\xff" + b"\ttab\n")

    def test_long_log_is_cut(self):
        lines = b"".join(b"line %04d\r\n" % number for number in range(3000))
        error = self.check_fails(self.boot_image(TRIPLE_FAULT, text=lines), "triple fault",
                                 serial=None)
        self.assertRegex(error, r"---- serial, the last 16\d\d\d of 30000 bytes ----\nline \d{4}\n")
        self.assertIn("line 2999\n---- end of serial", error)
        self.assertNotIn("line 1000\n", error)

    def test_serial_without_end(self):
        """Much faster than a kernel could be: a stand-in for QEMU fills the log to its brim."""
        program = ("import re, sys, socket, time; "
                   "number = int(re.search('id=serial,fd=([0-9]+)', ' '.join(sys.argv))[1]); "
                   "serial = socket.socket(fileno=number); "
                   "[serial.sendall(b'x' * (1 << 20)) for _ in range(65)]; time.sleep(3600)")
        flood = self.script(f'exec "{sys.executable}" -c "{program}" "$@"')
        error = self.check_fails(self.boot_image(SPIN), "more than 64 MiB came on serial$",
                                 "--qemu", flood, serial=None)
        self.assertLess(len(error), 20000)

    def test_nothing_on_serial(self):
        error = self.check_fails(self.boot_image(TRIPLE_FAULT, text=b""), "triple fault",
                                 serial=None)
        self.assertTrue(error.endswith("\n---- nothing came on serial ----\n"), error)

    def test_error_of_the_loader(self):
        """Told at once, though the loader halts for ever."""
        marker = b"damage goes here"
        content = self.write("kernel.elf", kernel(b"", leave(SUCCESS)) + marker)
        module = self.write("module", marker * 100)
        image = create_image(content, self.path("image.bin"), modules=[("m", module)])
        with open(image, "r+b") as file:
            file.seek(self.read("image.bin").index(marker))
            file.write(b"D")
        error = self.check_fails(image, "the loader did not boot it, and said why$",
                                 "--timeout", "3000", serial=None)
        self.assertRegex(error.split("\n")[1],
                         rf"\Abootimage: {re.escape(image)}: firstlight: m is damaged")
        self.assertRegex(error, r"---- serial ----\n\nfirstlight: m is damaged")

    def test_killed(self):
        """By somebody else."""
        image = self.boot_image(SPIN)
        tool = subprocess.Popen([os.environ["FIRSTLIGHT_BOOTIMAGE"], "test", image, "--qemu",
                                 self.qemu_that_tells_its_process()],
                                stderr=subprocess.PIPE, text=True)
        os.kill(self.wait_for_process(), signal.SIGKILL)
        _, error = tool.communicate()
        self.assertEqual(tool.returncode, 1)
        self.assertIn(f"bootimage: {image}: QEMU was ended by signal 9 (Killed)\n", error)

    def test_ended_from_outside(self):
        image = self.boot_image(SPIN)
        tool = subprocess.Popen([os.environ["FIRSTLIGHT_BOOTIMAGE"], "test", image, "--exit-code",
                                 "1", "--qemu", self.qemu_that_tells_its_process()],
                                stderr=subprocess.PIPE, text=True)
        process = self.wait_for_process()
        end = 0
        while tool.poll() is None and end < 100:  # before it handles signals, they kill it
            os.kill(process, signal.SIGTERM)
            end += 1
            try:
                tool.wait(0.2)
            except subprocess.TimeoutExpired:
                pass
        _, error = tool.communicate()
        self.assertEqual(tool.returncode, 1)
        self.assertRegex(error, "QEMU was ended (from outside|by signal 15)")

    def test_qemu_that_does_not_answer(self):
        image = self.boot_image(SPIN)
        deaf = self.script(f'trap "" TERM; echo $$ > "{self.path("process")}"; '
                           'while :; do sleep 1; done')
        self.check_fails(image, "timed out after 1 s, and QEMU does not answer$", "--timeout", "1",
                         "--qemu", deaf, serial=None)
        self.check_gone(self.wait_for_process())


class NotTried(TestCase):
    def check_not_tried(self, *arguments, text, run=None):
        done = (run or self.run_command)("test", *arguments)
        self.check_one_line(done, 3, text)

    def test_no_image(self):
        self.check_not_tried(self.path("missing.bin"), text="missing.bin: cannot be read: No such")
        self.check_not_tried(self.folder, text="cannot be read: Is a directory")

    def test_empty_image(self):
        done = self.run_command("test", self.write("empty.bin", b""))
        self.check_one_line(done, 1, "empty.bin: is empty")

    def test_no_such_qemu(self):
        image = self.boot_image(leave(SUCCESS))
        text = "is no program that can be run"
        self.check_not_tried(image, "--qemu", "no-such-qemu", text=f"'no-such-qemu', which {text}")
        self.check_not_tried(image, "--qemu", self.path("none"), text=text)
        self.check_not_tried(image, "--qemu", self.folder, text=text)
        self.check_not_tried(image, "--qemu", self.write("data", b"data"), text=text)

    def test_qemu_by_environment(self):
        image = self.boot_image(leave(SUCCESS))
        done = self.run_command("test", image, environment={"QEMU": "no-such-qemu"})
        self.check_one_line(done, 3, "the environment variable QEMU names 'no-such-qemu'")
        for value in ("", QEMU, shutil.which(QEMU)):
            done = self.run_command("test", image, environment={"QEMU": value})
            self.assertEqual(done.returncode, 0, done.stderr)

    def test_qemu_at_a_usual_place(self):
        if os.path.dirname(shutil.which(QEMU)) != "/usr/bin":
            self.skipTest(f"{QEMU} is not in /usr/bin")
        image = self.boot_image(leave(SUCCESS))
        done = self.run_command("test", image, environment={"PATH": self.folder})
        self.assertEqual(done.returncode, 0, done.stderr)

    def test_qemu_not_installed(self):
        """In a mount namespace without the usual places."""
        if os.geteuid() != 0:
            self.skipTest("only root can hide /usr/bin from a program")
        image = self.boot_image(leave(SUCCESS))
        empty = self.path("empty")
        os.mkdir(empty)
        done = subprocess.run(
            ["unshare", "--mount", "sh", "-c",
             'mount --bind "$1" /usr/bin && exec "$2" test "$3"', "sh", empty,
             os.environ["FIRSTLIGHT_BOOTIMAGE"], image],
            env={"PATH": "/usr/bin:/bin:/usr/sbin:/sbin"}, capture_output=True, text=True,
            check=False)
        if "mount:" in done.stderr or "unshare:" in done.stderr:
            self.skipTest(f"no mount namespaces here: {done.stderr}")
        self.check_one_line(done, 3, "qemu-system-x86_64 was not found: install QEMU")

    def test_qemu_that_is_not_executable_code(self):
        image = self.boot_image(leave(SUCCESS))
        bad = self.script("", name="bad")
        self.write("bad", b"#!/no/such/interpreter\n")
        self.check_not_tried(image, "--qemu", bad, text="bad cannot be started: No such file")

    def test_wrong_arguments_for_qemu(self):
        image = self.boot_image(leave(SUCCESS))
        done = self.run_command("test", image, "--", "-no-such-option")
        self.assertEqual(done.returncode, 3)
        self.assertRegex(done.stderr, r"-no-such-option: invalid option\nbootimage: [^\n]*: QEMU "
                                      r"ended with status 1 before the machine started\n\Z")

    def test_stand_in_that_only_exits(self):
        """Nobody vouches for a status that no machine gave."""
        self.check_not_tried(self.boot_image(leave(SUCCESS)), "--qemu", self.script("exit 33"),
                             text="QEMU ended with status 33 before the machine started")


class Ends(TestCase):
    def test_with_the_tool(self):
        image = self.boot_image(SPIN)
        for signal_number in SIGNALS:
            with self.subTest(signal=signal_number):
                self.check_ends_with_tool(signal_number, "test", image, "--qemu",
                                          self.qemu_that_tells_its_process())
                os.unlink(self.path("process"))


class WrongUsage(MachineCase):
    def check(self, *arguments, text):
        self.check_one_line(self.run_command("test", *arguments), 2, text)

    def test_values(self):
        for value in ("0", "86401", "-1", "", "1.5", "1s", " 1", "99999999999999999999"):
            self.check("i", f"--timeout={value}", text=f"1 to 86400 seconds, and is not '{value}'")
        for value in ("256", "-1", "", "0x21", "999999"):
            self.check("i", f"--exit-code={value}", text=f"0 to 255, and is not '{value}'")

    def test_patterns(self):
        for pattern in ("(", "[a", "a{2,1}", "*("):
            self.check("i", "--expect", pattern, text=f"--expect: '{pattern}' is no POSIX extended")
        self.check("i", *["--expect", "a"] * 33, text="more than 32 patterns, with 'a'")

    def test_image(self):
        self.check(text="'IMAGE' is missing")
        self.check("a", "b", text="second time")
        self.check("--", "a", text="'IMAGE' is missing")


if __name__ == "__main__":
    unittest.main()
