"""Messages that can be told apart and known to be whole by their name alone."""
import hashlib
import random
import re
import zlib

LARGE = 300_000
SUBJECT = re.compile(rb"^Subject: (\S+)\r?$", re.MULTILINE)


# What noise is turned into, so that it may stand in a line.
LINE = bytes(
    octet if 0x20 < octet < 0x7F or octet >= 0xA0 else 0xA0 + octet % 0x60
    for octet in range(256)
).replace(b".", b",")


def body(name):
    """Mostly some lines; one in forty is large, and so kept in another way. One in three is
    noise, and so kept as it is; of the others those of more than 4 KiB are compressed."""
    chance = random.Random(name)
    octets = LARGE if chance.randrange(40) == 0 else chance.randrange(200, 12000)
    if chance.randrange(3) == 0:
        noise = chance.randbytes(octets).translate(LINE)
        return b"\r\n".join(noise[at : at + 500] for at in range(0, octets, 500))
    line = hashlib.sha256(name.encode()).hexdigest().encode()
    return b"\r\n".join([line] * (octets // len(line) + 1))


def message(name, sender="someone@example.org"):
    return f"From: {sender}\r\nSubject: {name}\r\n\r\n".encode() + body(name) + b"\r\n"


def name_of(octets):
    found = SUBJECT.search(octets)
    return found.group(1).decode() if found else "?"


def is_whole(name, octets):
    return octets.endswith(b"\r\n\r\n" + body(name) + b"\r\n")


def share_of(name):
    """Which of the two that share an INBOX may touch this message."""
    return zlib.crc32(name.encode()) % 2
