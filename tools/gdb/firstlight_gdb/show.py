"""What the commands print: boot_info and what hangs on it, page tables, registers. Each function gives
lines of text. Used by commands.py."""

from firstlight_gdb import contract, machine, paging
from firstlight_gdb.text import address, flags, size

FIELD_WIDTH = 17

CR0_NAMES = (("PG", 1 << 31), ("CD", 1 << 30), ("NW", 1 << 29), ("AM", 1 << 18), ("WP", 1 << 16),
             ("NE", 1 << 5), ("ET", 1 << 4), ("TS", 1 << 3), ("EM", 1 << 2), ("MP", 1 << 1),
             ("PE", 1 << 0))
CR4_NAMES = (("VME", 1 << 0), ("PVI", 1 << 1), ("TSD", 1 << 2), ("DE", 1 << 3), ("PSE", 1 << 4),
             ("PAE", 1 << 5), ("MCE", 1 << 6), ("PGE", 1 << 7), ("PCE", 1 << 8),
             ("OSFXSR", 1 << 9), ("OSXMMEXCPT", 1 << 10), ("UMIP", 1 << 11), ("LA57", 1 << 12),
             ("VMXE", 1 << 13), ("SMXE", 1 << 14), ("FSGSBASE", 1 << 16), ("PCIDE", 1 << 17),
             ("OSXSAVE", 1 << 18), ("SMEP", 1 << 20), ("SMAP", 1 << 21), ("PKE", 1 << 22),
             ("CET", 1 << 23), ("PKS", 1 << 24))
EFER_NAMES = (("SCE", 1 << 0), ("LME", 1 << 8), ("LMA", 1 << 10), ("NXE", 1 << 11),
              ("SVME", 1 << 12), ("LMSLE", 1 << 13), ("FFXSR", 1 << 14), ("TCE", 1 << 15))
RFLAGS_NAMES = (("CF", 1 << 0), ("PF", 1 << 2), ("AF", 1 << 4), ("ZF", 1 << 6), ("SF", 1 << 7),
                ("TF", 1 << 8), ("IF", 1 << 9), ("DF", 1 << 10), ("OF", 1 << 11),
                ("IOPL", 3 << 12), ("NT", 1 << 14), ("RF", 1 << 16), ("VM", 1 << 17),
                ("AC", 1 << 18), ("VIF", 1 << 19), ("VIP", 1 << 20), ("ID", 1 << 21))
RFLAGS_ALWAYS = 1 << 1


def field(name, value):
    return f"  {name:<{FIELD_WIDTH}}  {value}"


# ---- boot_info ----

def _screen(info):
    text_mode, frame = info.text_mode, info.framebuffer
    if text_mode.columns:
        yield field("text mode", f"{text_mode.columns} x {text_mode.rows} at "
                    f"{address(text_mode.address)}, physical {text_mode.physical_address:x}, "
                    f"cursor at column {text_mode.cursor_column}, row {text_mode.cursor_row}")
    if frame.width:
        colours = ", ".join(f"{name} {bits} at {shift}" for name, bits, shift in (
            ("red", frame.red_size, frame.red_shift), ("green", frame.green_size, frame.green_shift),
            ("blue", frame.blue_size, frame.blue_shift)))
        yield field("framebuffer", f"{frame.width} x {frame.height} x {frame.bits_per_pixel} at "
                    f"{address(frame.address)}, physical {frame.physical_address:x}, "
                    f"{frame.pitch} bytes a line; bits: {colours}")
        yield field("EDID", size(frame.edid_size) if frame.edid_size else "none")


def _machine(info, names):
    tables, disk = info.tables, info.disk
    for name, physical in (("ACPI RSDP", tables.rsdp_physical),
                           ("SMBIOS", tables.smbios_physical),
                           ("SMBIOS 3", tables.smbios3_physical)):
        yield field(name, f"physical {physical:x}" if physical else "none")
    yield field("boot disk", f"drive {disk.drive:02x}h, signature {disk.signature:08x}")
    if disk.partition:
        yield field("active partition", f"{disk.partition}, type {disk.partition_type:02x}h, "
                    f"{disk.partition_sectors} sectors from LBA {disk.partition_lba}")
    yield field("EDD", f"version {disk.edd_version:02x}h, interfaces {disk.edd_interfaces:x}h, "
                f"{size(disk.edd_parameters_size)} of parameters" if disk.edd_version else "none")
    yield field("entropy", f"{len(info.entropy)} bytes from "
                + names.name("boot_entropy_source", info.entropy_source))


