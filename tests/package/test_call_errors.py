"""Mistakes in calls of the functions: one line says what is wrong and what to do, and the mistake is the
caller's line in the stack that CMake prints."""

import unittest
from pathlib import Path

from consumer import PackageCase

# Call -> what is said of it. The project has no language, kernel.asm and an image target `made`.
KERNEL_MISTAKES = {
    "firstlight_add_kernel(k)": "firstlight_add_kernel(k): SOURCES is missing",
    "firstlight_add_kernel(k SOURCES)": "firstlight_add_kernel(k): SOURCES is missing",
    "firstlight_add_kernel(SOURCES kernel.asm)":
        "firstlight_add_kernel(SOURCES): the first argument is the name of the target to make",
    "firstlight_add_kernel(k kernel.asm)":
        "firstlight_add_kernel(k): unknown arguments: kernel.asm. It knows LINKER_SCRIPT, CODE_MODEL, "
        "SOURCES,",
    "firstlight_add_kernel(k PIC SOURCES kernel.asm)": "firstlight_add_kernel(k): unknown arguments: PIC.",
    "firstlight_add_kernel(\"a b\" SOURCES kernel.asm)":
        "firstlight_add_kernel(a b): the name of a target has letters, digits and",
    "firstlight_add_kernel(made SOURCES kernel.asm)":
        "firstlight_add_kernel(made): there is a target of that name already",
    "firstlight_add_kernel(k SOURCES none.asm)": "the source {project}/none.asm does not exist, and no rule "
        "is known to make it.",
    "firstlight_add_kernel(k SOURCES folder)": "the source {project}/folder is a directory",
    "firstlight_add_kernel(k SOURCES main.rs)":
        "the source main.rs is of no kind it builds: .c, .cc, .cpp, .cxx, .S, .s (Clang), .asm, .nasm (NASM), "
        ".o. Make other languages' ELF file with their own compiler, and give it to firstlight_add_image as "
        "KERNEL",
    "firstlight_add_kernel(k SOURCES main.c)":
        "firstlight_add_kernel(k): it has sources in C, and the project does not: add C to the LANGUAGES of "
        "project()",
    "firstlight_add_kernel(k SOURCES main.cpp)": "it has sources in CXX, and the project does not: add CXX",
    "firstlight_add_kernel(k SOURCES main.S)": "it has sources in ASM, and the project does not: add ASM",
    "firstlight_add_kernel(k STARTER SOURCES kernel.asm)": "it has sources in C, and the project does not",
    "firstlight_add_kernel(k SOURCES kernel.asm LINKER_SCRIPT)": "nothing stands behind LINKER_SCRIPT",
    "firstlight_add_kernel(k SOURCES kernel.asm LINKER_SCRIPT none.ld)":
        "the linker script {project}/none.ld does not exist",
    "firstlight_add_kernel(k SOURCES kernel.asm CODE_MODEL medium)":
        "CODE_MODEL is kernel, small or large, not medium",
    "firstlight_add_kernel(k SOURCES kernel.asm PIE CODE_MODEL kernel)":
        "with PIE, the CODE_MODEL is small, not kernel",
}

IMAGE_MISTAKES = {
    "firstlight_add_image(i)": "firstlight_add_image(i): KERNEL is missing",
    "firstlight_add_image(i KERNEL)": "firstlight_add_image(i): nothing stands behind KERNEL",
    "firstlight_add_image(KERNEL k)": "firstlight_add_image(KERNEL): the first argument is the name",
    "firstlight_add_image(i KERNEL none)":
        "firstlight_add_image(i): the kernel none is neither a target nor a file. A target must be made "
        "before this call",
    "firstlight_add_image(i KERNEL none.elf)":
        "firstlight_add_image(i): the kernel {project}/none.elf does not exist, and no rule is known to make "
        "it. If something does, name the file there as OUTPUT or BYPRODUCTS, before this call",
    "firstlight_add_image(i KERNEL utility)":
        "the kernel utility is a target, but makes no executable (its type is UTILITY). Give the path of the "
        "file that it makes",
    "firstlight_add_image(i KERNEL kernel.asm CMDLINE a b)": "unknown arguments: b. It knows KERNEL,",
    "firstlight_add_image(i KERNEL kernel.asm MODULES none)": "the module none is not name=file",
    "firstlight_add_image(i KERNEL kernel.asm MODULES =kernel.asm)": "the module =kernel.asm is not name=file",
    "firstlight_add_image(i KERNEL kernel.asm MODULES m=none.txt)":
        "the module {project}/none.txt does not exist",
    "firstlight_add_image(i KERNEL kernel.asm MODULES m=main.c MODULE_CMDLINES n=text)":
        "MODULE_CMDLINES: n=text is not name=text with the name of a module, each once",
    "firstlight_add_image(made KERNEL kernel.asm)": "there is a target of that name already",
    "firstlight_add_image(i KERNEL kernel.asm OUTPUT folder/../made.bin)":
        "build/made.bin is what made makes: give another OUTPUT",
    "firstlight_add_image(i KERNEL kernel.asm CMDLINE \"a=$(X)\")":
        "firstlight_add_image(i): CMDLINE cannot have $( in it, which is a variable of make's for the build: "
        "leave it out, or run bootimage in a script of your own",
    "firstlight_add_image(i KERNEL kernel.asm MODULES m=main.c MODULE_CMDLINES \"m=$(X)\")":
        "firstlight_add_image(i): MODULE_CMDLINES cannot have $( in it",
}

