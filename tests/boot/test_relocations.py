"""Relocations as a static position-independent kernel may have them, and those it may not: symbols of
every kind, tables that are wrong, targets in odd places. Written byte by byte; where the kernel boots,
it looks at the relocated word itself."""

import struct
import unittest

from contract_test import VGA, ContractTest
from harness.disk_image import DiskImage
from harness.elf_file import (DYNAMIC_ENTRY, DT_NULL, DT_RELA, DT_RELAENT, DT_RELASZ, DT_STRSZ,
                              DT_SYMENT, DT_SYMTAB, ELF_HEADER, ET_DYN, EXIT_CODE, PAGE, R,
                              R_64, R_NONE, SYMBOL, DynamicData, Segment, W, X, executable,
                              program_header_offset, relocation)
from harness.environment import create_image
from harness.expect import expect_boot, expect_error
from harness.qemu import ide_disk

CODE, DATA = 2 * PAGE, 8 * PAGE
TABLES = DATA + PAGE            # relocations, symbols and dynamic section
WORD = 0x1122334455667788       # what the kernel looks for, or looks for with the slide added
WORD_PLACE = DATA + 16
FAILURE_CODE = bytes.fromhex("b011 e6f4 fa f4 ebfc")  # ends QEMU with the status for failure
WRONG_TABLES = "DT_RELA, DT_JMPREL, DT_RELAENT, DT_PLTREL or DT_SYMENT is wrong"
WRONG_SYMBOL = "has a symbol that is undefined, TLS, IFUNC or not in the file"

DT_NEEDED, DT_PLTRELSZ, DT_REL, DT_PLTREL, DT_TEXTREL, DT_JMPREL, DT_RELR = 1, 2, 17, 20, 22, 23, 36
DT_FLAGS_1 = 0x6FFFFFFB         # of the many that say nothing here
GLOBAL, WEAK = 0x10, 0x20       # bindings, in st_info above the type
TLS, IFUNC = 6, 10              # types
UNDEFINED, ABSOLUTE = 0, 0xFFF1


def checking_code(word, moves, place=WORD_PLACE):
    """Compares the word at `place` with `word`, which is an address of the kernel if it `moves`."""
    def to(target, end):
        return struct.pack("<i", target - (CODE + end))
    code = b"\x48\x8b\x05" + to(place, 7)                   # mov rax, [rip + ...]
    code += b"\x48\x8d\x0d" + to(word, 14) if moves else b"\x48\xb9" + struct.pack("<Q", word)
    return code + b"\x48\x39\xc8\x75" + bytes([len(EXIT_CODE)]) + EXIT_CODE + FAILURE_CODE


def symbol(info=GLOBAL, section=1, value=DATA):
    return SYMBOL.pack(1, info, 0, section, value, 0)


def tag(number, value):
    return DYNAMIC_ENTRY.pack(number, value)


class RelocationTest(ContractTest):
    def kernel(self, entries, code=EXIT_CODE, symbols=(DATA,), extra=(), before=()):
        """`before`: segments of lower addresses."""
        dynamic = DynamicData(TABLES, entries, symbols, extra)
        return executable([*before, Segment(CODE, R | X, code),
                           Segment(DATA, R | W, bytes(TABLES - DATA) + dynamic.data)],
                          CODE, kind=ET_DYN, dynamic=dynamic.place)

    def boots(self, kernel):
        expect_boot(ide_disk(create_image(self.write("kernel.elf", kernel), self.path("disk.bin"))))


