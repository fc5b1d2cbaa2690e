"""tools/gdb's page-table code, on tables made here: what no boot of the loader has, too."""

import os
import sys
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)),
                                "..", "..", "tools", "gdb"))

from firstlight_gdb import paging, text  # noqa: E402, once the path is known

P, W, U, PCD, LARGE, NX = 1, 2, 4, 1 << 4, 1 << 7, 1 << 63
ROOT = 0x1000


class Memory:
    """Physical memory with page tables, made as they are needed."""

    def __init__(self, levels=4):
        self.levels, self.tables, self.next = levels, {ROOT: [0] * 512}, ROOT + 0x1000

    def map(self, virtual, entry, level=0, above=P | W | U):
        """Puts `entry` into the table of this level; the entries above it get the bits `above`."""
        table = ROOT
        for step in range(self.levels - 1, level, -1):
            index = virtual >> (12 + 9 * step) & 511
            if not self.tables[table][index]:
                self.tables[self.next] = [0] * 512
                self.tables[table][index] = self.next | above
                self.next += 0x1000
            table = self.tables[table][index] & 0xFFFFFFFFFF000
        self.tables[table][virtual >> (12 + 9 * level) & 511] = entry

    def read(self, address, count):
        content = b"".join(entry.to_bytes(8, "little") for entry in self.tables[address & ~0xFFF])
        return content[address & 0xFFF:][:count]

    def walk(self, address, no_execute=True):
        return paging.walk(self.read, ROOT, address, self.levels, no_execute)

    def ranges(self, **limits):
        return paging.ranges(self.read, ROOT, self.levels, **limits)


class Walk(unittest.TestCase):
    def test_pages_of_every_size(self):
        for level, size in enumerate((0x1000, 0x200000, 0x40000000)):
            memory = Memory()
            virtual, physical = 0xFFFF_C123_4000_0000, 0x7_C000_0000
            memory.map(virtual, physical | P | W | (LARGE if level else 0), level)
            found = memory.walk(virtual + 0x123)
            self.assertEqual((found.physical, found.page_size), (physical + 0x123, size))
            self.assertEqual([step.name for step in found.steps], ["PML4", "PDPT", "PD", "PT"][:4 - level])
            self.assertIsNone(memory.walk(virtual + size).physical)

    def test_rights_are_those_of_all_levels(self):
        for above, entry, rights in ((P | W | U, P | W | U, "RWX U"), (P | U, P | W | U, "R-X U"),
                                     (P | W, P | W | U, "RWX S"), (P | W | U | NX, P | W, "RW- S"),
                                     (P | W | U, P | U | NX, "R-- U")):
            memory = Memory()
            memory.map(0x5000, 0x9000 | entry, above=above)
            self.assertEqual(memory.walk(0x5000).rights, rights)

    def test_without_nx_all_is_executable(self):
        memory = Memory()
        memory.map(0x5000, 0x9000 | P | NX)
        self.assertEqual(memory.walk(0x5000, no_execute=False).rights, "R-X S")

    def test_bits_that_choose_the_cache(self):
        memory = Memory()
        memory.map(0x5000, 0x9000 | P | PCD | 1 << 7)
        memory.map(0x200000, 0x400000 | P | LARGE | 1 << 12, level=1)
        self.assertEqual(memory.walk(0x5000).cache, "PCD PAT")
        self.assertEqual((memory.walk(0x200000).cache, memory.walk(0x200000).physical),
                         ("PAT", 0x400000))

    def test_five_levels(self):
        memory = Memory(levels=5)
        memory.map(0xFF12_3456_789A_B000, 0x9000 | P)
        self.assertEqual(memory.walk(0xFF12_3456_789A_BCDE).physical, 0x9CDE)
        self.assertEqual(len(memory.walk(0xFF12_3456_789A_BCDE).steps), 5)

    def test_canonical_addresses(self):
        self.assertTrue(paging.is_canonical(0xFFFF_8000_0000_0000, 4))
        self.assertFalse(paging.is_canonical(0x0000_8000_0000_0000, 4))
        self.assertTrue(paging.is_canonical(0x0000_8000_0000_0000, 5))
        self.assertFalse(paging.is_canonical(0xFFFF_7FFF_FFFF_FFFF, 4))


class Ranges(unittest.TestCase):
    def test_neighbours_are_one_range(self):
        memory = Memory()
        for page in range(3):
            memory.map(0x1FE000 + page * 0x1000, 0x50000 + page * 0x1000 | P | W)
        self.assertEqual(memory.ranges(),
                         [paging.Range(0x1FE000, 0x50000, 0x3000, 0x1000, "RWX S", "")])

    def test_what_keeps_neighbours_apart(self):
        for other in (0x51000 | P, 0x51000 | P | W | PCD, 0x52000 | P | W):
            memory = Memory()
            memory.map(0x5000, 0x50000 | P | W)
            memory.map(0x6000, other)
            self.assertEqual([part.virtual for part in memory.ranges()], [0x5000, 0x6000], hex(other))
        memory = Memory()
        memory.map(0x1FF000, 0x1FF000 | P)
        memory.map(0x200000, 0x200000 | P | LARGE, level=1)
        self.assertEqual([part.page_size for part in memory.ranges()], [0x1000, 0x200000])

    def test_upper_half_is_sign_extended(self):
        memory = Memory()
        memory.map(0xFFFF_FFFF_FFFF_F000, 0x9000 | P)
        self.assertEqual(memory.ranges()[0].virtual, 0xFFFF_FFFF_FFFF_F000)
        self.assertEqual(memory.ranges(first=0xFFFF_FFFF_FFFF_FFFF), memory.ranges())
        self.assertEqual(memory.ranges(last=0x7FFF_FFFF_FFFF), [])

    def test_only_what_touches_the_limits(self):
        memory = Memory()
        for page in range(8):
            memory.map(page << 12, page << 12 | P)
        found, = memory.ranges(first=0x2FFF, last=0x4000)
        self.assertEqual((found.virtual, found.size), (0x2000, 0x3000))

    def test_tables_inside_themselves(self):
        """A recursive slot at the top, and a loop further down: listed once, not followed."""
        memory = Memory()
        memory.map(0x5000, 0x9000 | P)
        memory.tables[ROOT][511] = ROOT | P | W
        table = memory.tables[ROOT][0] & ~0xFFF
        memory.tables[table][3] = table | P | W
        self.assertEqual([(part.virtual, part.physical, part.rights) for part in memory.ranges()],
                         [(0x5000, 0x9000, "R-X S"), (3 << 30, table, "page tables"),
                          (0xFFFF_FF80_0000_0000, ROOT, "page tables")])


class Text(unittest.TestCase):
    def test_sizes(self):
        for count, words in ((0, "0 bytes"), (1, "1 byte"), (1023, "1023 bytes"), (1024, "1 KiB"),
                             (1536, "1.5 KiB"), (1 << 20, "1 MiB"), (12 << 30, "12 GiB"),
                             ((1 << 40) + (1 << 39), "1.5 TiB")):
            self.assertEqual(text.size(count), words)

    def test_flags_without_a_name_are_shown(self):
        self.assertEqual(text.flags(0x83, (("A", 1), ("B", 2), ("C", 4))), "A, B, 0x80")
        self.assertEqual(text.flags(0, (("A", 1),)), "none")


if __name__ == "__main__":
    unittest.main()
