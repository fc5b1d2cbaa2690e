"""Collects the code whose coverage is measured: MBR, stage 2 and the project's kernel, with the lines
it comes from and its conditional branches. The build runs this; it writes two files:

    OUTPUT        for the plugin guest_coverage.c, which describes the format
    OUTPUT.json   for coverage_report.py: what the plugin's counters stand for
"""

import argparse
import json
import os
import re
import struct
import sys

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

from code_lines import (elf_branches, line_ranges, listed_branches, listed_ranges,  # noqa: E402
                        tool_output)
from harness.elf_file import ELF_HEADER, PROGRAM_HEADER, PT_LOAD, X  # noqa: E402

MAGIC = b"guestcov"
HEADER, REGION, BRANCH = struct.Struct("<8s3Q"), struct.Struct("<4Q"), struct.Struct("<3Q")


class Part:
    """Code that lies together at `address`, from the first instruction that runs of it."""

    def __init__(self, name, address, code, ranges, branches):
        self.name, self.address, self.code = name, address, code
        self.ranges, self.branches = ranges, branches
        self.copies = []  # (address, bytes) of what also runs as a copy at the start of some page


def flat_part(name, address, binary, listing, source):
    """A flat binary, assembled from one NASM source, and entered at its first byte."""
    with open(binary, "rb") as file:
        code = file.read()
    ranges = listed_ranges(listing, source, address)
    return Part(name, address, code, ranges, listed_branches(ranges, code, address))


def executable_segment(elf):
    """(address, bytes, entry point) of an ELF file's one executable segment."""
    with open(elf, "rb") as file:
        data = file.read()
    header = ELF_HEADER.unpack_from(data)
    entry, headers, count = header[4], header[5], header[10]
    found = []
    for i in range(count):
        kind, flags, offset, address, _, size, _, _ = PROGRAM_HEADER.unpack_from(
            data, headers + i * PROGRAM_HEADER.size)
        if kind == PT_LOAD and flags & X:
            found.append((address, data[offset:offset + size], entry))
    if len(found) != 1:
        raise SystemExit(f"{elf} has {len(found)} executable segments")
    return found[0]


def elf_part(name, elf, tools, source, first=None):
    """An ELF file's code, from `first` on, its entry point unless another address is given."""
    address, code, entry = executable_segment(elf)
    first = first or entry
    end = address + len(code)
    ranges = line_ranges(elf, tools, source, address, end)
    if not ranges or ranges[0].start < first:
        raise SystemExit(f"{elf}: no lines, or code before the first instruction at {first:x}h")
    branches = elf_branches(elf, tools.objdump, ranges, code, address)
    return Part(name, first, code[first - address:], ranges, branches)


def symbol_values(elf, readelf):
    rows = re.findall(r"^\s*\d+: ([0-9a-f]{16}) .* (\S+)$", tool_output(readelf, "-sW", elf), re.M)
    return {name: int(value, 16) for value, name in rows}


def stage2_part(elf, tools, source):
    """Stage 2: entered behind its header; its last code runs from the hand-over page."""
    symbols = symbol_values(elf, tools.readelf)
    part = elf_part("stage 2", elf, tools, source, symbols["first_block"])
    start = symbols["handover_code"]
    part.copies.append((start, symbols["handover_code_end"] - start))
    return part


# ---- the two files ----

def plugin_file(parts):
    regions, code = [], b""
    for part in parts:
        regions.append(REGION.pack(part.address, len(part.code), part.address, len(code)))
        for address, size in part.copies:
            regions.append(REGION.pack(0, size, address, len(code) + address - part.address))
        code += part.code
    branches = sorted((branch.address, branch.target, branch.next)
                      for part in parts for branch in part.branches)
    return (HEADER.pack(MAGIC, len(regions), len(branches), len(code)) + b"".join(regions) +
            b"".join(BRANCH.pack(*branch) for branch in branches) + code)


def report_file(parts, source):
    """Of each line's code the place among the counters; of each branch, in the plugin's order, the
    line."""
    lines, branches, at = [], [], 0
    for part in parts:
        for piece in part.ranges:
            name = os.path.relpath(piece.file, source)
            lines.append((at + piece.start - part.address, at + piece.end - part.address, name,
                          piece.line))
            branches += [(branch.address, name, piece.line) for branch in part.branches
                         if piece.start <= branch.address < piece.end]
        at += len(part.code)
    return {"source": source, "code_bytes": at, "lines": lines,
            "branches": [branch[1:] for branch in sorted(branches)]}


def write(parts, output, source):
    with open(output, "wb") as file:
        file.write(plugin_file(parts))
    with open(output + ".json", "w", encoding="utf-8") as file:
        json.dump(report_file(parts, source), file)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--output", required=True)
    parser.add_argument("--source", required=True, help="the source tree")
    parser.add_argument("--debug-folder", required=True,
                        help="what the loader's debug information calls the source tree")
    parser.add_argument("--mbr", nargs=4, required=True,
                        metavar=("ADDRESS", "BINARY", "LISTING", "SOURCE"))
    parser.add_argument("--stage2", required=True, metavar="ELF")
    parser.add_argument("--kernel", required=True, metavar="ELF")
    for tool in ("dwarfdump", "objdump", "readelf"):
        parser.add_argument("--" + tool, required=True)
    options = parser.parse_args()
    address, *files = options.mbr
    write([flat_part("MBR", int(address, 16), *files),
           stage2_part(options.stage2, options, options.source),
           elf_part("kernel", options.kernel, options, options.source)],
          options.output, options.source)


if __name__ == "__main__":
    main()
