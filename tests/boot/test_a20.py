"""Address line 20: firmware leaves it off after every disk read, and cannot switch it on itself."""

import unittest

from harness.disk_image import SECTOR, STAGE2_LBA
from harness.error_test import ErrorTest
from harness.expect import expect_boot
from harness.qemu import ide_disk

OUT = 0xE6  # out imm8, al
KEYBOARD_DATA, KEYBOARD_COMMAND, SYSTEM_CONTROL_A = 0x60, 0x64, 0x92
UNUSED_PORT = 0x80  # power-on self-test codes: nothing happens


class A20(ErrorTest):
    def make_dead(self, *ports):
        """No emulator lacks these ports: what stage 2 writes there goes elsewhere."""
        start = STAGE2_LBA * SECTOR
        stage2 = bytes(self.image.data[start:start + self.image.stage2_sectors * SECTOR])
        for port in ports:
            write = bytes([OUT, port])
            self.assertIn(write, stage2)
            while (offset := stage2.find(write)) >= 0:
                stage2 = stage2.replace(write, bytes([OUT, UNUSED_PORT]), 1)
                self.image.patch_stage2(offset, bytes([OUT, UNUSED_PORT]))

    def rom(self):
        return self.option_rom("a20")

    def boots(self):
        expect_boot([*ide_disk(self.written()), *self.rom()], serial=["^Hello World!$"])

    def test_keyboard_controller_switches_it_on(self):
        self.make_dead(SYSTEM_CONTROL_A)
        self.boots()

    def test_port_92_switches_it_on(self):
        self.make_dead(KEYBOARD_DATA, KEYBOARD_COMMAND)
        self.boots()

    def test_stays_off(self):
        self.make_dead(KEYBOARD_DATA, KEYBOARD_COMMAND, SYSTEM_CONTROL_A)
        self.refused("address line 20 stays off: tried INT 15h AX=2401h, the keyboard controller "
                     "and port 92h", *self.rom())


if __name__ == "__main__":
    unittest.main()
