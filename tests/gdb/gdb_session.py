"""A scripted gdb session: gdb in batch mode with tools/gdb's commands, QEMU under it. Used by the
tests in this folder."""

import contextlib
import os
import re
import shutil
import subprocess
import tempfile
import unittest

from harness.environment import build_path, skip_without
from harness.process import die_with_parent
from harness.qemu import BARE_MACHINE, QEMU, ide_disk, option_value

SECONDS = 120  # a session takes about 3
MARK = "@@"


def gdb_script(prefix=None):
    """tools/gdb's script as it is in the build tree, or installed below `prefix`."""
    parts = ("share", "firstlight", "gdb", "firstlight.py")
    return os.path.join(prefix, *parts) if prefix else build_path(*parts)


def skip_without_gdb():
    skip_without("gdb")
    skip_without(QEMU)
    probe = subprocess.run(["gdb", "-nx", "-batch", "-ex", "python print(gdb.VERSION)"],
                           capture_output=True, text=True, check=False)
    version = re.match(r"(\d+)", probe.stdout)
    if version is None or int(version.group(1)) < 12:
        raise unittest.SkipTest("this gdb has no Python, or is older than 12: package gdb")


def gdb_words(words):
    """As gdb splits them again."""
    return " ".join(re.sub(r"([^\w./:=,@%+-])", r"\\\1", word) for word in words)


def start_command(image, serial, options=(), qemu=(QEMU,)):
    """`firstlight start` with QEMU's command line; `qemu`: what starts it."""
    command = [*qemu, "-S", *BARE_MACHINE, "-display", "none", "-vga", "std", "-serial",
               f"file:{option_value(serial)}", *ide_disk(image), *options]
    return "firstlight start " + gdb_words(command)


class Session:
    """What a session printed, by command, and what the kernel wrote to COM1."""

    def __init__(self, outputs, everything, serial, status):
        self.outputs, self.everything, self.serial = outputs, everything, serial
        self.status = status

    def __getitem__(self, command):
        return self.outputs[command]

    def number(self, command):
        """What `print` or `print/x` of gdb's printed."""
        found = re.search(r"= (?:\([^)]*\) )?(0x[0-9a-f]+|-?\d+)", self.outputs[command])
        assert found, f"{command} printed {self.outputs[command]!r}"
        return int(found.group(1), 0)


def run_gdb(commands, script=None, arguments=()):
    """gdb in batch mode, tools/gdb's commands known. Each of `commands` may be a name and a command,
    or only a command; gives a Session whose outputs have these names."""
    pairs = [entry if isinstance(entry, tuple) else (entry, entry) for entry in commands]
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "commands")
        with open(path, "w", encoding="utf-8") as file:
            file.write(f"set pagination off\nset width 0\nset confirm off\n"
                       f"source {script or gdb_script()}\n")
            for index, (_, command) in enumerate(pairs):
                # In Python: an error is printed and does not end the session.
                file.write(f"echo \\n{MARK}{index}\\n\npython\ntry:\n"
                           f"    gdb.execute({command!r})\n"
                           f"except gdb.error as problem:\n    print('error:', problem)\nend\n")
            file.write(f"echo \\n{MARK}{len(pairs)}\\n\n")
        done = subprocess.run(["gdb", "-nx", "-q", "-batch", *arguments, "-x", path],
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, text=True, timeout=SECONDS,
                              errors="backslashreplace", preexec_fn=die_with_parent, check=False)
    parts = re.split(rf"^{MARK}(\d+)\n", done.stdout, flags=re.MULTILINE)
    outputs = {name: output.rstrip("\n") for (name, _), output in zip(pairs, parts[2::2])}
    return Session(outputs, done.stdout, "", done.returncode)


def debug(image, kernel, commands, options=(), script=None, arguments=()):
    """A session with an image: the kernel named, QEMU started, then `commands`."""
    folder = tempfile.mkdtemp(prefix="firstlight-")
    serial = os.path.join(folder, "serial")
    try:
        session = run_gdb([("kernel", f"firstlight kernel {kernel}"),
                           ("start", start_command(image, serial, options)), *commands],
                          script, arguments)
        if re.search("(?m)^error:", session.outputs.get("start", "error: gdb ended")):
            raise AssertionError(f"no connection to QEMU:\n{session.everything}")
        with open(serial, encoding="ascii", errors="backslashreplace") as file:
            session.serial = file.read().replace("\r\n", "\n")
        return session
    except FileNotFoundError:
        raise AssertionError(f"QEMU did not start:\n{session.everything}") from None
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def source_line(path, text):
    """The number of the line that begins with `text`; it stands once."""
    with open(path, encoding="utf-8") as file:
        lines = [number for number, line in enumerate(file, 1) if line.strip().startswith(text)]
    assert len(lines) == 1, f"{path}: {text!r} stands {len(lines)} times"
    return lines[0]


def source(*parts):
    with open(build_path("CMakeCache.txt"), encoding="utf-8") as file:
        root = re.search(r"^firstlight_SOURCE_DIR:STATIC=(.*)$", file.read(), re.MULTILINE)
    return "/".join((root.group(1), *parts))


@contextlib.contextmanager
def moved_installation():
    """What the build installs, moved afterwards: the prefix."""
    with tempfile.TemporaryDirectory(prefix="firstlight-") as folder:
        first, moved = os.path.join(folder, "first"), os.path.join(folder, "moved prefix")
        subprocess.run([os.environ["FIRSTLIGHT_CMAKE"], "--install",
                        os.environ["FIRSTLIGHT_BUILD"], "--prefix", first],
                       stdout=subprocess.DEVNULL, check=True)
        os.rename(first, moved)
        yield moved


def entry_of(elf):
    with open(elf, "rb") as file:
        return int.from_bytes(file.read(32)[24:], "little")


class GdbTest(unittest.TestCase):
    def setUp(self):
        skip_without_gdb()

    def session(self, commands, image="firstlight.bin", kernel="kernel/firstlight-kernel.elf",
                **more):
        return debug(build_path(*image.split("/")), build_path(*kernel.split("/")), commands,
                     **more)

    def check(self, session, name, *patterns):
        for pattern in patterns:
            self.assertRegex(session[name], pattern, session.everything)

    def check_stop(self, session, name, function, file, text):
        line = source_line(source(*file.split("/")), text)
        self.check(session, name, rf"(?m)^Breakpoint [\d.]+, {re.escape(function)} \(\) at "
                                  rf"\S*{re.escape(file)}:{line}\n{line}\t\s*{re.escape(text)}")
