"""Entry points of ACPI and SMBIOS in the extended BIOS data area, where the loader looks first: damaged
ones, of which it must take none, and sound ones behind them."""

import re
import struct
import unittest

from harness.disk_image import DiskImage
from harness.environment import build_path
from harness.error_test import ErrorTest, VGA
from harness.expect import expect_boot
from harness.option_rom import tells
from harness.qemu import ide_disk

SEGMENT, PARAGRAPH = 0x9000, 16
EBDA, EBDA_BYTES = SEGMENT * PARAGRAPH, 1024
OWN = range(0xF0000, 0x100000)  # where firmware's own are
REPORTED = r"^(rsdp|smbios|smbios3) ([0-9a-f]+)$"

# ACPI 6.4, table 5.3.
RSDP = struct.Struct("<8s B 6s B I I Q B 3x")
RSDP_OLD_BYTES, RSDP_SUM, RSDP_EXTENDED_SUM = 20, 8, 32
# SMBIOS 3.4, tables 1 and 2.
SM = struct.Struct("<4s B B 2B H B 5x 5s B H I H B")
SM_SUM, SM_DMI, SM_DMI_SUM = 4, 16, 21
SM3 = struct.Struct("<5s B B 5B I Q")
SM3_SUM = 5
SM_MOST = 0x20  # bytes of either


def seal(table, begin, end, place):
    """Makes the bytes add up to 0 by changing the one at `place`."""
    table[place] = 0
    table[place] = -sum(table[begin:end]) & 0xFF


def rsdp(length=RSDP.size):
    """An RSDP of revision 2. Its sums are right over as many bytes as it says it has."""
    table = bytearray(RSDP.pack(b"RSD PTR ", 0, b"FIRST ", 2, 0x11223344, length, 0x55667788, 0))
    seal(table, 0, RSDP_OLD_BYTES, RSDP_SUM)
    seal(table, 0, length, RSDP_EXTENDED_SUM)
    return table


def smbios(length=SM.size, signature=b"_DMI_"):
    """Version 3.4: behind one below 3.0 no 64-bit entry point is looked for."""
    table = bytearray(SM.pack(b"_SM_", 0, length, 3, 4, 0x80, 0, signature, 0, 0x100, 0xE0000, 4,
                              0x28))
    table += bytes(max(0, length - len(table)))
    seal(table, SM_DMI, SM.size, SM_DMI_SUM)
    seal(table, 0, length, SM_SUM)
    return table


def smbios3(length=SM3.size):
    table = bytearray(SM3.pack(b"_SM3_", 0, length, 3, 4, 0, 1, 0, 0x100, 0xE0000))
    table += bytes(max(0, length - len(table)))
    seal(table, 0, length, SM3_SUM)
    return table


def spoiled(table, *places):
    """The table with bytes changed: one makes a sum wrong, a second one can make it right again."""
    table[places[0]] ^= 1
    for place in places[1:]:
        seal(table, 0, len(table), place)
    return table


DAMAGED = (
    bytearray(b"_S__"),
    spoiled(rsdp(), RSDP_SUM, RSDP_EXTENDED_SUM),
    spoiled(rsdp(), RSDP_EXTENDED_SUM),
    rsdp(length=RSDP.size - 1),
    smbios(length=SM.size - 2),
    smbios(length=SM_MOST + 1),
    spoiled(smbios(), SM_SUM),
    smbios(signature=b"_DMI-"),
    spoiled(smbios(), SM_DMI_SUM, SM_SUM),
    smbios3(length=SM3.size - 1),
    smbios3(length=SM_MOST + 1),
    spoiled(smbios3(), SM3_SUM),
)
SOUND = {"rsdp": rsdp(), "smbios": smbios(), "smbios3": smbios3()}


class Tables(ErrorTest):
    def reported(self, tables, last=b"", fits=0):
        """What the kernel is told of with these in the EBDA, and where they are. Of the last one only
        the first bytes, `fits`, are within the part where tables may be."""
        area = bytearray([EBDA_BYTES // 1024])  # firmware keeps its size here
        places = []
        for table in tables:
            area += bytes(-len(area) % PARAGRAPH)
            places.append(EBDA + len(area))
            area += table
        end = EBDA_BYTES - fits
        self.assertLessEqual(len(area), end)
        with open(self.path("ebda"), "wb") as file:
            file.write(area + bytes(end - len(area)) + last)
        self.image = DiskImage(build_path("tests", "boot", "boot_info.bin"))
        text = expect_boot(
            [*ide_disk(self.written()), *VGA, *self.told_to(),
             *self.option_rom(f"MACHINE_EBDA={SEGMENT}", f'MACHINE_EBDA_FILE="{self.path("ebda")}"')],
            ["^boot_info: as promised$"], absent=["^panic"])
        played, broken = tells(self.told())
        self.assertGreater(played, 0, "the ROM did not play its part")
        self.assertEqual(broken, 0)
        return {name: int(address, 16)
                for name, address in re.findall(REPORTED, text, re.MULTILINE)}, places

    def test_damaged(self):
        """Firmware's own are found behind them, and behind sound ones that pass the end."""
        for last, fits in ((rsdp(), 2 * PARAGRAPH), (smbios(), PARAGRAPH), (smbios3(), PARAGRAPH)):
            with self.subTest(last=last):
                reported, _ = self.reported(DAMAGED, last, fits)
                self.assertIn(reported["rsdp"], OWN)
                self.assertIn(reported["smbios"], OWN)
                self.assertEqual(reported["smbios3"], 0)

    def test_sound_behind_damaged(self):
        reported, places = self.reported([*DAMAGED, *SOUND.values()])
        self.assertEqual(reported, dict(zip(SOUND, places[-len(SOUND):])))


if __name__ == "__main__":
    unittest.main()
