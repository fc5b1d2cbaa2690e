"""The machine behind QEMU's gdb stub: memory by physical address, control registers, and the mode the
CPU is in, which only QEMU's monitor tells. Used by all commands."""

import re
from collections import namedtuple

import gdb

CR0_PE, CR0_PG = 1 << 0, 1 << 31
CR4_PAE, CR4_LA57 = 1 << 5, 1 << 12
EFER_LMA, EFER_NXE = 1 << 10, 1 << 11
CR3_ADDRESS = 0x000F_FFFF_FFFF_F000
RFLAGS_VM = 1 << 17

# Of a code segment's descriptor, its second word (Intel SDM volume 3, 3.4.5).
DESCRIPTOR_LONG, DESCRIPTOR_DEFAULT_32 = 1 << 21, 1 << 22

Segment = namedtuple("Segment", "selector base limit attributes")
Mode = namedtuple("Mode", "bits name cs_base")


class Failure(gdb.GdbError):
    """One line for the user, without Python's backtrace."""


def connection():
    """The connection to QEMU's stub; fails without one."""
    found = gdb.selected_inferior().connection
    if found is None or not hasattr(found, "send_packet"):
        raise Failure("not connected to QEMU: use `firstlight start` or `firstlight connect`")
    return found


def monitor(command):
    """A command of QEMU's monitor; gives what it prints."""
    connection()
    return gdb.execute(f"monitor {command}", to_string=True)


def read(address, count):
    """Memory by linear address, through the page tables in use."""
    try:
        return bytes(gdb.selected_inferior().read_memory(address, count))
    except gdb.MemoryError:
        raise Failure(f"{count} bytes at {address:#x} cannot be read: is that address mapped now? "
                      "`firstlight walk` tells") from None


def read_physical(address, count):
    """Memory by physical address, whatever the page tables say."""
    stub = connection()
    if stub.send_packet("Qqemu.PhyMemMode:1") != b"OK":
        raise Failure("this gdb stub cannot read physical memory: QEMU 4.1 or later can")
    try:
        return read(address, count)
    finally:
        stub.send_packet("Qqemu.PhyMemMode:0")


def register(name):
    """A register of the running frame as a number; it has the same name in all architectures."""
    connection()
    # As text: a register of flags is no number for gdb, and what is one may be signed.
    return int(gdb.newest_frame().read_register(name).format_string(format="x"), 16)


def is_narrow():
    """Whether gdb has the registers under their 32-bit names (architecture.py)."""
    return gdb.newest_frame().architecture().name() != "i386:x86-64"


def program_counter():
    """The instruction pointer: in 16- and 32-bit code an offset in the code segment."""
    return register("eip" if is_narrow() else "rip")


def first_argument():
    """RDI, in whatever architecture gdb is."""
    return register("edi") | register("edi_high") << 32 if is_narrow() else register("rdi")


def cpu_text():
    """What the monitor tells of the CPU that is selected in gdb."""
    connection()
    number = gdb.selected_thread().num - 1
    parts = re.split(r"^CPU#(\d+)\s*$", monitor("info registers -a"), flags=re.MULTILINE)
    for index in range(1, len(parts) - 1, 2):
        if int(parts[index]) == number:
            return parts[index + 1]
    return parts[-1]  # an older QEMU, or one CPU only


def segments(text):
    """The segment registers, LDT, TR, GDT and IDT in the monitor's text, by name."""
    found = {}
    for name, selector, base, limit, attributes in re.findall(
            r"^([CDEFGS]S|LDT|TR) *= *([0-9a-f]+) ([0-9a-f]+) ([0-9a-f]+) ([0-9a-f]+)", text,
            re.MULTILINE):
        found[name] = Segment(*(int(part, 16) for part in (selector, base, limit, attributes)))
    for name, base, limit in re.findall(r"^([GI]DT) *= *([0-9a-f]+) ([0-9a-f]+)", text,
                                        re.MULTILINE):
        found[name] = Segment(0, int(base, 16), int(limit, 16), 0)
    return found


def mode_of(cr0, efer, rflags, code):
    """The Mode, from control registers and the code segment. Pure."""
    if not cr0 & CR0_PE:
        return Mode(16, "real mode", code.base)
    if rflags & RFLAGS_VM:
        return Mode(16, "virtual 8086 mode", code.base)
    if efer & EFER_LMA and code.attributes & DESCRIPTOR_LONG:
        return Mode(64, "long mode", 0)
    bits = 32 if code.attributes & DESCRIPTOR_DEFAULT_32 else 16
    return Mode(bits, f"{bits}-bit " + ("compatibility mode" if efer & EFER_LMA
                                        else "protected mode"), code.base)


def mode():
    """The mode that the selected CPU is in."""
    code = segments(cpu_text()).get("CS")
    if code is None:
        raise Failure("QEMU's monitor does not tell the code segment (`monitor info registers`)")
    return mode_of(register("cr0"), register("efer"), register("eflags"), code)


def paging():
    """(root, levels, whether NX counts) of the tables in use; fails where they are not long mode's."""
    cr0, cr4, efer = register("cr0"), register("cr4"), register("efer")
    if not cr0 & CR0_PG:
        raise Failure("paging is off: every linear address is the physical one")
    if not efer & EFER_LMA:
        raise Failure("these are not long mode's page tables (EFER.LMA is 0)")
    return register("cr3") & CR3_ADDRESS, 5 if cr4 & CR4_LA57 else 4, bool(efer & EFER_NXE)
