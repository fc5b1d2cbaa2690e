"""The budgets of a boot: the loader's instructions, its size, and that it reads each sector it needs
once, in transfers as large as firmware allows."""

import unittest

from boot_cost import (LARGE, MACHINE, MIB, SMALL, boot, measure, missing, payload_kernel,
                       per_byte)
from contents import real
from costs import (MOST_LITERALS, NEARLY_ALL_LITERALS, each, grown, literals, repeating,
                   unpacked)
from harness.disk_image import SECTOR
from harness.qemu import sparse_ram

OWN_INSTRUCTIONS = 60_000  # for a kernel with 64 KiB of data
OWN_PER_BYTE = 0.22        # for each byte beyond
UNPACKED_PER_BYTE = 1.65   # for each byte of code that was compressed
LITERALS_PER_BYTE = 0.3    # for each byte of data of which LZ4 stores the most, or nearly all, as literals
REPEATED_PER_BYTE = 0.22   # for each byte that LZ4 stores as one long match after the other
WRITTEN_PER_BYTE = 1.01    # bytes written above 1 MiB: each once, and the page tables for them
TERABYTE = 1000 << 30      # as much memory as TCG's 40 bits of address hold
PER_LARGE_PAGE = 4         # for each page of 2 MiB of it
OWN_FOR_HUGE_PAGES = 20_000  # the same mapped by pages of 1 GiB, beyond what 512 MiB cost
LARGE_PAGE = 2 << 20
STAGE2_BYTES = 32 * 1024
TRANSFER_SECTORS, EXTRA_TRANSFERS = 127, 5


class Budget(unittest.TestCase):
    def setUp(self):
        if missing():
            self.skipTest(missing())

    def test_instructions_of_a_small_kernel(self):
        cost = measure(SMALL)
        print(f"own {cost.own}, firmware {cost.firmware}")
        self.assertGreater(cost.own, 1000)  # the counter counts
        self.assertLessEqual(cost.own, OWN_INSTRUCTIONS)

    def check_compressed(self, make, most):
        slope = each(grown("", "", (MIB, 16 * MIB), unpacked(make)).points, "own")
        print(f"{slope:.4f} for each byte unpacked")
        self.assertGreater(slope, 0.05)  # every byte is written and summed
        self.assertLessEqual(slope, most)

    def test_compressed_code(self):
        self.check_compressed(real, UNPACKED_PER_BYTE)

    def test_compressed_literals(self):
        make = literals(MOST_LITERALS)
        unasked = boot(payload_kernel(make(MIB)))
        self.assertLess(len(unasked.sectors) * SECTOR, MIB, "it is not compressed unasked")
        self.check_compressed(make, LITERALS_PER_BYTE)

    def test_compressed_nearly_all_literals(self):
        self.check_compressed(literals(NEARLY_ALL_LITERALS), LITERALS_PER_BYTE)

    def test_compressed_repetition(self):
        self.check_compressed(repeating, REPEATED_PER_BYTE)

    def terabyte(self, *options):
        """Instructions that a terabyte costs beyond what 512 MiB do: its page tables are not for
        nothing, but nobody may wait for them."""
        more = measure(SMALL, (*sparse_ram("1000G"), *options)).own
        further = more - measure(SMALL, (*MACHINE, *options)).own
        print(f"own {more}, {further} for the memory")
        self.assertGreater(further, 0)
        return further

    def test_instructions_for_a_terabyte(self):
        further = self.terabyte()
        print(f"{further / (TERABYTE // LARGE_PAGE):.3f} for each page of 2 MiB")
        self.assertGreater(further, TERABYTE // LARGE_PAGE)  # each entry is written
        self.assertLessEqual(further, PER_LARGE_PAGE * (TERABYTE // LARGE_PAGE))

    def test_instructions_for_a_terabyte_by_huge_pages(self):
        self.assertLessEqual(self.terabyte("-cpu", "max"), OWN_FOR_HUGE_PAGES)

    def test_stage2_size(self):
        size = measure(SMALL).image.stage2_sectors * SECTOR
        print(f"stage 2: {size} bytes")
        self.assertLessEqual(size, STAGE2_BYTES)

    def check_disk(self, payload):
        cost = measure(payload)
        print(f"{len(cost.sectors)} sectors, {cost.transfers} transfers, "
              f"{cost.disk_calls} INT 13h calls")
        needed = cost.image.needed_sectors()
        self.assertEqual(set(cost.sectors) - needed, set(), "sectors that boot does not need")
        self.assertEqual(needed - set(cost.sectors), set(), "sectors that were not read")
        self.assertEqual(len(cost.sectors), len(needed), "sectors were read twice")
        self.assertLessEqual(cost.transfers,
                             len(cost.sectors) // TRANSFER_SECTORS + EXTRA_TRANSFERS)
        self.assertGreaterEqual(cost.disk_calls, cost.transfers)

    def test_disk_reads_of_a_small_kernel(self):
        self.check_disk(SMALL)

    def test_large_kernel(self):
        """Disk and instructions in one test: one boot takes some seconds."""
        self.check_disk(LARGE)
        small, large = measure(SMALL), measure(LARGE)
        slope = per_byte()
        print(f"own {large.own}, {slope:.4f} for each further byte, firmware {large.firmware}")
        self.assertGreater(slope, 0.05)  # every byte is copied and summed somewhere
        self.assertLessEqual(slope, OWN_PER_BYTE)
        written = (large.high_bytes - small.high_bytes) / (LARGE - SMALL)
        print(f"{written:.4f} bytes written above 1 MiB for each")
        self.assertGreaterEqual(written, 1)
        self.assertLessEqual(written, WRITTEN_PER_BYTE)


if __name__ == "__main__":
    unittest.main()
