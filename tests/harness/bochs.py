"""One run of Bochs, headless: it enforces CPU features that QEMU's TCG does not, and is a second
opinion on everything else. Used by tests/boot and tests/machines; same judgements as expect.py."""

import os
import shutil
import subprocess
import tempfile
import time

from harness.expect import check_error_line, check_serial, error_lines, fail
from harness.process import die_with_parent

BOCHS = "bochs"
DEFAULT_TIMEOUT = 60.0
BIOS = "/usr/share/bochs/BIOS-bochs-latest"
VGA_BIOS_CHOICES = ["/usr/share/seabios/vgabios-stdvga.bin",
                    "/usr/share/bochs/VGABIOS-lgpl-latest",
                    "/usr/share/vgabios/vgabios.bin"]
# The only graphics card whose modes do not depend on the display: CL-GD5446. The terminal cannot
# draw them, which is no reason to end.
CIRRUS_BIOS = "/usr/share/vgabios/vgabios-cirrus.bin"
CIRRUS = """\
vga: extension=cirrus
pci: enabled=1, chipset=i440fx, slot1=cirrus
panic: term=report
"""
# Where an option ROM goes; firmware looks for them from C8000h on, every 2 KiB.
OPTION_ROM = "optromimage1: file={}, address=0xd0000\n"
SETTLE_SECONDS = 0.5  # an error line that a crash follows is no error line
TRIPLE_FAULT = "exception with no resolution"
SHUTDOWN_PORT_MESSAGE = "Shutdown port"  # what "Shutdown" written to port 8900h logs
DEFAULT_CPU = "corei7_sandy_bridge_2600k"
DISK, ROM, SERIAL, LOG = "disk.bin", "rom.bin", "serial", "log"  # files' names
MEDIA = {"disk": f"ata0-master: type=disk, mode=flat, path={DISK}, cylinders=0",
         "floppy": f"floppya: 1_44={DISK}, status=inserted",
         "cdrom": f"ata0-master: type=cdrom, path={DISK}, status=inserted"}

CONFIGURATION = """\
megs: {megabytes}
romimage: file={bios}
vgaromimage: file={vga_bios}
boot: {boot}
{disk}
com1: enabled=1, mode=file, dev={serial}
port_e9_hack: enabled=1
cpu: model={cpu}, ips=100000000, reset_on_triple_fault=0
clock: sync=none
display_library: term
log: {log}
panic: action=fatal
"""


def missing():
    """The program or file that keeps Bochs from running here; an empty text when nothing does."""
    if shutil.which(BOCHS) is None:
        return BOCHS
    if not os.path.exists(BIOS):
        return BIOS
    return "" if any(map(os.path.exists, VGA_BIOS_CHOICES)) else VGA_BIOS_CHOICES[0]


