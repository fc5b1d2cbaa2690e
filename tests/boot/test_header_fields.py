"""Every field of the image header and of the symbols, wrong in every way that the loader looks for, the
checksums made right again: what is refused is refused for its meaning, and named."""

import struct
import unittest

from harness.disk_image import (DiskImage, IMAGE_HEADER, ITEM, ITEM_COMMAND_LINE, ITEM_KERNEL,
                                ITEM_MODULE, ITEM_SYMBOLS, SECTOR, SYMBOL, SYMBOLS_HEADER)
from harness.environment import build_path, create_image
from harness.error_test import ErrorTest
from harness.expect import expect_boot
from harness.qemu import ide_disk

PAGE, GIB = 4096, 1 << 30
HEADER_MAX_SECTORS = 127
TOO_LONG = 4096  # a command line of a byte more than is allowed
UNKNOWN_KIND, UNKNOWN_FLAG = 9, 8
MODULE_NAME, MODULE_TEXT = "module", "its words"

# Of the header itself: name, struct of the field, its offset, the value, what is said.
HEADER = (
    ("size_no_sectors", "<I", 12, SECTOR + 1, "wrong size:"),
    ("size_0", "<I", 12, 0, "wrong size:"),
    ("size_more_than_read", "<I", 12, 64 * SECTOR, "wrong size:"),
    ("item_size", "<I", 16, ITEM.size - 8, "wrong size of items"),
    ("item_count_0", "<I", 20, 0, "wrong number of items"),
    ("item_count_too_large", "<I", 20, SECTOR, "wrong number of items"),
    ("image_ends_before_the_kernel", "<Q", 24, 2, "item 0: passes the end of the image"),
)

