"""Plays a case of lies.py: firmware with an option ROM that lies, and what must come of it. Used by the
tests in this folder."""

import re
import struct

import memory_oracle
from harness import bochs
from harness.disk_image import STAGE2_LBA, DiskImage
from harness.environment import build_path, skip_without
from harness.error_test import ErrorTest, VGA
from harness.expect import expect_boot, expect_error
from harness.option_rom import tells
from harness.qemu import ide_disk
from lies import DEFAULT_MAP, DEFAULT_MAP_BOCHS

RAM_MIB = 64
PANIC = "^panic"
ENTRY = struct.Struct("<2Q2I")
RANGE = r"^range ([0-9a-f]+) ([0-9a-f]+) ([0-9a-f])$"
DRIVE = r"^drive ([0-9a-f]+)$"
IN, OUT = 0xE4, 0xE6  # in al, imm8; out imm8, al
GUEST_TIME = ("-icount", "shift=3,sleep=off")  # 8 ns an instruction; a HLT takes no time of the host's
UNUSED_PORT = 0x80  # power-on self-test codes: nothing happens


class FirmwareTest(ErrorTest):
    def load(self, name):
        """Takes the image of a test kernel, or the project's with exit on its command line."""
        parts = (name,) if name == "firstlight-exit" else ("tests", "boot", name)
        self.image = DiskImage(build_path(*parts[:-1], f"{parts[-1]}.bin"))

    def numbers(self):
        """What definitions and patterns of a case may name: sectors of the image."""
        kernel, code = self.image.kernel, self.code_lba()
        return {
            "rest": self.rest_lba,
            "rest_last": STAGE2_LBA + self.image.stage2_sectors - 1,
            "header": self.image.header_lba,
            "kernel": kernel.lba,
            "kernel_middle": kernel.lba + kernel.sectors // 2,
            "kernel_last": kernel.lba + kernel.sectors - 1,
            "kernel_sectors": kernel.sectors,
            "code": code,
            "stage2_sectors": self.image.stage2_sectors,
        }

    def make_dead(self, *ports):
        """No emulator lacks these ports and has A20 to be switched: stage 2 is made to use another
        one, which takes everything and reads FFh, as if nobody answered."""
        for port in ports:
            self.replace_everywhere(bytes([IN, port]), bytes([IN, UNUSED_PORT]))
            written = self.replace_everywhere(bytes([OUT, port]), bytes([OUT, UNUSED_PORT]))
            self.assertGreater(written, 0, f"stage 2 does not write to port {port:x}h")

    def prepare(self, case):
        """The image as the case wants it; its definitions and pattern with numbers for names."""
        self.load(case.kernel)
        numbers = self.numbers()
        self.make_dead(*case.dead_ports)
        if case.damaged is not None:
            self.image.flip(int(case.damaged.format(**numbers)))
        definitions = [definition.format(**numbers) for definition in case.rom]
        if case.table is not None:
            with open(self.path("table"), "wb") as file:
                file.writelines(ENTRY.pack(*entry) for entry in case.table)
            definitions.append(f'MEMORY_TABLE="{self.path("table")}"')
        return definitions, case.ends and case.ends.format(**numbers)

    def check_told(self, case, output):
        played, broken = tells(output)
        self.assertGreaterEqual(played, case.played, "the ROM did not play its part")
        self.assertEqual(broken, 0, "the loader broke a rule that the ROM watches over")

    def check_map(self, case, text, default):
        """The map that the kernel was handed is the one that follows from what firmware said."""
        ranges = [tuple(int(word, 16) for word in words)
                  for words in re.findall(RANGE, text, re.MULTILINE)]
        if case.without_e820 is not None:
            expected = memory_oracle.without_e820(case.without_e820, case.low_end)
        else:
            table = case.table if case.table is not None else default
            expected = memory_oracle.expected(table, case.low_end)
        actual = memory_oracle.handed_over(ranges)
        self.assertEqual(actual, expected, f"\nhanded over:\n{memory_oracle.show(actual)}"
                         f"\nexpected:\n{memory_oracle.show(expected)}")

    def check_booted(self, case, text, default):
        if case.kernel == "boot_info":
            self.check_map(case, text, default)
            drive = int(re.search(DRIVE, text, re.MULTILINE).group(1), 16)
            self.assertEqual(drive, case.drive)

    def disks(self, case):
        """The image as disk 80h, or behind an empty disk as 81h."""
        image = self.written()
        if case.drive == 0x80:
            return [*ide_disk(image), *case.options]
        with open(self.path("empty.bin"), "wb") as file:
            file.truncate(len(self.image.data))
        return [*ide_disk(self.path("empty.bin")), *ide_disk(image), *case.options]

    def play(self, case):
        definitions, ends = self.prepare(case)
        arguments = [*self.disks(case), *VGA, "-m", f"{RAM_MIB}M", *self.option_rom(*definitions),
                     *self.told_to(), *(GUEST_TIME if case.guest_time else ())]
        if ends is not None:
            expect_error(arguments, ends)
        else:
            text = expect_boot(arguments, [case.says], absent=[PANIC])
            self.check_booted(case, text, DEFAULT_MAP)
        self.check_told(case, self.told())

    def play_on_bochs(self, case):
        skip_without("bochs")
        definitions, ends = self.prepare(case)
        self.option_rom(*definitions)
        settings = {"option_rom": self.path("rom.bin"), "megabytes": RAM_MIB,
                    "keep_output": self.path("played")}
        if ends is not None:
            bochs.expect_error(self.written(), ends, **settings)
        else:
            text = bochs.expect_boot(self.written(), [case.says], **settings)
            self.assertIsNone(re.search(PANIC, text, re.MULTILINE))
            self.check_booted(case, text, DEFAULT_MAP_BOCHS)
        self.check_told(case, self.told())


def add_cases(namespace, groups, wanted, play):
    """Makes a class of tests for each group of cases, and a test for each of them that is wanted."""
    for group, cases in groups.items():
        tests = {}
        for case in filter(wanted, cases):
            def test(self, case=case):
                play(self, case)
            assert f"test_{case.name}" not in tests, f"two cases of {group} are named {case.name}"
            tests[f"test_{case.name}"] = test
        if tests:
            namespace[group] = type(group, (FirmwareTest,),
                                    {"__module__": namespace["__name__"], **tests})
