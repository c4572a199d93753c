"""Load and proof for the kill test.

`load.py send PORT RECIPIENT LOG NAME` delivers numbered messages for ever, through
whatever happens to the service, and writes the number of each acknowledged one to LOG.
`load.py verify AUTHORITY PORT USER PASSWORD LOG...` reads the mailbox by IMAP and wants each
acknowledged message there, once and whole, with a UID of its own that never changed."""
import hashlib
import imaplib
import re
import smtplib
import ssl
import sys
import time


def body(name):
    line = hashlib.sha256(name.encode()).hexdigest()
    return "\r\n".join([line] * (20 + len(name) * 40))


def send(port, recipient, log, name):
    count = 0
    with open(log, "a") as acknowledged:
        while True:
            try:
                smtp = smtplib.SMTP("localhost", int(port), timeout=5)
                smtp.ehlo("mx.example.org")
                while True:
                    count += 1
                    number = f"{name}-{count}"
                    message = f"Subject: {number}\r\n\r\n{body(number)}\r\n"
                    smtp.sendmail("someone@example.org", [recipient], message)
                    acknowledged.write(number + "\n")
                    acknowledged.flush()
            except (OSError, smtplib.SMTPException):
                time.sleep(0.02)


def verify(authority, port, user, password, *logs):
    imaplib._MAXLINE = 1 << 24
    tls = ssl.create_default_context(cafile=authority)
    imap = imaplib.IMAP4_SSL("localhost", int(port), ssl_context=tls)
    imap.login(user, password)
    imap.select(readonly=True)
    there = {}
    uids = []
    kind, data = imap.fetch("1:*", "(UID BODY.PEEK[])")
    for part in data:
        if not isinstance(part, tuple):
            continue
        uids.append(int(re.search(rb"UID (\d+)", part[0]).group(1)))
        number = re.search(rb"\r\nSubject: (\S+)\r\n", part[1]).group(1).decode()
        if not part[1].endswith(f"\r\n\r\n{body(number)}\r\n".encode()):
            raise SystemExit(f"torn: {number}")
        there[number] = there.get(number, 0) + 1
    if uids != sorted(set(uids)):
        raise SystemExit("a UID twice or out of order")
    acknowledged = [line.strip() for log in logs for line in open(log)]
    lost = [number for number in acknowledged if number not in there]
    twice = [number for number, count in there.items() if count > 1]
    if lost or twice or not acknowledged:
        raise SystemExit(f"acknowledged {len(acknowledged)}, lost {lost}, twice {twice}")
    print(len(acknowledged))


{"send": send, "verify": verify}[sys.argv[1]](*sys.argv[2:])
