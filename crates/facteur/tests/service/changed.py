"""A password changed on the page: the new one opens all, the old one nothing, and what
the old one had opened is closed. Prints how long the closing took, in milliseconds."""
import imaplib
import poplib
import smtplib
import socket
import ssl
import sys
import time

from browser import Browser, check

authority, base, user, old = sys.argv[1:]
base = int(base)
new = "une fleur de tilleul"
tls = ssl.create_default_context(cafile=authority)


def wire(port):
    plain = socket.create_connection(("localhost", base + port), timeout=60)
    return tls.wrap_socket(plain, server_hostname="localhost").makefile("rwb")


def say(lines, text, until):
    lines.write(text.encode() + b"\r\n")
    lines.flush()
    while not (line := lines.readline()).startswith(until):
        check(line, f"closed before {until}")


def opened(port, dialogue):
    """A session that has gone that far."""
    lines = wire(port)
    lines.readline()
    for text, until in dialogue:
        say(lines, text, until)
    return lines


login = smtplib.base64.b64encode(f"\0{user}\0{old}".encode()).decode()
sessions = [
    (opened(993, [(f'1 LOGIN {user} "{old}"', b"1 OK"), ("2 SELECT INBOX", b"2 OK"), ("3 IDLE", b"+")]), b"* BYE"),
    (opened(993, [(f'1 LOGIN {user} "{old}"', b"1 OK")]), b"* BYE"),
    (opened(995, [(f"USER {user}", b"+OK"), (f"PASS {old}", b"+OK")]), b"-ERR"),
    (opened(465, [("EHLO here", b"250 "), (f"AUTH PLAIN {login}", b"235")]), b"421 "),
]
here, elsewhere = Browser(authority, base + 443), Browser(authority, base + 443)
for one in (here, elsewhere):
    check(one.sign_in(user, old).status == 303, "sign-in to the pages")

# What is wrong changes nothing.
for current, wanted, again, status in [
    ("not the password", new, None, 422),
    (old, "short", None, 422),
    (old, new, "another one, typed wrongly", 422),
    (old, old, None, 422),
]:
    check(here.change(current, wanted, again).status == status, (wanted, again))
check(here.change(old, new, proof="wrong").status == 403, "without proof")
check(elsewhere.get("/").status == 200, "still signed in")

page = here.change(old, new)
began = time.monotonic()
check((page.status, page.fields["location"]) == (303, "/password/changed"), page.status)
for lines, goodbye in sessions:
    said = lines.read()
    check(said.startswith(goodbye), said)
closed = time.monotonic() - began
check(here.get("/").status == 200, "whoever changed it stays")
check(elsewhere.get("/").status == 303, "the other browser is signed out")


def opens(password):
    """Which of them it opens."""
    found = []
    imap = imaplib.IMAP4_SSL("localhost", base + 993, ssl_context=tls)
    try:
        imap.login(user, password)
        found.append("imap")
    except imaplib.IMAP4.error:
        pass
    pop3 = poplib.POP3_SSL("localhost", base + 995, context=tls)
    pop3.user(user)
    try:
        pop3.pass_(password)
        found.append("pop3")
    except poplib.error_proto:
        pass
    smtp = smtplib.SMTP_SSL("localhost", base + 465, context=tls)
    try:
        smtp.login(user, password)
        found.append("smtp")
    except smtplib.SMTPAuthenticationError:
        pass
    if Browser(authority, base + 443).sign_in(user, password).status == 303:
        found.append("pages")
    return found


check(opens(new) == ["imap", "pop3", "smtp", "pages"], opens(new))
check(opens(old) == [], opens(old))
print(round(closed * 1000))
