"""bootimage extract: what comes out is what went in, nothing is overwritten, no name leads out of
the directory."""

import os
import re
import stat
import unittest

from elf_symbols import kernel_with_symbols
from harness.disk_image import DiskImage
from harness.environment import create_image, run_bootimage
from support import BASE, OLD_CONTENT, REFUSED, SYSTEM, USAGE, ImageCase, simple_kernel


class ExtractCase(ImageCase):
    def setUp(self):
        super().setUp()
        self.contents = {"one": b"1" * 512, "two words": bytes(range(256)) * 3, "last": b"x"}
        modules = [(name, self.write(f"m{index}", content), *(["a b"] if index == 1 else []))
                   for index, (name, content) in enumerate(self.contents.items())]
        source = self.write("kernel.elf", kernel_with_symbols([("f", BASE), ("g", BASE + 1)]))
        self.good = DiskImage(create_image(source, self.path("image.bin"), "quiet a=b", modules))

    def extract(self, *arguments, image="image.bin"):
        return run_bootimage("extract", self.path(image), *arguments)

    def check_done(self, *arguments, image="image.bin"):
        finished = self.extract(*arguments, image=image)
        self.assertEqual((finished.returncode, finished.stderr), (0, ""))
        return finished.stdout

    def check_not_done(self, arguments, status, *texts, image="image.bin"):
        """One line on standard error, and nothing new anywhere."""
        before = self.files()
        self.check_one_line(self.extract(*arguments, image=image), status, *texts)
        self.assertEqual(self.files(), before)

    def files(self):
        """All below the folder, with their contents."""
        found = {}
        for folder, names, files in os.walk(self.folder):
            for name in names + files:
                path = os.path.join(folder, name)
                link = os.readlink(path) if os.path.islink(path) else None
                content = None
                if link is None and stat.S_ISREG(os.stat(path).st_mode):
                    with open(path, "rb") as file:
                        content = file.read()
                found[os.path.relpath(path, self.folder)] = (link, content)
        return found


class Single(ExtractCase):
    def test_kernel(self):
        self.assertEqual(self.check_done("--kernel", self.path("k")), "")
        self.assertEqual(self.read("k"), self.good.kernel_bytes())
        # It makes the same image, but for the symbols, which it no longer has.
        modules = [(name, self.path(f"m{index}"), *(["a b"] if index == 1 else []))
                   for index, name in enumerate(self.contents)]
        again = DiskImage(create_image(self.path("k"), self.path("again.bin"), "quiet a=b", modules))
        self.assertEqual(again.kernel_bytes(), self.good.kernel_bytes())

    def test_modules(self):
        self.check_done(*(f"--module={name}={self.path('out ' + name)}" for name in self.contents))
        for name, content in self.contents.items():
            self.assertEqual(self.read(f"out {name}"), content)

    def test_large_module(self):
        content = os.urandom(1 << 20) + b"end"
        create_image(self.path("kernel.elf"), self.path("large.bin"),
                     modules=[("large", self.write("large", content))])
        self.check_done("--module", f"large={self.path('out')}", image="large.bin")
        self.assertEqual(self.read("out"), content)

    def test_command_line(self):
        self.assertEqual(self.check_done("--cmdline"), "quiet a=b\n")
        create_image(self.path("kernel.elf"), self.path("without.bin"))
        self.assertEqual(self.check_done("--cmdline", image="without.bin"), "\n")

    def test_together(self):
        output = self.check_done("--kernel", self.path("k"), "--cmdline", "--module",
                                 f"last={self.path('last')}")
        self.assertEqual((output, self.read("k"), self.read("last")),
                         ("quiet a=b\n", self.good.kernel_bytes(), b"x"))

    def test_unknown_module(self):
        self.check_not_done(["--module", f"none={self.path('out')}"], REFUSED,
                            "image.bin: has no module 'none'")
        self.check_not_done(["--kernel", self.path("k"), "--module", f"o\nne={self.path('out')}"],
                            REFUSED, r"has no module 'o\x0ane'")

    def test_usage(self):
        self.check_one_line(run_bootimage("extract"), USAGE, "argument 'IMAGE' is missing")
        self.check_not_done([], USAGE, "nothing to extract is named")
        self.check_not_done(["--force"], USAGE, "nothing to extract is named")
        for value in ("name", "=file", "name="):
            self.check_not_done(["--module", value], USAGE, "a module must be NAME=FILE")
        for option in (["--kernel", "k"], ["--module", "a=b"], ["--cmdline"]):
            self.check_not_done([*option, "--all", self.path("out")], USAGE, "beside --all", option[0])


