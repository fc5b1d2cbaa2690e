"""One run of DOSBox, without a window: a BIOS without EDD and a CPU without long mode, so all that a
64-bit loader can do here is to say so. Used by tests/machines."""

import os
import shutil
import socket
import subprocess
import tempfile
import time

from harness.expect import SETTLE_SECONDS, check_error_line, error_lines, fail
from harness.process import die_with_parent

DOSBOX = "dosbox"
DEFAULT_TIMEOUT = 60.0
LOOPBACK = "127.0.0.1"
DISK = "disk.bin"  # relative to the folder that DOSBox runs in: its path may hold spaces
BOOT_FLOPPY = f"boot {DISK}"
# Without a file system DOSBox takes the geometry as it is told: sector size, sectors, heads, cylinders.
BOOT_HARD_DISK = f"""imgmount 2 {DISK} -size 512,63,16,{{cylinders}} -t hdd -fs none
boot -l c"""
HARD_DISK_CYLINDER = 512 * 63 * 16
# A null-modem cable to a TCP port is DOSBox's only way to let COM1 out.
CONFIGURATION = """\
[cpu]
cputype={cpu}
[mixer]
nosound=true
[midi]
mpu401=none
mididevice=none
[serial]
serial1=nullmodem server:{address} port:{port} transparent:1
[autoexec]
{boot}
"""


class DosBox:
    """Use in a `with` statement: DOSBox never outlives it."""

    def __init__(self, image, cpu, floppy, timeout):
        self._cpu, self._floppy = cpu, floppy
        self.deadline = time.monotonic() + timeout
        self.directory = tempfile.mkdtemp(prefix="firstlight-")
        self._image = shutil.copy(image, os.path.join(self.directory, DISK))
        self.process = self._cable = None
        self._received = b""

    def _configuration(self, port):
        cylinders = os.path.getsize(self._image) // HARD_DISK_CYLINDER
        boot = (BOOT_FLOPPY if self._floppy else BOOT_HARD_DISK).format(
            cylinders=cylinders)
        path = os.path.join(self.directory, "dosbox.conf")
        with open(path, "w") as file:
            file.write(CONFIGURATION.format(cpu=self._cpu, address=LOOPBACK, port=port, boot=boot))
        return path

    def __enter__(self):
        with socket.create_server((LOOPBACK, 0)) as listener, \
                open(os.path.join(self.directory, "output"), "wb") as output:
            # The folder is its home, too: nobody's own settings count.
            environment = {**os.environ, "HOME": self.directory, "SDL_VIDEODRIVER": "dummy",
                           "SDL_AUDIODRIVER": "dummy"}
            self.process = subprocess.Popen(
                [DOSBOX, "-conf", self._configuration(listener.getsockname()[1])],
                stdin=subprocess.DEVNULL, stdout=output, stderr=output, cwd=self.directory,
                preexec_fn=die_with_parent, env=environment)
            listener.settimeout(self.deadline - time.monotonic())
            try:
                self._cable, _ = listener.accept()
                self._cable.setblocking(False)
            except socket.timeout:
                pass  # nothing will be on serial, and report() says what DOSBox said
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        if self._cable is not None:
            self._cable.close()
        shutil.rmtree(self.directory, ignore_errors=True)

    def serial(self):
        try:
            while self._cable is not None and (received := self._cable.recv(4096)):
                self._received += received
        except (BlockingIOError, ConnectionError):
            pass
        return self._received.decode("ascii", "backslashreplace").replace("\r\n", "\n")

    def report(self):
        with open(os.path.join(self.directory, "output"), "rb") as file:
            output = file.read().decode("utf-8", "backslashreplace")
        status = self.process.poll()
        return (f"ended: {'still running' if status is None else f'exit status {status}'}\n"
                f"---- serial ----\n{self.serial()}\n---- DOSBox's messages ----\n{output}----\n")


def expect_error(image, pattern, cpu="auto", floppy=True, timeout=DEFAULT_TIMEOUT):
    """One line that starts with `firstlight: `, the last on serial; DOSBox, whose CPU nobody can
    look into, then runs on in silence. Gives the line."""
    with DosBox(image, cpu, floppy, timeout) as run:
        while not error_lines(run.serial()) or not run.serial().endswith("\n"):
            if run.process.poll() is not None or time.monotonic() > run.deadline:
                fail(run, "no error line")
            time.sleep(0.05)
        said = run.serial()
        time.sleep(SETTLE_SECONDS)
        if run.process.poll() is not None or run.serial() != said:
            fail(run, "did not stay silent behind the error line")
        return check_error_line(run, pattern)
