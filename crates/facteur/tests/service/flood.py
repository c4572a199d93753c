"""Peers that say too much, and too many peers.

`flood.py FACTEUR DATA BASE` starts a service that may have few file descriptors. Any
surprise is an exception and a failed exit."""
import base64
import os
import re
import select
import socket
import ssl
import subprocess
import sys

facteur, data, base = sys.argv[1], sys.argv[2], int(sys.argv[3])
jeanne = "jeanne@facteur.test"

DESCRIPTORS = 800
KIB = 1024
# Peers at a time, what each says, and how much each may be held. Of a signed-in IMAP
# command that is 256 KiB, and a read ahead of 64 KiB. Of a message, 1 MiB of its header
# (in a vector that doubles), 384 KiB of what was found in it, and 256 KiB on its way to
# the disk.
TALKERS, SENDERS = (40, 2_000_000, 400 * KIB), (10, 8_000_000, 2800 * KIB)
# What memory's own management may take beside: it keeps pages for each thread and size, more
# where threads wait for a busy machine. It is far less than what is said, which is 80 MB.
SLACK = 28 * 1024 * KIB


def check(condition, told):
    if not condition:
        raise SystemExit(f"unexpected: {told!r}")


def connect(port, source="127.0.0.1"):
    wire = socket.create_connection(("127.0.0.1", base + port), source_address=(source, 0), timeout=30)
    return tls.wrap_socket(wire, server_hostname="localhost") if port in (465, 993, 995) else wire


def hear(wire):
    """A reply; empty at the end."""
    try:
        return wire.recv(65536)
    except ConnectionResetError:
        return b""


def say(wire, text):
    wire.sendall(text.encode() + b"\r\n")
    return hear(wire)


def pour(wire, octets):
    """Says it, and hears what is said meanwhile; whether all of it was taken."""
    left = memoryview(octets)
    wire.settimeout(30)
    while left:
        if select.select([wire], [], [], 0)[0] and not hear(wire):
            return False
        try:
            left = left[wire.send(left[:65536]) :]
        except (BrokenPipeError, ConnectionResetError, ssl.SSLEOFError):
            return False
    return True


def memory():
    """Octets that the service holds in memory."""
    status = open(f"/proc/{service.pid}/status").read()
    return int(re.search(r"RssAnon:\s*(\d+) kB", status).group(1)) * 1024


def flood(told, port, begin, octets, peers=TALKERS):
    """Many peers at once, each of whom says a beginning, then one thing again and again:
    what they make the service hold is bounded."""
    count, most, held = peers
    head, more = octets
    before = memory()
    wires = []
    for _ in range(count):
        wire = connect(port)
        check(hear(wire), told)
        for text in begin:
            check(re.match(rb"[23]|\+|\* |1 OK|2 OK", say(wire, text)), (told, text))
        wires.append(wire)
    for wire in wires:
        pour(wire, head + more * (most // len(more)))
    grown = memory() - before
    print(f"{told}: {grown // KIB} KiB for {count}", flush=True)
    check(grown < count * held + SLACK, (told, grown))
    for wire in wires:
        wire.close()


def again():
    """Until a connection is served again: those that have gone are noticed one by one."""
    for _ in range(200):
        with connect(25) as wire:
            if hear(wire).startswith(b"220 "):
                return
    raise SystemExit("nobody is served any more")


def breathless():
    """With no descriptor left nothing is accepted, and everything once there is one."""
    held = len(os.listdir(f"/proc/{service.pid}/fd"))
    limit(held + 3)
    # More than there are numbers below the limit, of which some may be free.
    wires = [connect(25) for _ in range(held + 20)]
    # Time for those who are greeted; nobody is waited for one by one.
    select.select([], [], [], 1)
    greeted = [wire for wire in wires if select.select([wire], [], [], 0)[0]]
    check(len(greeted) < len(wires), len(greeted))
    limit(DESCRIPTORS)
    for wire in wires:
        check(hear(wire).startswith(b"220 "), "not accepted after all")
        check(say(wire, "EHLO client.example").startswith(b"250"), "EHLO")
        wire.close()


def limit(descriptors):
    subprocess.run(["prlimit", f"--pid={service.pid}", f"--nofile={descriptors}:"], check=True)


line = [facteur, "--data", data, "quickstart", "--listen", "127.0.0.1", "--hostname", "localhost"]
line = ["prlimit", f"--nofile={DESCRIPTORS}", *line, "--port-base", str(base)]
service = subprocess.Popen(line, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
try:
    check(any("quickstart.txt" in told for told in service.stdout), "no start")
    tls = ssl.create_default_context(cafile=f"{data}/tls/authority.pem")
    password = re.search(rf"^\s*{jeanne}\s+(\S+)\s*$", open(f"{data}/quickstart.txt").read(), re.M).group(1)
    plain = base64.b64encode(f"\0{jeanne}\0{password}".encode()).decode()
    message = ["EHLO client.example", "MAIL FROM:<a@example.org>", f"RCPT TO:<{jeanne}>", "DATA"]
    signed_in = [f'1 LOGIN {jeanne} "{password}"']

    flood("a line at port 25", 25, [], (b"", b"x"))
    flood("a line to sign in by", 465, ["EHLO client.example", "AUTH PLAIN"], (b"", b"x"))
    flood("a line of POP3", 995, [], (b"", b"x"))
    flood("a line of IMAP", 143, [], (b"", b"x"))
    flood("a line of IMAP, signed in", 993, signed_in, (b"2 SEARCH SUBJECT ", b"x"))
    flood("a literal of IMAP", 993, [], (b"2 LOGIN {3000000+}\r\n", b"x"))
    flood("a literal of IMAP, signed in", 993, signed_in, (b"2 SEARCH SUBJECT {3000000+}\r\n", b"x"))
    flood("literals of IMAP", 993, signed_in, (b"2 SEARCH", b" SUBJECT {9+}\r\nxxxxxxxxx"))
    flood("a header", 25, message, (b"Subject: ", b"x"), SENDERS)
    flood("folded lines of a header", 25, message, (b"Subject: x\r\n", b" " + b"y" * 60 + b"\r\n"), SENDERS)
    flood("fields of a header", 25, message, (b"", b"A: " + b"b" * 60 + b"\r\n"), SENDERS)
    flood("parts of a message", 25, message, (b"Content-Type: multipart/mixed; boundary=b\r\n\r\n", b"--b\r\n\r\n"), SENDERS)
    flood("a header by APPEND", 993, signed_in, (b"2 APPEND Drafts {9000000+}\r\nTo: ", b"x"), SENDERS)
    again()
    breathless()
    again()
finally:
    service.kill()
    service.wait()
