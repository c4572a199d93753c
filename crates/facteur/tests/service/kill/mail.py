"""Messages that can be told apart and known to be whole by their name alone."""
import hashlib
import random
import re
import zlib

LARGE = 300_000
SUBJECT = re.compile(rb"^Subject: (\S+)\r?$", re.MULTILINE)


def body(name):
    """Mostly some lines; one in forty is large, and so kept in another way."""
    chance = random.Random(name)
    octets = LARGE if chance.randrange(40) == 0 else chance.randrange(200, 6000)
    line = hashlib.sha256(name.encode()).hexdigest()
    return "\r\n".join([line] * (octets // len(line) + 1))


def message(name, sender="someone@example.org"):
    return f"From: {sender}\r\nSubject: {name}\r\n\r\n{body(name)}\r\n".encode()


def name_of(octets):
    found = SUBJECT.search(octets)
    return found.group(1).decode() if found else "?"


def is_whole(name, octets):
    return octets.endswith(f"\r\n\r\n{body(name)}\r\n".encode())


def share_of(name):
    """Which of the two that share an INBOX may touch this message."""
    return zlib.crc32(name.encode()) % 2
