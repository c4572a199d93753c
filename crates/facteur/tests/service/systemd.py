"""Becomes the command given, with open sockets handed over as systemd hands them over."""
import os
import socket
import sys

FIRST = 3

ports, command = sys.argv[1].split(","), sys.argv[2:]
sockets = []
for port in ports:
    listener = socket.create_server(("127.0.0.1", int(port)))
    sockets.append(listener)
# Out of the way of the numbers that they are to have.
kept = [os.dup2(one.fileno(), 100 + at) for at, one in enumerate(sockets)]
for at, number in enumerate(kept):
    os.dup2(number, FIRST + at, inheritable=True)
os.environ["LISTEN_PID"] = str(os.getpid())
os.environ["LISTEN_FDS"] = str(len(kept))
os.environ["LISTEN_FDNAMES"] = ":".join("facteur.socket" for _ in kept)
os.execv(command[0], command)
