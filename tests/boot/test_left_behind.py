"""What firmware leaves behind or leaves out: control registers, flags, rubbish in registers, disk
statuses, the size of a floppy, NMIs. Most of it is played by option ROMs (option_roms/)."""

import os
import re
import time
import unittest

from harness.disk_image import FLOPPY_1440K
from harness.elf_file import EXIT_CODE, PAGE, R, Segment, W, X, write_executable
from harness.environment import build_path, create_image
from harness.error_test import ErrorTest, VGA
from harness.expect import check_ended, check_halted, expect_boot, fail
from harness.qemu import Qemu, STATUS_SUCCESS, ide_disk, option_value
from harness.qmp import QmpClosed

MIB = 1 << 20
CR4_LA57, CR4_OSXSAVE = 1 << 12, 1 << 18
FLAGS_IOPL, FLAGS_NT, FLAGS_AC = 3 << 12, 1 << 14, 1 << 18
FLOPPY_720K = 720 * 1024
BDA_SCREEN_ROWS = 0x484  # and the height of a character behind it
ROWS_SEEN = 0x4F0        # in screen.asm
PROMISED = "^entry state: as promised$"
HELLO = "^Hello World!$"
PANIC = "^panic"


def boot_image(name):
    return build_path("tests", "boot", f"{name}.bin")


class LeftBehind(ErrorTest):
    def rom(self, source, *definitions):
        """The option ROM, and where it tells that it played."""
        # QEMU takes what follows `file:` as it is.
        return [*self.option_rom(source, *definitions),
                "-debugcon", f"file:{self.path('played')}"]

    def check_played(self):
        self.assertGreater(os.path.getsize(self.path("played")), 0, "the ROM never played its part")

    def boots(self, image, serial, *options):
        text = expect_boot([*ide_disk(image), *VGA, *options], serial, absent=[PANIC])
        self.check_played()
        return text

    def ends_in(self, pattern, rom):
        line = self.refused(pattern, *rom)
        self.check_played()
        return line


class CpuState(LeftBehind):
    """The kernel is entered as promised, whatever firmware did to the CPU."""

    def check(self, definition, *options):
        self.boots(boot_image("entry_state"), [PROMISED], *self.rom("cpu_state", definition),
                   *options)

    def test_five_level_paging(self):
        self.check(f"CR4_LEFT={CR4_LA57}", "-cpu", "max,+la57")

    def test_xsave(self):
        self.check(f"CR4_LEFT={CR4_OSXSAVE}", "-cpu", "max")

    def test_flags(self):
        self.check(f"FLAGS_LEFT={FLAGS_NT | FLAGS_IOPL | FLAGS_AC}")

    def test_rubbish(self):
        self.check("RUBBISH")

    def test_rubbish_and_first_message(self):
        """The MBR's own text comes out whole where INT 10h leaves rubbish."""
        self.image.flip(1)
        self.ends_in("^firstlight: loader damaged$", self.rom("cpu_state", "RUBBISH"))

    def test_rubbish_and_last_message(self):
        self.image.flip(self.code_lba())
        self.ends_in(r"kernel is damaged \(checksum\)", self.rom("cpu_state", "RUBBISH"))


class MemoryReports(LeftBehind):
    """What INT 15h says, or does not."""

    def sums(self, definition, ram_mib):
        """Bytes of memory that the map says is there and not firmware's own."""
        text = self.boots(boot_image("memory_map"), ["^boot drive 80$"],
                          *self.rom("memory_reports", definition), "-m", f"{ram_mib}M")
        return sum(int(size) for kind, size in re.findall(r"^kind (\d): (\d+) bytes$", text, re.M)
                   if kind in "1238")

    def test_no_answer(self):
        self.ends_in("firmware reports no memory: tried INT 15h AX=E820h, AX=E801h and AH=88h",
                     self.rom("memory_reports", "SILENT"))

    def test_most_entries(self):
        self.assertEqual(self.sums("MAP_ENTRIES=512", 64), 511 * 8192 + 32 * MIB)

    def test_one_entry_too_many(self):
        self.ends_in(r"firmware's memory map \(E820\) has more than 512 entries: update",
                     self.rom("memory_reports", "MAP_ENTRIES=513"))

    def test_signature_lost_midway(self):
        """What came before is forgotten, and E801h asked."""
        total = self.sums("SIGNATURE_LOST", 64)
        self.assertLessEqual(total, 64 * MIB)
        self.assertGreater(total, 63 * MIB - 128 * 1024)


