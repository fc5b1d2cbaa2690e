"""Every reason for which `bootimage create` refuses: its one line, its status, and that the image of
the last build stays as it was."""

import os
import resource
import signal
import struct
import subprocess
import time
import unittest

from harness.elf_file import (ELF_HEADER, PAGE, R, W, X, Segment, executable,
                              program_header_offset)
from harness.environment import run_bootimage, skip_without
from support import (BASE, LARGEST_IMAGE, OLD_CONTENT, REFUSED, SYSTEM, ImageCase,
                     run_unprivileged, simple_kernel)

# Offsets of fields, System V gABI chapters 4 and 5.
E_CLASS, E_DATA, E_VERSION_BYTE, E_OSABI = 4, 5, 6, 7
E_TYPE, E_MACHINE, E_VERSION, E_ENTRY, E_PHOFF = 16, 18, 20, 24, 32
E_EHSIZE, E_PHENTSIZE, E_PHNUM = 52, 54, 56
P_TYPE, P_FLAGS, P_OFFSET, P_VADDR, P_FILESZ, P_MEMSZ, P_ALIGN = 0, 4, 8, 16, 32, 40, 48


def changed(offset, layout, value, kernel=None):
    """The simple kernel with one field changed."""
    kernel = bytearray(simple_kernel() if kernel is None else kernel)
    struct.pack_into(layout, kernel, offset, value)
    return bytes(kernel)


def segment_field(index, field, layout, value, kernel=None):
    return changed(program_header_offset(index) + field, layout, value, kernel)


class ElfHeader(ImageCase):
    def test_no_elf_file(self):
        for kernel in (b"\xeb\xfe" + bytes(510), b"x", b"\x7fEL", b"#!/bin/sh\n"):
            self.check_kernel_refused(kernel, "not an ELF file")

    def test_cut_short(self):
        self.check_kernel_refused(simple_kernel()[:63], "ends within its ELF header")

    def test_empty(self):
        self.check_kernel_refused(b"", "is empty")

    def test_32_bit(self):
        self.check_kernel_refused(changed(E_CLASS, "B", 1), "EI_CLASS 1", "64-bit")

    def test_unknown_class(self):
        self.check_kernel_refused(changed(E_CLASS, "B", 3), "EI_CLASS 3")

    def test_big_endian(self):
        self.check_kernel_refused(changed(E_DATA, "B", 2), "EI_DATA 2", "little-endian")

    def test_unknown_byte_order(self):
        self.check_kernel_refused(changed(E_DATA, "B", 0), "EI_DATA 0")

    def test_versions(self):
        self.check_kernel_refused(changed(E_VERSION_BYTE, "B", 2), "EI_VERSION 2")
        self.check_kernel_refused(changed(E_VERSION, "<I", 9), "e_version 9")

    def test_foreign_abi(self):
        self.check_kernel_refused(changed(E_OSABI, "B", 9), "OS ABI 9")

    def test_wrong_machine(self):
        self.check_kernel_refused(changed(E_MACHINE, "<H", 183), "machine 183", "x86-64")

    def test_object_file(self):
        self.check_kernel_refused(changed(E_TYPE, "<H", 1), "e_type 1 instead of 2", "executable")

    def test_core_dump(self):
        self.check_kernel_refused(changed(E_TYPE, "<H", 4), "e_type 4")

    def test_unknown_type(self):
        self.check_kernel_refused(changed(E_TYPE, "<H", 77), "e_type 77")

    def test_sizes_of_headers(self):
        self.check_kernel_refused(changed(E_EHSIZE, "<H", 52), "e_ehsize 52")
        self.check_kernel_refused(changed(E_PHENTSIZE, "<H", 32), "e_phentsize 32")
        self.check_kernel_refused(changed(E_PHNUM, "<H", 0xFFFF), "more than 65534")

    def test_program_headers_past_the_end(self):
        for offset in (len(simple_kernel()) - 111, 1 << 40, (1 << 64) - 56):
            self.check_kernel_refused(changed(E_PHOFF, "<Q", offset), "program headers",
                                      "pass the end")


