"""What a kernel asks for (firstlight/boot_request.h): each wish granted as the kernel sees it from
the inside, and each malformed one refused by bootimage and by stage 2 in the same words."""

import re
import struct
import unittest

from contract_test import ContractTest
from harness.disk_image import DiskImage
from harness.elf_file import (AVOID_ISA_HOLE, ELF_HEADER, EXIT_CODE, FRAMEBUFFER, NO_DIRECT_MAP,
                              PROGRAM_HEADER, PT_NOTE, R, REQUEST_SIZE, Segment, X, boot_request,
                              executable, note, program_header_offset, request_note)
from harness.environment import create_image
from harness.expect import expect_boot, expect_error
from harness.qemu import ide_disk, sparse_ram

KERNEL = 0xFFFFFFFF80000000
GIB = 1 << 30
MIB = 1 << 20
SLOT = 512 * GIB
NOTE_DESCRIPTOR = 24  # where it begins in a note of this name
UNKNOWN_FIELD = 9  # the first that boot_request version 1 does not have, in 8 bytes


def kernel_with(*notes, address=KERNEL):
    """A kernel that ends QEMU, with these notes in one segment of notes."""
    return executable([Segment(address, R | X, EXIT_CODE)], address, notes=[b"".join(notes)])


class Granted(ContractTest):
    def test_stack_size(self):
        self.boot("stack_size", serial=["^stack: 3204 KiB, as asked$"])

    def test_stack_size_bochs(self):
        self.boot_bochs("stack_size", ["^stack: 3204 KiB, as asked$"])

    def test_direct_map_address(self):
        self.boot("direct_map_address", serial=["^direct map: at ffffc00000000000, as asked$"])

    def test_direct_map_address_64_gib(self):
        self.boot("direct_map_address", *sparse_ram("64G"),
                  serial=["^direct map: at ffffc00000000000, as asked$"])

    def test_no_direct_map(self):
        self.boot("no_direct_map", serial=["^direct map: none, as asked; 0 modules$"])

    def test_no_direct_map_with_modules(self):
        modules = [(f"module{index}", self.write(f"m{index}", bytes([index]) * size), "words")
                   for index, size in enumerate((1, 5000, 3 * MIB))]
        self.boot_image(self.remade("no_direct_map", modules=modules),
                        serial=["^direct map: none, as asked; 3 modules$"])

    def test_no_direct_map_bochs(self):
        self.boot_bochs("no_direct_map", ["^direct map: none, as asked"])

    def test_recursive_slot(self):
        self.boot("recursive_slot", serial=[r"^recursive slot: \d+ tables$"])

    def test_recursive_slot_without_direct_map(self):
        self.boot("recursive_slot_only", serial=[r"^recursive slot: \d+ tables$"])

    def test_recursive_slot_bochs(self):
        self.boot_bochs("recursive_slot", [r"^recursive slot: \d+ tables$"])

    def test_optional_field_is_ignored(self):
        self.boot("optional_field", serial=["^optional field: ignored$"])


    def test_each_depth(self):
        """One that the machine has, or text instead."""
        for depth in (15, 16, 24, 32):
            with self.subTest(depth=depth):
                asks = request_note(video=FRAMEBUFFER, width=800, height=600, depth=depth)
                kernel = self.write("kernel.elf", kernel_with(asks))
                self.boot_image(create_image(kernel, self.path("image.bin")))


