"""Starts QEMU with a gdb stub whose socket is there for a while before anybody listens on it, as on a
busy host. Used by test_stops.py: late_stub.py SECONDS QEMU..., the last two arguments -gdb's."""

import os
import socket
import sys
import time

seconds, command, address = float(sys.argv[1]), sys.argv[2:-2], sys.argv[-1]
listener = socket.socket(socket.AF_UNIX)
listener.bind(address.removeprefix("unix:").split(",")[0])
time.sleep(seconds)
if not command:
    sys.exit("late_stub.py: there is no QEMU to start")
listener.listen(1)
os.set_inheritable(listener.fileno(), True)
os.execvp(command[0], [*command, "-chardev",
                       f"socket,id=stub,fd={listener.fileno()},server=on,wait=off",
                       "-gdb", "chardev:stub"])
