"""Projects outside the tree get Firstlight in all ways, build, and boot what they built."""

import os
import unittest

from consumer import BASE, CLANG, SOURCE, PackageCase, cmake, listing, run_command
from harness.elf_file import EXIT_CODE, R, X, Segment, write_executable
from harness.environment import skip_without
from harness.qemu import QEMU


class Installed(PackageCase):
    def setUp(self):
        super().setUp()
        skip_without(QEMU)
        self.prefix = self.install()
        self.toolchain = self.prefix / "share/cmake/Firstlight/firstlight-toolchain.cmake"

    def test_boots(self):
        self.succeed(self.configure(self.copy_project(), "-DWAY=find_package",
                                    f"-DCMAKE_PREFIX_PATH={self.prefix}",
                                    "--toolchain", self.toolchain))
        self.build()
        output = self.run_tests()
        self.assertIn("100% tests passed, 0 tests failed out of 3", output)
        for name in ("in_c.elf", "in_c.elf.map", "in_c.elf.disassembly", "in_c_image.bin"):
            self.assertTrue((self.folder / "build" / name).is_file(), name)
        self.assertIn("<_start>", (self.folder / "build/in_c.elf.disassembly").read_text())
        self.assertIn("no work to do", self.build())

    def test_runs(self):
        self.succeed(self.configure(self.copy_project(), "-DWAY=find_package",
                                    f"-DCMAKE_PREFIX_PATH={self.prefix}", *CLANG))
        self.assertIn("greeting (for greeting): Hello from a file",
                      self.build("--target", "boot"))


class MadeElsewhere(PackageCase):
    """A kernel that something else has made needs no Clang, and not even a language."""

    def boot(self, languages, *options):
        skip_without(QEMU)
        project = self.folder / "project"
        project.mkdir()
        write_executable(project / "kernel.elf", [Segment(BASE, R | X, EXIT_CODE)], BASE)
        (project / "CMakeLists.txt").write_text("\n".join((
            "cmake_minimum_required(VERSION 3.25)",
            f"project(elsewhere LANGUAGES {languages})",
            "enable_testing()",
            "find_package(Firstlight REQUIRED)",
            "firstlight_add_image(image KERNEL kernel.elf)",
            "firstlight_add_boot_test(boots IMAGE image EXPECT .* TIMEOUT 120)")))
        self.succeed(self.configure(project, f"-DCMAKE_PREFIX_PATH={self.install()}", *options))
        self.build()
        self.assertIn("100% tests passed, 0 tests failed out of 1", self.run_tests())

    def test_no_language(self):
        self.boot("NONE")

    def test_gcc(self):
        skip_without("gcc")
        self.boot("C", "-DCMAKE_C_COMPILER=gcc")


class Subproject(PackageCase):
    """As a part of another project, Firstlight adds no more than it says."""

    def try_part(self, *lines, options=(), generator="Ninja"):
        (self.folder / "project").mkdir()
        (self.folder / "project/CMakeLists.txt").write_text("\n".join((
            "cmake_minimum_required(VERSION 3.25)", *lines)))
        return self.configure(self.folder / "project", f"-DFIRSTLIGHT={SOURCE}", *options,
                              generator=generator)

    def configure_part(self, *lines, options=()):
        return self.succeed(self.try_part(*lines, options=options))

    def refuse_part(self, words, *lines, **more):
        done = self.try_part(*lines, "add_subdirectory(${FIRSTLIGHT} inner)", **more)
        self.assertNotEqual(done.returncode, 0, done.stdout)
        self.assertIn(words, " ".join(done.stdout.split()))

    def test_refuses_another_compiler(self):
        skip_without("gcc")
        self.refuse_part("configure an empty build folder with -DCMAKE_C_COMPILER=clang",
                         "project(outer LANGUAGES C)", options=("-DCMAKE_C_COMPILER=gcc",))

    def test_refuses_another_generator(self):
        skip_without("make")
        self.refuse_part("Firstlight builds with Ninja, not with Unix Makefiles: configure with -G Ninja",
                         "project(outer LANGUAGES NONE)", generator="Unix Makefiles")

    def test_leaks_no_targets_and_no_options(self):
        output = self.configure_part(
            "project(outer LANGUAGES NONE)",
            "enable_testing()",
            "add_subdirectory(${FIRSTLIGHT} inner)",
            "function(all folder out)",
            "  get_property(found DIRECTORY ${folder} PROPERTY BUILDSYSTEM_TARGETS)",
            "  get_property(below DIRECTORY ${folder} PROPERTY SUBDIRECTORIES)",
            "  foreach(one IN LISTS below)",
            "    all(${one} more)",
            "    list(APPEND found ${more})",
            "  endforeach()",
            "  set(${out} ${found} PARENT_SCOPE)",
            "endfunction()",
            "all(${CMAKE_SOURCE_DIR} targets)",
            "foreach(target IN LISTS targets)",
            "  message(STATUS \"target: ${target}\")",
            "endforeach()",
            "message(STATUS \"build type: '${CMAKE_BUILD_TYPE}'\")")
        targets = [line.split()[-1] for line in output.splitlines() if "target: " in line]
        self.assertIn("firstlight_bootimage", targets)
        self.assertEqual([name for name in targets if not name.startswith("firstlight_")], [])
        self.assertIn("build type: ''", output)
        cache = (self.folder / "build/CMakeCache.txt").read_text()
        self.assertNotIn("BUILD_TESTING", cache)
        listed = run_command(os.environ["FIRSTLIGHT_CTEST"], "--test-dir", self.folder / "build", "-N")
        self.assertIn("Total Tests: 0", listed.stdout)
        self.assertFalse((self.folder / "build/compile_commands.json").exists())

    def test_installs_nothing_unless_asked(self):
        self.configure_part("project(outer LANGUAGES NONE)", "add_subdirectory(${FIRSTLIGHT} inner)")
        self.succeed(cmake("--install", self.folder / "build", "--prefix", self.folder / "prefix"))
        self.assertEqual(listing(self.folder / "prefix"), [])

    def test_may_be_installed_along(self):
        self.configure_part("project(outer LANGUAGES NONE)", "add_subdirectory(${FIRSTLIGHT} inner)",
                            options=("-DFIRSTLIGHT_INSTALL=ON",))
        rules = (self.folder / "build/inner/cmake_install.cmake").read_text()
        self.assertIn("FirstlightConfig.cmake", rules)
        self.assertNotIn("CPackConfig", "".join(listing(self.folder / "build")))


if __name__ == "__main__":
    unittest.main()
