"""Every field of image header, items, ELF headers and boot request: where it lies in an image, and
what may become of a boot when one of its bits is flipped and all checksums are right again. README.md
shows the same as a table."""

import re
import struct

from damage import COMPRESSED_CHUNK, item_name
from harness.disk_image import (IMAGE_HEADER, ITEM, ITEM_KERNEL, ITEM_LZ4, ITEM_MODULE, SECTOR,
                                STAGE2_HEADER, STAGE2_LBA)
from harness.elf_file import (ELF_HEADER, NOTE_NAME, PROGRAM_HEADER, PT_DYNAMIC, PT_GNU_RELRO,
                              PT_LOAD, PT_NOTE, PT_TLS, REQUEST_FIELDS, program_header_offset)

# A boot that is not refused: the kernel is entered where it should be, with every byte as it should
# be; or the flip makes another image that is sound in itself, and that one is booted.
SAME, OTHER = "same", "other"
BLOCK = "block"  # of a compressed item


class Field:
    """`size` bytes at `offset` in the image. A flip with sums repaired ends in a line that matches
    `refusal` (None: never), or boots as `boots` says (None: never)."""

    def __init__(self, region, name, offset, size, refusal, boots=None):
        self.region, self.name, self.offset, self.size = region, name, offset, size
        self.refusal, self.boots = refusal, boots

    def bits(self):
        return ((self.offset + byte, bit) for byte in range(self.size) for bit in range(8))

    def is_for_c(self):
        """Of a field of stage 2's header: whether the C part reads it, not the first block."""
        return self.name.startswith("image_header")

    def of_image_header(self):
        return self.region.startswith(("image header", "item "))

    def __str__(self):
        return f"{self.region}: {self.name}"


def _fields(region, start, table):
    fields, offset = [], start
    for name, size, *verdict in table:
        fields.append(Field(region, name, offset, size, *verdict))
        offset += size
    return fields


# ---- stage 2's header -------------------------------------------------------------------------

DAMAGED_REST = r"stage 2 is damaged \(checksum\): write the image again"


def stage2_header_fields():
    """Those that the first block's sums cover."""
    summed = STAGE2_LBA * SECTOR + STAGE2_HEADER.size
    return _fields("stage 2's header", summed - 24, (
        ("rest_sum", 8, DAMAGED_REST),
        ("first_block_sectors", 2, None, SAME),
        ("stage2_sectors", 2, None, SAME),
        ("image_header_sectors", 4,
         "stage 2's header says that the image header has [0-9]+ sectors", SAME),
        ("image_header_lba", 8, "cannot read image header|image header: no magic number"),
    ))


# ---- the image header -----------------------------------------------------------------------

HEADER_CHECKSUM = "checksum"
IN_HEADER = "image header: "
ITEM_FAULT = r"image header: item \d+: "
WRONG_SUM = r" is damaged \(checksum\)"
NOT_COMPRESSED = r"is damaged \(LZ4\)"
NOT_WHAT_IT_WAS = r"is damaged \(checksum of what it unpacks to\)"
NO_KERNEL = "the kernel is not an ELF file"
OTHER_THAN_THE_FILE = "the image header gives the kernel other flags, memory or alignment"

_HEADER = (
    ("magic", 8, IN_HEADER + "no magic number"),
    ("version", 4, IN_HEADER + "version [0-9]+, this loader knows version 3"),
    ("header_bytes", 4, IN_HEADER + "wrong size:"),
    ("item_size", 4, IN_HEADER + "wrong size of items"),
    ("item_count", 4, f"{IN_HEADER}(wrong number of items|no kernel)|{ITEM_FAULT}", OTHER),
    ("image_sectors", 8, ITEM_FAULT + "passes the end of the image", SAME),
    (HEADER_CHECKSUM, 16, IN_HEADER + "wrong checksum"),
)


