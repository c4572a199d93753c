"""That a refused sign-in tells nobody who exists: by no octet of its replies, and by no
moment of its time.

`sign_in.py replies FACTEUR DATA BASE` compares what is said, with a service that runs;
`sign_in.py times FACTEUR DATA SAMPLES` starts one and measures. Any surprise is an
exception and a failed exit."""
import base64
import random
import re
import socket
import ssl
import statistics
import subprocess
import sys
import time

what, facteur, data, number = sys.argv[1:]
account, modern = "jeanne@facteur.test", "paul@facteur.test"


def check(condition, told):
    if not condition:
        raise SystemExit(f"unexpected: {told}")


class Line:
    """One connection, spoken to in lines."""

    def __init__(self, door, tls):
        port, secure, begin = door
        self.wire = socket.create_connection(("localhost", base + port))
        self.wire.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if secure:
            self.secure(tls)
        self.lines = self.wire.makefile("rb")
        self.hear()
        if begin:
            check(self.say(begin)[:3] in (b"220", b"+OK", b"1 O"), begin)
            self.secure(tls)
            self.lines = self.wire.makefile("rb")

    def secure(self, tls):
        self.wire = tls.wrap_socket(self.wire, server_hostname="localhost")

    def hear(self):
        """One reply: the lines of SMTP up to its last, of IMAP up to a tagged or `+`."""
        said = b""
        while True:
            line = self.lines.readline()
            said += line
            if not line or not (line[3:4] == b"-" or line.startswith(b"* ")) or line.startswith(b"* OK"):
                return said

    def say(self, text):
        self.wire.sendall(text.encode() + b"\r\n")
        return self.hear()

    def close(self):
        self.lines.close()
        self.wire.close()


def plain(name, password):
    return base64.b64encode(f"\0{name}\0{password}".encode()).decode()


def b64(text):
    return base64.b64encode(text.encode()).decode()


# What is said before, and the line whose reply tells.
MANNERS = {
    "smtp": {
        "AUTH PLAIN": lambda name, word: (["EHLO client.example"], "AUTH PLAIN " + plain(name, word)),
        "AUTH PLAIN later": lambda name, word: (["EHLO client.example", "AUTH PLAIN"], plain(name, word)),
        "AUTH LOGIN": lambda name, word: (["EHLO client.example", "AUTH LOGIN", b64(name)], b64(word)),
    },
    "imap": {
        "LOGIN": lambda name, word: ([], f'2 LOGIN "{name}" "{word}"'),
        "AUTHENTICATE": lambda name, word: ([], "2 AUTHENTICATE PLAIN " + plain(name, word)),
        "AUTHENTICATE later": lambda name, word: (["2 AUTHENTICATE PLAIN"], plain(name, word)),
    },
    "pop3": {
        "PASS": lambda name, word: (["USER " + name], "PASS " + word),
        "AUTH": lambda name, word: ([], "AUTH PLAIN " + plain(name, word)),
        "AUTH later": lambda name, word: (["AUTH PLAIN"], plain(name, word)),
    },
}
IMPLICIT = {"smtp": (465, True, ""), "imap": (993, True, ""), "pop3": (995, True, "")}
UPGRADED = {"smtp": (587, False, "STARTTLS"), "imap": (143, False, "1 STARTTLS"), "pop3": (110, False, "STLS")}
CLEAR = {"smtp": (587, False, ""), "imap": (143, False, ""), "pop3": (110, False, "")}

# Who is named, as a stranger would: only the first exists.
NOBODY = {
    "unknown user": "jacques@facteur.test",
    "unknown domain": "jeanne@exemple.test",
    "bare local part": "jeanne",
    "alias": "postmaster@facteur.test",
    "no address": "@@",
}
WRONG = "mauvais mot"


def attempt(door, manner, tls, name, word):
    """All that is said, and how long the last reply took, in seconds."""
    line = Line(door, tls)
    before, last = manner(name, word)
    # How long mail can be held is told by the calendar (RFC 4865), the same for all.
    said = [re.sub(rb"(FUTURERELEASE \d+) \S+", rb"\1", line.say(text)) for text in before]
    begun = time.perf_counter()
    said.append(line.say(last))
    took = time.perf_counter() - begun
    line.close()
    return said, took


def doors(transport):
    for protocol, door in transport.items():
        for manner, speak in MANNERS[protocol].items():
            yield f"{protocol} {door[0]} {door[2]} {manner}", door, speak


