"""Builds the whole host tool with another compiler. Used by test_compilers.py and test_windows.py."""

import subprocess

from harness.environment import build_path, skip_without

MINGW = "x86_64-w64-mingw32-gcc"
WARNINGS = ["-Wall", "-Wextra", "-Werror", "-Wshadow", "-Wvla", "-Wconversion",
            "-Wno-sign-conversion", "-Wmissing-prototypes", "-Wstrict-prototypes"]


def build_tool(case, output, compiler, *options):
    """Compiles and links the tool's whole list of sources, without a warning; gives `output`."""
    skip_without(compiler)
    with open(build_path("tests", "image", "tool_build.txt")) as file:
        arguments = file.read().split("\n")
    built = subprocess.run([compiler, "-std=c17", "-O2", *WARNINGS, *options, *arguments, "-o",
                            output], capture_output=True, text=True, check=False)
    case.assertEqual((built.returncode, built.stderr), (0, ""))
    return output
