"""Reads the structures of the boot contract (firstlight/boot_info.h) out of memory. Their layout comes
from stage 2's debug information, not from a copy here. Used by show.py and session.py."""

from types import SimpleNamespace

import gdb

from firstlight_gdb import machine

STRUCTURES = ("boot_info", "boot_memory_range", "boot_module", "boot_item", "kernel_entry")
ENUMERATIONS = {"boot_memory_kind": "BOOT_MEMORY_", "boot_step": "BOOT_STEP_",
                "boot_firmware": "BOOT_FIRMWARE_", "boot_entropy_source": "BOOT_ENTROPY_",
                "image_item_kind": "IMAGE_ITEM_"}  # boot_item_kind's numbers; stage 2 has only these

# Bits of boot_info.flags: macros, which debug information does not have.
FLAG_NAMES = (("NX", 1), ("VGA text mapped", 2), ("kernel contiguous", 4))

COUNT_MAX = 1 << 16  # of ranges or modules: more is not a boot_info
TEXT_MAX = 4096


class Layout:
    """How bytes become a value: a number, an array, or a structure's fields. From a gdb.Type."""

    def __init__(self, kind):
        kind = kind.strip_typedefs()
        self.size = kind.sizeof
        self.fields, self.element = None, None
        if kind.code == gdb.TYPE_CODE_STRUCT:
            self.fields = [(field.name, field.bitpos // 8, Layout(field.type))
                           for field in kind.fields()]
        elif kind.code == gdb.TYPE_CODE_ARRAY:
            self.element = Layout(kind.target())

    def decode(self, data):
        """The value that these bytes are. A field that lies behind their end is None."""
        if self.fields is not None:
            return SimpleNamespace(**{
                name: layout.decode(data[offset:offset + layout.size])
                if offset + layout.size <= len(data) else None
                for name, offset, layout in self.fields})
        if self.element is not None:
            step = self.element.size
            return [self.element.decode(data[at:at + step]) for at in range(0, self.size, step)]
        return int.from_bytes(data[:self.size], "little")


class Contract:
    """The layouts and names, learned once from stage 2's symbols."""

    def __init__(self):
        self.layouts = {name: Layout(gdb.lookup_type(f"struct {name}")) for name in STRUCTURES}
        self.names = {
            name: {field.enumval: field.name.removeprefix(prefix).lower().replace("_", " ")
                   for field in gdb.lookup_type(f"enum {name}").fields()}
            for name, prefix in ENUMERATIONS.items()}

    def name(self, enumeration, value):
        return self.names[enumeration].get(value, f"unknown ({value})")

    def structure(self, name, address):
        layout = self.layouts[name]
        return layout.decode(machine.read(address, layout.size))

    def array(self, name, address, count):
        if count > COUNT_MAX:
            raise machine.Failure(f"{count} of struct {name}: that is no boot_info")
        layout = self.layouts[name]
        data = machine.read(address, layout.size * count)
        return [layout.decode(data[at:at + layout.size]) for at in range(0, len(data), layout.size)]

    def boot_info(self, address):
        """The structure at this address: as many bytes as it says it has."""
        layout = self.layouts["boot_info"]
        version_and_size = machine.read(address, 8)
        version = int.from_bytes(version_and_size[:4], "little")
        size = int.from_bytes(version_and_size[4:], "little")
        least = dict((name, offset) for name, offset, _ in layout.fields)["loader_name"]
        if version == 0 or not least <= size <= 1 << 16:
            raise machine.Failure(
                f"there is no boot_info at {address:#x}: version {version}, size {size}")
        return layout.decode(machine.read(address, min(size, layout.size)))


def text_at(address, limit=TEXT_MAX):
    """The text that ends with NUL at this address, in quotes."""
    data = b""
    while b"\0" not in data and len(data) < limit:
        data += machine.read(address + len(data), 16)
    return '"' + data.split(b"\0")[0].decode("utf-8", "backslashreplace") + '"'