class Symbols(RelocationTest):
    """R_X86_64_64 against symbol 1, which is defined at DATA unless changed."""

    ENTRY = relocation(WORD_PLACE, 0x30, R_64, 1)

    def check(self, made, word, moves):
        kernel = self.kernel([self.ENTRY], checking_code(word, moves))
        self.assertEqual(kernel.count(symbol()), 1)
        self.boots(kernel.replace(symbol(), made))

    def check_refused_symbol(self, made):
        self.check_refused(self.kernel([self.ENTRY]), symbol(), made, WRONG_SYMBOL)

    def test_defined(self):
        self.check(symbol(), DATA + 0x30, moves=True)

    def test_weak_and_defined(self):
        self.check(symbol(WEAK), DATA + 0x30, moves=True)

    def test_weak_and_undefined(self):
        self.check(symbol(WEAK, UNDEFINED, 0), 0x30, moves=False)

    def test_absolute(self):
        self.check(symbol(GLOBAL, ABSOLUTE, WORD), WORD + 0x30, moves=False)

    def test_a_wrong_word_is_seen(self):
        """The checking code itself."""
        kernel = self.kernel([self.ENTRY], checking_code(DATA + 0x31, moves=True))
        image = create_image(self.write("kernel.elf", kernel), self.path("disk.bin"))
        expect_boot(ide_disk(image), status=0x11 * 2 + 1)

    def test_undefined(self):
        self.check_refused_symbol(symbol(GLOBAL, UNDEFINED, 0))

    def test_thread_local(self):
        self.check_refused_symbol(symbol(GLOBAL | TLS))

    def test_ifunc(self):
        self.check_refused_symbol(symbol(GLOBAL | IFUNC))

    def test_symbol_0(self):
        self.boots(self.kernel([relocation(WORD_PLACE, WORD, R_64, 0)],
                               checking_code(WORD, moves=False)))

    def test_symbol_behind_the_file(self):
        self.check_refused(self.kernel([self.ENTRY]), self.ENTRY,
                           relocation(WORD_PLACE, 0x30, R_64, 1 << 24), WRONG_SYMBOL)

    def test_no_symbols(self):
        table = tag(DT_SYMTAB, TABLES + len(self.ENTRY))
        self.check_refused(self.kernel([self.ENTRY]), table, tag(DT_STRSZ, 1), WRONG_SYMBOL)


class Targets(RelocationTest):
    """Where a relocation may write."""

    def check(self, place):
        self.boots(self.kernel([relocation(place, CODE)], checking_code(CODE, True, place)))

    def test_across_two_pages(self):
        """The second page is another run of kernel memory: its tables end the segment's data."""
        self.check(TABLES - 3)

    def test_unaligned(self):
        self.check(DATA + 5)

    def test_page_after_page(self):
        """Back and forth: each is in another window than the one before."""
        places = [DATA + 8, CODE + 0x200, DATA + 24, CODE + 0x208]
        code = checking_code(CODE, True, CODE + 0x208)
        self.boots(self.kernel([relocation(place, CODE) for place in places],
                               code + bytes(0x210 - len(code))))

    def test_none(self):
        """R_X86_64_NONE does nothing, wherever it points."""
        self.boots(self.kernel([relocation(1 << 40, WORD, R_NONE)]))


