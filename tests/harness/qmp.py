"""QEMU's machine protocol (QMP) over a unix socket: commands, answers, events. Used by qemu.py.

The harness listens and QEMU connects, so that no event can be missed and nothing needs polling."""

import json
import os
import socket
import time


class QmpClosed(Exception):
    """QEMU has gone away, which is how most runs end."""


class QmpError(Exception):
    """QEMU refused a command."""


class Qmp:
    def __init__(self, path):
        self.events = []
        self._path = path
        self._listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._listener.bind(path)
        self._listener.listen(1)
        self._socket = None
        self._buffer = b""

    def accept(self, still_running, timeout):
        """Waits for QEMU to connect; raises QmpClosed when it ends before it does."""
        deadline = time.monotonic() + timeout
        self._listener.settimeout(0.1)
        while self._socket is None:
            try:
                self._socket, _ = self._listener.accept()
            except socket.timeout:
                if not still_running() or time.monotonic() > deadline:
                    raise QmpClosed("QEMU did not connect") from None
        self._socket.settimeout(timeout)
        self._read_message()  # the greeting
        self.execute("qmp_capabilities")

    def _read_message(self):
        while b"\n" not in self._buffer:
            try:
                received = self._socket.recv(65536)
            except (ConnectionError, socket.timeout) as error:
                raise QmpClosed(str(error)) from error
            if not received:
                raise QmpClosed("end of file")
            self._buffer += received
        line, self._buffer = self._buffer.split(b"\n", 1)
        return json.loads(line)

    def execute(self, command, **arguments):
        """Runs one command; events that come meanwhile are kept."""
        request = json.dumps({"execute": command, "arguments": arguments}).encode()
        try:
            self._socket.sendall(request + b"\n")
        except OSError as error:
            raise QmpClosed(str(error)) from error
        while True:
            message = self._read_message()
            if "event" in message:
                self.events.append(message)
            elif "error" in message:
                raise QmpError(f"{command}: {message['error'].get('desc')}")
            elif "return" in message:
                return message["return"]

    def monitor(self, line):
        """One line for the human monitor; its answer as text."""
        return self.execute("human-monitor-command", **{"command-line": line})

    def drain(self, timeout):
        """Reads what is left once QEMU has ended."""
        if self._socket is None:
            return
        self._socket.settimeout(timeout)
        try:
            while True:
                message = self._read_message()
                if "event" in message:
                    self.events.append(message)
        except QmpClosed:
            pass

    def close(self):
        if self._socket is not None:
            self._socket.close()
        self._listener.close()
        if os.path.exists(self._path):
            os.unlink(self._path)