class DiskStatus(LeftBehind):
    """The status that firmware gave stands in the message."""

    def check_mbr(self, status):
        self.ends_in(f"^firstlight: disk error {status}$",
                     self.rom("disk_failures", f"STATUS=0x{status}"))

    def test_low_digit_is_0(self):
        self.check_mbr("20")

    def test_highest_bit(self):
        self.check_mbr("80")

    def test_no_geometry_to_fall_back_to(self):
        lba = self.image.kernel.lba + 7
        self.ends_in(f"cannot read kernel: disk 80h, LBA {lba}, status 0ch: check the disk",
                     self.rom("disk_failures", f"EDD_LBA={lba}"))


class FloppyFormat(LeftBehind):
    """AH=08h tells of the drive; the medium holds less."""

    def check(self, size, drive_type):
        floppy = option_value(self.image.write(self.path("floppy.bin"), size))
        expect_boot(["-drive", f"if=none,id=floppy,format=raw,file={floppy}", "-device",
                     f"floppy,drive=floppy,drive-type={drive_type}", "-boot", "a", *VGA], [HELLO])

    def test_1440k_in_2880k_drive(self):
        self.check(FLOPPY_1440K, 288)

    def test_720k_in_1440k_drive(self):
        self.check(FLOPPY_720K, 144)


class Screen(LeftBehind):
    def test_50_rows(self):
        arguments = [*ide_disk(build_path("firstlight.bin")), *VGA, *self.rom("screen")]
        with Qemu(arguments) as run:
            if not run.wait_until(lambda: "usable memory" in run.serial()):
                fail(run, "the kernel did not come to its end")
            check_halted(run)
            self.assertEqual(run.physical_memory(ROWS_SEEN, 1)[0], 49, "the ROM got no 50 rows")
            self.assertEqual(tuple(run.physical_memory(BDA_SCREEN_ROWS, 2)), (24, 16))
            self.assertEqual(run.text_screen().row(0).rstrip(), "Hello World!")


class Nmi(ErrorTest):
    """NMIs while stage 2 is in long mode. The machine is stopped to see where it is: firmware's own
    handler loses its stack when it interrupts a disk read, and QEMU does not model the mask at port
    70h, behind which loader and firmware switch modes."""

    STAGE2_CODE64, STAGE2_END, STAGE2_IDT_LIMIT = "0018", 0x10000, "000001ff"
    KERNEL_BYTES, KERNEL_MEMORY = 2 * MIB, 256 * MIB
    PAUSE_SECONDS = 0.003
    ENOUGH = 10

    def large_kernel(self):
        address = 0xFFFFFFFF80000000
        segments = [Segment(address, R | X, EXIT_CODE),
                    Segment(address + PAGE, R | W, b"data" * (self.KERNEL_BYTES // 4),
                            self.KERNEL_MEMORY)]
        kernel = write_executable(self.path("kernel.elf"), segments, address)
        return create_image(kernel, self.path("large.bin"))

    def in_stage2(self, registers):
        """Whether the stopped machine is in stage 2's 64-bit code and has its IDT."""
        where = re.search(r"RIP=([0-9a-f]+)", registers)
        limit = re.search(r"IDT=\s+[0-9a-f]+ ([0-9a-f]+)", registers).group(1)
        return (where is not None and int(where.group(1), 16) < self.STAGE2_END
                and f"CS ={self.STAGE2_CODE64} " in registers and limit == self.STAGE2_IDT_LIMIT)

    def send_nmis(self, run):
        """Until QEMU ends, be it in the middle of a command, or time is up."""
        try:
            while run.running() and time.monotonic() < run.deadline:
                time.sleep(self.PAUSE_SECONDS)
                run.qmp.execute("stop")
                if self.in_stage2(run.registers()):
                    run.qmp.execute("inject-nmi")
                run.qmp.execute("cont")
        except QmpClosed:
            pass

    def test_while_loading(self):
        log = self.path("interrupts")
        arguments = [*ide_disk(self.large_kernel()), *VGA, "-m", "512M", "-d", "int", "-D", log]
        with Qemu(arguments, timeout=30.0) as run:
            self.send_nmis(run)
            run.wait()
            check_ended(run, STATUS_SUCCESS)
        with open(log, encoding="ascii") as file:
            arrived = re.findall(f"v=02 .* IP={self.STAGE2_CODE64}:", file.read())
        self.assertGreater(len(arrived), self.ENOUGH)


if __name__ == "__main__":
    unittest.main()