class Segments(ImageCase):
    def test_none(self):
        kernel = segment_field(0, P_TYPE, "<I", 6, segment_field(1, P_TYPE, "<I", 4))
        self.check_kernel_refused(kernel, "no loadable segment")
        self.check_kernel_refused(changed(E_PHNUM, "<H", 0), "no loadable segment")

    def test_dynamic_linker(self):
        self.check_kernel_refused(segment_field(1, P_TYPE, "<I", 3), "PT_INTERP", "-static")

    def test_larger_in_file_than_in_memory(self):
        self.check_kernel_refused(segment_field(1, P_MEMSZ, "<Q", 2999), "segment 1",
                                  "larger in the file")

    def test_writable_and_executable(self):
        self.check_kernel_refused(segment_field(0, P_FLAGS, "<I", R | W | X), "segment 0",
                                  "writable and executable", "-z separate-code")

    def test_no_access(self):
        self.check_kernel_refused(segment_field(1, P_FLAGS, "<I", 0), "segment 1", "no access")

    def test_past_the_end_of_the_file(self):
        for offset in (PAGE * 1000, (1 << 63), (1 << 64) - PAGE):
            self.check_kernel_refused(segment_field(1, P_OFFSET, "<Q", offset), "segment 1",
                                      "passes the end of the file")
        self.check_kernel_refused(simple_kernel()[:-1], "segment 1", "passes the end of the file")

    def test_alignment(self):
        self.check_kernel_refused(segment_field(1, P_ALIGN, "<Q", 3), "no power of two")
        self.check_kernel_refused(segment_field(1, P_ALIGN, "<Q", 1 << 20), "offset and address")

    def test_page_0(self):
        kernel = executable([Segment(0x800, R | X, b"\xf4" * 10)], 0x800)
        self.check_kernel_refused(kernel, "page 0")

    def test_no_room_for_loader(self):
        """All of the higher half is the kernel's: no machine can start it."""
        kernel = executable([Segment(0x200000, R | X, b"\xf4"),
                             Segment(0xFFFF800000000000, R | W, b"", (1 << 47) - 0x1000)], 0x200000)
        self.check_kernel_refused(kernel, "the address space has no room")

    def test_not_canonical(self):
        for address in (0x800000000000, 0xFFFF7FFFFFFFF000):
            kernel = executable([Segment(address, R | X, b"\xf4" * 10)], address)
            self.check_kernel_refused(kernel, "canonical half")

    def test_sums_overflow(self):
        kernel = executable([Segment(BASE, R | X, b"\xf4" * 10),
                             Segment((1 << 64) - PAGE, R | W, b"d", PAGE + 1)], BASE)
        self.check_kernel_refused(kernel, "segment 1", "canonical half")

    def test_hole_between_the_halves(self):
        kernel = executable([Segment(0x7FFFFFFFF000, R | X, b"\xf4", PAGE + 1)], 0x7FFFFFFFF000)
        self.check_kernel_refused(kernel, "canonical half")

    def test_order(self):
        kernel = executable([Segment(BASE + 0x10000, R | X, b"\xf4" * 10),
                             Segment(BASE, R | W, b"data")], BASE + 0x10000)
        self.check_kernel_refused(kernel, "segment 1", "lower address")

    def test_overlap(self):
        kernel = executable([Segment(BASE, R | X, b"\xf4" * 10),
                             Segment(BASE + 9, R, b"data")], BASE)
        self.check_kernel_refused(kernel, "segment 1", "overlaps")

    def test_page_writable_and_executable(self):
        kernel = executable([Segment(BASE, R | X, b"\xf4" * 10),
                             Segment(BASE + 100, R | W, b"data")], BASE)
        self.check_kernel_refused(kernel, "segment 1", "ALIGN(4096)")

    def test_entry(self):
        for entry in (0, BASE - 1, BASE + 5000, BASE + 2 * PAGE):
            self.check_kernel_refused(changed(E_ENTRY, "<Q", entry), f"0x{entry:x}", "entry point")


