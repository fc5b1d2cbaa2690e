"""Shows that the harness sees every bad ending for what it is: tiny boot sectors that end in all the
ways a loader can go wrong, and the judgement on each."""

import os
import shutil
import signal
import subprocess
import tempfile
import unittest
import urllib.request
from unittest import mock

from harness import bochs, dosbox, expect, v86
from harness.disk_image import FLOPPY_1440K, error_rule, faulty_ide_disk
from harness.environment import skip_without
from harness.expect import BootFailure
from harness.http_disk import HttpDisk
from harness.qemu import Qemu, ide_disk

SOURCE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "sectors", "ending.asm")
HELLO = "^sector: hello$"
COMPLAINT = "complaint .* code 5A"
SHORT = 2.0  # seconds that a run which never ends gets


class SectorTest(unittest.TestCase):
    def setUp(self):
        self.directory = tempfile.mkdtemp(prefix="firstlight-")
        self.addCleanup(shutil.rmtree, self.directory)

    def sector(self, ending):
        path = os.path.join(self.directory, "disk.bin")
        subprocess.run(["nasm", "-f", "bin", f"-D{ending}", "-o", path, SOURCE], check=True)
        return path

    def qemu(self, ending):
        return [*ide_disk(self.sector(ending)), "-vga", "std"]

    def awkward_folder(self):
        """Temporary files go where QEMU's and Bochs's options are hard to get right."""
        folder = os.path.join(self.directory, "a space, a comma")
        os.mkdir(folder)
        self.directory = folder
        patch = mock.patch.object(tempfile, "tempdir", folder)
        patch.start()
        self.addCleanup(patch.stop)

    def assert_failure(self, reason, function, *arguments, **named):
        with self.assertRaises(BootFailure) as caught:
            function(*arguments, **named)
        self.assertRegex(str(caught.exception), reason)


class Boot(SectorTest):
    def test_success_passes(self):
        self.assertIn("sector: hello", expect.expect_boot(self.qemu("EXIT_SUCCESS"), [HELLO]))

    def test_awkward_folder_passes(self):
        self.awkward_folder()
        expect.expect_boot(self.qemu("EXIT_SUCCESS"), [HELLO])

    def test_awkward_folder_passes_with_faulty_disk(self):
        self.awkward_folder()
        disk = faulty_ide_disk(self.sector("EXIT_SUCCESS"), [error_rule(1)], self.directory)
        expect.expect_boot(disk, [HELLO])

    def test_wrong_exit_code_fails(self):
        self.assert_failure("ended: exit status 35", expect.expect_boot,
                            self.qemu("EXIT_WRONG"), [HELLO])

    def test_missing_line_fails(self):
        self.assert_failure("serial lacks 'goodbye'", expect.expect_boot,
                            self.qemu("EXIT_SUCCESS"), ["goodbye"])

    def test_lines_in_wrong_order_fail(self):
        self.assert_failure("in this order", expect.expect_boot,
                            self.qemu("EXIT_SUCCESS"), ["hello", "sector"])

    def test_triple_fault_fails(self):
        self.assert_failure(r"exit status 0 after SHUTDOWN \(guest-reset\)",
                            expect.expect_boot, self.qemu("TRIPLE_FAULT"), [HELLO])

    def test_triple_fault_fails_whatever_the_status(self):
        self.assert_failure("reset on the way|expected exit status", expect.expect_boot,
                            [*self.qemu("TRIPLE_FAULT"), "-action", "reboot=reset"],
                            [HELLO], timeout=SHORT)

    def test_keyboard_reset_fails(self):
        self.assert_failure(r"exit status 0 after SHUTDOWN \(guest-reset\)",
                            expect.expect_boot, self.qemu("KEYBOARD_RESET"), [HELLO])

    def test_endless_loop_times_out(self):
        self.assert_failure("timed out after 2 s", expect.expect_boot, self.qemu("LOOP"),
                            [HELLO], timeout=SHORT)

    def test_halt_times_out(self):
        self.assert_failure("timed out", expect.expect_boot, self.qemu("ERROR_HALT"),
                            [HELLO], timeout=SHORT)

    def test_qemu_that_refuses_its_options_fails(self):
        self.assert_failure("no-such-machine", expect.expect_boot, ["-M", "no-such-machine"])

    def test_signal_fails(self):
        with Qemu(self.qemu("LOOP")) as run:
            run.wait_until(lambda: "hello" in run.serial())
            run.process.send_signal(signal.SIGSEGV)
            run.wait()
            self.assertIn("SIGSEGV", run.ending())
            with self.assertRaises(BootFailure):
                expect.check_ended(run, 33)

    def test_reset_on_the_way_is_seen(self):
        with Qemu([*self.qemu("KEYBOARD_RESET"), "-action", "reboot=reset"]) as run:
            self.assertTrue(run.wait_until(lambda: run.serial().count("hello") >= 2))
            run.qmp.execute("query-status")  # an answer brings the events before it
            self.assertIn("RESET (guest-reset)", run.resets())


