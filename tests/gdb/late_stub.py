"""Starts QEMU with a gdb stub whose socket is there for a while before anybody listens on it, and which answers a
while later, as on a busy host. Used by test_stops.py:
    late_stub.py SECONDS-TO-LISTEN [SECONDS-TO-ANSWER QEMU...] -gdb ADDRESS"""

import os
import socket
import sys
import time

arguments, address = sys.argv[1:-2], sys.argv[-1]
listener = socket.socket(socket.AF_UNIX)
listener.bind(address.removeprefix("unix:").split(",")[0])
time.sleep(float(arguments[0]))
if len(arguments) < 3:
    sys.exit("late_stub.py: there is no QEMU to start")
listener.listen(1)
time.sleep(float(arguments[1]))
os.set_inheritable(listener.fileno(), True)
os.execvp(arguments[2], [*arguments[2:], "-chardev",
                         f"socket,id=stub,fd={listener.fileno()},server=on,wait=off",
                         "-gdb", "chardev:stub"])