class Overwriting(ExtractCase):
    def test_file_that_is_there(self):
        self.write("k", OLD_CONTENT)
        os.symlink("nowhere", self.path("link"))
        os.mkdir(self.path("directory"))
        for name in ("k", "link", "directory"):
            # Nor is the part written that comes before.
            self.check_not_done(["--kernel", self.path("new"), "--module", f"one={self.path(name)}"],
                                REFUSED, f"{name}: is there already", "--force")

    def test_force(self):
        self.write("k", OLD_CONTENT)
        self.check_done("--kernel", self.path("k"), "--force")
        self.assertEqual(self.read("k"), self.good.kernel_bytes())
        os.mkdir(self.path("directory"))
        self.check_not_done(["--kernel", self.path("directory"), "--force"], REFUSED,
                            "is a directory")

    def test_image_itself(self):
        os.link(self.path("image.bin"), self.path("hard"))
        os.symlink("image.bin", self.path("soft"))
        for name in ("image.bin", "hard", "soft"):
            self.check_not_done(["--kernel", self.path(name), "--force"], REFUSED,
                                f"{name}: is the image itself")

    def test_one_file_for_two_parts(self):
        """Not even the first part is written, nor does it replace what is there."""
        arguments = ["--kernel", self.path("k"), "--module", f"one={self.folder}/./k"]
        for force in ([], ["--force"]):
            self.check_not_done(arguments + force, REFUSED, "is the file of another part already")
        self.write("k", OLD_CONTENT)
        self.check_not_done([*arguments, "--force"], REFUSED, "is the file of another part already")
        os.symlink("k", self.path("link"))
        self.check_not_done(["--kernel", self.path("k"), "--module", f"one={self.path('link')}",
                             "--force"], REFUSED, "link: is the file of another part already")

    def test_second_file_cannot_be_written(self):
        """The first is not either."""
        os.mkdir(self.path("directory"))
        os.symlink("nowhere", self.path("link"))
        os.mkfifo(self.path("pipe"))
        for name, status, text in (("none/m", SYSTEM, "No such file"),
                                   ("image.bin/m", SYSTEM, "Not a directory"),
                                   ("directory", REFUSED, "is a directory"),
                                   ("pipe", REFUSED, "is a device or a pipe"),
                                   ("link", REFUSED, "leads nowhere")):
            self.check_not_done(["--kernel", self.path("k"), "--module", f"one={self.path(name)}",
                                 "--force"], status, text)
        self.check_not_done(["--kernel", self.path("k"), "--module", f"one={self.path('none/m')}"],
                            SYSTEM, "No such file")

    def test_directory_missing(self):
        self.check_not_done(["--kernel", self.path("none/k")], SYSTEM, "No such file")
        self.check_not_done(["--all", self.path("none/out")], SYSTEM, "No such file")
        self.check_not_done(["--all", self.path("image.bin")], SYSTEM, "File exists")


