"""Which source line each byte of a binary's code comes from, and where its conditional branches are.
ELF files: by their line tables (llvm-dwarfdump), C's branches by llvm-objdump. A flat binary of one
NASM source: by NASM's listing. Used by guest_program.py.

Assembly: each line is one instruction, so that the source says which is a branch and which is data."""

import bisect
import functools
import os
import re
import subprocess

ASSEMBLY = (".asm", ".inc")
LABEL = re.compile(r"^\s*[.%\w]+:\s*")
DATA = re.compile(r"(?i)(?:\w+\s+)?(?:d[bdqwt]|times|align|res[bdqw]|incbin)\b")
CONDITIONAL = re.compile(r"(?i)j(?!mp)\w+\b|loop\w*\b")
REPEATED = re.compile(r"(?i)rep\w*\s")
# 66h, 67h and segment overrides (Intel SDM volume 2, 2.1.1).
PREFIXES = bytes.fromhex("26 2e 36 3e 64 65 66 67")
TWO_BYTE_OPCODE = 0x0F


class CodeRange:
    """Bytes [start, end) made from one line of a file; `text` is that line."""

    def __init__(self, start, end, file, line, text):
        self.start, self.end, self.file, self.line, self.text = start, end, file, line, text
        self.is_assembly = file.endswith(ASSEMBLY)

    def statement(self):
        """A line of assembly without label and comment."""
        return LABEL.sub("", self.text).split(";")[0].strip()


class Branch:
    """Taken it goes to `target`, its own address when it repeats itself, else to `next`."""

    def __init__(self, address, target, following):
        self.address, self.target, self.next = address, target, following


@functools.cache
def source_lines(path):
    with open(path, encoding="utf-8") as file:
        return file.read().split("\n")


def tool_output(*command):
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


# ---- assembly ----

def displacement(code):
    """What a relative branch adds to the address behind it."""
    at = 0
    while code[at] in PREFIXES:
        at += 1
    at += 2 if code[at] == TWO_BYTE_OPCODE else 1
    return int.from_bytes(code[at:], "little", signed=True)


def assembly_branch(where, code):
    """The Branch that a line of assembly is; None if it is none."""
    text = where.statement()
    if REPEATED.match(text):
        return Branch(where.start, where.start, where.end)
    if CONDITIONAL.match(text):
        return Branch(where.start, where.end + displacement(code), where.end)
    return None


def is_assembly_data(where):
    return where.is_assembly and bool(DATA.match(where.statement()))


# ---- line tables ----

DIRECTORY = re.compile(r'include_directories\[\s*(\d+)\] = "(.*)"')
FILE = re.compile(r"file_names\[\s*(\d+)\]:")
NAME, IN_DIRECTORY = re.compile(r'\s+name: "(.*)"'), re.compile(r"\s+dir_index: (\d+)")
ROW = re.compile(r"0x([0-9a-f]{16})\s+(\d+)\s+\d+\s+(\d+)\s+\d+\s+\d+\s+(.*)")


def read_tables(text, source, debug_folder):
    """(address, file, line or 0, ends a sequence) for each row of all tables. `source` is the tree
    that relative names are relative to, where no directory says otherwise; `debug_folder` is what the
    loader's debug information calls it."""
    directories, names, number = {}, {}, None
    for text_line in text.split("\n"):
        if text_line.startswith("debug_line["):
            directories, names = {}, {}
        elif match := DIRECTORY.match(text_line):
            directories[int(match[1])] = match[2]
        elif match := FILE.match(text_line):
            number = int(match[1])
        elif match := NAME.match(text_line):
            names[number] = match[1]
        elif match := IN_DIRECTORY.match(text_line):
            directory = directories.get(int(match[1]), "")
            path = os.path.join(directory, names[number]).removeprefix(debug_folder + "/")
            names[number] = os.path.normpath(os.path.join(source, path))
        elif match := ROW.match(text_line):
            yield (int(match[1], 16), names[int(match[3])], int(match[2]),
                   "end_sequence" in match[4])


def line_ranges(elf, tools, source, first, end):
    """CodeRanges of an ELF file's code between two addresses, by address. `tools`: the options of
    guest_program.py."""
    ranges, before = [], None
    tables = tool_output(tools.dwarfdump, "--debug-line", elf)
    for address, file, line, last in read_tables(tables, source, tools.debug_folder):
        if before and before[0] < address and first <= before[0] < end and before[2] != 0:
            text = source_lines(before[1])[before[2] - 1]
            ranges.append(CodeRange(before[0], address, *before[1:3], text))
        before = None if last else (address, file, line)
    ranges = [found for found in ranges if not is_assembly_data(found)]
    return sorted(ranges, key=lambda found: found.start)


# ---- ELF files ----

INSTRUCTION = re.compile(r"\s*([0-9a-f]+): ((?:[0-9a-f]{2} )+)\s*(\S.*)")
TARGET = re.compile(r"\S+\s+0x([0-9a-f]+)")


def compiled_branches(elf, objdump, ranges):
    """The branches in those ranges that come from C."""
    found = []
    starts = [piece.start for piece in ranges]
    for text in tool_output(objdump, "-d", elf).split("\n"):
        match = INSTRUCTION.match(text)
        if match is None:
            continue
        address, size, what = int(match[1], 16), len(match[2].split()), match[3]
        at = bisect.bisect_right(starts, address) - 1
        if at < 0 or address >= ranges[at].end or ranges[at].is_assembly:
            continue
        if REPEATED.match(what):
            found.append(Branch(address, address, address + size))
        elif CONDITIONAL.match(what):
            found.append(Branch(address, int(TARGET.match(what)[1], 16), address + size))
    return found


def elf_branches(elf, objdump, ranges, code, base):
    """All branches in `ranges` of an ELF file whose `code` begins at `base`, by address."""
    found = compiled_branches(elf, objdump, ranges)
    for piece in ranges:
        if piece.is_assembly:
            branch = assembly_branch(piece, code[piece.start - base:piece.end - base])
            found += [branch] if branch else []
    return sorted(found, key=lambda branch: branch.address)


# ---- NASM's listing ----

# Columns: number of the line, address, bytes, how deep in included files and macros, the line.
NUMBER, ADDRESS, BYTES, DEPTH, TEXT = (slice(0, 6), slice(7, 15), slice(16, 34), slice(35, 40),
                                       slice(40, None))


def listed_ranges(listing, source, base):
    """CodeRanges of a flat binary of the file `source`, whose first byte is at `base`. What a macro
    makes belongs to the line that names it."""
    ranges, line, text = [], 0, ""
    with open(listing, encoding="utf-8") as file:
        for row in file.read().split("\n"):
            if not row[DEPTH].strip() and row[NUMBER].strip():
                line = int(row[NUMBER])
            text = row[TEXT].strip() or text  # a line with many bytes has rows without text
            code = re.findall("[0-9A-F]{2}", row[BYTES])
            if row[ADDRESS].strip() and code:
                start = base + int(row[ADDRESS], 16)
                ranges.append(CodeRange(start, start + len(code), source, line, text))
    return [found for found in ranges if not is_assembly_data(found)]


def listed_branches(ranges, code, base):
    found = [assembly_branch(piece, code[piece.start - base:piece.end - base]) for piece in ranges]
    return [branch for branch in found if branch]
