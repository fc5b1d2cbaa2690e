"""x86-64 page tables, 4 or 5 levels (Intel SDM volume 3, 4.5; AMD volume 2, 5.3): walks and lists of
ranges. Pure: the caller hands in a function that reads physical memory. Used by show.py and by the
unit tests."""

from collections import namedtuple

PRESENT, WRITE, USER, WRITE_THROUGH, CACHE_DISABLE = 1 << 0, 1 << 1, 1 << 2, 1 << 3, 1 << 4
ACCESSED, DIRTY, LARGE, GLOBAL = 1 << 5, 1 << 6, 1 << 7, 1 << 8
NO_EXECUTE = 1 << 63
ADDRESS_MASK = 0x000F_FFFF_FFFF_F000

ENTRIES, ENTRY_BYTES, TABLE_BYTES = 512, 8, 4096
PAGE_SHIFT, INDEX_BITS = 12, 9
LEVEL_NAMES = ("PT", "PD", "PDPT", "PML4", "PML5")  # by level, from the page up
LARGEST_PAGE_LEVEL = 2                              # an entry of a PDPT may map 1 GiB

Step = namedtuple("Step", "name table index entry")
# `steps` as far as the walk came; physical is None where nothing is mapped.
Walk = namedtuple("Walk", "steps physical page_size rights cache")
Range = namedtuple("Range", "virtual physical size page_size rights cache")


def shift_of(level):
    return PAGE_SHIFT + level * INDEX_BITS


def canonical(address, levels):
    """The address with the bits above the translated ones as a copy of the highest of these."""
    bits = shift_of(levels)
    address &= (1 << bits) - 1
    return address | (1 << 64) - (1 << bits) if address >> (bits - 1) else address


def is_canonical(address, levels):
    return address == canonical(address, levels)


def is_page(entry, level):
    return level == 0 or (level <= LARGEST_PAGE_LEVEL and bool(entry & LARGE))


def page_address(entry, level):
    return entry & ADDRESS_MASK & ~((1 << shift_of(level)) - 1)


def rights_of(entries, no_execute):
    """What all entries on the way allow, as "RWX" with "-" for what is missing, and U or S.
    no_execute: whether EFER.NXE is on; without it every page can be executed."""
    write = all(entry & WRITE for entry in entries)
    execute = not (no_execute and any(entry & NO_EXECUTE for entry in entries))
    user = all(entry & USER for entry in entries)
    return f"R{'W' if write else '-'}{'X' if execute else '-'} {'U' if user else 'S'}"


def cache_of(entry, level):
    """The bits that choose the cache type by the PAT, as text; empty for its first one."""
    pat = 1 << 12 if level else LARGE
    names = (("PWT", WRITE_THROUGH), ("PCD", CACHE_DISABLE), ("PAT", pat))
    return " ".join(name for name, bit in names if entry & bit)


def entry_at(table, index):
    return int.from_bytes(table[index * ENTRY_BYTES:(index + 1) * ENTRY_BYTES], "little")


def walk(read, root, address, levels=4, no_execute=True):
    """Follows a virtual address. read(physical, bytes) gives bytes; root is the physical address of
    the highest table."""
    steps, table = [], root
    for level in reversed(range(levels)):
        index = (address >> shift_of(level)) % ENTRIES
        entry = int.from_bytes(read(table + index * ENTRY_BYTES, ENTRY_BYTES), "little")
        steps.append(Step(LEVEL_NAMES[level], table, index, entry))
        if not entry & PRESENT:
            return Walk(steps, None, 0, "", "")
        if is_page(entry, level):
            size = 1 << shift_of(level)
            return Walk(steps, page_address(entry, level) + address % size, size,
                        rights_of([step.entry for step in steps], no_execute),
                        cache_of(entry, level))
        table = entry & ADDRESS_MASK
    raise AssertionError("the lowest level always ends a walk")


class _Lister:
    """Collects pages in the order of their addresses, joined where they continue each other."""

    def __init__(self, read, levels, no_execute, first, last):
        self.read, self.levels, self.no_execute = read, levels, no_execute
        self.first, self.last = first, last
        self.ranges = []

    def visit(self, table, level, base, path):
        content = self.read(table, TABLE_BYTES)
        size = 1 << shift_of(level)
        for index in range(ENTRIES):
            entry = entry_at(content, index)
            start = base + index * size
            address = canonical(start, self.levels)
            if not entry & PRESENT or address > self.last or address + size - 1 < self.first:
                continue
            tables = [*(table for table, _ in path), table]
            if is_page(entry, level):
                entries = [*(entry for _, entry in path), entry]
                self.add(Range(address, page_address(entry, level), size, size,
                               rights_of(entries, self.no_execute), cache_of(entry, level)))
            elif entry & ADDRESS_MASK in tables:  # a table in itself: listed, not followed
                self.add(Range(address, entry & ADDRESS_MASK, size, 0, "page tables", ""))
            else:
                self.visit(entry & ADDRESS_MASK, level - 1, start, [*path, (table, entry)])

    def add(self, new):
        last = self.ranges[-1] if self.ranges else None
        if last and new.page_size and last.page_size == new.page_size and \
                (last.rights, last.cache) == (new.rights, new.cache) and \
                last.virtual + last.size == new.virtual and \
                last.physical + last.size == new.physical:
            self.ranges[-1] = last._replace(size=last.size + new.size)
        else:
            self.ranges.append(new)


def ranges(read, root, levels=4, no_execute=True, first=0, last=(1 << 64) - 1):
    """The pages that touch the addresses from `first` to `last`: those of one size, with
    the same rights, that continue each other in virtual and physical memory, are one Range. One with
    page_size 0 is a table that is reached from itself (a recursive slot)."""
    lister = _Lister(read, levels, no_execute, first, last)
    lister.visit(root, levels - 1, 0, [])
    return lister.ranges
