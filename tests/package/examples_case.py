"""Builds tests/package/examples against an installed Firstlight, as its opening comment says. Used by
test_examples.py and test_rust.py."""

from consumer import CLANG, PackageCase
from harness.environment import skip_without
from harness.qemu import QEMU

WITHOUT_RUST = "-DRUSTC=OFF"  # whose library may have to be compiled first


class ExamplesCase(PackageCase):
    def setUp(self):
        super().setUp()
        for need in ("clang++", "ld.lld", "nasm", QEMU):
            skip_without(need)

    def build_examples(self, rust=False):
        """Gives what CMake said. `rust`: where there is a rustc, in Rust too."""
        options = [] if rust else [WITHOUT_RUST]
        prefix = self.install()
        said = self.succeed(self.configure(self.copy_project("examples"), *CLANG,
                                           f"-DCMAKE_PREFIX_PATH={prefix}", *options))
        self.build()
        return said

    def image(self, name):
        return str(self.folder / "build" / f"{name}.bin")