def _item_table(item):
    kernel, module = item.kind == ITEM_KERNEL, item.kind == ITEM_MODULE
    position = f"{ITEM_FAULT}(lies over what is before it|passes the end of the image)"
    compressed = item.flags & ITEM_LZ4 != 0
    text = ITEM_FAULT + ("text (outside the header|of another length)" if module
                         else "has a text, but is no module")
    return (
        ("kind", 4, ITEM_FAULT + "(unknown (kind|flags)|second of its kind|command line too long|"
         "has a text, but is no module)"),
        ("flags", 4, ITEM_FAULT + "unknown flags" + (f"|{OTHER_THAN_THE_FILE}" if kernel else "")
         + (f"|{NOT_COMPRESSED}" if kernel or module else "")
         + (f"|{NO_KERNEL}" if kernel and compressed else ""),
         OTHER if module and compressed else None),  # then it is what is stored
        ("lba", 8, f"{position}|{WRONG_SUM}"),
        ("bytes", 8, f"{position}|{WRONG_SUM}|{ITEM_FAULT}(wrong memory size|command line too long)"
         "|^symbols: wrong sizes|passes the end of the file", OTHER),
        ("checksum", 16, WRONG_SUM),
        ("memory_bytes", 8, f"{ITEM_FAULT}wrong memory size|not enough memory for"
         + (f"|{OTHER_THAN_THE_FILE}" if kernel else "")
         + (f"|{NOT_COMPRESSED}" if compressed else ""), SAME),
        ("memory_alignment", 8, ITEM_FAULT + "wrong memory alignment or phase"),
        ("memory_phase", 8, ITEM_FAULT + "wrong memory alignment or phase"
         + (f"|{OTHER_THAN_THE_FILE}" if kernel else "")),
        ("text_offset", 4, text),
        ("name_bytes", 2, text),
        ("command_line_bytes", 2, text),
        ("physical_address", 8, ITEM_FAULT + "says where in memory it is"),
    )


def damaged(item):
    """What stage 2 says of an item whose checksum is wrong."""
    return (rf"^{re.escape(item_name(item))} is damaged \(checksum\): LBA {item.lba}, "
            f"{item.sectors} sectors, which firmware read without error: write the image again$")


def header_refusal(image, damage):
    """What stage 2 says of an image header that changed, its checksum still as it was."""
    start = image.header_lba * SECTOR
    header = damage.applied(image)[start:start + image.header_bytes]
    magic, version, header_bytes, item_size, item_count, *_ = IMAGE_HEADER.unpack_from(header)
    fault = "wrong checksum"
    if magic != b"1stImage":
        fault = "no magic number"
    elif version != 3:
        return f"^{IN_HEADER}version {version}, this loader knows version 3"
    elif header_bytes % SECTOR or not 0 < header_bytes <= image.header_sectors * SECTOR:
        fault = "wrong size"
    elif item_size != ITEM.size:
        fault = "wrong size of items"
    elif not 0 < item_count <= (header_bytes - IMAGE_HEADER.size) // ITEM.size:
        fault = "wrong number of items"
    return f"^{IN_HEADER}{fault}: write the image to the disk again$"


def header_fields(image):
    start = image.header_lba * SECTOR
    fields = _fields("image header", start, _HEADER)
    for index, item in enumerate(image.items):
        fields += _fields(f"item {index}", start + IMAGE_HEADER.size + index * ITEM.size,
                          _item_table(item))
    for item in image.modules:
        size = item.name_bytes + 1 + item.command_line_bytes + 1
        fields.append(Field("image header", f"texts of module {item.name.decode()}",
                            start + item.text_offset, size,
                            ITEM_FAULT + "text of another length", OTHER))
    end = fields[-1].offset + fields[-1].size
    fields.append(Field("image header", "zeros behind the texts", end,
                        start + image.header_bytes - end, None, SAME))
    return fields


# ---- compressed items ---------------------------------------------------------------------------