RUN_MISTAKES = {
    "firstlight_add_run(r)": "firstlight_add_run(r): IMAGE is missing",
    "firstlight_add_run(r IMAGE none)": "firstlight_add_run(r): the image none is neither a target nor a file",
    "firstlight_add_run(r IMAGE none.bin)": "the image {project}/none.bin does not exist",
    "firstlight_add_run(r IMAGE utility)":
        "the image utility is a target, but not one that firstlight_add_image has made",
    "firstlight_add_run(r IMAGE made -m 1G)": "unknown arguments: -m 1G. It knows IMAGE,",
    "firstlight_add_run(r IMAGE made QEMU_ARGS \"$(X)\")":
        "firstlight_add_run(r): QEMU_ARGS cannot have $( in it",
    "firstlight_add_debug(r IMAGE made QEMU_ARGS \"$(X)\")":
        "firstlight_add_debug(r): QEMU_ARGS cannot have $( in it",
    "firstlight_add_run(made IMAGE made)": "there is a target of that name already",
    "firstlight_add_run(there IMAGE made)":
        "firstlight_add_run(there-debug): there is a target of that name already",
    "firstlight_add_run(r IMAGE made WITHOUT_DISPLAY none.bin)": "the image {project}/none.bin does not exist",
}

TEST_MISTAKES = {
    "firstlight_add_boot_test(t IMAGE made)": "firstlight_add_boot_test(t): EXPECT is missing",
    "firstlight_add_boot_test(t EXPECT a)": "firstlight_add_boot_test(t): IMAGE is missing",
    "firstlight_add_boot_test(t IMAGE utility EXPECT a)": "but not one that firstlight_add_image has made",
    "firstlight_add_boot_test(t IMAGE made EXPECT a TIMEOUT 0)": "TIMEOUT is a number from 1 to 86400, not 0",
    "firstlight_add_boot_test(t IMAGE made EXPECT a TIMEOUT 1h)": "TIMEOUT is a number from 1 to 86400, not 1h",
    "firstlight_add_boot_test(t IMAGE made EXPECT a EXIT_CODE 256)":
        "EXIT_CODE is a number from 0 to 255, not 256",
    "firstlight_add_boot_test(t IMAGE made EXPECT a EXIT_CODE -1)": "EXIT_CODE is a number from 0 to 255, not -1",
    "firstlight_add_boot_test(taken IMAGE made EXPECT a)": "there is a test of that name already",
}

PREFACE = """cmake_minimum_required(VERSION 3.25)
project(mistaken LANGUAGES {languages})
find_package(Firstlight REQUIRED)
"""
TARGETS = """add_custom_target(utility)
add_custom_target(there-debug)
firstlight_add_image(made KERNEL kernel.asm)
{testing}
"""
# Programs are found only where the configuration says.
NOWHERE = """set(CMAKE_FIND_USE_SYSTEM_ENVIRONMENT_PATH OFF)
set(CMAKE_FIND_USE_CMAKE_SYSTEM_PATH OFF)
"""


