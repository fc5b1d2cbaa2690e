"""The boot contract, part by part: each test boots a small kernel that checks one part from the
inside and reports by its exit status (kernels/)."""

import os
import re
import shutil
import tempfile
import unittest

from harness import bochs
from harness.environment import build_path, create_image, skip_without
from harness.expect import expect_boot
from harness.qemu import ide_disk, option_value, sparse_ram

MIB = 1 << 20
GIB = 1 << 30
ROUNDING = 2 * MIB  # of RAM that firmware keeps for itself, and of the hole below 1 MiB
DIRTY_RAM = 128 * MIB
DIRT = b"\xcc"
PANIC = "^panic"
USABLE = "usable bytes, written and read back$"
COMMAND_LINE_MAX = 4095


def image(name):
    return build_path("tests", "boot", f"{name}.bin")


class Contract(unittest.TestCase):
    def boot(self, name, *options, serial=(), timeout=60.0):
        return expect_boot([*ide_disk(image(name)), "-vga", "std", *options], serial,
                           timeout=timeout, absent=[PANIC])

    def boot_bochs(self, name, serial, **settings):
        skip_without("bochs")
        bochs.expect_boot(image(name), serial, **settings)

    # ---- registers ----

    def test_entry_state(self):
        self.boot("entry_state", serial=["^entry state: as promised$"])

    def test_entry_state_without_nx(self):
        self.boot("entry_state", "-cpu", "qemu64,-nx", serial=["^firstlight: warning: .*NX",
                                                               "^entry state: as promised$"])

    def test_entry_state_max_cpu(self):
        self.boot("entry_state", "-cpu", "max", serial=["^entry state: as promised$"])

    def test_entry_state_bochs(self):
        self.boot_bochs("entry_state", ["^entry state: as promised$"])

    def test_entry_state_kvm(self):
        skip_without("kvm")
        self.boot("entry_state", "-accel", "kvm", "-cpu", "qemu64",
                  serial=["^entry state: as promised$"])

    # ---- memory contents ----

    def test_bss(self):
        self.boot("bss", serial=["64 MiB of .bss are zero"])

    def test_dirty_memory(self):
        """No byte of RAM is zero at first, as after a warm start: nothing may count on it."""
        for name, line in (("bss", "64 MiB of .bss are zero"), ("direct_map", "^direct map: "),
                           ("memory_map", "^boot drive 80$")):
            with tempfile.NamedTemporaryFile(prefix="firstlight-") as ram:
                ram.write(DIRT * DIRTY_RAM)
                ram.flush()
                self.boot(name, "-m", f"{DIRTY_RAM // MIB}M", "-machine", "pc,memory-backend=ram",
                          "-object", f"memory-backend-file,id=ram,size={DIRTY_RAM},"
                          f"mem-path={option_value(ram.name)},share=on", serial=[line])

    def test_bss_bochs(self):
        self.boot_bochs("bss", ["64 MiB of .bss are zero"], megabytes=128)

    def test_large_pages(self):
        self.boot("large_pages", serial=[r"^kernel: \d+ pages of 2 MiB$"])

    # ---- page tables ----

    def test_page_permissions(self):
        self.boot("page_permissions", serial=["each allowed or refused as promised$"])

    def test_page_permissions_bochs(self):
        self.boot_bochs("page_permissions", ["each allowed or refused as promised$"])

    def test_page_permissions_kvm(self):
        skip_without("kvm")
        self.boot("page_permissions", "-accel", "kvm", "-cpu", "qemu64",
                  serial=["each allowed or refused as promised$"])

    def test_stack_overflow(self):
        self.boot("stack_overflow", serial=["^the stack ends in its guard page"])

    def test_stack_overflow_bochs(self):
        self.boot_bochs("stack_overflow", ["^the stack ends in its guard page"])

    def direct_map(self, *options):
        text = self.boot("direct_map", *options, serial=["^direct map: "])
        return tuple(map(int, re.search(r"(\d+) pages of 4 KiB, (\d+) of 2 MiB, (\d+) of 1 GiB",
                                        text).groups()))

    def test_direct_map(self):
        small, large, huge = self.direct_map("-m", "512M")
        self.assertGreater(small, 0)
        self.assertGreater(large, 0)
        self.assertEqual(huge, 0)  # the default CPU has no pages of 1 GiB

    def test_direct_map_gigabyte_pages(self):
        self.assertGreater(self.direct_map(*sparse_ram("6G"), "-cpu", "max")[2], 0)

    def test_direct_map_q35(self):
        self.direct_map(*sparse_ram("3G", "q35"))

    def test_direct_map_isapc(self):
        self.direct_map("-machine", "isapc", "-cpu", "qemu64", "-m", "32M")

    def test_direct_map_ram_above_4_gib(self):
        self.direct_map("-machine", "pc,max-ram-below-4g=1M", "-m", "256M")

    def test_direct_map_odd_ram(self):
        self.direct_map("-machine", "pc,max-ram-below-4g=33333333", "-m", "100M")

    def test_direct_map_reserved_terabyte(self):
        """QEMU reserves 12 GiB at FD00000000h for AMD CPUs: not to be walked or mapped."""
        self.direct_map("-cpu", "EPYC", "-m", "1G")

    def test_direct_map_bochs(self):
        self.boot_bochs("direct_map", ["^direct map: "])

    # ---- memory map ----

    def check_memory_map(self, size, machine="pc", *options):
        """The map's own rules, and that the sums are what the machine was given."""
        text = self.boot("memory_map", *sparse_ram(f"{size // MIB}M", machine), *options,
                         serial=["^boot drive"])
        sums = {int(kind): int(number)
                for kind, number in re.findall(r"^kind (\d): (\d+) bytes$", text, re.MULTILINE)}
        usable, loader, kernel = sums[1], sums[2], sums[3]
        self.assertGreater(loader, 0)
        self.assertGreater(kernel, 0)
        self.assertLess(loader + kernel, 4 * MIB + size // 256)
        self.assertLessEqual(usable + loader + kernel, size)
        self.assertGreater(usable + loader + kernel, size - ROUNDING)
        return text

    def test_memory_map(self):
        self.assertIn("boot drive 80", self.check_memory_map(512 * MIB))

    def test_memory_map_16_mib(self):
        self.check_memory_map(16 * MIB)

    def test_memory_map_4_gib(self):
        self.check_memory_map(4 * GIB)

    def test_memory_map_8_gib_q35(self):
        self.check_memory_map(8 * GIB, "q35")

    def test_memory_map_isapc(self):
        self.check_memory_map(64 * MIB, "isapc", "-cpu", "qemu64")

    def test_memory_map_bochs(self):
        self.boot_bochs("memory_map", ["^boot drive 80$"])

    def test_usable_memory(self):
        self.boot("usable_memory", "-m", "256M", serial=[USABLE])

    def test_usable_memory_16_mib(self):
        self.boot("usable_memory", "-m", "16M", serial=[USABLE])

    def test_usable_memory_isapc(self):
        self.boot("usable_memory", "-machine", "isapc", "-cpu", "qemu64", "-m", "32M",
                  serial=[USABLE])

    def test_usable_memory_on_both_sides_of_4_gib(self):
        self.boot("usable_memory", "-machine", "pc,max-ram-below-4g=512M", "-m", "768M",
                  serial=[USABLE])

    def test_usable_memory_2_gib(self):
        self.boot("usable_memory", "-m", "2G", serial=[USABLE], timeout=150.0)

    def test_usable_memory_6_gib(self):
        """Some of it word by word, then the ends of each range."""
        self.boot("usable_memory_ends", *sparse_ram("6G", "q35"), serial=[USABLE])

    def test_usable_memory_bochs(self):
        self.boot_bochs("usable_memory", [USABLE], megabytes=32)


class CommandLine(unittest.TestCase):
    def check(self, text):
        directory = tempfile.mkdtemp(prefix="firstlight-")
        self.addCleanup(shutil.rmtree, directory)
        made = create_image(build_path("tests", "boot", "boot_command_line.elf"),
                            os.path.join(directory, "disk.bin"), text)
        length = 0 if text is None else len(text.encode())
        expect_boot(ide_disk(made),
                    [f"^command line \\[{re.escape(text or '')}\\] {length} bytes$"])

    def test_none(self):
        self.check(None)

    def test_words(self):
        self.check("root=disk0 quiet  two  spaces, \"quotes\" and 'more'")

    def test_longest(self):
        self.check("x" * (COMMAND_LINE_MAX - 4) + " end")


if __name__ == "__main__":
    unittest.main()
