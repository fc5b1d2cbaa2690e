"""One debugging session: the symbols of MBR, stage 2, hand-over page and kernel, each where its code
is; the four breakpoints; what is to be done when the machine stops. Used by commands.py."""

import os
import struct

import gdb

from firstlight_gdb import machine
from firstlight_gdb.architecture import Architecture
from firstlight_gdb.contract import Contract
from firstlight_gdb.emulator import Emulator
from firstlight_gdb.machine import Failure

MBR, STAGE2, HANDOVER = "mbr.elf", "stage2.elf", "handover.o"
DEBUG_FOLDER = "/firstlight-src"  # where their debug information has the sources: cmake/Freestanding.cmake
ET_DYN = 3

# The breakpoints by the names that `firstlight breakpoints` takes, in the order they are hit.
BREAKPOINTS = {
    "mbr": "the MBR's first instruction, at 7C00h",
    "stage2": "stage2_main, the first C in long mode",
    "jump": "the last jump, in the hand-over page",
    "kernel": "the kernel's entry",
}


def quoted(path):
    """A file's name as gdb's commands read it."""
    return '"' + path.replace("\\", "\\\\").replace('"', '\\"') + '"'


class Kernel:
    """The kernel's ELF file, as far as the debugger must know it."""

    HEADER = struct.Struct("<16sHHIQ")

    def __init__(self, path):
        self.path = os.path.abspath(path)
        try:
            with open(self.path, "rb") as file:
                head = file.read(self.HEADER.size)
        except OSError as problem:
            raise Failure(f"{path}: {problem.strerror}") from None
        if len(head) < self.HEADER.size or head[:5] != b"\x7fELF\x02":
            raise Failure(f"{path}: not an ELF64 file")
        _, kind, _, _, self.entry = self.HEADER.unpack(head)
        self.position_independent = kind == ET_DYN
        self.slide = None  # known at the last jump

    def is_program(self):
        """Whether gdb was started with it, and so has its symbols where it was linked."""
        name = gdb.current_progspace().filename
        return name is not None and os.path.realpath(name) == os.path.realpath(self.path)


class Handover(gdb.Breakpoint):
    """Stage 2's machine_enter, where it is known at last where kernel and hand-over page lie. Not to
    be seen; the machine goes on at once."""

    def __init__(self, session):
        super().__init__("*machine_enter", type=gdb.BP_HARDWARE_BREAKPOINT, internal=True)
        self._session = session

    def stop(self):
        try:
            self._session.handed_over(
                self._session.contract.structure("kernel_entry", machine.first_argument()))
        except (gdb.error, gdb.GdbError, ValueError) as problem:
            print(f"firstlight: the kernel's place is not known: {problem}")
        return False


