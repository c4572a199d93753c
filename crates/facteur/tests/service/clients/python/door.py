"""What the scripts of this folder share: who they are and how they come in.

Each is called with the way to come in, the authority's file, the service's port base, an
address and its password, and another address of the service. A surprise ends it with
the line that shows what was wrong."""
import imaplib
import poplib
import smtplib
import ssl
import sys

# `tls` from the first byte, `upgraded` by STARTTLS or STLS, or in the `clear`.
way, authority, base, me, password, other = sys.argv[1:]
trust = ssl.create_default_context(cafile=authority)
# A service that does not answer fails the test before whoever waits for it gives up.
PATIENCE = 60


def same(what, got, wanted):
    if got != wanted:
        raise SystemExit(f"{what}: {got!r}, not {wanted!r}")


def check(what, condition, shown=None):
    if not condition:
        raise SystemExit(f"{what}: {shown!r}")


def refused(what, error, mark, call, *arguments):
    """The call raises this, and what it says has this mark."""
    try:
        got = call(*arguments)
    except error as refusal:
        check(what, mark in str(refusal), refusal)
        return str(refusal)
    raise SystemExit(f"{what}: taken, {got!r}")


def port(standard):
    return int(base) + standard


def imap(upgrade=True):
    """An IMAP connection, encrypted if that is the way and the upgrade is wanted."""
    if way == "tls":
        return imaplib.IMAP4_SSL("localhost", port(993), ssl_context=trust, timeout=PATIENCE)
    came = imaplib.IMAP4("localhost", port(143), timeout=PATIENCE)
    if way == "upgraded" and upgrade:
        same("STARTTLS", came.starttls(ssl_context=trust)[0], "OK")
    return came


def pop3(upgrade=True):
    if way == "tls":
        return poplib.POP3_SSL("localhost", port(995), context=trust, timeout=PATIENCE)
    came = poplib.POP3("localhost", port(110), timeout=PATIENCE)
    if way == "upgraded" and upgrade:
        check("STLS", came.stls(context=trust).startswith(b"+OK"))
    return came


def submission(upgrade=True):
    if way == "tls":
        return smtplib.SMTP_SSL("localhost", port(465), context=trust, timeout=PATIENCE)
    came = smtplib.SMTP("localhost", port(587), timeout=PATIENCE)
    if way == "upgraded" and upgrade:
        same("STARTTLS", came.starttls(context=trust)[0], 220)
    return came
