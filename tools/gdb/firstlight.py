"""gdb commands for Firstlight: `source` this file in gdb (12 or later, with Python), then
`help firstlight`. README.md beside it shows a session. The loader's symbols and sources are in the
folders `loader` and `source` beside the folder of this file: share/firstlight, installed or in the build
tree."""

import os
import sys

import gdb

_HERE = os.path.dirname(os.path.abspath(__file__))
_LEAST_MAJOR = 12

if int(gdb.VERSION.split(".")[0]) < _LEAST_MAJOR:
    raise gdb.GdbError(f"firstlight.py needs gdb {_LEAST_MAJOR} or later, this is {gdb.VERSION}")

sys.path.insert(0, _HERE)
sys.dont_write_bytecode = True  # nothing is left in an installed folder

from firstlight_gdb import commands, session  # noqa: E402, once the path is known

commands.register(session.Session(os.path.dirname(_HERE)))
