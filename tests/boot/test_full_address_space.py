"""Kernels that leave no room in the address space: for the loader's region or for the direct map."""

import struct
import unittest

from contract_test import VGA, ContractTest
from harness.elf_file import EXIT_CODE, PAGE, R, Segment, X, executable
from harness.environment import create_image
from harness.expect import expect_boot, expect_error
from harness.qemu import ide_disk, sparse_ram

SLOT = 512 << 30
SLOTS = 512
CODE = 0x400000


def address_of(slot):
    return (slot * SLOT) | (0xFFFF << 48 if slot >= SLOTS // 2 else 0)


class FullAddressSpace(ContractTest):
    """A kernel with a byte at the start of each of these entries of the PML4."""

    def kernel(self, slots, more=(), request=None):
        segments = [Segment(CODE, R | X, EXIT_CODE)]
        segments += [Segment(address, R, b"x") for address in [*map(address_of, slots), *more]]
        return executable(segments, CODE, request=request)

    def options(self, ram, *kernel, **request):
        image = create_image(self.write("kernel.elf", self.kernel(*kernel, **request)),
                             self.path("disk.bin"))
        return [*ide_disk(image), *VGA, *sparse_ram(ram)]

    def test_one_slot_for_each(self):
        expect_boot(self.options("1G", range(SLOTS // 2, SLOTS - 2)))

    def check_last(self, slot):
        """The last segment moves on, to the start of a slot that must be free."""
        last = address_of(SLOTS - 3) + 2 * PAGE
        kernel = self.kernel(range(SLOTS // 2, SLOTS - 2), [last])
        places = (struct.pack("<QQ", address, address) for address in (last, address_of(slot)))
        self.check_refused(kernel, *places, "the address space has no room for 4 GiB of physical "
                                            "memory beside the kernel")

    def test_no_slot_for_the_loader(self):
        self.check_last(SLOTS - 2)

    def test_no_slot_for_the_direct_map(self):
        self.check_last(SLOTS - 1)

    def test_no_two_slots_in_a_row(self):
        expect_error(self.options("1000G", range(SLOTS // 2, SLOTS, 2)),
                     "the address space has no room for 10[0-9]+ GiB of physical memory")

    def test_direct_map_over_the_end(self):
        """It was requested too near to the end of memory."""
        expect_error(self.options("1000G", [], request={"direct_map": address_of(SLOTS - 1)}),
                     "requested at 0x[0-9a-f]+, 1024 GiB, collides with the end of")


if __name__ == "__main__":
    unittest.main()
