"""Arguments of the functions reach the tool as they were written, whatever characters they have, and what
NASM includes is known to the build. The tool is a stand-in that records its arguments."""

import json
import sys
import unittest

from consumer import PackageCase, cmake

ODD = ("^|\\[", "never there", "end\\", "a]b", "x;y", "", "say \"$HOME\"", "${none}", "'quoted'")
STAND_IN = """#!{python}
import json, sys
with open({record!r}, "a") as record:
    record.write(json.dumps(sys.argv[1:]) + "\\n")
if "--output" in sys.argv:
    open(sys.argv[sys.argv.index("--output") + 1], "w").close()
"""
LISTS = """cmake_minimum_required(VERSION 3.25)
project(odd LANGUAGES NONE)
enable_testing()
find_package(Firstlight REQUIRED)
file(TOUCH kernel.elf)
firstlight_add_image(image KERNEL kernel.elf CMDLINE {first} MODULES "m=kernel.elf" "n=kernel.elf"
  MODULE_CMDLINES "m=[" "n=\\\\" OPTIONS {odd})
firstlight_add_boot_test(boots IMAGE image EXPECT {odd} QEMU_ARGS {odd} LABELS one two)
firstlight_add_run(run IMAGE image QEMU_ARGS {odd})
firstlight_add_run(other IMAGE image WITHOUT_DISPLAY image QEMU_ARGS {odd})
"""


def quoted(text):
    """The text as an argument in a CMakeLists.txt."""
    return "\"" + "".join("\\" + one if one in "\\\"$" else one for one in text) + "\""


class Arguments(PackageCase):
    def setUp(self):
        super().setUp()
        self.prefix = self.install()
        self.record = self.folder / "record"
        tool = self.prefix / "bin/bootimage"
        tool.unlink()
        tool.write_text(STAND_IN.format(python=sys.executable, record=str(self.record)))
        tool.chmod(0o755)
        (self.folder / "project").mkdir()
        (self.folder / "project/CMakeLists.txt").write_text(
            LISTS.format(first=quoted(ODD[0]), odd=" ".join(map(quoted, ODD))))

    def recorded(self):
        """The arguments of each call since the last time."""
        calls = [json.loads(line) for line in self.record.read_text().splitlines()]
        self.record.unlink()
        return calls

    def check(self, generator):
        self.succeed(self.configure(self.folder / "project", f"-DCMAKE_PREFIX_PATH={self.prefix}",
                                    generator=generator))
        image, kernel = self.folder / "build/image.bin", self.folder / "project/kernel.elf"
        self.build()
        self.assertEqual(self.recorded(), [[
            "create", "--kernel", str(kernel), "--output", str(image), f"--cmdline={ODD[0]}",
            f"--module=m={kernel}", "--module-cmdline=[", f"--module=n={kernel}", "--module-cmdline=\\",
            *ODD]])
        self.build("--target", "run")
        self.assertEqual(self.recorded(), [["run", str(image), "--", *ODD]])
        self.build("--target", "other")
        self.assertEqual(self.recorded(), [["run", str(image), "--without-display", str(image), "--", *ODD]])
        self.run_tests("--label-regex", "^two$")
        expected = [word for regex in ODD for word in ("--expect", regex)]
        self.assertEqual(self.recorded(), [["test", str(image), *expected, "--timeout", "60", "--", *ODD]])

    def test_ninja(self):
        self.check("Ninja")

    def test_make(self):
        self.check("Unix Makefiles")


class NasmDependencies(PackageCase):
    """Each way to include a file, and a file found by an include directory with a comma."""

    def test_all_are_found(self):
        names = ("double.inc", "single.inc", "upper.inc", "back.inc", "inner.inc", "depend.txt", "data.bin")
        for name in names:
            (self.folder / name).touch()
        (self.folder / "single.inc").write_text("%include \"inner.inc\"\n")
        (self.folder / "data.bin").write_text("%include \"not_text.inc\"\n")
        (self.folder / "not_text.inc").touch()
        (self.folder / "source").mkdir()
        source = self.folder / "source/source.asm"
        source.write_text("%include \"double.inc\" ; [\n  %include 'single.inc'\n%INCLUDE \"upper.inc\"\n"
                          "%include `back.inc`\n%depend \"depend.txt\"\nlabel: IncBin 'data.bin', 4\n")
        self.succeed(cmake(f"-DSOURCE={source}", f"-DOUTPUT={self.folder}/object", "-P",
                           self.install() / "share/cmake/Firstlight/NasmDepfile.cmake", "--", self.folder))
        text = (self.folder / "object.d").read_text().replace("\\ ", " ")
        found = {line.strip(" \\").rsplit("/", 1)[1] for line in text.splitlines()}
        self.assertEqual(found, {"source.asm", *names})
        self.assertIn(str(self.folder / "double.inc"), text)


if __name__ == "__main__":
    unittest.main()
