"""The gdb commands `firstlight ...`, with their help. Called by firstlight.py."""

import gdb

from firstlight_gdb import emulator, machine, show
from firstlight_gdb.machine import Failure
from firstlight_gdb.session import BREAKPOINTS

LONGEST_INSTRUCTION = 15  # bytes (Intel SDM volume 2, 2.3.11)


def number(expression):
    return int(gdb.parse_and_eval(expression).cast(gdb.lookup_type("unsigned long long")))


def print_lines(lines):
    for line in lines:
        print(line)


class Prefix(gdb.Command):
    """Firstlight: what its loader does and leaves behind, in readable form.

    firstlight kernel FILE.elf       whose symbols to load
    firstlight start COMMAND...      start the emulator, halted, and connect
Then `continue`: the machine stops at the MBR, at stage2_main, at the last jump and at the kernel's
entry. The commands below work at any stop. README.md beside firstlight.py has a whole session."""

    def __init__(self):
        super().__init__("firstlight", gdb.COMMAND_USER, prefix=True)


class Subcommand(gdb.Command):
    """What all have in common: the session, and that they do not repeat by an empty line."""

    def __init__(self, name, session, kind=gdb.COMMAND_DATA, completer=gdb.COMPLETE_EXPRESSION):
        super().__init__(f"firstlight {name}", kind, completer)
        self.session = session

    def invoke(self, argument, from_tty):
        self.dont_repeat()
        try:
            self.run(argument.strip())
        except gdb.error as problem:  # an expression that means nothing, memory that is not there
            raise Failure(str(problem)) from None


class BootInfo(Subcommand):
    """Print boot_info, which the loader hands to the kernel.

Usage: firstlight boot-info [ADDRESS]
ADDRESS is any expression; without it, the structure that was handed over in this boot. It is read as
the loader wrote it, by the kernel's page tables."""

    def run(self, argument):
        where = self.session.boot_info_address(argument)
        print_lines(show.boot_info(self.session.contract, where))


class MemoryMap(Subcommand):
    """Print the map of physical memory that is in boot_info.

Usage: firstlight memory-map [ADDRESS]
ADDRESS: of boot_info, as for `firstlight boot-info`."""

    def run(self, argument):
        where = self.session.boot_info_address(argument)
        print_lines(show.memory_map(self.session.contract, where))


class Modules(Subcommand):
    """Print the modules that came along in the image.

Usage: firstlight modules [ADDRESS]
ADDRESS: of boot_info, as for `firstlight boot-info`."""

    def run(self, argument):
        where = self.session.boot_info_address(argument)
        print_lines(show.modules(self.session.contract, where))


class Timeline(Subcommand):
    """Print the time stamp of each step of the boot, and how long each took.

Usage: firstlight timeline [ADDRESS]
ADDRESS: of boot_info, as for `firstlight boot-info`. Clocks of the time-stamp counter, or microseconds
where the CPU tells its frequency. The time in which a debugger held the machine is in them."""

    def run(self, argument):
        where = self.session.boot_info_address(argument)
        print_lines(show.timeline(self.session.contract, where))


class Walk(Subcommand):
    """Follow a virtual address through the page tables in use, level by level.

Usage: firstlight walk ADDRESS
ADDRESS is any expression. Rights: R, W, X as far as every level allows them, and U for user or S for
supervisor pages."""

    def run(self, argument):
        if not argument:
            raise Failure("usage: firstlight walk ADDRESS")
        print_lines(show.walk(number(argument)))


class PageTables(Subcommand):
    """List all that the page tables in use map.

Usage: firstlight page-tables [FROM [TO]]
Virtual addresses, first physical address, rights, number and size of pages; pages that continue each
other with the same rights are one line. Only the pages that touch FROM to TO, both
included; TO is FROM unless it is given."""

    def run(self, argument):
        values = [number(part) for part in gdb.string_to_argv(argument)]
        if len(values) > 2:
            raise Failure("usage: firstlight page-tables [FROM [TO]]")
        first, last = (values[0], values[-1]) if values else (0, (1 << 64) - 1)
        print_lines(show.page_tables(first, last))


class Registers(Subcommand):
    """Print the CPU's mode, control registers, flags, segments and descriptor tables.

Usage: firstlight registers
`info registers` has the general ones."""

    def run(self, argument):
        if argument:
            raise Failure("usage: firstlight registers")
        print_lines(show.registers())


class Disassemble(Subcommand):
    """Disassemble from the next instruction on, wherever CS begins.

Usage: firstlight disassemble [COUNT]
gdb's own `x/i $pc` takes the instruction pointer for a linear address: right where CS begins at 0, as
in all of the loader's code; wrong in firmware."""

    def run(self, argument):
        count = number(argument) if argument else 8
        linear = machine.mode().cs_base + machine.program_counter()
        gdb.execute(f"x/{count}i {linear:#x}")


