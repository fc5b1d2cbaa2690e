"""The cases of the lying firmware, as data: what the option ROM plays (option_rom/*.inc say what each
definition means), and what must come of it. Played by test_quick.py, test_full.py and test_bochs.py."""

from dataclasses import dataclass

from memory_oracle import LOW_END, MIB, Entry

FLAGS_IF, FLAGS_DF, FLAGS_IOPL, FLAGS_NT, FLAGS_AC = 1 << 9, 1 << 10, 3 << 12, 1 << 14, 1 << 18
CR4_LA57, CR4_OSXSAVE = 1 << 12, 1 << 18
KEYBOARD_DATA, KEYBOARD_COMMAND, SYSTEM_CONTROL_A = 0x60, 0x64, 0x92


@dataclass(frozen=True)
class Case:
    name: str
    rom: tuple             # definitions; {names} stand for sectors of the image (firmware_test.py)
    ends: str = None       # the error line it ends in; None: it boots
    kernel: str = "boot_info"  # checks all it is handed, and prints it
    says: str = "^boot_info: as promised$"
    options: tuple = ()    # QEMU's; none of these on Bochs
    guest_time: bool = False  # QEMU's clock counts instructions, as Bochs's does, whatever the host does
    table: tuple = None    # what E820h reports; None: what firmware does
    without_e820: tuple = None  # (base, length) of memory above 1 MiB where there is no E820h
    low_end: int = LOW_END  # where memory below 1 MiB ends by the BIOS data area
    drive: int = 0x80
    dead_ports: tuple = ()
    damaged: str = None    # an LBA whose first byte is another
    played: int = 1        # times that the ROM tells that it played its part
    quick: bool = False    # runs by default, the others in the long laboratory
    bochs: bool = True     # runs there, too

    def __post_init__(self):
        if self.options or self.drive != 0x80:
            object.__setattr__(self, "bochs", False)


def ends(name, pattern, *rom, **more):
    """A case that ends in an error line, with the project's own kernel."""
    return Case(name, rom, ends=pattern, **{"kernel": "firstlight-exit", **more})


def boots(name, *rom, **more):
    return Case(name, rom, **more)


def enters(name, *rom, **more):
    """A case that boots the kernel which checks how it was entered."""
    return Case(name, rom, kernel="entry_state", says="^entry state: as promised$", **more)


def maps(name, table, *rom, **more):
    return Case(name, rom, table=tuple(table), **more)


# ---- What firmware says of 64 MiB ------------------------------------------------------------------

LOW = Entry(0, LOW_END, 1)
LOW_FIRMWARE = Entry(LOW_END, 0xA0000 - LOW_END, 2)
ROMS = Entry(0xF0000, 0x10000, 2)
MAIN = Entry(MIB, 0x3EE0000, 1)
TOP = Entry(0x3FE0000, 0x20000, 2)
FLASH = Entry(0xFFFC0000, 0x40000, 2)
HYPERTRANSPORT = Entry(0xFD00000000, 0x300000000, 2)  # of QEMU with a CPU of AMD's
USUAL = (LOW, LOW_FIRMWARE, ROMS, MAIN, TOP, FLASH)
BESIDE_MAIN = (LOW, LOW_FIRMWARE, ROMS, TOP, FLASH)
DEFAULT_MAP = (*USUAL, HYPERTRANSPORT)
DEFAULT_MAP_BOCHS = (Entry(0, 0x9F000, 1), Entry(0x9F000, 0x1000, 2), Entry(0xE8000, 0x18000, 2),
                     Entry(MIB, 0x3EF0000, 1), Entry(0x3FF0000, 0x10000, 3), FLASH)

ALL_KINDS = (0, 1, 2, 3, 4, 5, 6, 7, 12, 13, 0x7FFFFFFF, 0xF0000000, 0xFFFFFFFF)


def pieces(count, base=MIB, length=0x2000, distance=0x8000, kind=1):
    return [Entry(base + i * distance, length, kind) for i in range(count)]


MANY = (*BESIDE_MAIN, *pieces(512 - 6), Entry(32 * MIB, 31 * MIB, 1))
NO_E820, NO_E801, NO_88 = "MEMORY_NO_E820", "MEMORY_NO_E801", "MEMORY_NO_88"