class ProgramHeaders(RelocationTest):
    """A segment that maps the file's own headers, as bootimage never leaves it: its offset is changed
    in the image. They must stay as they are, since they are read again later."""

    PLACE, SIZE = PAGE, PAGE // 2
    OFFSET_IN_HEADER = 8

    def disk(self, place, code=EXIT_CODE):
        """QEMU's options for a kernel with a relocation at this offset of its headers."""
        kernel = self.kernel([relocation(self.PLACE + place, CODE)], code,
                             before=[Segment(self.PLACE, R, bytes(self.SIZE))])
        made = DiskImage(create_image(self.write("kernel.elf", kernel), self.path("made.bin")))
        made.patch_kernel(program_header_offset(0) + self.OFFSET_IN_HEADER,
                          struct.pack("<Q", 0))
        return ide_disk(made.write(self.path("disk.bin")))

    def check(self, place):
        expect_boot(self.disk(place, checking_code(CODE, True, self.PLACE + place)))

    def check_refused(self, place):
        expect_error([*self.disk(place), *VGA], "is for the program headers")

    def test_before(self):
        self.check(8)  # padding in the ELF header's identification

    def test_behind(self):
        self.check(PAGE // 4)

    def test_first(self):
        self.check_refused(ELF_HEADER.size)

    def test_into_the_first(self):
        """Its last byte is their first."""
        self.check_refused(ELF_HEADER.size - 7)


class Places(RelocationTest):
    """Where a kernel goes that cannot go everywhere."""

    SLOT = 512 << 30
    BORDER = 0xFFFFC00000000000 + SLOT
    LARGE_PAGE = 2 << 20
    FILESZ_IN_HEADER = 32  # the size in memory behind it

    def own_address_kernel(self, base, alignment=PAGE):
        """Ends well where its code lies at a multiple of the alignment, and, if `base` is not 0, there."""
        code = b"\x48\x8d\x05" + struct.pack("<i", -7)                  # lea rax, [rip - 7]
        code += (b"\x48\xb9" + struct.pack("<Q", base) if base           # mov rcx, base
                 else b"\x48\x89\xc1\x48\x81\xe1" + struct.pack("<i", -alignment))  # mov; and rcx
        code += b"\x48\x39\xc8\x75" + bytes([len(EXIT_CODE)]) + EXIT_CODE + FAILURE_CODE
        start = base or alignment
        data = start + 2 * alignment
        dynamic = DynamicData(data + 16, [relocation(data, start)])
        return executable([Segment(start, R | X, code, alignment=alignment),
                           Segment(data, R | W, bytes(16) + dynamic.data, alignment=alignment)],
                          start, kind=ET_DYN, dynamic=dynamic.place)

    def test_in_two_slots(self):
        """It would leave its entry of the PML4: it stays where it was linked."""
        self.boots(self.own_address_kernel(self.BORDER - PAGE))

    def test_alignment_is_kept(self):
        self.boots(self.own_address_kernel(0, self.LARGE_PAGE))

    def test_larger_than_its_room(self):
        """2 GiB of .bss, below 2 GiB."""
        kernel = self.kernel([relocation(WORD_PLACE, CODE)])
        sizes = slice(program_header_offset(1) + self.FILESZ_IN_HEADER,
                      program_header_offset(1) + self.FILESZ_IN_HEADER + 16)
        self.check_refused(kernel, kernel[sizes], kernel[sizes][:8] + struct.pack("<Q", 2 << 30),
                           "does not fit into the top 2 GiB")


class Dynamic(RelocationTest):
    """The dynamic section itself."""

    ENTRIES = [relocation(WORD_PLACE, CODE), relocation(WORD_PLACE + 8, CODE)]
    SPARE = (0x6FFFFFFF, 99)  # a tag without a meaning, for others to take its place

    def check(self, old, new, pattern):
        self.check_refused(self.kernel(self.ENTRIES, extra=[self.SPARE]), tag(*old), tag(*new),
                           pattern)

    def test_tags_that_need_a_dynamic_linker(self):
        for number in (DT_NEEDED, DT_REL, DT_TEXTREL, DT_RELR):
            with self.subTest(number=number):
                self.check(self.SPARE, (number, 1), f"dynamic section has tag {number} ")

    def test_relocations_of_another_size(self):
        self.check((DT_RELAENT, 24), (DT_RELAENT, 16), WRONG_TABLES)

    def test_symbols_of_another_size(self):
        self.check((DT_SYMENT, SYMBOL.size), (DT_SYMENT, 16), WRONG_TABLES)

    def test_part_of_a_relocation(self):
        self.check((DT_RELASZ, 48), (DT_RELASZ, 47), WRONG_TABLES)

    def test_table_behind_the_file(self):
        self.check((DT_RELASZ, 48), (DT_RELASZ, 24 << 20), WRONG_TABLES)

    def test_table_in_no_segment(self):
        self.check((DT_RELA, TABLES), (DT_RELA, 100 * PAGE), WRONG_TABLES)

    def jump_table_kernel(self, kind=DT_RELA, size=24, code=EXIT_CODE):
        """The second relocation is in the table of those for calls, which is walked, too."""
        entries = [relocation(DATA + 64, CODE), relocation(WORD_PLACE, CODE)]
        kernel = self.kernel(entries, code, extra=[(DT_JMPREL, TABLES + 24), (DT_PLTREL, kind),
                                                   (DT_PLTRELSZ, size)])
        return kernel.replace(tag(DT_RELASZ, 48), tag(DT_RELASZ, 24))

    def test_jump_table(self):
        self.boots(self.jump_table_kernel(code=checking_code(CODE, moves=True)))

    def test_jump_table_of_another_kind(self):
        self.check_refused(self.jump_table_kernel(), tag(DT_PLTREL, DT_RELA), tag(DT_PLTREL, DT_REL),
                           WRONG_TABLES)

    def test_jump_table_of_wrong_size(self):
        self.check_refused(self.jump_table_kernel(), tag(DT_PLTRELSZ, 24), tag(DT_PLTRELSZ, 23),
                           WRONG_TABLES)

    def test_other_tags_say_nothing(self):
        self.boots(self.kernel(self.ENTRIES, checking_code(CODE, moves=True),
                               extra=[(DT_FLAGS_1, 1), self.SPARE]))

    def test_no_end(self):
        """The section's size ends it."""
        kernel = self.kernel(self.ENTRIES, checking_code(CODE, moves=True))
        self.boots(kernel.replace(tag(DT_STRSZ, 4) + tag(DT_NULL, 0),
                                  tag(DT_STRSZ, 4) + tag(DT_FLAGS_1, 0)))


if __name__ == "__main__":
    unittest.main()
