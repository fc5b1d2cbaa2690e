"""The same sources make the same Debian package, byte for byte, wherever they are built: two copies of the
tree in folders with names of different length."""

import hashlib
import os
import shutil
import unittest

from consumer import SOURCE, PackageCase, cmake, listing, run_command
from harness.environment import skip_without

PACKED_AT = "1700000000"  # the time that packages have in them, which is the only other difference


class Reproducible(PackageCase):
    def pack(self, place):
        """Builds a copy of the tree in this folder, and makes the Debian package: its file."""
        source, build = place / "source", place / "source/build"
        shutil.copytree(SOURCE, source, ignore=shutil.ignore_patterns("build", ".git", "__pycache__"))
        self.succeed(cmake("--preset", "release", "-B", build, "-DBUILD_TESTING=OFF", cwd=source))
        self.succeed(cmake("--build", build, "--parallel", "2"))
        self.succeed(run_command(os.environ["FIRSTLIGHT_CPACK"], "-G", "DEB", "--config",
                                 build / "CPackConfig.cmake", "-B", place / "package",
                                 environment={"SOURCE_DATE_EPOCH": PACKED_AT}))
        (package,) = (place / "package").glob("*.deb")
        return package

    def contents(self, package):
        """Of each of its files, the sum."""
        folder = package.parent / "contents"
        self.succeed(run_command("dpkg-deb", "-R", package, folder))
        return {name: hashlib.sha256((folder / name).read_bytes()).hexdigest()
                for name in listing(folder)}

    def test_debian_package(self):
        for program in ("dpkg-deb", "dpkg-shlibdeps"):
            skip_without(program)
        packages = [self.pack(self.folder / name) for name in ("a", "a folder with a longer name")]
        first, second = (self.contents(package) for package in packages)
        self.assertIn("usr/share/firstlight/loader/stage2.elf", first)
        self.assertEqual(first, second)
        self.assertEqual(*(package.read_bytes() for package in packages))


if __name__ == "__main__":
    unittest.main()
