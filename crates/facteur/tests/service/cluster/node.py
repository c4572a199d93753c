"""One of the nodes, and how it is used."""
import smtplib
import subprocess
import time

from imap_client import Imap

PASSWORD = "quatre mots au hasard"
LEA, PAUL, BOTH = "lea@facteur.test", "paul@facteur.test", "tous@facteur.test"


def check(condition, what):
    if not condition:
        raise SystemExit(f"unexpected: {what!r}")


class Node:
    def __init__(self, setting, number):
        self.binary, self.authority = setting["binary"], setting["authority"]
        node = setting["nodes"][number]
        self.base, self.data, self.pid = node["base"], node["data"], node["pid"]

    def command(self, *words, password=None):
        """A command line on the node's data folder."""
        given = None if password is None else f"{password}\n"
        done = subprocess.run(
            [self.binary, "--data", self.data, *words], input=given, capture_output=True, text=True
        )
        check(done.returncode == 0, (words, done.stderr))
        return done.stdout

    def imap(self, address, password=PASSWORD):
        setting = {"authority": self.authority, "base": self.base}
        imap = Imap(setting, {"address": address, "password": password})
        imap.command("SELECT INBOX")
        return imap

    def deliver(self, recipient, text):
        """Mail from elsewhere. It is acknowledged when this returns."""
        with smtplib.SMTP("localhost", self.base + 25, timeout=30) as smtp:
            smtp.sendmail("else@where.test", [recipient], text)

    def subjects(self, address, password=PASSWORD):
        """Of all messages in the INBOX, each of which is read whole."""
        imap = self.imap(address, password)
        found, _ = imap.command("FETCH 1:* (BODY.PEEK[])") if self.count(imap) else ([], "")
        imap.close()
        bodies = [literals[0].decode() for _, literals in found if literals]
        lines = [line for body in bodies for line in body.splitlines()]
        return sorted(line[9:] for line in lines if line.startswith("Subject: "))

    def count(self, imap):
        said, _ = imap.command("STATUS INBOX (MESSAGES)")
        text = next(text for text, _ in said if text.startswith("* STATUS"))
        return int(text.split("MESSAGES ")[1].rstrip(")"))

    def until(self, address, subjects, seconds):
        """Waits until just this mail is there."""
        deadline = time.monotonic() + seconds
        while (found := self.subjects(address)) != sorted(subjects):
            check(time.monotonic() < deadline, (found, subjects))
            time.sleep(0.2)


def accounts(node):
    """Two people, and an address that leads to both."""
    node.command("domain", "add", "facteur.test")
    for address in [LEA, PAUL]:
        node.command("account", "add", address, "--password-stdin", password=PASSWORD)
    node.command("alias", "add", BOTH, LEA, PAUL)


def mail(subject):
    return f"From: else@where.test\r\nTo: {LEA}\r\nSubject: {subject}\r\n\r\ntext\r\n"


def idle(imap):
    """From now on whatever happens is told."""
    imap.socket.sendall(b"idle IDLE\r\n")
    while not imap.line().startswith(b"+"):
        pass


def told(imap, word):
    """Waits for a line with this word; how many milliseconds it took."""
    begun = time.monotonic()
    while word not in imap.line():
        pass
    return (time.monotonic() - begun) * 1000