class Error(SectorTest):
    def test_line_and_halt_pass(self):
        line = expect.expect_error(self.qemu("ERROR_HALT"), COMPLAINT)
        self.assertTrue(line.startswith("firstlight: a complaint"))

    def test_another_line_fails(self):
        self.assert_failure("lacks 'other'", expect.expect_error, self.qemu("ERROR_HALT"), "other")

    def test_no_line_fails(self):
        self.assert_failure("no error line", expect.expect_error, self.qemu("LOOP"), COMPLAINT,
                            timeout=SHORT)

    def assert_not_halted(self, ending):
        with mock.patch.object(expect, "HALT_SECONDS", SHORT):
            self.assert_failure("not halted", expect.expect_error, self.qemu(ending), COMPLAINT)

    def test_halt_with_interrupts_on_fails(self):
        self.assert_not_halted("ERROR_INTERRUPTS_ON")

    def test_loop_behind_the_line_fails(self):
        self.assert_not_halted("ERROR_LOOP")

    def test_line_missing_on_screen_fails(self):
        self.assert_failure("screen lacks", expect.expect_error,
                            self.qemu("ERROR_NOT_ON_SCREEN"), COMPLAINT)

    def test_two_lines_fail(self):
        self.assert_failure("expected one error line", expect.expect_error,
                            self.qemu("ERROR_TWICE"), COMPLAINT)

    def test_reset_behind_the_line_fails(self):
        self.assert_failure("guest-reset", expect.expect_error, self.qemu("ERROR_RESET"),
                            COMPLAINT)

    def test_triple_fault_fails(self):
        self.assert_failure("no error line", expect.expect_error, self.qemu("TRIPLE_FAULT"),
                            COMPLAINT)


class OnBochs(SectorTest):
    def setUp(self):
        skip_without("bochs")
        super().setUp()

    def test_shutdown_passes(self):
        bochs.expect_boot(self.sector("BOCHS_SHUTDOWN"), [HELLO])

    def test_awkward_folder_passes(self):
        self.awkward_folder()
        bochs.expect_boot(self.sector("BOCHS_SHUTDOWN"), [HELLO])

    def test_missing_line_fails(self):
        self.assert_failure("serial lacks", bochs.expect_boot, self.sector("BOCHS_SHUTDOWN"),
                            ["goodbye"])

    def test_triple_fault_fails(self):
        self.assert_failure("triple fault", bochs.expect_boot, self.sector("TRIPLE_FAULT"),
                            [HELLO])

    def test_halt_times_out(self):
        self.assert_failure("timed out", bochs.expect_boot, self.sector("ERROR_LOOP"), [HELLO],
                            timeout=5.0)

    def test_error_line_passes(self):
        bochs.expect_error(self.sector("ERROR_HALT"), COMPLAINT)

    def test_another_error_line_fails(self):
        self.assert_failure("lacks 'other'", bochs.expect_error, self.sector("ERROR_HALT"),
                            "other")


class OnDosBox(SectorTest):
    def setUp(self):
        skip_without(dosbox.DOSBOX)
        super().setUp()

    def floppy(self, ending):
        path = self.sector(ending)
        os.truncate(path, FLOPPY_1440K)
        return path

    def test_error_line_passes(self):
        dosbox.expect_error(self.floppy("ERROR_HALT"), COMPLAINT)

    def test_awkward_folder_passes(self):
        self.awkward_folder()
        dosbox.expect_error(self.floppy("ERROR_HALT"), COMPLAINT)

    def test_another_error_line_fails(self):
        self.assert_failure("lacks 'other'", dosbox.expect_error, self.floppy("ERROR_HALT"),
                            "other")

    def test_no_line_fails(self):
        self.assert_failure("no error line", dosbox.expect_error, self.floppy("LOOP"), COMPLAINT,
                            timeout=SHORT)

    def test_two_lines_fail(self):
        self.assert_failure("expected one error line", dosbox.expect_error,
                            self.floppy("ERROR_TWICE"), COMPLAINT)


class OnV86(SectorTest):
    def setUp(self):
        for need in (*v86.NEEDS, v86.library()):
            skip_without(need)
        super().setUp()

    def test_error_line_passes(self):
        v86.expect_error(self.sector("ERROR_HALT"), COMPLAINT)

    def test_another_error_line_fails(self):
        self.assert_failure("lacks 'other'", v86.expect_error, self.sector("ERROR_HALT"), "other")

    def test_loop_behind_the_line_fails(self):
        self.assert_failure("not halted", v86.expect_error, self.sector("ERROR_LOOP"), COMPLAINT,
                            timeout=SHORT)

    def test_halt_with_interrupts_on_fails(self):
        self.assert_failure("not halted", v86.expect_error, self.sector("ERROR_INTERRUPTS_ON"),
                            COMPLAINT, timeout=SHORT)

    def test_line_missing_on_screen_fails(self):
        self.assert_failure("screen lacks", v86.expect_error, self.sector("ERROR_NOT_ON_SCREEN"),
                            COMPLAINT)


class HttpServer(SectorTest):
    def test_ranges(self):
        path = os.path.join(self.directory, "file")
        content = bytes(range(256))
        with open(path, "wb") as file:
            file.write(content)
        with HttpDisk(path) as disk:
            for wanted, status, answer in ((None, 200, content), ("bytes=0-0", 206, content[:1]),
                                           ("bytes=16-31", 206, content[16:32]),
                                           ("bytes=250-999", 206, content[250:])):
                request = urllib.request.Request(f"http://127.0.0.1:{disk.port}/",
                                                 headers={"Range": wanted} if wanted else {})
                with urllib.request.urlopen(request, timeout=30) as reply:
                    self.assertEqual((reply.status, reply.read()), (status, answer))
            self.assertEqual(disk.ranges, [(0, 0), (16, 31), (250, 255)])


if __name__ == "__main__":
    unittest.main()
