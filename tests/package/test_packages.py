"""What cpack makes: the archive works from any folder, the Debian package installs, works and is removed
without a trace."""

import os
import unittest
from pathlib import Path

from consumer import CLANG, PackageCase, listing, run_command
from harness.environment import skip_without
from harness.qemu import QEMU


class CPackCase(PackageCase):
    def pack(self, generator):
        """The package that cpack makes of the tests' build."""
        self.succeed(run_command(os.environ["FIRSTLIGHT_CPACK"], "-G", generator, "--config",
                                 Path(os.environ["FIRSTLIGHT_BUILD"], "CPackConfig.cmake"),
                                 "-B", self.folder / "packages"))
        found = [path for path in (self.folder / "packages").iterdir() if path.is_file()]
        self.assertEqual(len(found), 1, found)
        return found[0]


class Archive(CPackCase):
    """The .tar.gz."""

    def test_works_from_any_folder(self):
        skip_without(QEMU)
        archive = self.pack("TGZ")
        place = self.folder / "wherever it is"
        place.mkdir()
        self.succeed(run_command("tar", "-xzf", archive, "-C", place))
        (prefix,) = place.iterdir()
        self.boot_with(prefix / "bin/bootimage")
        self.succeed(self.configure(self.copy_project(), "-DWAY=find_package",
                                    f"-DCMAKE_PREFIX_PATH={prefix}", *CLANG))
        self.build()
        self.assertIn("100% tests passed, 0 tests failed out of 3", self.run_tests())


class Debian(CPackCase):
    """The .deb, in a scratch root: nothing of this machine's changes."""

    def setUp(self):
        super().setUp()
        for program in ("dpkg", "dpkg-deb", "dpkg-shlibdeps"):
            skip_without(program)
        self.package = self.pack("DEB")

    def field(self, name):
        return self.succeed(run_command("dpkg-deb", "-f", self.package, name)).strip()

    def test_says_what_it_needs(self):
        self.assertEqual(self.field("Package"), "firstlight")
        self.assertEqual(self.field("Version"), "0.2.0")
        self.assertRegex(self.field("Depends"), r"libc6 \(>= 2\.\d+\)")
        for program in ("qemu-system-x86", "clang", "lld", "nasm", "cmake"):
            self.assertIn(program, self.field("Recommends"))
        self.assertEqual(self.field("Section"), "devel")

    def dpkg(self, root, *arguments):
        return self.succeed(run_command(
            "dpkg", f"--instdir={root}", f"--admindir={root}/var/lib/dpkg", "--force-not-root",
            "--force-depends", "--force-script-chrootless", "--log=/dev/null", *arguments))

    def test_installs_works_and_is_removed(self):
        skip_without(QEMU)
        root = self.folder / "root"
        for name in ("info", "updates", "triggers"):
            (root / "var/lib/dpkg" / name).mkdir(parents=True)
        (root / "var/lib/dpkg/status").touch()
        (root / "var/lib/dpkg/available").touch()
        self.dpkg(root, "--install", self.package)
        self.assertIn("ii ", self.dpkg(root, "--list", "firstlight"))
        self.boot_with(root / "usr/bin/bootimage")
        self.succeed(self.configure(self.copy_project(), "-DWAY=find_package",
                                    f"-DCMAKE_PREFIX_PATH={root}/usr", *CLANG))
        self.build()
        self.assertIn("100% tests passed, 0 tests failed out of 3", self.run_tests())
        self.assertNotEqual(listing(root / "usr"), [])
        self.dpkg(root, "--purge", "firstlight")
        self.assertFalse((root / "usr").exists(), listing(root))

    def test_lintian(self):
        skip_without("lintian")
        done = run_command("lintian", "--allow-root", "--fail-on", "error,warning", self.package)
        self.assertEqual(done.returncode, 0, done.stdout)


if __name__ == "__main__":
    unittest.main()
