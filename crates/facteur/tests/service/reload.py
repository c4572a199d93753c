"""Keeps one session open; for each line read, prints the certificate that a new
connection gets and whether sign-in is offered in the clear."""
import hashlib
import imaplib
import socket
import ssl
import sys

authority, base, user, password = sys.argv[1:]
base = int(base)
trusting = ssl.create_default_context(cafile=authority)
# Its certificate is what we look at.
looking = ssl.create_default_context()
looking.check_hostname = False
looking.verify_mode = ssl.CERT_NONE

kept = imaplib.IMAP4_SSL("localhost", base + 993, ssl_context=trusting)
kept.login(user, password)
kept.select()
for _ in sys.stdin:
    if kept.noop()[0] != "OK":
        raise SystemExit("the old session is gone")
    with looking.wrap_socket(socket.create_connection(("localhost", base + 995))) as wire:
        seen = hashlib.sha256(wire.getpeercert(binary_form=True)).hexdigest()
    clear = imaplib.IMAP4("localhost", base + 143)
    offered = "withheld" if "LOGINDISABLED" in clear.capabilities else "offered"
    clear.logout()
    print(seen, offered, flush=True)