class Over(Subcommand):
    """Run to the instruction behind the next one: over INT, CALL, REP or LOOP, in any mode.

Usage: firstlight over
gdb's `nexti` does not know INT, nor far calls. Not for jumps: it waits behind them in vain."""

    def run(self, argument):
        if argument:
            raise Failure("usage: firstlight over")
        linear = machine.mode().cs_base + machine.program_counter()
        code = gdb.newest_frame().architecture().disassemble(linear)[0]
        if not 1 <= code["length"] <= LONGEST_INSTRUCTION:
            raise Failure(f"there is no instruction at {linear:#x}")
        gdb.execute(f"thbreak *{linear + code['length']:#x}", to_string=True)
        gdb.execute("continue")


class Kernel(Subcommand):
    """Name the kernel's ELF file, unstripped: it brings the symbols.

Usage: firstlight kernel [FILE]
Without FILE, the one that gdb was started with. A position-independent kernel's symbols come at the
last jump, when it is known where it lies; breakpoints on its functions wait until then."""

    def run(self, argument):
        files = gdb.string_to_argv(argument) or [gdb.current_progspace().filename]
        if len(files) != 1 or files[0] is None:
            raise Failure("usage: firstlight kernel FILE")
        self.session.use_kernel(files[0])


class Breakpoints(Subcommand):
    __doc__ = """Choose where the loader's own breakpoints are.

Usage: firstlight breakpoints NAME... | none
NAME is one of:
""" + "\n".join(f"  {name:<7} {what}" for name, what in BREAKPOINTS.items()) + """
All of them are set unless this says otherwise."""

    def run(self, argument):
        names = gdb.string_to_argv(argument)
        if not names:
            raise Failure("usage: firstlight breakpoints NAME... | none")
        self.session.choose_breakpoints([] if names == ["none"] else names)


class Start(Subcommand):
    """Start the emulator, halted before its first instruction, and connect to it.

Usage: firstlight start COMMAND...
COMMAND starts QEMU with -S, as `qemu-system-x86_64 -S -drive format=raw,file=my.bin` or `bootimage
run --debug my.bin --`; the option that opens a gdb stub, on a socket of its own, is added to its end.
The emulator ends with gdb, and gdb with the emulator."""

    def run(self, argument):
        command = gdb.string_to_argv(argument)
        if not command:
            raise Failure("usage: firstlight start COMMAND...")
        self.session.start(command)


class Restart(Subcommand):
    """Start the emulator again, as `firstlight start` did: breakpoints stay.

Usage: firstlight restart"""

    def run(self, argument):
        if argument:
            raise Failure("usage: firstlight restart")
        self.session.restart()


class Connect(Subcommand):
    """Connect to an emulator that somebody else has started.

Usage: firstlight connect [ADDRESS]
ADDRESS as for `target remote`: HOST:PORT or a socket's path. Without it, the connection that gdb has
already, for front ends that connect by themselves."""

    def run(self, argument):
        self.session.connect(argument or None)


class OwnTerminal(Subcommand):
    """Take Ctrl-C away from the build tool that started gdb.

Usage: firstlight own-terminal
For scripts that start gdb from a build tool, which would end on Ctrl-C; it stops the machine then."""

    def run(self, argument):
        put_back = emulator.own_terminal()
        gdb.events.gdb_exiting.connect(lambda _event: put_back())


class Stopping(gdb.Command):
    """Used by hook-stop."""

    def __init__(self, session):
        super().__init__("firstlight-stopping", gdb.COMMAND_OBSCURE)
        self.session = session

    def invoke(self, argument, from_tty):
        try:
            self.session.before_stop_is_shown()
        except (gdb.error, gdb.GdbError) as problem:
            print(f"firstlight: {problem}")


def register(session):
    """Makes the commands, and has gdb tell the session of stops and ends."""
    Prefix()
    data = {"boot-info": BootInfo, "memory-map": MemoryMap, "modules": Modules,
            "timeline": Timeline, "walk": Walk, "page-tables": PageTables, "registers": Registers,
            "disassemble": Disassemble}
    for name, command in data.items():
        command(name, session)
    running = {"over": Over, "breakpoints": Breakpoints, "restart": Restart, "connect": Connect,
               "own-terminal": OwnTerminal}
    for name, command in running.items():
        command(name, session, gdb.COMMAND_RUNNING)
    for name, command in {"kernel": Kernel, "start": Start}.items():
        command(name, session, gdb.COMMAND_FILES, gdb.COMPLETE_FILENAME)
    Stopping(session)
    gdb.execute("define hook-stop\nfirstlight-stopping\nend", to_string=True)
    gdb.events.stop.connect(session.stopped)
    gdb.events.exited.connect(session.ended)
    gdb.events.before_prompt.connect(session.before_prompt)
    gdb.events.gdb_exiting.connect(lambda _event: session.close())
