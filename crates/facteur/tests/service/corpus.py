"""Delivers every message of a folder, and one with 25 MB, by SMTP; reads each back by POP3
and IMAP, and wants it byte for byte below the trace fields, with its ENVELOPE and
BODYSTRUCTURE answered. Line ends of the files are made CRLF first, as any SMTP client
must. Says how many it compared."""
import glob
import imaplib
import poplib
import re
import smtplib
import ssl
import sys

authority, base, user, password, folder = sys.argv[1:]
base = int(base)
tls = ssl.create_default_context(cafile=authority)
poplib._MAXLINE = 1 << 20


def crlf(octets):
    octets = re.sub(rb"\r\n|\r|\n", b"\r\n", octets)
    return octets if octets.endswith(b"\r\n") else octets + b"\r\n"


messages = [(name, crlf(open(name, "rb").read())) for name in sorted(glob.glob(folder + "/*.eml"))]
messages.append(("25 MB", b"Subject: large\r\n\r\n" + (b"x" * 76 + b"\r\n") * (25 * 1024 * 1024 // 78)))
wrong = []

smtp = smtplib.SMTP("localhost", base + 25)
smtp.ehlo("mx.example.org")
for name, octets in messages:
    for command in ("MAIL FROM:<someone@example.org>", f"RCPT TO:<{user}>", "DATA"):
        code, text = smtp.docmd(command)
        if code not in (250, 354):
            raise SystemExit(f"{name}: {command}: {code} {text}")
    smtp.send(re.sub(rb"(?m)^\.", b"..", octets) + b".\r\n")
    code, text = smtp.getreply()
    if code != 250:
        raise SystemExit(f"{name}: {code} {text}")
smtp.quit()


def is_whole(stored, octets):
    trace = stored[: len(stored) - len(octets)]
    fields = rb"Return-Path: <someone@example\.org>\r\nReceived: [^\r]*(\r\n[ \t][^\r]*)*\r\n"
    # Between them and a message without a header.
    joint = rb"(Comments: [^\r]*\r\n|\r\n)?"
    return stored.endswith(octets) and re.fullmatch(fields + joint, trace)


pop3 = poplib.POP3_SSL("localhost", base + 995, context=tls)
pop3.user(user)
pop3.pass_(password)
imap = imaplib.IMAP4_SSL("localhost", base + 993, ssl_context=tls)
imap.login(user, password)
imap.select(readonly=True)
if pop3.stat()[0] != len(messages):
    raise SystemExit(f"{pop3.stat()[0]} messages of {len(messages)}")
for number, (name, octets) in enumerate(messages, 1):
    if not is_whole(b"\r\n".join(pop3.retr(number)[1]) + b"\r\n", octets):
        wrong.append(("POP3", name))
    kind, data = imap.fetch(str(number), "(UID ENVELOPE BODYSTRUCTURE BODY.PEEK[])")
    bodies = [part[1] for part in data if isinstance(part, tuple) and b"BODY[]" in part[0]]
    if kind != "OK" or len(bodies) != 1 or not is_whole(bodies[0], octets):
        wrong.append(("IMAP", name))
pop3.quit()
imap.logout()
if wrong:
    raise SystemExit(f"differ: {wrong}")
print(len(messages))
