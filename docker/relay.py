"""Runs a command where there is no network but its own loopback, and carries what connects to
127.0.0.1:PORT there to a socket in FOLDER, at whose other end the tool answers
(tasks/sandbox/host_relay.py). Exit status: the command's.

    relay.py PORT FOLDER COMMAND…
"""

import os
import socket
import subprocess
import sys
import threading
from contextlib import suppress

SOCKET = "aws.sock"
BLOCK = 1 << 18  # bytes


def main(port: str, folder: str, *command: str) -> int:
    place = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    listening = socket.create_server(("127.0.0.1", int(port)), backlog=128)
    # by way of the folder: the name of a socket has a hundred characters at most
    address = f"/proc/self/fd/{place}/{SOCKET}"
    threading.Thread(target=accept, args=[listening, address], daemon=True).start()
    code = subprocess.call(command)
    return code if code >= 0 else 128 - code


def accept(listening: socket.socket, address: str) -> None:
    while True:
        one, _ = listening.accept()
        other = socket.socket(socket.AF_UNIX)
        try:
            other.connect(address)
        except OSError:
            one.close()
            continue
        for ends in ((one, other), (other, one)):
            threading.Thread(target=carry, args=ends, daemon=True).start()


def carry(source: socket.socket, target: socket.socket) -> None:
    """To its end, which is the other's, too."""
    with suppress(OSError):
        while block := source.recv(BLOCK):
            target.sendall(block)
    with suppress(OSError):
        target.shutdown(socket.SHUT_WR)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
