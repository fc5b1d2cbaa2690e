"""Why `bootimage create` refuses modules, boot requests that no loader would find, and symbols."""

import os
import unittest

from elf_symbols import SHT_NOTE, kernel_with_symbols, with_sections
from harness.elf_file import PT_NOTE, R, X, Segment, executable, request_note
from harness.environment import create_image, run_bootimage, skip_without
from support import (BASE, LARGEST_IMAGE, OLD_CONTENT, REFUSED, SYSTEM, ImageCase,
                     run_unprivileged, simple_kernel)


class Modules(ImageCase):
    def setUp(self):
        super().setUp()
        self.options = ["--kernel", self.write("kernel.elf", simple_kernel())]
        self.module = self.write("module", b"content")

    def check(self, path, *texts, name="name", run=run_bootimage,
              status=REFUSED):
        self.check_refused([*self.options, "--module", f"good={self.module}", "--module",
                            f"{name}={path}"], *texts, run=run, status=status)

    def test_missing(self):
        self.check(self.path("none"), f"bootimage: {self.path('none')}: ", "No such file",
                   status=SYSTEM)

    def test_no_regular_file(self):
        os.mkdir(self.path("folder"))
        self.check(self.path("folder"), "Is a directory", status=SYSTEM)
        self.check("/dev/null", "/dev/null: is not a regular file")
        os.mkfifo(self.path("pipe"))
        self.check(self.path("pipe"), "is a pipe")

    def test_unreadable(self):
        skip_without("setpriv")
        secret = self.write("secret", b"x")
        os.chmod(secret, 0)
        self.check(secret, secret, "Permission denied", run=run_unprivileged,
                   status=SYSTEM)

    def test_empty(self):
        empty = self.write("empty", b"")
        self.check(empty, f"{empty}: is empty", "at least one byte")

    def test_output_itself(self):
        output = self.write("image.bin", OLD_CONTENT)
        os.link(output, self.path("link"))
        os.symlink("image.bin", self.path("symlink"))
        for path in (output, self.path("symlink")):
            self.check(path, f"{path}: is the output as well", "--output")
        # check_refused writes the output anew; a hard link is one before it is.
        finished = run_bootimage("create", "--output", output, *self.options, "--module",
                                 f"name={self.path('link')}")
        self.check_one_line(finished, 1, "is the output as well")
        self.assertEqual(self.read("image.bin"), OLD_CONTENT)

    def test_texts(self):
        self.check(self.module, "the name of module 2 has 256 bytes, 255 are the most",
                   name="n" * 256)
        self.check(self.module, "the name of module 2 has control character 0ah at byte 1",
                   name="a\nb")
        options = [*self.options, "--module", f"a={self.module}", "--module-cmdline"]
        self.check_refused([*options, "x" * 4096], "the command line of module 1 has 4096 bytes")
        self.check_refused([*options, "a\tb"], "control character 09h at byte 1")

    def test_too_many(self):
        options = list(self.options)
        for index in range(782):
            options += ["--module", f"{index:03}={self.module}"]
        self.check_refused(options, "782 modules", "give fewer modules or shorter texts")

    def test_larger_than_any_disk(self):
        path = self.path("large")
        with open(path, "wb") as file:
            try:
                file.truncate(LARGEST_IMAGE)
            except OSError as error:
                self.skipTest(f"this file system has no files of 2 TiB: {error}")
        self.check(path, "2048 GiB")


class Notes(ImageCase):
    """A boot request that the loader would not find."""

    def kernel(self, name, segments=()):
        plain = executable([Segment(BASE, R | X, b"\xf4" * 100)], BASE, headers=segments)
        return with_sections(plain, [(name, SHT_NOTE, request_note(stack_size=0x4000), 0, 0)])

    def test_in_no_segment(self):
        self.check_kernel_refused(self.kernel(".note.firstlight"), "lies in no PT_NOTE segment",
                                  "PHDRS")

    def test_in_half_a_segment(self):
        def headers(start, size):
            return [(PT_NOTE, R, start, 0, 0, size, size, 4)]
        offset = self.kernel(".note.firstlight", headers(0, 0)).index(b"Firstlight\0") - 12
        size = len(request_note())
        for start, length in ((offset, size - 1), (offset + 1, size), (0, offset + 1)):
            self.check_kernel_refused(self.kernel(".note.firstlight", headers(start, length)),
                                      "lies in no PT_NOTE segment")
        source = self.write("kernel.elf", self.kernel(".note.firstlight", headers(offset, size)))
        create_image(source, self.path("image.bin"))
        self.assertIn(request_note(stack_size=0x4000), self.disk_image().kernel_bytes())

    def test_others_are_left_alone(self):
        source = self.write("kernel.elf", self.kernel(".note.gnu.build-id"))
        create_image(source, self.path("image.bin"))


class Symbols(ImageCase):
    def test_damaged(self):
        kernel = kernel_with_symbols([("f", BASE)])
        names = kernel.index(b"\0f\0")
        damaged = kernel[:names + 2] + b"x" + kernel[names + 3:]
        self.check_kernel_refused(damaged, "the kernel's symbol table", "--no-symbols")
        source = self.write("kernel.elf", damaged)
        create_image(source, self.path("image.bin"), options=["--no-symbols"])
        self.assertEqual(self.disk_image().symbols(), [])


if __name__ == "__main__":
    unittest.main()