def e801(ax, bx, cx, dx):
    return ("MEMORY_E801", f"MEMORY_AX={ax}", f"MEMORY_BX={bx}", f"MEMORY_CX={cx}",
            f"MEMORY_DX={dx}")


NOTHING = "firmware reports no memory: tried INT 15h AX=E820h, AX=E801h and AH=88h"
TOO_MANY = r"firmware's memory map \(E820\) has more than 512 entries: update"
BY_E801 = ((MIB, 15 * MIB), (16 * MIB, 47 * MIB))
E801_47_MIB = e801(0, 0, 15 * 1024, 47 * 16)

MEMORY_MAP = (
    maps("entries_of_20_bytes", USUAL, "MEMORY_STRICT", quick=True),
    maps("entries_of_24_bytes", USUAL, "MEMORY_STRICT", "MEMORY_BYTES=24", quick=True),
    maps("attribute_bit_0_clear", [entry._replace(attributes=0) for entry in USUAL],
         "MEMORY_BYTES=24", quick=True),
    maps("only_changes_written", [*BESIDE_MAIN, *pieces(8), Entry(16 * MIB, 40 * MIB, 1)],
         "MEMORY_CHANGES_ONLY", quick=True),
    maps("registers_destroyed", USUAL, "MEMORY_CLOBBERS", "MEMORY_STRICT", quick=True),
    maps("strange_continuation", USUAL, "MEMORY_STRANGE_EBX", "MEMORY_STRICT"),
    maps("carry_at_the_end", USUAL, "MEMORY_END_CF", quick=True, played=2),
    maps("unsorted", reversed(USUAL), quick=True),
    maps("interleaved", [*pieces(20, distance=0x4000)[::-2], *BESIDE_MAIN,
                         *pieces(20, distance=0x4000)[::2], Entry(32 * MIB, 16 * MIB, 1)]),
    maps("overlapping", [*USUAL, Entry(20 * MIB, 4 * MIB, 2), Entry(22 * MIB, 4 * MIB, 3),
                         Entry(23 * MIB, MIB, 4), Entry(25 * MIB, 2 * MIB, 5),
                         Entry(24 * MIB, MIB, 1), MAIN, Entry(0, 64 * MIB, 1)], quick=True),
    maps("restrictive_first", [Entry(30 * MIB, MIB, 2), Entry(30 * MIB, MIB, 1),
                               Entry(31 * MIB, MIB, 4), Entry(30 * MIB, 4 * MIB, 1), *USUAL]),
    maps("everything_twice", (*USUAL, *USUAL)),
    maps("zero_length", [Entry(0, 0, 2), *USUAL, Entry(8 * MIB, 0, 2), Entry(9 * MIB, 0, 1),
                         Entry((1 << 64) - 1, 0, 1)], quick=True),
    maps("adjacent", [*BESIDE_MAIN, *pieces(31, MIB, 2 * MIB, 2 * MIB)], quick=True),
    maps("adjacent_within_a_page", [*BESIDE_MAIN, *pieces(1000 // 8, MIB, 0x200, 0x200),
                                    Entry(MIB + 0x200 * (1000 // 8), 48 * MIB, 1)]),
    maps("unaligned", [*BESIDE_MAIN, Entry(MIB + 1, 7 * MIB, 1), Entry(9 * MIB + 0xFFF, 0x1000, 1),
                       Entry(10 * MIB + 0x800, 0x7FF, 1), Entry(11 * MIB - 1, 32 * MIB + 2, 1)],
         quick=True),
    maps("unknown_kinds", [*USUAL, *(Entry((16 + i) * MIB, 0x8000, kind)
                                     for i, kind in enumerate(ALL_KINDS))], quick=True),
    maps("reserved_within_a_page", [*USUAL, *pieces(40, 8 * MIB + 0x10, 0x20, 0x9010, 2)]),
    maps("hole_at_15_mib", [*BESIDE_MAIN, Entry(MIB, 14 * MIB, 1), Entry(16 * MIB, 47 * MIB, 1)]),
    maps("reserved_near_1_tib", (*USUAL, HYPERTRANSPORT, Entry(0xFFF00000000, 1 << 40, 2))),
    maps("wraps_around", [*USUAL, Entry((1 << 64) - 0x2000, 0x4000, 2),
                          Entry((1 << 64) - 0x100000, (1 << 64) - 1, 2)], quick=True),
    maps("usable_at_the_end", [*USUAL, Entry((1 << 64) - 0x100000, 0x200000, 1)]),
    maps("usable_beyond_all_addresses", [*USUAL, Entry(1 << 40, MIB, 1), Entry(1 << 52, MIB, 3)],
         quick=True),
    maps("usable_1_pib", [*USUAL, Entry(1 << 32, 1 << 50, 1)]),
    maps("everything_is_reserved", [*USUAL, Entry(MIB, (1 << 64) - 1, 2)],
         ends="not enough memory for kernel", kernel="firstlight-exit"),
    maps("most_entries", MANY, quick=True),
    ends("entry_513", TOO_MANY, table=(*MANY, HYPERTRANSPORT)),
    ends("entries_600", TOO_MANY, table=tuple(pieces(600)), quick=True, played=0),
    ends("endless", TOO_MANY, "MEMORY_ENDLESS", table=USUAL, quick=True),
    maps("signature_lost_midway", [*pieces(4, 512 * MIB, 256 * MIB, 256 * MIB), *USUAL],
         "MEMORY_LOST=3", *E801_47_MIB, without_e820=BY_E801, quick=True),
    maps("signature_lost_at_once", USUAL, "MEMORY_LOST=1", *E801_47_MIB, without_e820=BY_E801),
    maps("entries_of_16_bytes", USUAL, "MEMORY_ECX=16", *E801_47_MIB, without_e820=BY_E801),
    maps("no_entry_usable", BESIDE_MAIN[1:], *E801_47_MIB, without_e820=BY_E801),
)

LOW_MEMORY = (
    maps("ebda_not_reserved", [Entry(0, 0xA0000, 1), *USUAL[2:]], quick=True),
    maps("everything_usable", [Entry(0, 63 * MIB, 1)]),
    maps("ebda_elsewhere", [Entry(0, 0xA0000, 1), *USUAL[2:]], "MACHINE_EBDA=0x9000",
         low_end=0x90000, quick=True, bochs=False),  # its BIOS keeps its disks there
    maps("ebda_segment_0", USUAL, "MACHINE_EBDA=0", bochs=False),
    maps("ebda_segment_rubbish", USUAL, "MACHINE_EBDA=0xFFFF", bochs=False),
    ends("too_little", "less than 384 KiB of memory below 1 MiB", "MACHINE_LOW_KIB=128",
         quick=True),
)

WITHOUT_E820 = (
    boots("e801_alone", NO_E820, NO_88, *E801_47_MIB, without_e820=BY_E801, quick=True),
    boots("e801_in_ax_and_bx", NO_E820, *e801(15 * 1024, 47 * 16, 0, 0), without_e820=BY_E801),
    boots("e801_with_a_hole", NO_E820, *e801(0, 0, 14 * 1024, 16),
          without_e820=((MIB, 14 * MIB), (16 * MIB, MIB)), quick=True),
    boots("e801_says_nonsense", NO_E820, *e801(0, 0, 0xFFFF, 0xFFFF), "MEMORY_88=0x8000",
          without_e820=((MIB, 32 * MIB),)),
    boots("e801_says_nothing", NO_E820, *e801(0, 0, 0, 0), "MEMORY_88=0x8000",
          without_e820=((MIB, 32 * MIB),)),
    boots("88_alone", NO_E820, NO_E801, "MEMORY_88=0x8000", without_e820=((MIB, 32 * MIB),),
          quick=True, played=3),
    boots("88_says_15_mib", NO_E820, NO_E801, "MEMORY_88=0x3C00", without_e820=((MIB, 15 * MIB),)),
    ends("88_says_nothing", NOTHING, NO_E820, NO_E801, "MEMORY_88=0"),
    ends("none", NOTHING, NO_E820, NO_E801, NO_88, quick=True, played=3),
    ends("no_answer", NOTHING, "MEMORY_SILENT", played=3),
)

# ---- The disk --------------------------------------------------------------------------------------

FIRST_TRACK = "DISK_GEOMETRY_CX=0"
STAGE2_UNREADABLE = "cannot read stage 2: disk 80h, LBA 0{rest}, status 01h: check the disk"


def bad(name, what, lba, *rom, **more):
    return ends(name, f"cannot read {what}: disk 80h, LBA 0?{lba}, status 04h: check the disk",
                f"DISK_BAD={lba}", "DISK_STATUS=4", *rom, **more)


def silent(name, pattern, lba, *rom, count=1, **more):
    return ends(name, pattern, f"DISK_SILENT={lba}", f"DISK_SILENT_COUNT={count}", *rom, **more)


DISK = (
    boots("edd_absent", "DISK_EDD_FAILS", "DISK_LINE", quick=True),
    boots("edd_bx_wrong", "DISK_EDD_BX=0x55AA", quick=True),
    boots("edd_bx_zero", "DISK_EDD_BX=0"),
    boots("edd_without_packets", "DISK_EDD_CX=0xFFFE", quick=True),
    boots("edd_destroys_dl", "DISK_EDD_DL=0x7F", quick=True),
    boots("edd_reads_fail", "DISK_EDD_READ_FAILS", quick=True),
    boots("no_geometry_sectors_0", FIRST_TRACK),
    boots("no_geometry_failing", "DISK_GEOMETRY_FAILS"),
    ends("neither_edd_nor_sectors", STAGE2_UNREADABLE, "DISK_EDD_FAILS", FIRST_TRACK, quick=True),
    ends("neither_edd_nor_geometry", STAGE2_UNREADABLE, "DISK_EDD_FAILS", "DISK_GEOMETRY_FAILS"),
    *(boots(f"limit_{limit}", f"DISK_LIMIT={limit}", "DISK_MOST=127", "DISK_LINE",
            quick=limit in (127, 16)) for limit in (127, 64, 63, 16, 7)),
    *(boots(f"limit_{limit}_by_chs", f"DISK_LIMIT={limit}", "DISK_EDD_FAILS") for limit in (63, 16)),
    boots("limit_1_behind_the_mbr", "DISK_LIMIT=1", "DISK_NOT_MBR", quick=True),
    ends("limit_1", "^firstlight: disk error 01$", "DISK_LIMIT=1"),
    *(boots(f"first_{count}_fail", f"DISK_FIRST={count}", played=count) for count in (1, 2, 5, 9)),
    *(boots(f"every_{count}_fails", f"DISK_EVERY={count}", "DISK_STATUS=0x80", quick=count == 3)
      for count in (2, 3, 5)),
    boots("reset_fails_too", "DISK_EVERY=2", "DISK_RESET_FAILS", quick=True, played=2),
    boots("success_with_status", "DISK_SUCCESS_AH=0x11"),
    boots("packet_overwritten", "DISK_PACKET_CHANGED", quick=True),
    ends("mbr_20", "^firstlight: disk error 20$", "DISK_ALL", "DISK_STATUS=0x20", quick=True),
    ends("mbr_80", "^firstlight: disk error 80$", "DISK_ALL", "DISK_STATUS=0x80"),
    ends("large_sectors", "^firstlight: sector size", "DISK_LARGE_SECTORS", quick=True),
    *(boots(f"sectors_of_{size}_bytes_told", f"DISK_SECTOR_BYTES={size}", quick=size == 4096)
      for size in (0, 1, 513, 4096, 65535)),
    *(boots(f"parameters_of_{size}_bytes", f"DISK_PARAMETERS_SIZE={size}") for size in (0, 65535)),
    boots("parameters_fail", "DISK_PARAMETERS_FAIL"),
    boots("boot_sector_overwritten", "DISK_STAMPED", quick=True),
    ends("bad_first_block", "^firstlight: disk error 04$", "DISK_BAD=3", "DISK_STATUS=4"),
    bad("bad_stage2", "stage 2", "{rest}", quick=True),
    bad("bad_stage2_last", "stage 2", "{rest_last}"),
    bad("bad_header", "image header", "{header}"),
    bad("bad_kernel_first", "kernel", "{kernel}"),
    bad("bad_kernel_middle", "kernel", "{kernel_middle}", quick=True),
    bad("bad_kernel_last", "kernel", "{kernel_last}"),
    bad("bad_by_chs", "kernel", "{kernel_middle}", "DISK_EDD_FAILS"),
    bad("bad_without_geometry", "kernel", "{kernel_middle}", FIRST_TRACK),
    silent("nothing_read_at_all", "^firstlight: loader damaged$", 1, count="{stage2_sectors}"),
    silent("first_block_not_read", "^firstlight: loader damaged$", 3),
    silent("stage2_not_read", r"stage 2 is damaged \(checksum\): write the image again", "{rest}",
           quick=True),
    silent("header_not_read", "image header: no magic number", "{header}"),
    silent("kernel_not_read", r"kernel is damaged \(checksum\): LBA {kernel}, {kernel_sectors} "
           "sectors, which firmware read without error", "{code}", quick=True),
    boots("kernel_not_read_once", "DISK_SILENT={code}", "DISK_SILENT_COUNT=1",
          "DISK_SILENT_TIMES=1", quick=True),
    boots("header_not_read_once", "DISK_SILENT={header}", "DISK_SILENT_COUNT=1",
          "DISK_SILENT_TIMES=1"),
)

# ---- How the MBR is entered, and from where --------------------------------------------------------

STRANGE = ("ENTRY_CS=0x7C0", "ENTRY_SS=0xFFFF", "ENTRY_SP=0xFFFF", "ENTRY_SEGMENTS=0xFFFF",
           f"ENTRY_FLAGS={FLAGS_DF | FLAGS_IOPL | FLAGS_NT}")

ENTRY = (
    boots("at_07c0_0000", "ENTRY_CS=0x7C0", quick=True),
    boots("at_0000_7c00", "ENTRY_CS=0"),
    boots("all_of_it_strange", *STRANGE, quick=True),
    boots("stack_in_rom", "ENTRY_SS=0xF000", "ENTRY_SP=0xFFF1", "ENTRY_FLAGS=0"),
    boots("stack_at_the_mbr", "ENTRY_SS=0x7C0", "ENTRY_SP=0x200", "ENTRY_FLAGS=0"),
    boots("segments", "ENTRY_SEGMENTS=0xFFFF"),
    boots("direction", f"ENTRY_FLAGS={FLAGS_IF | FLAGS_DF}"),
    boots("interrupts_off", "ENTRY_FLAGS=0"),
    # Bochs's BIOS waits two seconds of the guest's for each read of a floppy that is not there.
    *(boots(f"dl_{drive:02x}", f"ENTRY_DL={drive}", quick=drive in (0, 0xFF), bochs=drive != 0)
      for drive in (0, 1, 2, 0x42, 0x7F, 0x81, 0xFE, 0xFF)),
    boots("dl_and_all_of_it_strange", *STRANGE, "ENTRY_DL=0x7E"),
    boots("second_disk", "ENTRY_DRIVE=0x81", drive=0x81, quick=True),
    ends("no_disk_has_the_loader", "^firstlight: loader damaged$", "ENTRY_DL=0x81", damaged="1"),
)

# ---- What is left behind after a call --------------------------------------------------------------

RUBBISH = (f"LEFT_FLAGS={FLAGS_IF | FLAGS_DF}", "LEFT_UPPER", "LEFT_SEGMENTS", "LEFT_GDT",
           "LEFT_A20_OFF")
KERNEL_DAMAGED = r"kernel is damaged \(checksum\)"

LEFT_BEHIND = (
    enters("interrupts_on_and_direction", f"LEFT_FLAGS={FLAGS_IF | FLAGS_DF}"),
    enters("flags", f"LEFT_FLAGS={FLAGS_NT | FLAGS_IOPL | FLAGS_AC}", quick=True),
    enters("upper_halves", "LEFT_UPPER", quick=True),
    enters("segments", "LEFT_SEGMENTS"),
    enters("gdt", "LEFT_GDT"),
    enters("idt", "LEFT_IDT", quick=True),
    enters("limits_of_64_kib", "LEFT_LIMIT=0xFFFF", quick=True),
    enters("limits_of_4_gib", "LEFT_LIMIT=0xFFFFF", "LEFT_PAGES"),
    enters("a20_off", "LEFT_A20_OFF", quick=True),
    enters("stack_of_28_kib", "LEFT_STACK=28*1024", quick=True),
    boots("stack_of_28_kib_and_map", "LEFT_STACK=28*1024"),
    enters("rubbish", *RUBBISH, quick=True),
    boots("rubbish_and_map", *RUBBISH),
    enters("rubbish_without_edd", *RUBBISH, "DISK_EDD_FAILS"),
    enters("all_of_it", *RUBBISH, "LEFT_IDT", "LEFT_LIMIT=0xFFFF", "LEFT_STACK=28*1024"),
    ends("rubbish_and_first_message", "^firstlight: loader damaged$", *RUBBISH, damaged="1",
         quick=True),
    ends("rubbish_and_last_message", KERNEL_DAMAGED, *RUBBISH, damaged="{code}"),
    ends("idt_and_last_message", KERNEL_DAMAGED, "LEFT_IDT", damaged="{code}"),
    ends("bp_and_first_message", "^firstlight: loader damaged$", "LEFT_BP", damaged="1",
         quick=True),
    ends("bp_and_last_message", KERNEL_DAMAGED, "LEFT_BP", damaged="{code}"),
    enters("five_level_paging", f"MACHINE_CR4={CR4_LA57}", options=("-cpu", "max,+la57"),
           quick=True),
    enters("xsave", f"MACHINE_CR4={CR4_OSXSAVE}", options=("-cpu", "max"), quick=True),
)

# ---- The machine -----------------------------------------------------------------------------------

KEYBOARD = (KEYBOARD_DATA, KEYBOARD_COMMAND)

MACHINE = (
    boots("2401_fails", "MACHINE_A20_OFF", quick=True),
    boots("a20_by_keyboard_controller", "MACHINE_A20_OFF", dead_ports=(SYSTEM_CONTROL_A,),
          quick=True),
    boots("a20_by_port_92", "MACHINE_A20_OFF", dead_ports=KEYBOARD, quick=True),
    ends("a20_stays_off", "address line 20 stays off: tried INT 15h AX=2401h, the keyboard "
         "controller and port 92h", "MACHINE_A20_OFF", dead_ports=(*KEYBOARD, SYSTEM_CONTROL_A),
         quick=True),
    boots("without_8042", "MACHINE_EC00_COUNTED", options=("-machine", "pc,i8042=off"), quick=True),
    boots("ec00_unsupported", "MACHINE_EC00_FAILS", quick=True),
    boots("ec00_called_once", "MACHINE_EC00_COUNTED", quick=True),
    boots("nx_disabled", "MACHINE_NX_OFF", options=("-cpu", "Nehalem"), kernel="misc_enable",
          says="^NX on, MSR 1a0 bit 34 clear$", quick=True),
    # Whether a CPU of Intel's has the bit at all, its family and model say: from family 6, model 13 on.
    *(boots(f"nx_disabled_{name}", "MACHINE_NX_OFF", kernel="misc_enable", quick=True,
            options=("-cpu", f"Nehalem,family={family},model={model}"),
            says=f"^NX on, MSR 1a0 bit 34 {left}$")
      for name, family, model, left in (("by_family_5", 5, 15, "set"), ("by_model_12", 6, 12, "set"),
                                        ("by_model_13", 6, 13, "clear"),
                                        ("by_model_16", 6, 16, "clear"),
                                        ("by_family_15", 15, 0, "clear"))),
    boots("timer_at_full_speed", "TIMER_DIVISOR=32", guest_time=True, played=10, quick=True),
    boots("timer_with_rubbish", "TIMER_DIVISOR=32", *RUBBISH[1:], guest_time=True, played=10),
    boots("timer_with_deep_stack", "TIMER_DIVISOR=256", "TIMER_STACK=16*1024", guest_time=True,
          played=5),
)

GROUPS = {"MemoryMap": MEMORY_MAP, "LowMemory": LOW_MEMORY, "WithoutE820": WITHOUT_E820,
          "Disk": DISK, "Entry": ENTRY, "LeftBehind": LEFT_BEHIND, "Machine": MACHINE}
