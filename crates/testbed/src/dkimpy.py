"""Verifies signatures: `record NAME TEXT` and `message OCTETS` (in hex) come line by line;
for each message there is a line of what each of its signatures is, the uppermost first. For `chain
OCTETS` it is what the chain of seals (ARC) on a message is."""
import sys

import dkim

records = {}


def record(name, timeout=0):
    return records.get(name.decode().rstrip("."))


def verdict(message, place):
    try:
        good = dkim.DKIM(message).verify(idx=place, dnsfunc=record)
    except dkim.DKIMException as error:
        return f"{type(error).__name__}: {error}".replace(",", ";")
    return "pass" if good else "fail"


def chain(message):
    verdict, _, reason = dkim.ARC(message).verify(dnsfunc=record)
    return verdict.decode() if verdict == b"pass" else f"{verdict.decode()}: {reason}".replace(",", ";")


for line in sys.stdin:
    what, rest = line.rstrip("\n").split(" ", 1)
    if what == "record":
        name, text = rest.split(" ", 1)
        records[name] = text.encode()
        continue
    message = bytes.fromhex(rest)
    if what == "chain":
        print(chain(message))
        continue
    header = b"\r\n" + message.split(b"\r\n\r\n", 1)[0].lower()
    count = header.count(b"\r\ndkim-signature:")
    print(",".join(verdict(message, place) for place in range(count)))