def _version_2(info, names):
    yield field("loader", contract.text_at(info.loader_name) + " "
                + contract.text_at(info.loader_version) + ", started by "
                + names.name("boot_firmware", info.firmware).upper())
    yield field("recursive slot", info.recursive_slot or "none")
    yield field("modules", info.module_count)
    yield field("symbols", f"{info.symbols.count}, names {size(info.symbols.names_size)}"
                if info.symbols.table else "none")
    tls = info.tls
    yield field("TLS template", f"{address(tls.address)}, {tls.file_size} of {tls.memory_size} bytes "
                f"in the file, alignment {tls.alignment}" if tls.memory_size else "none")
    yield from _screen(info)
    yield from _machine(info, names)
    if info.version >= 3:
        yield field("items", f"{info.item_count}, what they took at {address(info.items)}")


def boot_info(names, where):
    """`names`: a Contract; `where`: the structure's address."""
    info = names.boot_info(where)
    yield f"boot_info at {address(where)}, version {info.version}, {info.size} bytes"
    yield field("flags", flags(info.flags, contract.FLAG_NAMES))
    yield field("command line", contract.text_at(info.command_line))
    yield field("memory map", f"{info.memory_map_count} ranges at {address(info.memory_map)}")
    yield field("direct map", f"{address(info.direct_map_offset)}, {size(info.direct_map_size)}"
                if info.direct_map_offset else "none")
    yield field("kernel", f"{address(info.kernel_virtual_base)}, {size(info.kernel_virtual_size)}, "
                f"physical {info.kernel_physical_base:x}"
                + (f", slide {info.kernel_slide:x}" if info.kernel_slide else ""))
    guard = f", {size(info.stack_guard_size)} of guard below" if info.stack_guard_size else ""
    yield field("stack", f"{address(info.stack_bottom)} to {address(info.stack_top)}, "
                f"{size(info.stack_top - info.stack_bottom)}{guard}")
    yield field("hand-over page", address(info.handover_page))
    yield field("boot drive", f"{info.boot_drive:02x}h")
    if info.version >= 2:
        yield from _version_2(info, names)


def memory_map(names, where):
    info = names.boot_info(where)
    ranges = names.array("boot_memory_range", info.memory_map, info.memory_map_count)
    usable = 0
    for entry in ranges:
        kind = names.name("boot_memory_kind", entry.kind)
        usable += entry.length if kind == "usable" else 0
        yield (f"{address(entry.base)}-{address(entry.base + entry.length - 1)}  {kind:<18}  "
               f"{size(entry.length)}")
    yield f"{len(ranges)} ranges, {size(usable)} usable"


def modules(names, where):
    info = names.boot_info(where)
    if not info.module_count:
        yield "no modules"
        return
    for module in names.array("boot_module", info.modules, info.module_count):
        line = contract.text_at(module.command_line)
        yield (f"{contract.text_at(module.name)} at {address(module.address)}, physical "
               f"{module.physical_address:x}, {size(module.size)}"
               + (f", command line {line}" if line != '""' else ""))


def timeline(names, where):
    info = names.boot_info(where)
    if not info.timestamp_count:
        yield "this loader keeps no time stamps"
        return
    stamps = info.timestamps[:info.timestamp_count]
    known = sorted(((step, stamp) for step, stamp in enumerate(stamps) if stamp),
                   key=lambda entry: entry[1])
    unit = 1e6 / info.tsc_frequency if info.tsc_frequency else None
    first = before = known[0][1] if known else 0
    yield f"{'step':<12} {'time stamp':>16} " + ("microseconds" if unit else "clocks")
    for step, stamp in known:
        took = f"{(stamp - before) * unit:12.1f}" if unit else f"{stamp - before:12}"
        yield f"{names.name('boot_step', step):<12} {stamp:>16} {took}"
        before = stamp
    total = f"{(before - first) * unit:12.1f}" if unit else f"{before - first:12}"
    yield f"{'in all':<12} {'':>16} {total}"
    if info.version >= 3:
        yield from _items(names, info)


