"""Sends without pause while the service is killed again and again; then tells what became of
all that was acknowledged.

The host of odd.test is played here and lives all the time. It takes mail for `taken`, refuses
`refused` for good, and has `later` come back once. It runs until its standard input ends.
"""
import collections
import itertools
import json
import smtplib
import socketserver
import sys
import threading
import time

from sending.house import check, houses, read, until

here, there = houses()
jeanne = here.people[0]
SENDERS = 4


class Host(socketserver.StreamRequestHandler):
    def handle(self):
        self.say("220 mail.odd.test")
        names, refused = [], []
        try:
            while line := self.rfile.readline():
                verb = line[:4].upper()
                if verb == b"EHLO":
                    self.say("250-mail.odd.test\r\n250 PIPELINING")
                elif verb == b"RCPT":
                    name = line.split(b"<")[1].split(b"@")[0].decode()
                    self.say(self.judge(name, names))
                elif verb == b"DATA":
                    if not names:
                        self.say("554 5.5.1 nobody")
                        continue
                    self.say("354 go on")
                    octets = self.message()
                    if octets is None:
                        return
                    subject = next(one for one in octets.split(b"\r\n") if one.startswith(b"Subject: "))
                    # Before it is said: whoever is killed now may never hear of it.
                    with self.server.lock:
                        for name in names:
                            self.server.taken[subject[9:].decode(), name] += 1
                    self.say("250 taken")
                    names = []
                elif verb == b"QUIT":
                    return self.say("221 bye")
                else:
                    names = [] if verb in (b"MAIL", b"RSET") else names
                    self.say("250 OK")
        except (ConnectionError, BrokenPipeError):
            pass

    def say(self, line):
        self.wfile.write(f"{line}\r\n".encode())

    def judge(self, name, names):
        if name.startswith("refused"):
            return "550 5.1.1 no such user"
        with self.server.lock:
            if name.startswith("later") and name not in self.server.seen:
                self.server.seen.add(name)
                return "450 4.2.0 come back"
        names.append(name)
        return "250 OK"

    def message(self):
        octets = b""
        while (line := self.rfile.readline()) != b".\r\n":
            if not line:
                return None
            octets += line
        return octets


class Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.2", there.base + 25), Host)
        self.lock, self.taken, self.seen = threading.Lock(), collections.Counter(), set()
        threading.Thread(target=self.serve_forever, daemon=True).start()


host = Server()
here.command("alias", "add", "onward@a.test", "taken-onward@odd.test")
ended = threading.Event()
acknowledged, lock = {}, threading.Lock()


def send(number):
    """One message after the other; what is acknowledged is written down."""
    for count in itertools.count():
        if ended.is_set():
            return
        subject = f"m-{number}-{count}"
        names = [f"taken-{subject}"]
        if count % 3 == 0:
            names.append(f"refused-{subject}")
        if count % 4 == 0:
            names.append(f"later-{subject}")
        recipients = [f"{name}@odd.test" for name in names]
        if count % 5 == 0:
            recipients.append(here.people[1]["address"])
        head = f"From: {jeanne['address']}\r\nTo: all\r\nSubject: {subject}\r\n\r\n"
        body = "x" * 70 + "\r\n"
        try:
            if count % 7 == 6:
                # From another host, to an alias that leads elsewhere.
                names = ["taken-onward"]
                with smtplib.SMTP("localhost", here.base + 25, timeout=30) as smtp:
                    smtp.sendmail("else@where.test", ["onward@a.test"], head + body * 10)
            else:
                here.submit(jeanne, recipients, (head + body * (count % 40)).encode())
        except (OSError, smtplib.SMTPException):
            time.sleep(0.05)
            continue
        with lock:
            acknowledged[subject] = names


threads = [threading.Thread(target=send, args=(number,)) for number in range(SENDERS)]
for thread in threads:
    thread.start()
for line in sys.stdin:
    # Asked how many there are by now.
    print(len(acknowledged), flush=True)
ended.set()
for thread in threads:
    thread.join()

# What asked to come back does so, and nothing is held against the host.
def flushed():
    here.command("queue", "flush")
    return not here.queue()


until(flushed, lambda: here.queue()[:5])


def reported():
    """For each report how many there are: of which message, of whom."""
    found = collections.Counter()
    for octets in here.inbox(jeanne):
        report = read(octets)
        if report["Auto-Submitted"]:
            _, status, _ = report.iter_parts()
            for part in status.get_payload()[1:]:
                name = part["Final-Recipient"].split("; ")[1].split("@")[0]
                found[report["Subject"].removeprefix("Not delivered: "), name] += 1
    return found


def expected():
    return {(subject, name) for subject, names in acknowledged.items() for name in names if name.startswith("refused")}


# Reports are brought round in the background.
until(lambda: expected() <= set(reported()), lambda: sorted(expected() - set(reported()))[:9])
reports = reported()
lost, wrong, twice = [], [], 0
for subject, names in acknowledged.items():
    for name in names:
        taken, told = host.taken[subject, name], reports[subject, name]
        if name.startswith("refused"):
            lost += [(subject, name)] if told == 0 else []
            wrong += [(subject, name, taken, told)] if taken or told > 1 else []
        else:
            lost += [(subject, name)] if taken == 0 else []
            wrong += [(subject, name, taken, told)] if told else []
            twice += taken > 1
wrong += [key for key in reports if not key[1].startswith("refused")]
recipients = sum(len(names) for names in acknowledged.values())
print(json.dumps({"messages": len(acknowledged), "recipients": recipients, "reports": sum(reports.values()), "twice": twice}))
check(not lost and not wrong, (lost[:9], wrong[:9]))
