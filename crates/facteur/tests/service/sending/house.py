"""The two services, and how they are used."""
import email
import email.policy
import imaplib
import json
import smtplib
import ssl
import subprocess
import sys
import time

PATIENCE = 60


def check(condition, what):
    if not condition:
        raise SystemExit(f"unexpected: {what!r}")


def until(look, what):
    """What `look` gives, once it gives something."""
    end = time.monotonic() + PATIENCE
    while not (found := look()):
        check(time.monotonic() < end, what() if callable(what) else what)
        time.sleep(0.05)
    return found


class House:
    def __init__(self, path):
        with open(path) as file:
            self.setting = json.load(file)
        self.base, self.people = self.setting["base"], self.setting["people"]
        self.host = self.setting["host"]
        self.trust = ssl.create_default_context(cafile=self.setting["authority"])

    def command(self, *words, given=None):
        """What a command line on its data folder prints."""
        done = subprocess.run(
            [self.setting["binary"], "--data", self.setting["data"], *words],
            input=given, capture_output=True, text=True,
        )
        check(done.returncode == 0, (words, done.stderr))
        return done.stdout

    def queue(self):
        return json.loads(self.command("queue", "list", "--json"))

    def shown(self, id):
        return json.loads(self.command("queue", "show", id, "--json"))

    def submit(self, person, recipients, message, options=(), rcpt_options=()):
        """Mail from one who signs in."""
        with smtplib.SMTP_SSL(self.host, self.base + 465, context=self.trust) as smtp:
            smtp.login(person["address"], person["password"])
            smtp.sendmail(person["address"], recipients, message, options, rcpt_options)

    def letter(self, person, recipients, subject, text="Bonjour.\r\n"):
        """A plain message, submitted."""
        head = f"From: {person['address']}\r\nTo: {', '.join(recipients)}\r\nSubject: {subject}\r\n"
        self.submit(person, recipients, f"{head}\r\n{text}".encode())

    def inbox(self, person, mailbox="INBOX"):
        """The octets of all messages."""
        with imaplib.IMAP4_SSL(self.host, self.base + 993, ssl_context=self.trust) as imap:
            imap.login(person["address"], person["password"])
            imap.select(mailbox, readonly=True)
            _, found = imap.fetch("1:*", "(BODY.PEEK[])") if int(imap.select(mailbox)[1][0]) else (0, [])
        return [one[1] for one in found if isinstance(one, tuple)]

    def arrived(self, person, subject):
        """The message with this subject, once it is there."""
        def look():
            for octets in self.inbox(person):
                if read(octets)["Subject"] == subject:
                    return octets
            return None
        return until(look, lambda: (subject, [read(one)["Subject"] for one in self.inbox(person)], self.queue()))

    def until_sent(self):
        until(lambda: not self.queue(), lambda: (self.queue(), self.command("queue", "destinations")))


def read(octets):
    return email.message_from_bytes(octets, policy=email.policy.default)


def houses():
    return House(sys.argv[1]), House(sys.argv[2])