def _items(names, info):
    """What each item of the image took; the unit is the time-stamp counter's."""
    yield f"{'item':<12} {'stored':>10} {'bytes':>10} {'read':>12} {'verify':>12} {'decompress':>12}"
    for item in names.array("boot_item", info.items, info.item_count):
        parts = " ".join(f"{part:>12}" for part in item.parts)
        kind = names.name("image_item_kind", item.kind)
        yield f"{kind:<12} {item.stored_bytes:>10} {item.bytes:>10} {parts}"


# ---- page tables ----

def _entry_bits(entry, page):
    names = [("P", paging.PRESENT), ("W", paging.WRITE), ("U", paging.USER),
             ("PWT", paging.WRITE_THROUGH), ("PCD", paging.CACHE_DISABLE), ("A", paging.ACCESSED)]
    if page:
        names += [("D", paging.DIRTY), ("G", paging.GLOBAL)]
    names += [("NX", paging.NO_EXECUTE)]
    return " ".join(name for name, bit in names if entry & bit)


def walk(virtual):
    root, levels, no_execute = machine.paging()
    if not paging.is_canonical(virtual, levels):
        raise machine.Failure(f"{virtual:#x} is not canonical: no page tables can map it")
    found = paging.walk(machine.read_physical, root, virtual, levels, no_execute)
    yield f"{address(virtual)} through CR3 = {root:x}"
    for step in found.steps:
        last = step is found.steps[-1] and found.physical is not None
        bits = (_entry_bits(step.entry, last) if step.entry & paging.PRESENT else
                "not present")
        yield f"  {step.name:<4}[{step.index:3}] at {step.table:9x} = {step.entry:016x}  {bits}"
    if found.physical is None:
        yield "  not mapped"
    else:
        cache = f", {found.cache}" if found.cache else ""
        yield (f"  physical {found.physical:x}, page of {size(found.page_size)}, "
               f"{found.rights}{cache}")


def page_tables(first, last):
    root, levels, no_execute = machine.paging()
    ranges = paging.ranges(machine.read_physical, root, levels, no_execute, first, last)
    if not ranges:
        yield "nothing is mapped there"
    for part in ranges:
        end = address(part.virtual + part.size - 1)
        if part.page_size:
            pages = f"{part.rights}  {part.size // part.page_size} x {size(part.page_size)}"
            pages += f"  {part.cache}" if part.cache else ""
            yield f"{address(part.virtual)}-{end}  {part.physical:9x}  {pages}"
        else:
            yield f"{address(part.virtual)}-{end}  {part.physical:9x}  {part.rights}"


# ---- registers ----

def registers():
    cpu = machine.cpu_text()
    mode = machine.mode()
    segments = machine.segments(cpu)
    pc = machine.program_counter()
    code = segments["CS"]
    where = address(pc) if mode.bits == 64 else \
        f"{code.selector:04x}:{pc:04x}, linear {code.base + pc:x}"
    yield field("mode", f"{mode.name}, at {where}")
    for name, bits in (("cr0", CR0_NAMES), ("cr4", CR4_NAMES), ("efer", EFER_NAMES)):
        value = machine.register(name)
        yield field(name.upper(), f"{value:08x}  {flags(value, bits)}")
    for name in ("cr2", "cr3"):
        yield field(name.upper(), address(machine.register(name)))
    rflags = machine.register("eflags")
    yield field("RFLAGS", f"{rflags:08x}  {flags(rflags & ~RFLAGS_ALWAYS, RFLAGS_NAMES)}")
    for name in ("CS", "SS", "DS", "ES", "FS", "GS", "LDT", "TR"):
        if name in segments:
            part = segments[name]
            yield field(name, f"{part.selector:04x}  base {part.base:x}, limit {part.limit:x}, "
                        f"attributes {part.attributes:08x}")
    for name in ("GDT", "IDT"):
        if name in segments:
            yield field(name, f"base {address(segments[name].base)}, "
                        f"limit {segments[name].limit:x}")
