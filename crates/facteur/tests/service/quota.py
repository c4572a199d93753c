"""Accounts over their quota, by every way in.

`quota.py FACTEUR DATA BASE AUTHORITY JEANNE PASSWORD PAUL PASSWORD`. Any surprise is an
exception and a failed exit."""
import imaplib
import json
import smtplib
import ssl
import subprocess
import sys

facteur, data, base, authority, jeanne, jeanne_password, paul, paul_password = sys.argv[1:]
base = int(base)
tls = ssl.create_default_context(cafile=authority)


def check(condition, what):
    if not condition:
        raise SystemExit(f"unexpected: {what!r}")


def command(*arguments):
    return subprocess.run([facteur, "--data", data, *arguments], check=True, capture_output=True, text=True).stdout


def usage():
    return json.loads(command("account", "show", paul, "--json"))["usage"]["bytes"]


def quota(octets):
    command("account", "set", paul, "--quota", str(octets))


def text(octets):
    return f"From: {jeanne}\r\nSubject: mail\r\n\r\n" + "a line of text\r\n" * (octets // 16)


def send(smtp, sender, recipients, octets, *options):
    """The code of each recipient, then of the message."""
    smtp.rset()
    check(smtp.mail(sender, options)[0] == 250, "MAIL")
    codes = [smtp.rcpt(recipient) for recipient in recipients]
    if any(code == 250 for code, _ in codes):
        codes.append(smtp.data(text(octets)))
    return [(code, said[:6].strip().decode()) for code, said in codes]


GRANTED, TAKEN, FULL = (250, "2.1.5"), (250, "2.0.0"), (452, "4.2.2")

outside = smtplib.SMTP("localhost", base + 25)
outside.ehlo("mx.example.org")
inside = smtplib.SMTP_SSL("localhost", base + 465, context=tls)
inside.login(jeanne, jeanne_password)
senders = [(outside, "someone@example.org"), (inside, jeanne)]

for smtp, sender in senders:
    check(send(smtp, sender, [paul], 2_000) == [GRANTED, TAKEN], "mail")
held = usage()

# Room for little: a size that is said is refused at RCPT, one that is not, after DATA.
quota(held + 1_000)
for smtp, sender in senders:
    check(send(smtp, sender, [paul], 5_000, "SIZE=5000") == [FULL], "SIZE")
    check(send(smtp, sender, [paul], 5_000) == [GRANTED, FULL], "after DATA")
check(usage() == held, "what was refused counts")

# Full: refused at RCPT. The others get theirs, at once.
quota(held)
for smtp, sender in senders:
    check(send(smtp, sender, [paul], 100) == [FULL], "RCPT")
    check(send(smtp, sender, [paul, jeanne], 100) == [FULL, GRANTED, TAKEN], "one of two")

imap = imaplib.IMAP4_SSL("localhost", base + 993, ssl_context=tls)
imap.login(paul, paul_password)
check(imap.select() == ("OK", [b"2"]), "SELECT")


def over(answer):
    check(answer[0] == "NO" and answer[1][0].startswith(b"[OVERQUOTA]"), answer)


over(imap.append("Drafts", None, None, text(100).encode()))
over(imap.copy("1", "Trash"))
over(imap.uid("COPY", "1:*", "INBOX"))
# What needs no room goes on.
check(imap._simple_command("MOVE", "1", "Trash")[0] == "OK", "MOVE")
check(imap.store("1", "+FLAGS", r"(\Flagged)")[0] == "OK", "STORE")
check(imap.create("Later")[0] == "OK", "CREATE")
check(usage() == held, "MOVE changes the usage")
check(imap.store("1", "+FLAGS", r"(\Deleted)")[0] == "OK", "STORE")
check(imap.expunge()[0] == "OK", "EXPUNGE")
check(0 < usage() < held, "EXPUNGE frees nothing")
check(imap.append("Drafts", None, None, text(100).encode())[0] == "OK", "APPEND after EXPUNGE")
for smtp, sender in senders:
    check(send(smtp, sender, [paul], 100) == [GRANTED, TAKEN], "mail after EXPUNGE")

# A quota that is lowered, and raised, counts at once, in sessions that are there.
quota(1)
over(imap.append("Drafts", None, None, text(100).encode()))
check(send(outside, "someone@example.org", [paul], 100) == [FULL], "RCPT")
quota(1_000_000)
check(imap.append("Drafts", None, None, text(100).encode())[0] == "OK", "APPEND")
check(imap.select("Trash") == ("OK", [b"1"]), "SELECT")
check(imap.copy("1", "INBOX")[0] == "OK", "COPY")
for smtp, sender in senders:
    check(send(smtp, sender, [paul], 100, "SIZE=100") == [GRANTED, TAKEN], "mail")

# Nothing refused was kept, nothing accepted lost.
counts = {name: imap.select(name)[1][0] for name in ("INBOX", "Drafts", "Trash")}
check(counts == {"INBOX": b"5", "Drafts": b"2", "Trash": b"1"}, counts)
imap.logout()
imap = imaplib.IMAP4_SSL("localhost", base + 993, ssl_context=tls)
imap.login(jeanne, jeanne_password)
check(imap.select() == ("OK", [b"2"]), "the others' mail")
