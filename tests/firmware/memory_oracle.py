"""What the memory map must be for what firmware has reported: worked out byte for byte from the
promises of boot_info.h and memory_map.h, in another way than the loader's C. Used by
firmware_test.py."""

from collections import namedtuple

Entry = namedtuple("Entry", "base length type attributes", defaults=(1,))

KIB, MIB, PAGE = 1 << 10, 1 << 20, 4096
LAST = (1 << 64) - 1  # no range ends behind it
ADDRESS_END = 1 << 40  # of the CPUs that QEMU and Bochs emulate: there can be no memory behind it

# enum boot_memory_kind; the larger wins where ranges overlap.
(USABLE, LOADER_RECLAIMABLE, KERNEL, ACPI_RECLAIMABLE, ACPI_NVS, RESERVED, BAD,
 MODULE) = range(1, 9)
KIND_OF_E820 = {1: USABLE, 2: RESERVED, 3: ACPI_RECLAIMABLE, 4: ACPI_NVS, 5: BAD}
MEMORY = (USABLE, ACPI_RECLAIMABLE, ACPI_NVS)
TAKEN_BY_LOADER = (LOADER_RECLAIMABLE, KERNEL, MODULE)

# What firmware keeps below 1 MiB, as SeaBIOS and Bochs's BIOS have it.
LOW_END = 0x9FC00


def merge(ranges):
    """Adjacent ranges (base, end, kind) of one kind made one."""
    merged = []
    for base, end, kind in ranges:
        if merged and merged[-1][1:] == (base, kind):
            merged[-1] = (merged[-1][0], end, kind)
        else:
            merged.append((base, end, kind))
    return merged


def whole_pages(base, end, kind):
    """A usable range shrinks to whole pages; what is left over is nobody's to take."""
    first, last = -(-base // PAGE) * PAGE, end // PAGE * PAGE
    if kind != USABLE:
        return [(base, end, kind)]
    if first >= last:
        return [(base, end, RESERVED)]
    parts = [(base, first, RESERVED), (first, last, USABLE), (last, end, RESERVED)]
    return [part for part in parts if part[0] < part[1]]


def expected(entries, low_end=LOW_END):
    """The map as (base, end, kind) for E820 entries, sorted; `low_end` is where memory below 1 MiB ends
    by the BIOS data area."""
    claims = []
    for entry in entries:
        kind = KIND_OF_E820.get(entry.type, RESERVED)
        limit = ADDRESS_END if kind in MEMORY else LAST
        claims.append((entry.base, min(entry.base + entry.length, limit), kind))
    claims += [(0, PAGE, RESERVED), (low_end, MIB, RESERVED)]
    claims = [claim for claim in claims if claim[0] < claim[1]]
    edges = sorted({edge for base, end, _ in claims for edge in (base, end)})
    pieces = []
    for base, end in zip(edges, edges[1:]):
        kinds = [kind for first, last, kind in claims if first <= base and end <= last]
        if kinds:
            pieces.append((base, end, max(kinds)))
    return merge(part for piece in merge(pieces) for part in whole_pages(*piece))


def without_e820(ranges, low_end=LOW_END):
    """The same where E820h is not to be had: (base, length) of what E801h or 88h has reported."""
    return expected([Entry(0, low_end, 1), *(Entry(base, length, 1) for base, length in ranges)],
                    low_end)


def handed_over(ranges):
    """What a kernel was handed, as (base, length, kind), with all that loader and kernel have taken
    counted as usable: the map before they took it."""
    return merge((base, base + length, USABLE if kind in TAKEN_BY_LOADER else kind)
                 for base, length, kind in ranges)


def show(ranges):
    return "\n".join(f"{base:#18x} {end:#18x} {kind}" for base, end, kind in ranges)
