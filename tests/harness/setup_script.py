"""Asks tools/setup.sh, the one place that names packages, what brings a program and where npm's
packages are. Used by environment.py and v86.py."""

import os
import subprocess

TREE = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
SETUP_SCRIPT = os.path.join("tools", "setup.sh")


def setup_script(*arguments):
    """What the script prints, without its line end."""
    return subprocess.run(["sh", os.path.join(TREE, SETUP_SCRIPT), *arguments],
                          capture_output=True, text=True, check=True).stdout.strip()
