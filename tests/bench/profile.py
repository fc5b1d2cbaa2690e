"""Where the loader's instructions go: those of a boot by function, for a small kernel and for each
further KiB of a large one. Run by the build target `bench-profile`."""

import bisect
import collections
import re
import sys

from boot_cost import KIB, LARGE, SMALL, measure, missing
from harness.environment import build_path

MBR_ADDRESS, MBR_END = 0x7C00, 0x7E00
MBR, HANDOVER = "(MBR)", "(hand-over page)"
SYMBOL = re.compile(r"\s*([0-9a-f]+)\s+[0-9a-f]+\s+[0-9a-f]+\s+\d+\s+([A-Za-z_]\w*)")


def functions():
    """(addresses in ascending order, names) of all of stage 2's symbols, by the linker's map. Labels
    inside a routine of assembly, name.label, belong to the routine."""
    with open(build_path("bootloader", "stage2", "stage2.elf.map"), encoding="utf-8") as file:
        lines = map(SYMBOL.fullmatch, file.read().split("\n"))
        found = sorted((int(line[1], 16), line[2]) for line in lines if line)
    return [address for address, _ in found], [name for _, name in found]


def by_function(cost):
    """{function: [instructions, calls]}; where the loop of a function goes back to its start, the
    calls are too many."""
    addresses, names = functions()
    counts = collections.defaultdict(lambda: [0, 0])
    for address, count in cost.profile.items():
        if MBR_ADDRESS <= address < MBR_END:
            counts[MBR][0] += count
            continue
        at = bisect.bisect_right(addresses, address) - 1
        counts[names[at]][0] += count
        counts[names[at]][1] += count if addresses[at] == address else 0
    counts[HANDOVER][0] = cost.own - sum(cost.profile.values())
    return counts


def print_profile():
    small, large = (by_function(measure(payload, profile=True)) for payload in (SMALL, LARGE))
    further = (LARGE - SMALL) // KIB
    print(f"{'function':<28} {'own':>8} {'calls':>7} {'own, each further KiB':>22}")
    for name, (own, calls) in sorted(small.items(), key=lambda item: -item[1][0]):
        growth = (large[name][0] - own) / further
        print(f"{name:<28} {own:>8,} {calls:>7,} {growth:>22.3f}")
    print(f"{'all':<28} {sum(own for own, _ in small.values()):>8,}")


if __name__ == "__main__":
    if missing():
        sys.exit(missing())
    print_profile()