def compressed_fields(image, item):
    """The numbers around the blocks of a compressed item, and the blocks (with what is behind them in
    their chunks). A flip in a block, which no sum of sectors sees any more, gives the same, or the sum
    of what comes out refuses it; but where it makes words of one sector change places."""
    fields, end = [], item.lba + item.sectors
    for number, lba in enumerate(range(item.lba, end, COMPRESSED_CHUNK)):
        table = [("bytes", 8, NOT_COMPRESSED), ("checksum", 16, NOT_WHAT_IT_WAS)] if number == 0 else []
        before = sum(size for _, size, _ in table) + 4
        size = min(COMPRESSED_CHUNK, end - lba) * SECTOR
        fields += _fields(f"chunk {number} of the item at LBA {item.lba}", lba * SECTOR, (
            *table, ("block's length", 4, NOT_COMPRESSED),
            (BLOCK, size - before, f"{NOT_COMPRESSED}|{NOT_WHAT_IT_WAS}", OTHER)))
    return fields


# ---- the kernel's ELF file --------------------------------------------------------------------

def _elf(name):
    return f"the kernel's ELF header has {name} [0-9]+ instead of"


ENTRY = "the kernel's entry point .* is not in the file's part of an executable segment"
NO_ROOM = (f"{OTHER_THAN_THE_FILE}|not enough memory for|does not fit into the top 2 GiB|"
           "the kernel is too large|the address space has no room")
# What may be wrong with the segments once a program header says something else.
SEGMENTS = (rf"kernel segment \d+ |the kernel has no loadable segment|{ENTRY}|{NO_ROOM}|"
            "the kernel's dynamic section has tag|the kernel's DT_RELA|kernel relocation R_X86_64_")
NOTE = "boot request: its ELF note "
NOTE_ENDS = NOTE + "passes its segment or the file"

_ELF_HEADER = (
    ("e_ident, magic", 4, NO_KERNEL),
    ("EI_CLASS", 1, _elf("EI_CLASS")),
    ("EI_DATA", 1, _elf("EI_DATA")),
    ("EI_VERSION", 1, _elf("EI_VERSION")),
    ("EI_OSABI", 1, _elf("OS ABI")),
    ("EI_ABIVERSION and padding", 8, None, SAME),
    ("e_type", 2, _elf("e_type") + r"|kernel segment \d+ lies in page 0", OTHER),
    ("e_machine", 2, _elf("ELF machine")),
    ("e_version", 4, _elf("e_version")),
    ("e_entry", 8, ENTRY, OTHER),
    ("e_phoff", 8, f"the kernel's program headers pass the end of its file|{SEGMENTS}|{NOTE}"),
    ("e_shoff", 8, None, SAME),
    ("e_flags", 4, _elf("e_flags")),
    ("e_ehsize", 2, _elf("e_ehsize")),
    ("e_phentsize", 2, _elf("e_phentsize")),
    ("e_phnum", 2, f"the kernel's program headers pass the end of its file|{SEGMENTS}|{NOTE}", OTHER),
    ("e_shentsize, e_shnum, e_shstrndx", 6, None, SAME),
)

PROGRAM_HEADER_FIELDS = (("p_type", 4), ("p_flags", 4), ("p_offset", 8), ("p_vaddr", 8),
                         ("p_paddr", 8), ("p_filesz", 8), ("p_memsz", 8), ("p_align", 8))
# By type: the fields whose flips may be refused, with what; those that may boot as another kernel;
# all others change nothing.
_LOAD = {"p_type": SEGMENTS, "p_flags": SEGMENTS, "p_offset": SEGMENTS, "p_vaddr": SEGMENTS,
         "p_filesz": SEGMENTS, "p_memsz": SEGMENTS,
         "p_align": r"kernel segment \d+ has a p_align"}
_INSIDE = {"p_type": SEGMENTS, "p_vaddr": SEGMENTS, "p_filesz": SEGMENTS, "p_memsz": SEGMENTS,
           "p_align": SEGMENTS}
