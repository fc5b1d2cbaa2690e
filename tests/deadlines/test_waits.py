"""The loader's own waits (bootloader/README.md, Waits) on hardware that never does what is waited for: no
emulator has any, so the loader's instructions that ask are changed. How long it goes on is counted in
instructions (tests/bench/instruction_counter.c)."""

import re
import unittest

from deadline_test import DeadlineTest, KERNEL_ADDRESS, KIB
from harness import counter
from harness.disk_image import DiskImage, SECTOR, STAGE2_LBA
from harness.environment import build_path
from harness.expect import expect_boot
from harness.qemu import ide_disk

# mov dx, 3FDh; xor cx, cx; in al, dx; test al, 20h. The register at 3F9h reads as 0.
LINE_STATUS_WAIT, DEAD_LINE_STATUS_WAIT = (bytes.fromhex(code) for code in (
    "bafd0331c9eca820", "baf90331c9eca820"))
UART_READS, UART_WAIT_INSTRUCTIONS = 65536, 3   # in, test, loopz
MBR_LONGEST_LINE = "\r\nfirstlight: loader damaged"
KEYBOARD_READS, SETTLE_TESTS = 100_000, 20_000  # of each wait
# Instructions of one, call and all: measured with one compiler 8 and 17, others need not be as terse.
# The least are enough to tell a boot that leaves out any of the waits.
LEAST_A_READ, MOST_A_READ = 6, 10
LEAST_A_TEST, MOST_A_TEST = 14, 20
OWN_OF_A_BOOT = 200_000                         # anything else that a boot does; measured: 28,000

READ_KEYBOARD_STATUS = bytes.fromhex("e464")    # in al, 64h
MOV_AL = 0xB0
OUT, KEYBOARD_DATA, KEYBOARD_COMMAND, SYSTEM_CONTROL_A = 0xE6, 0x60, 0x64, 0x92
UNUSED_PORT = 0x80
A20_LINE = "^firstlight: address line 20 stays off: tried INT 15h AX=2401h, the keyboard controller"

# rdtsc; shl rdx, 32. xor eax, eax instead: the counter stands still.
RDTSC, STANDING_STILL = bytes.fromhex("0f3148c1e220"), bytes.fromhex("31c048c1e220")
# rdrand and rdseed of any register; clc: there is never a number.
RANDOM_NUMBER, NEVER_A_NUMBER = rb"[\x48\x49]\x0f\xc7[\xf0-\xff]", bytes.fromhex("f8909090")
JITTER = 1


class WaitTest(DeadlineTest):
    def replace_in_stage2(self, old, new):
        """Changes every such piece of code; there must be one."""
        self.assertEqual(len(old), len(new))
        start = STAGE2_LBA * SECTOR
        stage2 = bytes(self.image.data[start:start + self.image.stage2_sectors * SECTOR])
        self.assertIn(old, stage2)
        while (offset := stage2.find(old)) >= 0:
            self.image.patch_stage2(offset, new)
            stage2 = stage2.replace(old, new, 1)

    def counter(self):
        """QEMU's options for the plugin that counts the loader's instructions."""
        if counter.missing():
            self.skipTest(counter.missing())
        return counter.counting(KERNEL_ADDRESS, self.path("counts"))

    def own_instructions(self, run):
        """Of the loader's until it halted."""
        run.quit()
        own = counter.read_counts(self.path("counts"))["own"]
        print(f"own instructions: {own}")
        return own


