"""Every kind of bug ends in a report on both consoles, never in a reset: the exception's name, what
the CPU tells of it, the registers, and the functions that led there."""

import os
import re
import shutil
import tempfile
import unittest

from harness import bochs
from harness.environment import build_path, create_image, skip_without
from harness.expect import check_halted, expect_boot, fail
from harness.qemu import Qemu, ide_disk, option_value

STATUS_FAILURE = 35  # MACHINE_EXIT_FAILURE: 2 * 11h + 1
UNMAPPED, NOT_CANONICAL = 0x0000123400005678, 1 << 63
PLACE = r"^  at [0-9a-f]{16} "
# The report's last lines, from the function that fails on.
CALLERS = [PLACE + r"kernel_main\+[0-9a-f]+$", PLACE + r"_start\+[0-9a-f]+$"]
REGISTERS = {"rax": 0x11, "rbx": 0x22, "rcx": 0x33, "rdx": 0x44, "rsi": 0x55, "rdi": 0x66,
             "rbp": 0x77, "r8": 0x88, "r9": 0x99, "r10": 0x10, "r11": 0x12, "r12": 0x13,
             "r13": 0x14, "r14": 0x15, "r15": 0x16}


def heading(name, vector, error_code=0):
    return rf"^panic: {name} \(vector {vector}, error code {error_code:x}\)$"


class Exceptions(unittest.TestCase):
    def image(self, word):
        directory = tempfile.mkdtemp(prefix="firstlight-")
        self.addCleanup(shutil.rmtree, directory)
        path = os.path.join(directory, f"{word}.bin")
        return create_image(build_path("tests", "kernel", "starter_exceptions.elf"), path, word)

    def report(self, word, *patterns):
        return expect_boot(ide_disk(self.image(word)), patterns, status=STATUS_FAILURE,
                           absent=["it came back", "nothing happened", "assertion"])

    def test_divide_error(self):
        text = self.report("divide", heading("divide error", 0), r"\brip ", PLACE + r"divide\+",
                           PLACE + r"provoke\+", *CALLERS)
        # The first place of the backtrace is the instruction itself.
        rip = re.search(r"\brip ([0-9a-f]{16})", text).group(1)
        self.assertIn(f"  at {rip} divide+", text)

    def test_read_of_nothing(self):
        self.report("read", heading("page fault", 14), f"^read at {UNMAPPED:016x}: no page there$",
                    rf"cr2 {UNMAPPED:016x}", PLACE + r"read_nothing\+", PLACE + r"provoke\+",
                    *CALLERS)

    def test_write_to_constant(self):
        text = self.report("write", heading("page fault", 14, 3), r"^write at .*not allow it$",
                           PLACE + r"write_constant\+", *CALLERS)
        address = re.search(r"^constant ([0-9a-f]{16})$", text, re.MULTILINE).group(1)
        self.assertIn(f"write at {address}: the page does not allow it", text)

    def test_execution_of_data(self):
        """The instruction lies in no function; its caller is named all the same."""
        self.report("execute", heading("page fault", 14, 0x11),
                    r"^execution at [0-9a-f]{16}: the page does not allow it$", *CALLERS)

    def test_invalid_opcode(self):
        self.report("opcode", heading("invalid opcode", 6), PLACE + r"invalid_opcode\+", *CALLERS)

    def test_general_protection(self):
        self.report("protection", heading("general protection fault", 13),
                    PLACE + r"protection\+", *CALLERS)

    def test_stack_segment(self):
        """RBP leads nowhere, and nothing is read there. QEMU raises 13 where a CPU raises 12."""
        either = f"{heading('stack-segment fault', 12)}|{heading('general protection fault', 13)}"
        self.report("stack", either, rf"rbp {NOT_CANONICAL:016x}",
                    PLACE + r"stack_segment\+[0-9a-f]+\n\Z")

    def test_breakpoint(self):
        self.report("breakpoint", heading("breakpoint", 3), PLACE + r"breakpoint\+", *CALLERS)

    def test_registers(self):
        text = self.report("registers", heading("invalid opcode", 6))
        for name, byte in REGISTERS.items():
            self.assertRegex(text, rf"\b{name} +{bytes([byte] * 8).hex()}\b")

    OVERFLOW = [heading("double fault", 8), r"^the stack is full$", *[PLACE + r"recurse\+"] * 10,
                "^  and more$"]

    def test_stack_overflow(self):
        self.report("overflow", *self.OVERFLOW)

    def test_stack_overflow_bochs(self):
        skip_without("bochs")
        bochs.expect_boot(self.image("overflow"), self.OVERFLOW)

    def test_screen(self):
        """The longest report fits: its first line is still on the screen when it halts."""
        drive = f"format=raw,file={option_value(self.image('overflow'))}"
        with Qemu(["-drive", drive], bare=False) as run:
            if not run.wait_until(lambda: "and more" in run.serial()):
                fail(run, "no report")
            check_halted(run)
            shown = run.text_screen().show()
            self.assertRegex(shown, "(?m)" + heading("double fault", 8))
            self.assertRegex(shown, "(?m)^  and more$")


if __name__ == "__main__":
    unittest.main()
