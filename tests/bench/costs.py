"""Prints what a boot costs, as tables of Markdown: own instructions and firmware's of each step, and how the
loader's grow, one quantity varied at a time. COSTS.md holds what it printed. Run by the build target
`bench-costs`; test_budgets.py uses the kernels."""

import collections
import sys

from boot_cost import (KERNEL_ADDRESS, KIB, LARGE, MACHINE, MIB, SMALL, boot, kernel_of, measure,
                       missing, payload_kernel)
import contents
from harness.counter import step_name
from harness.disk_image import SECTOR
from harness.elf_file import (DT_RELASZ, DYNAMIC_ENTRY, DynamicData, ET_DYN, FRAMEBUFFER,
                              NO_RANDOMISATION, PAGE, R, Segment, W, relocation)
from harness.environment import UNCOMPRESSED
from harness.markdown import table
from harness.qemu import sparse_ram
from profile import functions

MBR_STEP = ("MBR: reads the first block", "")
# The function whose first call begins a step, what happens there, and what makes it more. In the order of their
# calls; what the compiler has made part of its caller counts with the step before.
STEPS = (
    ("first_block", "first block: COM1, low memory, reads the rest of stage 2", ""),
    ("real_mode_main", "CPU, first page tables, long mode", ""),
    ("check_rest", "sum of stage 2's rest", ""),
    ("stage2_main", "text mode", ""),
    ("a20_enable", "A20", ""),
    ("gather_memory_map", "memory map: asks firmware, sorts", "entries of firmware's map"),
    ("image_read_header", "drive, image header", "items"),
    ("load_command_line", "command line", "its sectors"),
    ("entropy_gather", "randomness", ""),
    ("kernel_load", "kernel: checks its ELF headers, places, reads, sums", "its bytes, its segments"),
    ("kernel_prepare", "kernel: zeroes, relocates", ".bss, relocations"),
    ("modules_load", "modules and symbols", "modules, their bytes; symbols"),
    ("gather_facts", "firmware's tables, the disk's description", ""),
    ("set_up_screen", "screen", "a framebuffer, if asked for: see below"),
    ("enter_kernel", "plan, page tables, boot_info", "segments, RAM, modules"),
    ("machine_enter", "hand-over", ""),
)
DATA_ADDRESS = KERNEL_ADDRESS + PAGE
SEGMENT_PAGES = 64  # in all, of kernels with different numbers of segments
RELOCATIONS_MOST = 100_000
TINY_MODULE = b"module\n"
LITERALS_UNIT = 64 * KIB  # no match of LZ4 reaches further back
# One byte in so many is repeated: about the least that is compressed unasked; and next to nothing.
MOST_LITERALS, NEARLY_ALL_LITERALS = 7, 32

# `points` are pairs (how much, Cost); `unit` is what one more of it is called.
Growth = collections.namedtuple("Growth", "name unit points")


# ---- by step ------------------------------------------------------------------------------------

def step_lines():
    """(step, own, firmware, what makes it more) of a boot of the small kernel, and of all."""
    addresses = dict(zip(*reversed(functions())))
    known = [(addresses[name], words) for name, *words in STEPS if name in addresses]
    cost = boot(payload_kernel(contents.incompressible(SMALL)),
                steps=[address for address, _ in known])
    marks = [(MBR_STEP, 0, 0)]
    marks += [(words, *(cost.counts[step_name(address, count)] for count in ("own", "firmware")))
              for address, words in known if step_name(address, "own") in cost.counts]
    marks.append(("", cost.own, cost.firmware))
    for ((what, more), own, firmware), (_, next_own, next_firmware) in zip(marks, marks[1:]):
        yield what, f"{next_own - own:,}", f"{next_firmware - firmware:,}", more
    yield "all", f"{cost.own:,}", f"{cost.firmware:,}", ""


# ---- kernels that differ in one thing -----------------------------------------------------------

def zeroed(size):
    return kernel_of(Segment(DATA_ADDRESS, R | W, contents.incompressible(PAGE), PAGE + size))


def segmented(count):
    """The same data in so many segments, whose rights differ from their neighbours'."""
    data = contents.incompressible(SEGMENT_PAGES * PAGE)
    size = len(data) // count
    return kernel_of(*(Segment(DATA_ADDRESS + start, R | W if start // size % 2 else R,
                               data[start:start + size]) for start in range(0, len(data), size)))


def relocated(count):
    """A kernel with the same bytes whatever `count`, of which so many are relocations in use."""
    words = bytes(8 * RELOCATIONS_MOST)
    table_address = DATA_ADDRESS + len(words)
    dynamic = DynamicData(table_address, [relocation(DATA_ADDRESS + 8 * index, KERNEL_ADDRESS)
                                          for index in range(RELOCATIONS_MOST)])
    entry = relocation(0, 0)
    all_bytes, used_bytes = (DYNAMIC_ENTRY.pack(DT_RELASZ, number * len(entry))
                             for number in (RELOCATIONS_MOST, count))
    assert dynamic.data.count(all_bytes) == 1
    segment = Segment(DATA_ADDRESS, R | W, words + dynamic.data.replace(all_bytes, used_bytes))
    return kernel_of(segment, kind=ET_DYN, dynamic=dynamic.place,
                     request={"flags": NO_RANDOMISATION})