class Session:
    """There is one: `firstlight` the gdb command has it."""

    def __init__(self, share_folder):
        self._folder = os.path.join(share_folder, "loader")
        gdb.execute(f"set substitute-path {DEBUG_FOLDER} {quoted(os.path.join(share_folder, 'source'))}")
        self._architecture = Architecture()
        self._emulator = None
        self._command = None
        self._loaded = []      # symbol files of the loader: gdb's name, address or None
        self._breakpoints = {}  # ours, by name
        self._resting = []      # of them, where the machine has stopped
        self._wanted = list(BREAKPOINTS)
        self._mode = None
        self._end_status = None  # the emulator's, when it has ended by itself
        self._handover = None
        self._last_jump = None  # bytes from the beginning of the hand-over page
        self.kernel = None
        self.contract = None
        self.boot_info = None  # its address in the kernel's address space, once it is known

    # ---- symbols ----

    def loader_file(self, name):
        path = os.path.join(self._folder, name)
        if not os.path.exists(path):
            raise Failure(f"the loader's symbols are missing: {path}")
        return path

    def _add_symbols(self, path, where=""):
        gdb.execute(f"add-symbol-file {quoted(path)} {where}", to_string=True)

    def _add_loader(self, name, where=""):
        path = self.loader_file(name)
        self._add_symbols(path, where)
        self._loaded.append(path)

    def _remove_loader(self):
        """What the loader leaves behind is the kernel's memory now: its symbols would be wrong."""
        for path in self._loaded:
            for objfile in gdb.objfiles():
                if objfile.filename and os.path.realpath(objfile.filename) == \
                        os.path.realpath(path):
                    gdb.execute(f"remove-symbol-file {quoted(objfile.filename)}", to_string=True)
                    break
        self._loaded = []

    def _place_kernel(self, slide):
        kernel = self.kernel
        if kernel.slide == slide:
            return
        where = f"-o {slide:#x}" if slide else ""
        if kernel.is_program():
            gdb.execute(f"symbol-file {where} {quoted(kernel.path)}", to_string=True)
        else:
            if kernel.slide is not None:
                gdb.execute(f"remove-symbol-file {quoted(kernel.path)}", to_string=True)
            self._add_symbols(kernel.path, where)
        kernel.slide = slide

    def use_kernel(self, path):
        self.kernel = Kernel(path)
        # A position-independent one's symbols would be at wrong addresses, the loader's among them,
        # until the last jump; breakpoints on its functions wait for it.
        gdb.execute("set breakpoint pending on")
        if self.kernel.position_independent:
            if self.kernel.is_program():
                gdb.execute("symbol-file", to_string=True)
        elif self.kernel.is_program():
            self.kernel.slide = 0
        else:
            with self._architecture.wide():
                self._place_kernel(0)

    # ---- breakpoints ----

    def choose_breakpoints(self, names):
        for name in names:
            if name not in BREAKPOINTS:
                raise Failure(f"there is no breakpoint {name}: only {', '.join(BREAKPOINTS)}, or none")
        self._wanted = names
        for name in [name for name in self._breakpoints if name not in names]:
            self._delete(self._breakpoints.pop(name))
        if self.contract is not None:
            self._set_early()

    @staticmethod
    def _delete(breakpoint):
        if breakpoint.is_valid():
            breakpoint.delete()

    def _set(self, name, where):
        if name in self._wanted and name not in self._breakpoints:
            self._breakpoints[name] = gdb.Breakpoint(where, type=gdb.BP_HARDWARE_BREAKPOINT)

    def _set_early(self):
        """Those whose addresses are known before the boot. Hardware breakpoints: what a software
        breakpoint writes there, firmware's read of the disk would overwrite."""
        self._set("mbr", "mbr")
        self._set("stage2", "stage2_main")
        if self.kernel is not None and not self.kernel.position_independent:
            self._set("kernel", f"*{self.kernel.entry:#x}")

    # ---- events ----

    def handed_over(self, entry):
        """Stage 2 is about to enter the kernel; `entry`: its struct kernel_entry."""
        self._architecture.choose(64)  # as the machine is
        self._wake()  # should the machine boot again without a stop
        self.boot_info = entry.boot_info
        gdb.set_convenience_variable("boot_info", entry.boot_info)
        self._add_loader(HANDOVER, f"-s .text {entry.handover_page:#x}")
        if self.kernel is not None:
            self._place_kernel((entry.entry - self.kernel.entry) % (1 << 64))
        self._set("jump", f"*{entry.handover_page + self._last_jump:#x}")
        self._set("kernel", f"*{entry.entry:#x}")

    def before_stop_is_shown(self):
        """gdb shows where the machine is by the architecture it has; so that comes first."""
        if self.contract is None:
            return
        mode = machine.mode()
        self._architecture.choose(mode.bits)
        if mode != self._mode:
            base = f", CS begins at {mode.cs_base:x}" if mode.cs_base else ""
            print(f"firstlight: {mode.name}{base}")
        self._mode = mode
        if mode.cs_base:
            self.tell_far_code(mode)

    @staticmethod
    def tell_far_code(mode):
        """gdb takes the offset for the address: it shows the wrong code, or even a wrong source line."""
        linear = mode.cs_base + machine.program_counter()
        print(f"firstlight: the next instruction is at linear {linear:x}, not where gdb shows it:")
        gdb.execute(f"x/i {linear:#x}")

    def stopped(self, event):
        """After each stop, once gdb has shown it."""
        entry = self._breakpoints.get("kernel")
        if entry in getattr(event, "breakpoints", ()):
            self._remove_loader()
        self._rest(event)

    def _rest(self, event):
        """Disables ours that the machine has stopped at, until it stops elsewhere. gdb would step off
        them before it goes on, and QEMU 7.2 now and then ends that step where it began: gdb would
        stop there again."""
        self._wake()
        hit = getattr(event, "breakpoints", ())
        self._resting = [breakpoint for breakpoint in self._breakpoints.values() if breakpoint in hit]
        for breakpoint in self._resting:
            breakpoint.enabled = False

    def _wake(self):
        for breakpoint in self._resting:
            if breakpoint.is_valid():
                breakpoint.enabled = True
        self._resting = []

    def ended(self, _event):
        """The emulator has ended by itself: at its next prompt, gdb ends too."""
        if self._emulator is None:
            return
        self._end_status = self._emulator.status()
        print(f"firstlight: the emulator ended with status {self._end_status}")

    def before_prompt(self):
        if self._end_status is not None:
            gdb.execute(f"quit {self._end_status & 0xFF}")

    # ---- the machine ----

    def start(self, command):
        """Starts the emulator by this command (a list), and connects."""
        self.loader_file(STAGE2)
        self.close()
        self._command = command
        self._emulator = Emulator(command)
        self._connect(self._emulator.attach)

    def restart(self):
        if self._command is None:
            raise Failure("there is nothing to start again: use `firstlight start`")
        self.start(self._command)

    def connect(self, address=None):
        """To the stub at this address, or takes the connection that there is."""
        if address is None:
            self._connect(lambda: None)
        else:
            self._connect(lambda: gdb.execute(f"target remote {address}", to_string=True))

    def _connect(self, attach):
        self._end_status = None
        self._architecture.prepare()
        self._forget()
        attach()
        machine.connection()
        self._architecture.connected()
        for name in (MBR, STAGE2):
            self._add_loader(name)
        if self.contract is None:
            self.contract = Contract()
        self._handover = Handover(self)
        self._last_jump = int(gdb.parse_and_eval(
            "(char *)&'handover_code.last_jump' - (char *)&'handover_code'"))
        self._set_early()
        self._mode = None
        self.before_stop_is_shown()

    def _forget(self):
        """What belongs to the last boot."""
        for breakpoint in self._breakpoints.values():
            self._delete(breakpoint)
        self._breakpoints = {}
        if self._handover is not None:
            self._delete(self._handover)
            self._handover = None
        self._remove_loader()
        self.boot_info = None

    def close(self):
        """Ends the emulator, if one was started."""
        self._architecture.choose(64)
        emulator, self._emulator = self._emulator, None
        if emulator is not None:
            try:
                gdb.execute("kill", to_string=True)
            except gdb.error:
                pass  # it has gone already
            emulator.end()
        self._architecture.close()

    def boot_info_address(self, expression):
        """Where boot_info is: by the user's expression, else as seen at the last jump."""
        if self.contract is None:
            raise Failure("not connected: use `firstlight start` or `firstlight connect`")
        if expression:
            return int(gdb.parse_and_eval(expression).cast(
                gdb.lookup_type("unsigned long long")))
        if self.boot_info is None:
            raise Failure("boot_info is not known before the last jump; where your kernel keeps it: "
                          "give its address, as any expression")
        return self.boot_info