class Input(ImageCase):
    def test_missing(self):
        path = self.path("none.elf")
        self.check_refused(["--kernel", path], path, "No such file", status=SYSTEM)

    def test_directory(self):
        os.mkdir(self.path("folder"))
        self.check_refused(["--kernel", self.path("folder")], "Is a directory", status=SYSTEM)

    def test_device_and_pipe(self):
        self.check_refused(["--kernel", "/dev/null"], "/dev/null: is not a regular file")
        os.mkfifo(self.path("pipe"))
        self.check_refused(["--kernel", self.path("pipe")], "is a pipe")

    def test_unreadable(self):
        skip_without("setpriv")
        source = self.write("kernel.elf", simple_kernel())
        os.chmod(source, 0)
        self.check_refused(["--kernel", source], source, "Permission denied", run=run_unprivileged,
                           status=SYSTEM)

    def test_larger_than_any_disk(self):
        path = self.path("kernel.elf")
        with open(path, "wb") as file:
            try:
                file.truncate(LARGEST_IMAGE + 1)
            except OSError as error:
                self.skipTest(f"this file system has no files of 2 TiB: {error}")
        self.check_refused(["--kernel", path], path, f"has {LARGEST_IMAGE + 1} bytes")

    def test_command_line(self):
        source = self.write("kernel.elf", simple_kernel())
        kernel = ["--kernel", source]
        self.check_refused([*kernel, "--cmdline", "x" * 4096], "has 4096 bytes, 4095 are the most")
        self.check_refused([*kernel, "--cmdline", "two\nlines"], "control character 0ah at byte 3")
        self.check_refused([*kernel, "--cmdline", "\x7f"], "control character 7fh at byte 0")


class Output(ImageCase):
    def setUp(self):
        super().setUp()
        self.kernel = self.write("kernel.elf", simple_kernel())

    def check(self, output, *texts, run=run_bootimage, status=REFUSED):
        """Refused, and nothing new in the folder."""
        before = sorted(os.listdir(self.folder))
        self.check_one_line(run("create", "--kernel", self.kernel, "--output", output), status,
                            *texts)
        self.assertEqual(sorted(os.listdir(self.folder)), before)

    def test_directory(self):
        os.mkdir(self.path("folder"))
        self.check(self.path("folder"), "is a directory")

    def test_device_and_pipe(self):
        self.check("/dev/full", "is a device or a pipe", "dd")
        os.mkfifo(self.path("pipe"))
        self.check(self.path("pipe"), "is a device or a pipe")

    def test_kernel_itself(self):
        os.link(self.kernel, self.path("link"))
        os.symlink("kernel.elf", self.path("symlink"))
        for name in ("kernel.elf", "link", "symlink"):
            self.check(self.path(name), "is the kernel itself")
        self.assertEqual(self.read("kernel.elf"), simple_kernel())

    def test_links_that_lead_nowhere(self):
        os.symlink("missing.bin", self.path("dangling"))
        os.symlink("loop", self.path("loop"))
        for name in ("dangling", "loop"):
            self.check(self.path(name), "is a symbolic link that leads nowhere")
            self.assertTrue(os.path.islink(self.path(name)))
        self.assertFalse(os.path.exists(self.path("missing.bin")))

    def test_name_with_a_newline(self):
        self.check(self.path("no\nsuch/image.bin"), r"no\x0asuch/image.bin", status=SYSTEM)

    def test_folder_missing(self):
        self.check(self.path("none/image.bin"), "none/image.bin", "No such file", status=SYSTEM)

    def test_folder_is_a_file(self):
        self.check(self.path("kernel.elf/image.bin"), "Not a directory", status=SYSTEM)

    def test_folder_not_writable(self):
        skip_without("setpriv")
        os.mkdir(self.path("folder"), 0o555)
        self.check(self.path("folder/image.bin"), "Permission denied", run=run_unprivileged,
                   status=SYSTEM)

    def test_file_size_limit(self):
        for limit in (0, 512, 20000, 1000000):
            def run(*arguments, limit=limit):
                return subprocess.run(
                    [os.environ["FIRSTLIGHT_BOOTIMAGE"], *arguments], capture_output=True,
                    text=True, check=False,
                    preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit)))
            self.check_refused(["--kernel", self.kernel], "File too large", run=run,
                               status=SYSTEM)

    def test_full_disk(self):
        # A file system of 64 KiB in a name space of its own.
        skip_without("unshare")
        script = ('mount -t tmpfs -o size=64k none "$1" 2>/dev/null || exit 99\n'
                  'printf old > "$1/image.bin"\n'
                  '"$2" create --kernel "$3" --output "$1/image.bin"; status=$?\n'
                  'ls -A "$1"; cat "$1/image.bin"; exit $status\n')
        os.mkdir(self.path("disk"))
        finished = subprocess.run(
            ["unshare", "--map-root-user", "--mount", "sh", "-c", script, "sh",
             self.path("disk"), os.environ["FIRSTLIGHT_BOOTIMAGE"], self.kernel],
            capture_output=True, text=True, check=False)
        if finished.returncode == 99 or "unshare" in finished.stderr:
            self.skipTest("no file system can be mounted here")
        self.assertEqual(finished.returncode, SYSTEM, finished.stderr)
        self.assertEqual(finished.stderr, f"bootimage: {self.path('disk')}/image.bin: "
                                          "cannot be written: No space left on device\n")
        self.assertEqual(finished.stdout, "image.bin\nold")

    def test_signal_removes_the_temporary(self):
        output = self.write("image.bin", OLD_CONTENT)
        size = 64 << 20
        kernel = self.write("large.elf",
                            executable([Segment(BASE, R | X, os.urandom(1 << 16) * (size >> 16))],
                                       BASE))
        before = sorted(os.listdir(self.folder))
        for _ in range(20):
            self.write("image.bin", OLD_CONTENT)
            process = subprocess.Popen(
                [os.environ["FIRSTLIGHT_BOOTIMAGE"], "create", "--kernel", kernel, "--output",
                 output])
            while process.poll() is None and sorted(os.listdir(self.folder)) == before:
                time.sleep(0.001)
            process.send_signal(signal.SIGTERM)
            if process.wait() == -signal.SIGTERM:
                break
        else:
            self.fail("the tool was always quicker than the signal")
        self.assertEqual(sorted(os.listdir(self.folder)), before)
        self.assertEqual(self.read("image.bin"), OLD_CONTENT)