def repeating(size):
    """What LZ4 stores as one long match after the other."""
    return (contents.incompressible(PAGE) * (size // PAGE + 1))[:size]


def literals(less):
    """A maker of random bytes that LZ4 stores as literals, but for one in `less`, which is repeated."""
    def make(size):
        repeated = LITERALS_UNIT // less
        data = contents.incompressible(size)
        units = (data[start:start + LITERALS_UNIT] for start in range(0, size, LITERALS_UNIT))
        return b"".join(unit[:-repeated] + unit[:repeated] for unit in units)
    return make


# ---- growth -------------------------------------------------------------------------------------

def grown(name, unit, amounts, cost_of):
    return Growth(name, unit, [(amount, cost_of(amount)) for amount in amounts])


def small(*machine):
    return measure(SMALL, machine or MACHINE)


def unpacked(make):
    return lambda size: boot(payload_kernel(make(size)), options=("--compress", "lz4"))


def growths():
    """Each quantity, measured when it is its turn."""
    gib = 1 << 10  # MiB
    large_page = 2  # MiB
    yield grown("payload", "byte", (SMALL, MIB, LARGE), measure)
    yield grown("compressed payload, real", "byte unpacked", (MIB, 4 * MIB, 16 * MIB),
                unpacked(contents.real))
    yield grown("compressed payload, repeating", "byte unpacked", (MIB, 4 * MIB, 16 * MIB),
                unpacked(repeating))
    for less in (MOST_LITERALS, NEARLY_ALL_LITERALS):
        yield grown(f"compressed payload, literals but for 1 in {less}", "byte unpacked",
                    (MIB, 4 * MIB, 16 * MIB), unpacked(literals(less)))
    yield grown("memory that starts as zeros (.bss)", "byte", (MIB, 16 * MIB, LARGE),
                lambda size: boot(zeroed(size)))
    yield grown("RAM, no pages of 1 GiB", "page of 2 MiB",
                [size * gib // large_page for size in (8, 64, 1000)],
                lambda pages: small(*sparse_ram(f"{pages * large_page}M")))
    yield grown("RAM, pages of 1 GiB", "page of 1 GiB", (8, 64, 1000),
                lambda pages: small(*sparse_ram(f"{pages}G"), "-cpu", "max"))
    yield grown("segments of the same size in all", "segment", (1, 2, 16, 64),
                lambda count: boot(segmented(count), options=UNCOMPRESSED))
    yield grown("modules of a sector", "module", (0, 1, 16, 64),
                lambda count: boot(zeroed(0), modules=[TINY_MODULE] * count))
    yield grown("relocations", "relocation", (1, 1000, RELOCATIONS_MOST),
                lambda count: boot(relocated(count), options=UNCOMPRESSED))
    yield grown("command line", "sector",  (0, 1, 7),
                lambda sectors: boot(zeroed(0), options=("--cmdline", "x" * (SECTOR * sectors)
                                                         if sectors else "")))


def each(points, count):
    """By how much a count grows for one more, from the first point to the last."""
    (first, least), (last, most) = points[0], points[-1]
    return (getattr(most, count) - getattr(least, count)) / (last - first)


def amount_words(amount, unit):
    if unit.startswith("byte"):
        return f"{amount // MIB} MiB" if amount >= MIB else f"{amount // KIB} KiB"
    return f"{amount:,}"


def growth_line(growth):
    measured = "; ".join(f"{amount_words(amount, growth.unit)}: {cost.own:,}"
                         for amount, cost in growth.points)
    own, calls = each(growth.points, "own"), each(growth.points, "disk_calls")
    return (growth.name, measured, growth.unit, f"{own:,.3f}" if own < 10 else f"{own:,.0f}",
            f"{calls:.3f}" if calls >= 0.001 else f"1 in {1 / calls:,.0f}" if calls > 0 else "0")


def framebuffer_lines():
    machine = (*MACHINE, "-vga", "std")
    for words, request in (("text mode", {}), ("a framebuffer asked for", {"video": FRAMEBUFFER})):
        cost = boot(kernel_of(request=request), machine)
        yield words, f"{cost.own:,}", f"{cost.firmware:,}"


def print_tables():
    print(table([("Step", "own", "firmware", "grows with"), *step_lines()], (1, 2)))
    head = ("What grows", "own instructions at", "for each further", "own", "INT 13h")
    print(table([head, *map(growth_line, growths())], (3, 4)))
    print(table([("Screen", "own", "firmware"), *framebuffer_lines()], (1, 2)))


if __name__ == "__main__":
    if missing():
        sys.exit(missing())
    print_tables()
