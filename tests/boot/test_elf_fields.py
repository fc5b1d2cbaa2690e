"""Every field of a kernel's ELF header and program headers, wrong in every way that the loader looks
for: bootimage and stage 2 refuse it in the same words."""

import struct
import unittest

from contract_test import VGA, ContractTest
from harness.disk_image import DiskImage
from harness.elf_file import (ET_DYN, EXIT_CODE, PAGE, PT_DYNAMIC, PT_GNU_RELRO, PT_TLS, R,
                              DynamicData, Segment, W, X, executable, program_header_offset)
from harness.environment import create_image
from harness.expect import expect_boot, expect_error
from harness.qemu import ide_disk

PT_INTERP = 3
GIB = 1 << 30
CODE = 0xFFFFFFFF80000000
CONSTANTS, DATA, MORE_DATA = CODE + 4 * PAGE, CODE + 8 * PAGE, CODE + 12 * PAGE
PIE_CODE, PIE_DATA = 2 * PAGE, 8 * PAGE

# Offset and form of each field (gABI 4.1, figures 4-3 and 5-1).
HEADER_FIELDS = {"class": (4, "B"), "data": (5, "B"), "ident_version": (6, "B"), "abi": (7, "B"),
                 "type": (16, "H"), "machine": (18, "H"), "version": (20, "I"), "entry": (24, "Q"),
                 "phoff": (32, "Q"), "flags": (48, "I"), "ehsize": (52, "H"),
                 "phentsize": (54, "H"), "phnum": (56, "H")}
PROGRAM_FIELDS = {"type": (0, "I"), "flags": (4, "I"), "offset": (8, "Q"), "vaddr": (16, "Q"),
                  "filesz": (32, "Q"), "memsz": (40, "Q"), "align": (48, "Q")}

# The test's name, the fields and their values, what is said.
HEADER = (
    ("32_bits", {"class": 1}, "EI_CLASS 1 instead of 2"),
    ("big_endian", {"data": 2}, "EI_DATA 2 instead of 1"),
    ("ident_version", {"ident_version": 2}, "EI_VERSION 2 instead of 1"),
    ("foreign_abi", {"abi": 9}, "OS ABI 9 instead of 0"),
    ("relocatable", {"type": 1}, "e_type 1 instead of 2"),
    ("other_machine", {"machine": 3}, "ELF machine 3 instead of 62"),
    ("version", {"version": 0}, "e_version 0 instead of 1"),
    ("flags", {"flags": 1}, "e_flags 1 instead of 0"),
    ("header_size", {"ehsize": 52}, "e_ehsize 52 instead of 64"),
    ("program_header_size", {"phentsize": 32}, "e_phentsize 32 instead of 56"),
    ("program_headers_too_many", {"phnum": 0xFFFF}, "more than 65534 program headers"),
    ("program_headers_none", {"phnum": 0, "phentsize": 0}, "no loadable segment"),
    ("program_headers_behind_the_file", {"phoff": 1 << 40}, "pass the end of its file"),
    ("program_headers_pass_the_end", {"phnum": 0xFFFE}, "pass the end of its file"),
    ("entry_behind_the_code", {"entry": CODE + len(EXIT_CODE)}, "entry point .* is not in"),
    ("entry_in_data", {"entry": DATA}, "entry point .* is not in"),
)

# The same with the number of a program header; 0: code, 1: constants, 2 and 3: data, 4: RELRO, 5: TLS.
SEGMENTS = (
    ("interpreter", 1, {"type": PT_INTERP}, "asks for a dynamic linker"),
    ("larger_in_the_file", 2, {"memsz": 1}, "is larger in the file than in memory"),
    ("offset_behind_the_file", 1, {"offset": 1 << 40}, "passes the end of the file"),
    ("end_behind_the_file", 2, {"filesz": 1 << 30, "memsz": 1 << 30}, "passes the end of the file"),
    ("no_access", 1, {"flags": 0}, "allows no access"),
    ("alignment_no_power_of_two", 1, {"align": 3}, "has a p_align that is no power of two"),
    ("alignment_not_of_the_offset", 1, {"align": 1 << 40}, "not that of offset and address"),
    ("page_0", 0, {"vaddr": 0, "align": 1}, "lies in page 0"),
    ("not_canonical", 1, {"vaddr": 1 << 50, "align": 1}, "is not inside one canonical half"),
    ("leaves_the_lower_half", 0, {"vaddr": (1 << 47) - 1, "align": 1},
     "is not inside one canonical half"),
    ("passes_the_end_of_memory", 3, {"vaddr": (1 << 64) - 1, "align": 1},
     "is not inside one canonical half"),
    ("lower_than_the_one_before", 1, {"vaddr": CODE - 2 * PAGE, "align": 1},
     "overlaps the one before it, or has a lower address"),
    ("shares_a_page", 1, {"vaddr": CODE + 100, "flags": R | W, "align": 1},
     "makes a page it shares with the one before it writable and executable"),
    ("relro_of_constants", 4, {"vaddr": CONSTANTS}, "PT_GNU_RELRO. passes the writable ones"),
    ("relro_too_long", 4, {"memsz": 2 * PAGE}, "PT_GNU_RELRO. passes the writable ones"),
    ("tls_larger_in_the_file", 5, {"filesz": 100}, "PT_TLS. has a wrong size or p_align"),
    ("tls_alignment", 5, {"align": 24}, "PT_TLS. has a wrong size or p_align"),
    ("tls_outside", 5, {"vaddr": CODE + 100 * PAGE}, "lies in no other"),
    ("second_tls", 4, {"type": PT_TLS, "filesz": 0}, "is a second one of its type"),
    ("second_relro", 5, {"type": PT_GNU_RELRO}, "is a second one of its type"),
)

