"""The parts of tools/gdb/firstlight.py, which gdb sources."""
