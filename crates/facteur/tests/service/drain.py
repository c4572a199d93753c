"""Sessions of every protocol that are open when the service stops. Says `ready`, waits
for the end of its input, then looks at how each of them ended."""
import socket
import ssl
import sys

authority, base, how, user, password, other, other_password = sys.argv[1:]
base = int(base)
tls = ssl.create_default_context(cafile=authority)


class Talk:
    """Lines over TLS."""

    def __init__(self, port):
        wire = socket.create_connection(("localhost", base + port))
        wire.settimeout(60)
        self.lines = tls.wrap_socket(wire, server_hostname="localhost").makefile("rwb")

    def say(self, text):
        self.lines.write(text.encode() + b"\r\n")
        self.lines.flush()

    def hear(self, start):
        """Reads on to a line that begins so."""
        while line := self.lines.readline():
            if line.startswith(start.encode()):
                return line
        raise SystemExit(f"ended before {start!r}")

    def over(self):
        if rest := self.lines.read():
            raise SystemExit(f"said more: {rest!r}")


def imap(idle):
    talk = Talk(993)
    talk.hear("* OK")
    talk.say(f'1 LOGIN {user} "{password}"')
    talk.hear("1 OK")
    talk.say("2 SELECT INBOX")
    talk.hear("2 OK")
    if idle:
        talk.say("3 IDLE")
        talk.hear("+")
    return talk


def pop3():
    talk = Talk(995)
    talk.hear("+OK")
    talk.say(f"USER {user}")
    talk.hear("+OK")
    talk.say(f"PASS {password}")
    talk.hear("+OK")
    return talk


def smtp():
    talk = Talk(465)
    talk.hear("220 ")
    talk.say("EHLO here")
    talk.hear("250 ")
    return talk


def sending():
    clear = socket.create_connection(("localhost", base + 25))
    clear.settimeout(60)
    talk = Talk.__new__(Talk)
    talk.lines = clear.makefile("rwb")
    talk.hear("220 ")
    for line in ["EHLO here", f"MAIL FROM:<{user}>", f"RCPT TO:<{other}>"]:
        talk.say(line)
        talk.hear("250 ")
    talk.say("DATA")
    talk.hear("354 ")
    talk.say("Subject: at the last moment\r\n\r\nhalf of it")
    return talk


data = sending()
if how == "stay":
    print("ready", flush=True)
    sys.stdin.read()
    # Cut, and nothing acknowledged.
    try:
        rest = data.lines.read()
    except ConnectionError:
        rest = b""
    if b"250" in rest:
        raise SystemExit(f"acknowledged: {rest!r}")
    sys.exit()

waiting = [(imap(True), "* BYE"), (imap(False), "* BYE"), (pop3(), "-ERR"), (smtp(), "421 ")]
print("ready", flush=True)
sys.stdin.read()
for talk, goodbye in waiting:
    talk.hear(goodbye)
    talk.over()
data.say("the other half\r\n.")
data.hear("250 ")
data.hear("421 ")
data.over()
