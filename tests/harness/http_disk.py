"""Serves one file by HTTP on loopback, whole or in the ranges that a network boot asks for. Used by
tests/machines. Python's own server answers no ranges."""

import http.server
import os
import re
import threading

LOOPBACK = "127.0.0.1"


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"  # one connection for all requests

    def do_HEAD(self):
        self.answer()

    def do_GET(self):
        first, last = self.answer()
        with open(self.server.path, "rb") as file:
            file.seek(first)
            self.wfile.write(file.read(last + 1 - first))

    def answer(self):
        """Sends the headers. Gives first and last byte of what is to follow."""
        size = os.path.getsize(self.server.path)
        wanted = re.fullmatch(r"bytes=(\d+)-(\d*)", self.headers.get("Range", ""))
        first, last = 0, size - 1
        if wanted:
            first, last = int(wanted[1]), min(int(wanted[2] or last), last)
            self.send_response(http.HTTPStatus.PARTIAL_CONTENT)
            self.send_header("Content-Range", f"bytes {first}-{last}/{size}")
            self.server.ranges.append((first, last))
        else:
            self.send_response(http.HTTPStatus.OK)
        self.send_header("Accept-Ranges", "bytes")
        self.send_header("Content-Length", str(last + 1 - first))
        self.end_headers()
        return first, last

    def log_message(self, *_):
        """Nothing: what counts is kept in `ranges`."""


class HttpDisk(http.server.ThreadingHTTPServer):
    """Use in a `with` statement. `port` is a free one, `ranges` what was asked for."""

    daemon_threads = True

    def __init__(self, path):
        self.path, self.ranges = path, []
        super().__init__((LOOPBACK, 0), Handler)
        self.port = self.server_address[1]

    def __enter__(self):
        threading.Thread(target=self.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_):
        self.shutdown()
        self.server_close()