class DeadUart(WaitTest):
    """A COM1 that never takes a byte: the line is on the screen all the same."""

    def check(self, line, waits):
        run = self.halted(*self.counter())
        self.assertEqual(run.text_screen().text().count(line), 1, run.text_screen().show())
        serial = run.serial()
        own = self.own_instructions(run)
        self.assertGreaterEqual(own, waits * UART_READS * UART_WAIT_INSTRUCTIONS)
        self.assertLess(own, waits * UART_READS * UART_WAIT_INSTRUCTIONS + OWN_OF_A_BOOT)
        return serial

    def test_mbr_waits_for_each_character(self):
        mbr = self.image.data[:SECTOR]
        self.assertEqual(mbr.count(LINE_STATUS_WAIT), 1)
        start = mbr.index(LINE_STATUS_WAIT)
        self.image.data[start:start + len(LINE_STATUS_WAIT)] = DEAD_LINE_STATUS_WAIT
        self.image.flip(STAGE2_LBA)
        self.check("firstlight: loader damaged", len(MBR_LONGEST_LINE))

    def test_stage2_waits_once(self):
        """The first byte that is not taken is the last that is tried."""
        self.patch_stage2_once(LINE_STATUS_WAIT, DEAD_LINE_STATUS_WAIT)
        self.image.flip(self.image.kernel.lba + self.image.kernel.sectors // 2, 77)
        self.assertEqual(self.check("firstlight: kernel is damaged (checksum): ", 1), "")


class A20(WaitTest):
    """Firmware leaves it off after every disk read, and has no call for it."""

    def keyboard_status(self, status):
        """What the controller says for ever."""
        self.replace_in_stage2(READ_KEYBOARD_STATUS, bytes([MOV_AL, status]))

    def make_dead(self, *ports):
        for port in ports:
            self.replace_in_stage2(bytes([OUT, port]), bytes([OUT, UNUSED_PORT]))

    def check_waits(self, own, reads, tests):
        """Where so many waits for the controller and for the line go on to their bounds."""
        reads, tests = reads * KEYBOARD_READS, tests * SETTLE_TESTS
        self.assertGreaterEqual(own, reads * LEAST_A_READ + tests * LEAST_A_TEST)
        self.assertLess(own, reads * MOST_A_READ + tests * MOST_A_TEST + OWN_OF_A_BOOT)

    def check_never(self, status, reads, tests):
        self.keyboard_status(status)
        self.make_dead(KEYBOARD_DATA, KEYBOARD_COMMAND, SYSTEM_CONTROL_A)
        own = self.own_instructions(self.ended(*self.option_rom("MACHINE_A20_OFF"),
                                               *self.counter(), line=A20_LINE))
        self.check_waits(own, reads, tests)

    def test_controller_always_busy(self):
        self.check_never(0x02, 1, 1)

    def test_controller_reads_00(self):
        self.check_never(0x00, 0, 2)

    def test_controller_absent(self):
        self.check_never(0xFF, 0, 1)

    def test_switched_off_by_every_call(self):
        """What has worked is tried first: the wait for the controller comes once, not after each of
        some hundred calls of firmware."""
        self.use_kernel(64 * KIB)
        self.keyboard_status(0x02)
        rom = self.option_rom("MACHINE_A20_OFF", "DISK_NOT_MBR", "DISK_LIMIT=1")
        self.check_waits(self.own_instructions(self.ended(*rom, *self.counter())), 1, 0)


class Clocks(WaitTest):
    def test_time_stamp_counter_stands_still(self):
        self.replace_in_stage2(RDTSC, STANDING_STILL)
        expect_boot(ide_disk(self.written()), ["^Hello World!$"])

    def test_random_numbers_never_come(self):
        """RDSEED and RDRAND are there and fail for ever: another source takes their place."""
        self.image = DiskImage(build_path("tests", "boot", "boot_info.bin"))
        stage2 = bytes(self.image.data[STAGE2_LBA * SECTOR:self.image.header_lba * SECTOR])
        instructions = set(re.findall(RANDOM_NUMBER, stage2))
        self.assertGreaterEqual(len(instructions), 2, "RDRAND and RDSEED")
        for instruction in instructions:
            self.replace_in_stage2(instruction, NEVER_A_NUMBER)
        expect_boot([*ide_disk(self.written()), "-cpu", "max"],
                    [f"^entropy_source {JITTER}$", "^boot_info: as promised$"])


if __name__ == "__main__":
    unittest.main()