# Of items: name, kind of the item, what to change in it (a value, or in a tuple what to
# add to it), what is said of it.
ITEMS = (
    ("unknown_kind", ITEM_COMMAND_LINE, {"kind": UNKNOWN_KIND}, "unknown kind"),
    ("kernel_unknown_flag", ITEM_KERNEL, {"flags": UNKNOWN_FLAG}, "unknown flags"),
    ("module_flag", ITEM_MODULE, {"flags": 1}, "unknown flags"),
    ("empty", ITEM_COMMAND_LINE, {"bytes": 0}, "empty"),
    ("command_line_too_long", ITEM_MODULE, # the last item: it lies over no other
     {"kind": ITEM_COMMAND_LINE, "bytes": TOO_LONG}, "command line too long"),
    ("second_kernel", ITEM_SYMBOLS, {"kind": ITEM_KERNEL}, "second of its kind"),
    ("second_symbols", ITEM_MODULE, {"kind": ITEM_SYMBOLS}, "second of its kind"),
    ("second_command_line", ITEM_SYMBOLS, {"kind": ITEM_COMMAND_LINE, "bytes": 1},
     "second of its kind"),
    ("over_the_header", ITEM_KERNEL, {"lba": 1}, "lies over what is before it"),
    ("over_the_one_before", ITEM_MODULE, {"lba": (-1,)}, "lies over what is before it"),
    ("lba_behind_the_image", ITEM_MODULE, {"lba": 1 << 40}, "passes the end of the image"),
    ("end_behind_the_image", ITEM_MODULE, {"bytes": 1 << 40}, "passes the end of the image"),
    ("size_overflows", ITEM_MODULE, {"bytes": (1 << 64) - 1}, "passes the end of the image"),
    ("memory_no_pages", ITEM_KERNEL, {"memory_bytes": (1,)}, "wrong memory size"),
    ("memory_less_than_the_file", ITEM_MODULE, {"memory_bytes": 0}, "wrong memory size"),
    ("alignment_too_small", ITEM_KERNEL, {"memory_alignment": PAGE // 2}, "wrong memory alignment"),
    ("alignment_too_large", ITEM_KERNEL, {"memory_alignment": 2 * GIB}, "wrong memory alignment"),
    ("alignment_no_power_of_two", ITEM_KERNEL, {"memory_alignment": 3 * PAGE},
     "wrong memory alignment"),
    ("phase_no_page", ITEM_KERNEL, {"memory_alignment": GIB, "memory_phase": 8},
     "wrong memory alignment or phase"),
    ("phase_too_large", ITEM_KERNEL, {"memory_alignment": PAGE, "memory_phase": PAGE},
     "wrong memory alignment or phase"),
    ("place", ITEM_MODULE, {"physical_address": PAGE}, "says where in memory it is"),
    ("kernel_with_a_text", ITEM_KERNEL, {"text_offset": 400}, "has a text, but is no module"),
    ("kernel_with_a_name", ITEM_KERNEL, {"name_bytes": 1}, "has a text, but is no module"),
    ("symbols_with_a_command_line", ITEM_SYMBOLS, {"command_line_bytes": 1},
     "has a text, but is no module"),
    ("module_without_name", ITEM_MODULE, {"name_bytes": 0}, "text outside the header"),
    ("module_name_too_long", ITEM_MODULE, {"name_bytes": 256}, "text outside the header"),
    ("module_words_too_long", ITEM_MODULE, {"command_line_bytes": TOO_LONG},
     "text outside the header"),
    ("module_text_in_the_items", ITEM_MODULE, {"text_offset": IMAGE_HEADER.size},
     "text outside the header"),
    ("module_text_behind_the_header", ITEM_MODULE, {"text_offset": SECTOR - 1},
     "text outside the header"),
    ("module_name_longer", ITEM_MODULE, {"name_bytes": len(MODULE_NAME) + 1},
     "text of another length"),
    ("module_name_shorter", ITEM_MODULE, {"name_bytes": len(MODULE_NAME) - 1},
     "text of another length"),
    ("module_words_shorter", ITEM_MODULE, {"command_line_bytes": len(MODULE_TEXT) - 1},
     "text of another length"),
)


class HeaderField(ErrorTest):
    """On an image that has an item of each kind."""

    def setUp(self):
        super().setUp()
        with open(self.path(MODULE_NAME), "wb") as file:
            file.write(bytes(range(256)))
        made = create_image(build_path("tests", "boot", "boot_modules.elf"), self.path("made.bin"),
                            "words", [(MODULE_NAME, self.path(MODULE_NAME), MODULE_TEXT)])
        self.image = DiskImage(made)
        kinds = [item.kind for item in self.image.items]
        self.assertEqual(sorted(kinds),
                         [ITEM_KERNEL, ITEM_COMMAND_LINE, ITEM_SYMBOLS, ITEM_MODULE])

    def check_header(self, form, offset, value, message):
        struct.pack_into(form, self.image.data, self.image.header_lba * SECTOR + offset, value)
        self.image.repair_header()
        self.refused(f"^firstlight: image header: {message}")

    def check_item(self, kind, changes, message):
        item = self.image.find(kind)
        for field, value in changes.items():
            if isinstance(value, tuple):
                value = getattr(item, field) + value[0]
            setattr(item, field, value)
        self.image.repair_header()
        number = self.image.items.index(item)
        self.refused(f"^firstlight: image header: item {number}: {message}")

    def test_no_kernel(self):
        self.image = DiskImage(create_image(build_path("tests", "boot", "boot_modules.elf"),
                                            self.path("made.bin"), options=["--no-symbols"]))
        kernel, = self.image.items
        kernel.kind, kernel.flags = ITEM_SYMBOLS, 0
        self.image.repair_header()
        self.refused("^firstlight: image header: no kernel:")

    def test_stage2_says_0_sectors(self):
        self.image.patch_stage2(28, struct.pack("<I", 0))
        self.refused("image header has 0 sectors: write the image again")

    def test_stage2_says_too_many_sectors(self):
        self.image.patch_stage2(28, struct.pack("<I", HEADER_MAX_SECTORS + 1))
        self.refused(f"image header has {HEADER_MAX_SECTORS + 1} sectors: write the image again")

    def test_what_is_not_changed_boots(self):
        self.image.repair_header()
        expect_boot([*ide_disk(self.written()), "-vga", "std"])


class SymbolsField(ErrorTest):
    """The symbols item, which the kernel reads without looking twice."""

    def setUp(self):
        super().setUp()
        self.item = self.image.find(ITEM_SYMBOLS)
        table = self.image.content(self.item)
        self.count, self.names_size = SYMBOLS_HEADER.unpack_from(table)
        self.assertGreater(self.count, 2)

    def check(self, offset, form, *values):
        self.image.patch_item(self.item, offset, struct.pack("<" + form, *values))
        self.refused("^firstlight: symbols: wrong sizes, names or order: make the image again")

    def test_no_symbols(self):
        self.check(0, "I", 0)

    def test_no_names(self):
        self.check(4, "I", 0)

    def test_more_symbols_than_bytes(self):
        self.check(0, "I", self.count + 1)

    def test_as_many_symbols_as_can_be(self):
        """Their size passes 32 bits."""
        self.check(0, "I", (1 << 32) - 1)

    def test_fewer_names_than_bytes(self):
        self.check(4, "I", self.names_size - 1)

    def test_names_without_end(self):
        self.check(self.item.bytes - 1, "B", ord("x"))

    def test_name_behind_the_names(self):
        self.check(SYMBOLS_HEADER.size + SYMBOL.size + 4, "I", self.names_size)

    def test_out_of_order(self):
        self.check(SYMBOLS_HEADER.size + 2 * SYMBOL.size, "I", 0)

    def test_no_room_for_the_header(self):
        self.item.bytes, self.item.sectors = SYMBOLS_HEADER.size - 1, 1
        self.check(0, "I", self.count)


def row_test(method, row):
    return lambda self: getattr(self, method)(*row)


for name, *row in HEADER:
    setattr(HeaderField, f"test_{name}", row_test("check_header", row))
for name, *row in ITEMS:
    setattr(HeaderField, f"test_{name}", row_test("check_item", row))


if __name__ == "__main__":
    unittest.main()
