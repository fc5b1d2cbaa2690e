"""Position-independent kernels: at another place in each boot, at one place with a fixed seed, at
their own on request; every pointer right and every RELRO page read-only wherever they are."""

import re
import unittest

from contract_test import ContractTest, elf
from harness.elf_file import (DynamicData, ET_DYN, EXIT_CODE, ELF_HEADER, PAGE, PROGRAM_HEADER,
                              PT_LOAD, R, Segment, W, X, executable, relocation)
from harness.expect import expect_error
from harness.qemu import ide_disk

TOP = 1 << 64
TOP_2_GIB = TOP - (2 << 30)
LAST_2_MIB = TOP - (2 << 20)
ELSEWHERE = 0xFFFFC00000000000
ROOM = 512 << 30
BOOTS = 10
RELOCATION_TYPES = {37: "IRELATIVE", 6: "GLOB_DAT", 2: "PC32", 10: "32", 16: "DTPMOD64"}


def linked_base(path):
    """The lowest page that the file was linked for."""
    with open(path, "rb") as file:
        data = file.read()
    header = ELF_HEADER.unpack_from(data)
    table = [PROGRAM_HEADER.unpack_from(data, header[5] + index * PROGRAM_HEADER.size)
             for index in range(header[10])]
    return min(entry[3] for entry in table if entry[0] == PT_LOAD) & -PAGE


class Slides(ContractTest):
    def place(self, name, path=None, *options):
        """(slide, virtual base), which go together with what the file says."""
        boot = self.boot_image if path else self.boot
        text = boot(path or name, *options, serial=["^slide "])
        slide, base = (int(word, 16) for word in re.search(
            r"^slide (\w+) base (\w+) ", text, re.MULTILINE).groups())
        self.assertEqual((linked_base(elf(name)) + slide) % TOP, base)
        self.assertEqual(base % PAGE, 0)
        return slide, base

    def test_ten_boots(self):
        bases = {self.place("relocations")[1] for _ in range(BOOTS)}
        # Two of them meet by chance once in ten thousand runs, three practically never.
        self.assertGreaterEqual(len(bases), BOOTS - 1)
        for base in bases:
            self.assertTrue(TOP_2_GIB <= base < LAST_2_MIB, f"{base:x}")

    def test_fixed_seed(self):
        first = self.place("relocations", self.remade("relocations", "quiet seed=0x1234 x"))
        again = self.place("relocations", self.remade("relocations", "seed=4660"), "-m", "300M")
        other = self.place("relocations", self.remade("relocations", "seed=4661"))
        self.assertEqual(first, again)
        self.assertNotEqual(first, other)

    def test_malformed_seed(self):
        for text in ("12z", "", "18446744073709551616", "99999999999999999999", "0x", "0xg", "-1"):
            with self.subTest(text=text):
                made = self.remade("relocations", f"seed={text}")
                expect_error([*ide_disk(made), "-vga", "std"], "seed=")

    def test_seed_in_other_words(self):
        same = {self.place("relocations", self.remade("relocations", f"seed={text}"))
                for text in ("44033", "044033", "0xAC01", "0xac01 seed", "1 seed=0xac01")}
        self.assertEqual(len(same), 1)
        self.place("relocations", self.remade("relocations", "seed=18446744073709551615"))
        self.place("relocations", self.remade("relocations", "seed=0"))

    def test_not_randomised(self):
        places = {self.place("relocations_unmoved") for _ in range(3)}
        self.assertEqual({base for _, base in places}, {TOP_2_GIB})

    def test_linked_in_the_top_2_gib(self):
        for base in {self.place("relocations_top")[1] for _ in range(2)}:
            self.assertTrue(TOP_2_GIB <= base < LAST_2_MIB, f"{base:x}")

    def test_linked_elsewhere(self):
        bases = {self.place("relocations_elsewhere")[1] for _ in range(3)}
        self.assertGreater(len(bases), 1)
        for base in bases:
            self.assertTrue(ELSEWHERE <= base < ELSEWHERE + ROOM, f"{base:x}")

    def test_page_permissions(self):
        self.boot("page_permissions_pie", serial=["each allowed or refused as promised$"])

    def test_bochs(self):
        self.boot_bochs("relocations", ["^slide "])

    def test_page_permissions_bochs(self):
        self.boot_bochs("page_permissions_pie", ["each allowed or refused as promised$"])


class Relocations(ContractTest):
    """Written byte by byte: the kernel checks a pointer that its file has relocated."""

    BASE, DATA = 0x1000, 0x3000

    def kernel(self, entries, **more):
        dynamic = DynamicData(self.DATA + 64, entries, **more)
        return executable([Segment(self.BASE, R | X, EXIT_CODE),
                           Segment(self.DATA, R | W, bytes(64) + dynamic.data)],
                          self.BASE, kind=ET_DYN, dynamic=dynamic.place)

    def test_each_other_type_is_refused_by_name(self):
        good = relocation(self.DATA, 0x1122334455)
        for kind, name in RELOCATION_TYPES.items():
            with self.subTest(name=name):
                self.check_refused(self.kernel([good]), good,
                                   relocation(self.DATA, 0x1122334455, kind), f"R_X86_64_{name}")

    def test_unknown_type_is_refused_by_number(self):
        good = relocation(self.DATA, 0x1122334455)
        self.check_refused(self.kernel([good]), good, relocation(self.DATA, 0x1122334455, 99), "99")

    def test_target_outside(self):
        good = relocation(self.DATA, 0x1122334455)
        self.check_refused(self.kernel([good]), good, relocation(0x9000, 0x1122334455), "0x9000")

    def test_target_passes_the_end(self):
        good = relocation(self.BASE, 0x1122334455)
        bad = relocation(self.BASE + len(EXIT_CODE) - 7, 0x1122334455)
        kernel = self.kernel([relocation(self.DATA, 1), good])
        self.check_refused(kernel, good, bad, "no segment")


if __name__ == "__main__":
    unittest.main()