class CallErrors(PackageCase):
    def setUp(self):
        super().setUp()
        self.prefix = self.install()
        self.project = self.folder / "project"
        (self.project / "folder").mkdir(parents=True)
        for name in ("kernel.asm", "main.c", "main.cpp", "main.S", "main.rs"):
            (self.project / name).touch()

    def said(self, call, languages="NONE", before="", options=(), generator="Ninja"):
        """What CMake says to a call, as one line; it must refuse it."""
        lists = self.project / "CMakeLists.txt"
        lists.write_text(PREFACE.format(languages=languages) + before + call + "\n")
        done = self.configure(self.project, f"-DCMAKE_PREFIX_PATH={self.prefix}", "--fresh", *options,
                              generator=generator)
        self.assertNotEqual(done.returncode, 0, done.stdout)
        line = len(lists.read_text().splitlines())
        self.assertIn(f"CMakeLists.txt:{line} (firstlight_add_", done.stdout)
        return " ".join(done.stdout.split())

    def check(self, mistakes, testing="enable_testing()\nadd_test(NAME taken COMMAND true)"):
        before = TARGETS.format(testing=testing)
        for call, words in mistakes.items():
            with self.subTest(call=call):
                words = words.format(project=self.project)
                # CMake breaks lines, at the space in the path, too.
                self.assertIn(" ".join(words.split()), self.said(call, before=before))

    def test_kernel(self):
        self.check(KERNEL_MISTAKES)

    def test_image(self):
        self.check(IMAGE_MISTAKES)

    def test_run(self):
        self.check(RUN_MISTAKES)

    def test_boot_test(self):
        self.check(TEST_MISTAKES)

    def test_boot_test_without_testing(self):
        self.check({"firstlight_add_boot_test(t IMAGE made EXPECT a)":
                    "ctest would not find it: call enable_testing() before, in the top CMakeLists.txt"},
                   testing="")

    def test_compiler_is_not_clang(self):
        said = self.said("firstlight_add_kernel(k SOURCES main.c)", languages="C",
                         options=("-DCMAKE_C_COMPILER=gcc",))
        self.assertIn("a kernel is compiled by Clang, and the project's compiler is", said)
        self.assertIn("(GNU). Configure an empty build folder with --toolchain "
                      f"{self.prefix}/share/cmake/Firstlight/firstlight-toolchain.cmake, or make the kernel "
                      "with your compiler and give its ELF file to firstlight_add_image as KERNEL", said)

    def test_programs_that_are_missing(self):
        for variable, program, package in (("FIRSTLIGHT_NASM", "nasm", "nasm"),
                                           ("FIRSTLIGHT_LLD", "ld.lld", "lld"),
                                           ("FIRSTLIGHT_CLANG", "clang", "clang")):
            with self.subTest(program=program):
                said = self.said("firstlight_add_kernel(k SOURCES kernel.asm)", before=NOWHERE,
                                 options=(f"-U{variable}", *self.other_programs(variable)))
                self.assertIn(f"{program}, which was not found" if program != "nasm"
                              else "the program nasm was not found", said)
                self.assertIn(f"install the package {package}, or configure with -D{variable}=/path/of/"
                              f"{program}", said)

    @staticmethod
    def other_programs(missing):
        return [f"-D{variable}={path}" for variable, path in
                (("FIRSTLIGHT_NASM", "/usr/bin/nasm"), ("FIRSTLIGHT_LLD", "/usr/bin/ld.lld"),
                 ("FIRSTLIGHT_CLANG", "/usr/bin/clang")) if variable != missing]


class Package(PackageCase):
    """find_package itself."""

    def find(self, *arguments):
        project = self.folder / "project"
        project.mkdir()
        (project / "CMakeLists.txt").write_text(
            "cmake_minimum_required(VERSION 3.25)\nproject(finder LANGUAGES NONE)\n"
            f"find_package(Firstlight {' '.join(arguments)})\n"
            "message(STATUS \"found: ${Firstlight_VERSION} ${Firstlight_TOOLCHAIN}\")\n")
        return self.configure(project, f"-DCMAKE_PREFIX_PATH={self.install()}")

    def test_gives_version_and_toolchain(self):
        output = self.succeed(self.find("0.2", "REQUIRED"))
        toolchain = output.split("found: 0.2.0 ")[1].splitlines()[0]
        self.assertTrue(Path(toolchain).is_file(), toolchain)

    def test_refuses_another_minor_version(self):
        done = self.find("0.1", "REQUIRED")
        self.assertNotEqual(done.returncode, 0)
        self.assertIn("version: 0.2.0", done.stdout)

    def test_knows_no_components(self):
        done = self.find("0.2", "REQUIRED", "COMPONENTS", "uefi")
        self.assertNotEqual(done.returncode, 0)


if __name__ == "__main__":
    unittest.main()