class PhysicalMemory(ContractTest):
    def place(self, name, *options):
        """(physical base, pages from 15 to 16 MiB)"""
        text = self.boot(name, *options, serial=["^kernel at "])
        base, pages = re.search(r"^kernel at (\w+), (\d+) pages", text, re.MULTILINE).groups()
        return int(base, 16), int(pages)

    def test_by_default(self):
        """20 MiB from the lowest free address up pass the hole: the wish below is none of luck."""
        base, pages = self.place("physical_memory", "-m", "128M")
        self.assertEqual(pages, MIB // 4096)
        self.assertNotEqual(base % (64 * MIB), 0)

    def test_alignment(self):
        base, _ = self.place("physical_alignment", "-m", "512M")
        self.assertEqual((base % (64 * MIB), base > 0), (0, True))

    def test_alignment_above_4_gib(self):
        base, _ = self.place("physical_alignment", "-machine", "pc,max-ram-below-4g=1M",
                             "-m", "256M")
        self.assertEqual((base % (64 * MIB), base >= 4 * GIB), (0, True))

    def test_alignment_that_memory_does_not_have(self):
        expect_error([*ide_disk(self.remade("physical_alignment")), "-m", "64M", "-vga", "std"],
                     "not enough memory for (the )?kernel")

    def test_avoid_isa_hole(self):
        base, pages = self.place("avoid_isa_hole", "-m", "128M")
        self.assertEqual((base >= 16 * MIB, pages), (True, 0))

    def test_avoid_isa_hole_and_little_memory(self):
        expect_error([*ide_disk(self.remade("avoid_isa_hole")), "-m", "32M", "-vga", "std"],
                     "not enough memory for (the )?kernel")


class Malformed(ContractTest):
    """One kernel for each way to ask wrongly."""

    def check_fields(self, pattern, base=None, **fields):
        """A good request with these fields instead."""
        base = base or {}
        good, bad = boot_request(**base), boot_request(**{**base, **fields})
        self.check_refused(kernel_with(note(good)), good, bad, pattern)

    def test_minimum_version_too_high(self):
        self.check_fields("minimum_version", minimum_version=4)

    def test_version_0(self):
        self.check_fields("version", version=0)

    def test_size_too_small(self):
        self.check_fields("size", size=8)

    def test_size_not_the_notes(self):
        self.check_fields("size", size=64)

    def test_required_unknown_field(self):
        self.check_fields("required", required=1 << UNKNOWN_FIELD)

    def test_required_unknown_field_of_a_later_version(self):
        tail = bytes(range(1, 9))
        good, bad = boot_request(tail), boot_request(tail, required=1 << UNKNOWN_FIELD)
        self.check_refused(kernel_with(note(good)), good, bad, "required")

    def test_unknown_flag(self):
        self.check_fields("flags", flags=8)

    def test_stack_not_whole_pages(self):
        self.check_fields("stack_size", stack_size=0x10001)

    def test_stack_too_large(self):
        self.check_fields("stack_size", stack_size=GIB + 4096)

    def test_stack_beyond_32_bits(self):
        self.check_fields("stack_size", stack_size=1 << 40)

    def test_direct_map_not_canonical(self):
        self.check_fields("direct_map", direct_map=0x0000800000000000)

    def test_direct_map_not_aligned(self):
        self.check_fields("direct_map", direct_map=0xFFFF800000001000)

    def test_direct_map_asked_and_declined(self):
        self.check_fields("direct_map", direct_map=0xFFFF800000000000, flags=NO_DIRECT_MAP)

    def test_direct_map_on_the_kernel(self):
        self.check_fields("direct map|direct_map", direct_map=-SLOT % (1 << 64))

    def test_recursive_slot_too_high(self):
        self.check_fields("recursive_slot", recursive_slot=512)

    def test_recursive_slot_of_the_kernel(self):
        self.check_fields("recursive", recursive_slot=511)

    def test_recursive_slot_of_the_direct_map(self):
        self.check_fields("recursive|direct_map|direct map", recursive_slot=256,
                          direct_map=0xFFFF800000000000)

    def test_unknown_video(self):
        self.check_fields("video", video=3)

    def test_text_with_a_size(self):
        self.check_fields("video|width", width=800, height=600)

    def test_width_without_height(self):
        self.check_fields("width|height", {"video": FRAMEBUFFER}, width=800)

    def test_too_wide(self):
        self.check_fields("width", {"video": FRAMEBUFFER}, width=16385, height=600)

    def test_too_high(self):
        self.check_fields("height", {"video": FRAMEBUFFER}, width=800, height=16385)

    def test_odd_depth(self):
        self.check_fields("depth", {"video": FRAMEBUFFER}, depth=12)

    def test_reserved(self):
        self.check_fields("reserved", reserved=1)

    def test_alignment_no_power_of_two(self):
        self.check_fields("physical_alignment", physical_alignment=0x3000)

    def test_alignment_too_small(self):
        self.check_fields("physical_alignment", physical_alignment=2048)

    def test_alignment_too_large(self):
        self.check_fields("physical_alignment", physical_alignment=2 * GIB)

    def test_two_requests(self):
        """A request of a later version whose last field looks like a note becomes one that has
        another behind it."""
        second = request_note()
        good, bad = note(boot_request(second)), note(boot_request()) + second
        self.check_refused(kernel_with(good), good, bad, "twice|second|two")

    def test_unknown_note_type(self):
        good = note(boot_request())
        self.check_refused(kernel_with(good), good, note(boot_request(), kind=2), "type")

    def test_note_passes_its_segment(self):
        good = note(boot_request())
        longer = good[:4] + (4096).to_bytes(4, "little") + good[8:]
        self.check_refused(kernel_with(good), good, longer, "note")


class HeaderAndRequest(ContractTest):
    def test_request_that_the_image_does_not_know_of(self):
        """The kernel asks for what the image header says nothing about: somebody changed it."""
        good = boot_request()
        kernel = self.write("kernel.elf", kernel_with(note(good)))
        image = DiskImage(create_image(kernel, self.path("image.bin")))
        packed = bytes(image.kernel_bytes())
        image.patch_kernel(packed.index(good), boot_request(flags=AVOID_ISA_HOLE))
        expect_error([*ide_disk(image.write(self.path("changed.bin"))), "-vga", "std"],
                     "bootimage")


class NoteSegment(ContractTest):
    """The note and its program header, changed in the image: bootimage has written them itself."""

    OFFSET, FILESZ, ALIGN = 8, 32, 48  # in the program header
    NAME, DESCRIPTOR_SIZE = 12, 4      # in the note

    def changed(self, header=(), notes=()):
        """QEMU's options for a kernel with these fields (offset, form, value) of either changed."""
        kernel = self.write("kernel.elf", kernel_with(note(boot_request())))
        made = DiskImage(create_image(kernel, self.path("image.bin")))
        packed = made.kernel_bytes()
        count = ELF_HEADER.unpack_from(packed)[10]
        at, = (place for place in map(program_header_offset, range(count))
               if PROGRAM_HEADER.unpack_from(packed, place)[0] == PT_NOTE)
        note_at = packed.index(note(boot_request()))
        for base, changes in ((at, header), (note_at, notes)):
            for offset, form, value in changes:
                made.patch_kernel(base + offset, struct.pack("<" + form, value))
        return [*ide_disk(made.write(self.path("changed.bin"))), "-vga", "std"]

    def check_refused_note(self, pattern, **changes):
        expect_error(self.changed(**changes), f"boot request: its ELF note {pattern}")

    def test_behind_the_file(self):
        self.check_refused_note("passes", header=[(self.OFFSET, "Q", 1 << 40)])

    def test_passes_the_file(self):
        self.check_refused_note("passes", header=[(self.FILESZ, "Q", 1 << 40)])

    def test_part_of_a_request(self):
        self.check_refused_note("stands there twice, or has a wrong type, version or size",
                                notes=[(self.DESCRIPTOR_SIZE, "I", 16)])

    def test_part_of_a_word(self):
        self.check_refused_note("stands there twice, or has a wrong type, version or size",
                                notes=[(self.DESCRIPTOR_SIZE, "I", REQUEST_SIZE - 1)])

    def test_aligned_to_8(self):
        expect_boot(self.changed(header=[(self.ALIGN, "Q", 8)]))

    def test_another_program_s(self):
        """A name of the same length: what it says is nobody's business here."""
        expect_boot(self.changed(notes=[(self.NAME, "B", ord("f")),
                                        (self.DESCRIPTOR_SIZE, "I", 16)]))

    def test_last_note_without_padding(self):
        size = NOTE_DESCRIPTOR + REQUEST_SIZE - 2
        expect_boot(self.changed(header=[(self.FILESZ, "Q", size)],
                                 notes=[(self.NAME, "B", ord("f")),
                                        (self.DESCRIPTOR_SIZE, "I", REQUEST_SIZE - 2)]))

    def test_too_short_for_a_note(self):
        expect_boot(self.changed(header=[(self.FILESZ, "Q", 11)]))


if __name__ == "__main__":
    unittest.main()