def replies():
    tls, passwords = sheet()
    for transport in (IMPLICIT, UPGRADED):
        for told, door, speak in doors(transport):
            wrong, _ = attempt(door, speak, tls, account, WRONG)
            check(re.match(rb"535 5\.7\.8 |2 NO \[AUTHENTICATIONFAILED\] |-ERR \[AUTH\] ", wrong[-1]), (told, wrong))
            for who, name in NOBODY.items():
                said, _ = attempt(door, speak, tls, name, WRONG)
                check(said == wrong, (told, who, said, wrong))
            right, _ = attempt(door, speak, tls, account, passwords[account])
            check(re.match(rb"235 |2 OK |\+OK ", right[-1]), (told, right))
            check(right[:-1] == wrong[:-1], (told, right, wrong))
    # Unencrypted, whoever is named and with whatever password, unless that very account
    # has old devices on.
    for told, door, speak in doors(CLEAR):
        off, _ = attempt(door, speak, tls, modern, passwords[modern])
        check(re.match(rb"538 5\.7\.11 |2 NO \[PRIVACYREQUIRED\] |-ERR \[AUTH\] ", off[-1]), (told, off))
        for who, name in [("wrong password", modern), *NOBODY.items()]:
            said, _ = attempt(door, speak, tls, name, WRONG)
            check(said == off, (told, who, said, off))
        right, _ = attempt(door, speak, tls, account, passwords[account])
        check(re.match(rb"235 |2 OK |\+OK ", right[-1]), (told, right))


def sheet():
    text = open(f"{data}/quickstart.txt").read()
    tls = ssl.create_default_context(cafile=f"{data}/tls/authority.pem")
    return tls, dict(re.findall(r"^\s*(\S+@facteur.test)\s+(\S+)\s*$", text, re.M))


def rank_test(one, other):
    """Mann and Whitney's: how many standard deviations the ranks of two samples are apart."""
    ranked = sorted((value, which) for which, sample in enumerate((one, other)) for value in sample)
    ranks = sum(rank for rank, (_, which) in enumerate(ranked, 1) if which == 0)
    n, m = len(one), len(other)
    u = ranks - n * (n + 1) / 2
    return (u - n * m / 2) / (n * m * (n + m + 1) / 12) ** 0.5


# A difference that ranks show beyond this is no chance: of the some hundred comparisons
# here, one in thousands of runs would show it.
DEVIATIONS = 4.5


def free_base():
    """A base under which every port of the service is free just now."""
    def free(port):
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", port)) != 0

    ports = (25, 80, 110, 143, 443, 465, 587, 993, 995)
    return next(base for base in range(4000, 32000, 1000) if all(free(base + port) for port in ports))


def times(samples):
    global base
    base = free_base()
    line = [facteur, "--data", data, "quickstart", "--listen", "127.0.0.1", "--hostname", "localhost"]
    service = subprocess.Popen(line + ["--port-base", str(base)], stdout=subprocess.PIPE, stderr=open(f"{data}.log", "w"), text=True)
    try:
        check(any("quickstart.txt" in told for told in service.stdout), f"no start, see {data}.log")
        tls, _ = sheet()
        worst = 0
        for transport, tries in ((IMPLICIT, samples), (CLEAR, samples * 4)):
            for told, door, speak in doors(transport):
                worst = max(worst, *compared(told, door, speak, tls, tries))
        check(worst <= DEVIATIONS, f"a difference of {worst:.1f} standard deviations")
        print(f"worst of all: {worst:.1f} standard deviations of {DEVIATIONS}")
    finally:
        service.kill()
        service.wait()


def compared(told, door, speak, tls, tries):
    """One manner of signing in: how far apart each name is from the account's."""
    names = {"wrong password": modern, **NOBODY}
    took = {who: [] for who in names}
    for _ in range(tries):
        # In another order each time, so that whatever drifts drifts for all.
        for who, name in random.sample(sorted(names.items()), len(names)):
            took[who].append(attempt(door, speak, tls, name, WRONG)[1])
    known = took.pop("wrong password")
    middle = statistics.median(known)
    print(f"{told}: {middle * 1000:.3f} ms", flush=True)
    for who, sample in took.items():
        deviations = rank_test(sample, known)
        difference = (statistics.median(sample) - middle) * 1e6
        print(f"    {who:16} {difference:+8.1f} us {deviations:+5.1f}", flush=True)
        yield abs(deviations)


if what == "times":
    times(int(number))
else:
    base = int(number)
    replies()