_REQUEST_LOST = f"{NOTE_ENDS}|{OTHER_THAN_THE_FILE}"
_NOTE = {"p_type": f"{_REQUEST_LOST}|{SEGMENTS}", "p_offset": _REQUEST_LOST,
         "p_filesz": _REQUEST_LOST}
_KINDS = {
    PT_LOAD: ("PT_LOAD", _LOAD,
              {"p_type", "p_flags", "p_offset", "p_vaddr", "p_filesz", "p_memsz"}),
    PT_DYNAMIC: ("PT_DYNAMIC", _INSIDE, {"p_type", "p_vaddr", "p_filesz", "p_memsz"}),
    PT_TLS: ("PT_TLS", _INSIDE, {"p_type", "p_vaddr", "p_filesz", "p_memsz", "p_align"}),
    PT_GNU_RELRO: ("PT_GNU_RELRO", _INSIDE, {"p_type", "p_vaddr", "p_memsz"}),
    PT_NOTE: ("PT_NOTE", _NOTE, set()),
}


def program_headers(image):
    """Triples: index, offset in the image, fields."""
    kernel = image.kernel.lba * SECTOR
    count = ELF_HEADER.unpack_from(image.data, kernel)[10]
    for index in range(count):
        offset = kernel + program_header_offset(index)
        yield index, offset, PROGRAM_HEADER.unpack_from(image.data, offset)


def _program_header_fields(image):
    fields = []
    for index, offset, header in program_headers(image):
        name, refusals, others = _KINDS[header[0]]
        table = [(field, size, refusals.get(field), OTHER if field in others else SAME)
                 for field, size in PROGRAM_HEADER_FIELDS]
        fields += _fields(f"program header {index} ({name})", offset, table)
    return fields


# ---- the boot request -------------------------------------------------------------------------

WRONG_NOTE = NOTE + "stands there twice, or has a wrong type, version or size"


def _value(name):
    return f"boot request: {name} 0x[0-9a-f]+ is not allowed"


_TOO_MUCH = "not enough memory for|the address space has no room|collides|is taken|overlaps"
_REQUEST = {
    "version": (WRONG_NOTE, SAME),  # any but 0
    "size": (WRONG_NOTE,),
    "required": (_value("required"), SAME),
    "minimum_version": (_value("minimum_version"), SAME),
    "flags": (f"{_value('flags')}|{OTHER_THAN_THE_FILE}", OTHER),
    "stack_size": (f"{_value('stack_size')}|{_TOO_MUCH}", OTHER),
    "direct_map": (f"{_value('direct_map')}|{_TOO_MUCH}", OTHER),
    "recursive_slot": (f"{_value('recursive_slot')}|{_TOO_MUCH}", OTHER),
    "video": (_value("video"), OTHER),
    "width": (_value("(width|height|video)"),),
    "height": (_value("(width|height|video)"),),
    "depth": (_value("(depth|video)"),),
    "reserved": (_value("reserved"),),
    "physical_alignment": (f"{_value('physical_alignment')}|{OTHER_THAN_THE_FILE}",),
}


def _request_fields(image):
    start = next(image.kernel.lba * SECTOR + header[2] for _, _, header in program_headers(image)
                 if header[0] == PT_NOTE)
    table = [("name size", 4, _REQUEST_LOST), ("descriptor size", 4, f"{NOTE_ENDS}|{WRONG_NOTE}"),
             ("type", 4, WRONG_NOTE), ("name", len(NOTE_NAME), OTHER_THAN_THE_FILE),
             ("padding of the name", -len(NOTE_NAME) % 4, None, SAME)]
    table += [(name, struct.calcsize(form), *_REQUEST[name]) for name, form in REQUEST_FIELDS]
    return _fields("boot request", start, table)


def elf_fields(image):
    return (_fields("ELF header", image.kernel.lba * SECTOR, _ELF_HEADER) +
            _program_header_fields(image) + _request_fields(image))