# Harmless: these boot.
ACCEPTED = (
    ("gnu_abi", None, {"abi": 3}),
    ("standalone_abi", None, {"abi": 255}),
    ("larger_alignment", 3, {"align": 4 * PAGE}),
    ("relro_of_no_page", 4, {"memsz": 8}),
    ("relro_left_over", 4, {"memsz": 0}),
    ("tls_without_alignment", 5, {"align": 0}),
    ("unknown_type", 5, {"type": 0x60000000}),
    ("dynamic_of_a_static_kernel", 5, {"type": PT_DYNAMIC}),
)

# Of a position-independent kernel, 0: code, 1: data, 2: the dynamic section, 3: TLS, the same.
POSITION_INDEPENDENT = (
    ("alignment_above_1_gib", 1, {"offset": 0, "vaddr": 2 * GIB, "align": 2 * GIB}, "above 1 GiB"),
    ("dynamic_outside", 2, {"vaddr": 100 * PAGE}, "PT_DYNAMIC. is not inside another in the file"),
    ("dynamic_passes_the_file", 2, {"filesz": 1 << 20}, "PT_DYNAMIC. is not inside another"),
    ("second_dynamic", 3, {"type": PT_DYNAMIC}, "is a second one of its type"),
)


def patched(data, fields, places, base):
    """The bytes with other values in the structure at `base`."""
    data = bytearray(data)
    for name, value in fields.items():
        offset, form = places[name]
        struct.pack_into("<" + form, data, base + offset, value)
    return bytes(data)


def static_kernel():
    segments = [Segment(CODE, R | X, EXIT_CODE), Segment(CONSTANTS, R, b"constants"),
                Segment(DATA, R | W, b"data" * 8, PAGE), Segment(MORE_DATA, R | W, b"more data")]
    return executable(segments, CODE, relro=(DATA, PAGE), tls=(DATA, 8, 16, 8))


def position_independent_kernel():
    dynamic = DynamicData(PIE_DATA, [])
    segments = [Segment(PIE_CODE, R | X, EXIT_CODE), Segment(PIE_DATA, R | W, dynamic.data)]
    address, size = dynamic.place
    return executable(segments, PIE_CODE, kind=ET_DYN, dynamic=dynamic.place,
                      tls=(address, size, size, 8))


class ElfField(ContractTest):
    def stage2_image(self, good, fields, places, base):
        """The good kernel's image with the change made in it."""
        made = DiskImage(create_image(self.write("good.elf", good), self.path("good.bin")))
        made.patch_kernel(0, patched(made.kernel_bytes(), fields, places, base))
        return made.write(self.path("changed.bin"))

    def check(self, good, fields, pattern, places, base):
        bad = self.write("bad.elf", patched(good, fields, places, base))
        words = self.refused_on_host(bad, pattern)
        line = expect_error([*ide_disk(self.stage2_image(good, fields, places, base)), *VGA],
                            pattern)
        self.assertEqual(line, f"firstlight: {words}")

    def check_header(self, fields, pattern):
        self.check(static_kernel(), fields, pattern, HEADER_FIELDS, 0)

    def check_segment(self, index, fields, pattern):
        self.check(static_kernel(), fields, pattern, PROGRAM_FIELDS, program_header_offset(index))

    def check_position_independent(self, index, fields, pattern):
        self.check(position_independent_kernel(), fields, pattern, PROGRAM_FIELDS,
                   program_header_offset(index))

    def check_accepted(self, index, fields):
        places, base = HEADER_FIELDS, 0
        if index is not None:
            places, base = PROGRAM_FIELDS, program_header_offset(index)
        changed = patched(static_kernel(), fields, places, base)
        create_image(self.write("changed.elf", changed), self.path("host.bin"))
        expect_boot(ide_disk(self.stage2_image(static_kernel(), fields, places, base)))

    def check_cut(self, size, pattern):
        """A kernel item of so many bytes."""
        made = DiskImage(create_image(self.write("good.elf", static_kernel()),
                                      self.path("good.bin")))
        kernel = made.kernel
        kernel.bytes, kernel.sectors = size, 1
        made.patch_kernel(0, b"\x7fELF"[:size])
        expect_error([*ide_disk(made.write(self.path("cut.bin"))), *VGA], pattern)

    def test_3_bytes(self):
        self.check_cut(3, "the kernel is not an ELF file")

    def test_part_of_a_header(self):
        self.check_cut(63, "the kernel ends within its ELF header")

    def test_position_independent_kernel_boots(self):
        good = self.write("good.elf", position_independent_kernel())
        expect_boot(ide_disk(create_image(good, self.path("good.bin"))))


def row_test(method, row):
    return lambda self: getattr(self, method)(*row)


for method, rows in (("check_header", HEADER), ("check_segment", SEGMENTS),
                     ("check_accepted", ACCEPTED),
                     ("check_position_independent", POSITION_INDEPENDENT)):
    for name, *row in rows:
        setattr(ElfField, f"test_{name}", row_test(method, row))


if __name__ == "__main__":
    unittest.main()