class Success(ImageCase):
    """What a refusal must not do, a success must."""

    def test_replaces_the_old_image(self):
        source = self.write("kernel.elf", simple_kernel())
        output = self.write("image.bin", OLD_CONTENT)
        os.chmod(output, 0o640)
        finished = run_bootimage("create", "--kernel", source, "--output", output)
        self.assertEqual((finished.returncode, finished.stdout, finished.stderr), (0, "", ""))
        self.assertEqual(len(self.read("image.bin")), 3024 * 512)
        self.assertEqual(os.stat(output).st_mode & 0o777, 0o640)
        self.assertEqual(sorted(os.listdir(self.folder)), ["image.bin", "kernel.elf"])

    def test_follows_a_symbolic_link(self):
        source = self.write("kernel.elf", simple_kernel())
        os.mkdir(self.path("folder"))
        self.write("folder/image.bin", OLD_CONTENT)
        os.symlink("folder/image.bin", self.path("link"))
        finished = run_bootimage("create", "--kernel", source, "--output", self.path("link"))
        self.assertEqual(finished.returncode, 0, finished.stderr)
        self.assertTrue(os.path.islink(self.path("link")))
        self.assertEqual(len(self.read("folder/image.bin")), 3024 * 512)

    def test_output_in_the_working_folder(self):
        source = self.write("kernel.elf", simple_kernel())
        tool = os.path.abspath(os.environ["FIRSTLIGHT_BOOTIMAGE"])
        subprocess.run([tool, "create", "--kernel", source, "--output=image.bin"],
                       cwd=self.folder, check=True)
        self.assertEqual(len(self.read("image.bin")), 3024 * 512)

    def test_segments_that_are_not_refused(self):
        # R beside RX in one page; an empty segment in page 0; .bss only; the end of the space.
        top = (1 << 64) - PAGE
        kernel = executable([Segment(0, R, b"", 0), Segment(BASE, R, b"r" * 100),
                             Segment(BASE + 100, R | X, b"\xf4" * 100),
                             Segment(BASE + PAGE, R | W, b"", 9 * PAGE),
                             Segment(top, R | W, b"d" * 10, PAGE)], BASE + 100)
        source = self.write("kernel.elf", kernel)
        finished = run_bootimage("create", "--kernel", source, "--output", self.path("image.bin"))
        self.assertEqual((finished.returncode, finished.stderr), (0, ""))


if __name__ == "__main__":
    unittest.main()