class All(ExtractCase):
    NAMES = ["cmdline.txt", "kernel.elf", "module-1-one", "module-2-two_words",
             "module-2-two_words.cmdline", "module-3-last", "symbols.bin"]

    def check_directory(self):
        self.assertEqual(sorted(os.listdir(self.path("out"))), self.NAMES)
        self.assertEqual(self.read("out/cmdline.txt"), b"quiet a=b")
        self.assertEqual(self.read("out/kernel.elf"), self.good.kernel_bytes())
        self.assertEqual(self.read("out/symbols.bin"), self.good.content(self.good.items[2]))
        self.assertEqual(self.read("out/module-2-two_words.cmdline"), b"a b")
        for name, content in zip(("1-one", "2-two_words", "3-last"), self.contents.values()):
            self.assertEqual(self.read(f"out/module-{name}"), content)

    def test_new_directory(self):
        output = self.check_done("--all", self.path("out"))
        self.check_directory()
        self.assertEqual(sorted(line.split(": ")[0] for line in output.splitlines()),
                         [self.path(f"out/{name}") for name in self.NAMES])
        self.assertIn('module-2-two_words: 768 bytes, module "two words"\n', output)

    def test_sizes_are_those_of_the_files(self):
        """Also of what the image holds compressed."""
        source = self.write("kernel.elf", simple_kernel())
        modules = [("m", self.write("m", b"text " * 2000))]
        for how in ("lz4", "none"):
            create_image(source, self.path("image.bin"), "x", modules, ["--compress", how])
            output = self.check_done("--all", self.path("out"), "--force")
            for path, size in re.findall(r"^(.*): (\d+) bytes", output, re.MULTILINE):
                self.assertEqual(os.path.getsize(path), int(size), path)
            self.assertIn("module-1-m: 10000 bytes", output)

    def test_directory_that_is_there(self):
        os.mkdir(self.path("out"))
        self.check_done("--all", self.path("out"))
        self.check_directory()
        self.check_not_done(["--all", self.path("out")], REFUSED, "is there already")
        self.write("out/module-3-last", OLD_CONTENT)
        self.check_done("--all", self.path("out"), "--force")
        self.check_directory()

    def test_hostile_names(self):
        """Each becomes a file in the directory, whatever it says."""
        names = [b"../../evil", b"/etc/passwd", b"..", b".", b"C:\\evil", b"a/b", b"~", b"\xff\xfe",
                 b"a\nb", b"-rf", b"CON", b"$(id)", b"'\"`", b"e" * 255, b"e" * 254 + b"f", b"\x1b[31m",
                 b"same", b"same"]
        modules = [("x" * len(name), self.write("m", b"content")) for name in names]
        image = DiskImage(create_image(self.path("kernel.elf"), self.path("image.bin"),
                                       modules=modules))
        for item, name in zip(image.modules, names):
            image.patch_header(item.text_offset, name)
        image.write(self.path("hostile.bin"))
        before = self.files()
        output = self.check_done("--all", self.path("out"), image="hostile.bin")
        self.assertTrue(output.isascii())
        self.assertEqual(output.count("\n"), len(names) + 2)
        after = self.files()
        self.assertEqual({name: after[name] for name in before}, before)
        new = sorted(set(after) - set(before))
        self.assertEqual(new[0], "out")
        self.assertEqual(len(new), len(names) + 3)
        for name in new[1:]:
            self.assertRegex(name, r"\Aout/(kernel\.elf|symbols\.bin|"
                                   r"module-\d+-[A-Za-z0-9._-]{1,128})\Z")


class Damage(ExtractCase):
    def damaged(self, item):
        self.good.flip(item.lba)
        self.good.write(self.path("damaged.bin"))
        self.good.flip(item.lba)

    def test_other_parts_come_out(self):
        self.damaged(self.good.module("one"))
        self.check_done("--kernel", self.path("k"), "--module", f"last={self.path('last')}",
                        "--cmdline", image="damaged.bin")
        self.assertEqual(self.read("last"), b"x")

    def test_the_damaged_part(self):
        self.damaged(self.good.module("one"))
        self.check_not_done(["--module", f"one={self.path('out')}"], REFUSED,
                            "module 1, one, is damaged", image="damaged.bin")
        self.check_not_done(["--all", self.path("out")], REFUSED, "is damaged", image="damaged.bin")
        self.damaged(self.good.kernel)
        self.check_not_done(["--kernel", self.path("k")], REFUSED, "the kernel is damaged",
                            image="damaged.bin")
        self.damaged(self.good.items[0])
        self.check_not_done(["--cmdline"], REFUSED, "the command line is damaged",
                            image="damaged.bin")

    def test_no_image(self):
        finished = self.extract("--cmdline", image="kernel.elf")
        self.assertEqual((finished.returncode, finished.stdout), (REFUSED, ""))
        self.assertIn("no Firstlight stage 2", finished.stderr)
        self.check_not_done(["--cmdline"], SYSTEM, "No such file", image="none")


if __name__ == "__main__":
    unittest.main()
