"""Which bytes of the MBR are what, from the symbols of its build. Code and messages check everything
else but cannot check themselves: they are left out of the tests that flip bits, and nothing else is."""

import re

BPB, CODE = 0x03, 0x3E
STAMPED, STAMPED_END = 0xDA, 0xE0
DISK_SIGNATURE, BEHIND_SIGNATURE = 0x1B8, 0x1BC
PARTITIONS, BOOT_SIGNATURE, END = 0x1BE, 0x1FE, 0x200
PARTITION_ENTRY = 16


def ranges_of(map_path):
    """Triples (name, start, end) that cover the MBR. `map_path` is NASM's map of it."""
    with open(map_path) as file:
        symbols = {name: int(value, 16) - 0x7C00 for value, name in re.findall(
            r"^\s+([0-9A-F]+)\s+[0-9A-F]+\s+(\w+)$", file.read(), re.MULTILINE)}
    return [
        ("code", 0, BPB),
        ("BPB", BPB, CODE),
        ("code", CODE, symbols["message_damaged"]),
        ("message", symbols["message_damaged"], symbols["mbr_pause"]),
        ("padding", symbols["mbr_pause"], STAMPED),
        ("stamped by firmware", STAMPED, STAMPED_END),
        ("code", STAMPED_END, symbols["message_disk"]),
        ("message", symbols["message_disk"], symbols["mbr_end"]),
        ("padding", symbols["mbr_end"], DISK_SIGNATURE),
        ("disk signature", DISK_SIGNATURE, BEHIND_SIGNATURE),
        ("padding", BEHIND_SIGNATURE, PARTITIONS),
        ("partition entry 1", PARTITIONS, PARTITIONS + PARTITION_ENTRY),
        ("partition entries 2 to 4", PARTITIONS + PARTITION_ENTRY, BOOT_SIGNATURE),
        ("55AAh", BOOT_SIGNATURE, END),
    ]