class Bochs:
    """Use in a `with` statement: Bochs never outlives it."""

    def __init__(self, image, cpu=DEFAULT_CPU, megabytes=64, medium="disk",
                 timeout=DEFAULT_TIMEOUT, cirrus=False, bios=BIOS, option_rom=None,
                 keep_output=None):
        self.directory = tempfile.mkdtemp(prefix="firstlight-")
        # A copy: Bochs locks what it opens, and leaves the lock behind when it is killed.
        shutil.copy(image, os.path.join(self.directory, DISK))
        self._cpu, self._megabytes, self._medium, self._bios = cpu, megabytes, medium, bios
        self._vga_bios = CIRRUS_BIOS if cirrus else next(filter(os.path.exists, VGA_BIOS_CHOICES))
        self._keep_output = keep_output  # a file for what Bochs printed; port E9h goes there
        self._extra = CIRRUS if cirrus else ""
        if option_rom is not None:
            shutil.copy(option_rom, os.path.join(self.directory, ROM))
            self._extra += OPTION_ROM.format(ROM)
        self._log_path = os.path.join(self.directory, LOG)
        self._output_path = os.path.join(self.directory, "output")
        self._serial_path = os.path.join(self.directory, SERIAL)
        self.timeout = timeout
        self.deadline = time.monotonic() + timeout
        self.timed_out = False
        self.process = None

    def _configure(self):
        # Names relative to the folder that Bochs runs in: its path may hold spaces and commas.
        configuration = os.path.join(self.directory, "bochsrc")
        with open(configuration, "w") as file:
            file.write(CONFIGURATION.format(
                megabytes=self._megabytes, bios=self._bios, boot=self._medium,
                disk=MEDIA[self._medium],
                vga_bios=self._vga_bios, cpu=self._cpu, serial=SERIAL, log=LOG) + self._extra)
        commands = os.path.join(self.directory, "commands")
        with open(commands, "w") as file:
            file.write("c\n")  # Debian's Bochs has the debugger built in: go on at once
        return [BOCHS, "-q", "-f", configuration, "-rc", commands]

    def __enter__(self):
        # A session of its own: the terminal display must not find a terminal to draw on.
        with open(self._output_path, "wb") as output:
            self.process = subprocess.Popen(
                self._configure(), stdin=subprocess.DEVNULL, stdout=output, stderr=output,
                cwd=self.directory, start_new_session=True, preexec_fn=die_with_parent,
                env={**os.environ, "TERM": "linux"})
        return self

    def __exit__(self, *_):
        self.kill()
        if self._keep_output is not None:
            shutil.copy(self._output_path, self._keep_output)
        shutil.rmtree(self.directory, ignore_errors=True)

    def kill(self):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()

    def wait_until(self, condition):
        """Until condition() is true; False when Bochs ended, crashed or ran out of time first."""
        while not condition():
            if self.process.poll() is not None or self.triple_fault():
                return bool(condition())
            if time.monotonic() > self.deadline:
                self.timed_out = True
                return False
            time.sleep(0.05)
        return True

    @staticmethod
    def _read(path):
        try:
            with open(path, "rb") as file:
                return file.read().decode("ascii", "backslashreplace").replace("\r\n", "\n")
        except FileNotFoundError:
            return ""

    def serial(self):
        return self._read(self._serial_path)

    def log(self):
        return self._read(self._log_path) + self._read(self._output_path)

    def triple_fault(self):
        return TRIPLE_FAULT in self.log()

    def shut_down(self):
        """Whether the guest ended the run by the shutdown port."""
        return SHUTDOWN_PORT_MESSAGE in self.log()

    def report(self):
        status = self.process.poll()
        how = ("timed out" if self.timed_out else "triple fault" if self.triple_fault()
               else "still running" if status is None else f"exit status {status}")
        # The library's own start-up chatter drowns the machine's log, which is what matters.
        log = self._read(self._log_path)[-2000:] + self._read(self._output_path)[-1000:]
        return (f"ended: {how}\n---- serial ----\n{self.serial()}\n"
                f"---- end of Bochs's log ----\n{log}\n----\n")


def expect_boot(image, serial=(), **settings):
    """The guest boots, writes what `serial` says and ends Bochs by the shutdown port."""
    with Bochs(image, **settings) as run:
        run.wait_until(lambda: run.process.poll() is not None)
        if run.triple_fault() or not run.shut_down():
            fail(run, "Bochs was not ended by the shutdown port")
        check_serial(run, serial)
        return run.serial()


def expect_error(image, pattern, **settings):
    """One line that starts with `firstlight: `, the last on serial, and no crash after it."""
    with Bochs(image, **settings) as run:
        if not run.wait_until(lambda: error_lines(run.serial())):
            fail(run, "no error line")
        said = None
        while run.serial() != said:
            said = run.serial()
            time.sleep(SETTLE_SECONDS)
        if run.process.poll() is not None or run.triple_fault():
            fail(run, "Bochs ended behind the error line")
        return check_error_line(run, pattern)
