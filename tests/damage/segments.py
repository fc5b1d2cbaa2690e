"""What is wrong with a loadable segment by itself, in the loader's words: written against the ELF format
and bootloader/load/elf.h, not with the project's C."""

from harness.elf_file import PAGE, PT_LOAD, R, W, X

PT_INTERP = 3
GIB = 1 << 30
HALF_SHIFT, HIGH_HALF = 47, 0x1FFFF

DYNAMIC_LINKER = "asks for a dynamic linker"
LARGER_IN_FILE = "is larger in the file than in memory"
PAST_THE_END = "passes the end of the file"
WRITE_EXECUTE = "is both writable and executable"
NO_ACCESS = "allows no access"
ALIGNMENT = "has a p_align"
PAGE_ZERO = "lies in page 0"
TWO_HALVES = "is not inside one canonical half"
FAULTS = (DYNAMIC_LINKER, LARGER_IN_FILE, PAST_THE_END, WRITE_EXECUTE, NO_ACCESS, ALIGNMENT,
          PAGE_ZERO, TWO_HALVES)


def segment_fault(header, file_size, moves):
    """The first of FAULTS that holds of a program header (a tuple of its fields); None when none
    does. `moves`: of a position-independent kernel."""
    kind, flags, offset, address, _, in_file, in_memory, alignment = header
    if kind != PT_LOAD:
        return DYNAMIC_LINKER if kind == PT_INTERP else None
    if in_file > in_memory:
        return LARGER_IN_FILE
    if in_memory == 0:
        return None
    last = address + in_memory - 1
    aligned = alignment == 0 or (alignment & (alignment - 1) == 0
                                 and (offset - address) % alignment == 0
                                 and not (moves and alignment > GIB))
    checks = (
        (in_file != 0 and offset + in_file > file_size, PAST_THE_END),
        (flags & W and flags & X, WRITE_EXECUTE),
        (not flags & (R | W | X), NO_ACCESS),
        (not aligned, ALIGNMENT),
        (address < PAGE and not moves, PAGE_ZERO),
        (address >> HALF_SHIFT not in (0, HIGH_HALF) or last >> HALF_SHIFT != address >> HALF_SHIFT,
         TWO_HALVES),
    )
    return next((fault for wrong, fault in checks if wrong), None)
