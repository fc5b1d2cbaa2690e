"""Every kind of kernel, made in a project outside the tree that gets Firstlight in each of the ways."""

import shutil
import unittest

from consumer import CLANG, SOURCE, PackageCase, run_command
from harness.environment import skip_without
from harness.qemu import QEMU


class EveryKind(PackageCase):
    def setUp(self):
        super().setUp()
        skip_without(QEMU)

    def boot_all(self, *options, generator="Ninja", environment=None):
        gcc = shutil.which("gcc")
        if gcc is None:
            skip_without("gcc")
        self.succeed(self.configure(self.copy_project(), *options, "-DKINDS=ON", f"-DGCC={gcc}",
                                    generator=generator, environment=environment))
        self.build()
        self.assertIn("100% tests passed, 0 tests failed out of 14", self.run_tests("-C", "Debug"))

    def package(self):
        return ("-DWAY=find_package", f"-DCMAKE_PREFIX_PATH={self.install()}")

    def test_find_package_ninja(self):
        self.boot_all(*self.package(), *CLANG)

    def test_find_package_makefiles(self):
        skip_without("make")
        self.boot_all(*self.package(), *CLANG, generator="Unix Makefiles")

    def test_find_package_multiple_configurations(self):
        self.boot_all(*self.package(), *CLANG, generator="Ninja Multi-Config")

    def test_find_package_with_flags_that_would_break_a_kernel(self):
        """What distributions and users set for programs of the host."""
        flags = ("-fstack-protector-all -fPIE -fcf-protection=full -fasynchronous-unwind-tables "
                 "-flto -fsanitize=address -mavx2")
        self.boot_all(*self.package(), *CLANG, "-DCMAKE_POSITION_INDEPENDENT_CODE=ON",
                      "-DCMAKE_INTERPROCEDURAL_OPTIMIZATION=ON", environment={
                          "CFLAGS": flags, "CXXFLAGS": flags,
                          "LDFLAGS": "-Wl,-z,relro -Wl,-z,now -pie -fuse-ld=bfd"})

    def test_add_subdirectory(self):
        self.boot_all("-DWAY=add_subdirectory", f"-DFIRSTLIGHT={SOURCE}", *CLANG)

    def test_fetch_content_from_folder(self):
        self.boot_all("-DWAY=SOURCE_DIR", f"-DFIRSTLIGHT={SOURCE}", *CLANG)

    def test_fetch_content_from_archive(self):
        """A release's archive: the files that git tracks."""
        archive = self.folder / "firstlight.tar.gz"
        skip_without("git")
        made = run_command("git", "archive", "--format=tar.gz", "--prefix=firstlight/", "-o", archive,
                           "HEAD", cwd=SOURCE)
        if "not a git repository" in made.stdout:
            self.skipTest("the sources are no git repository")
        self.succeed(made)
        self.boot_all("-DWAY=URL", f"-DFIRSTLIGHT={archive}", *CLANG)


if __name__ == "__main__":
    unittest.main()
