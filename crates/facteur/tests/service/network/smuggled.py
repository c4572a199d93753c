"""Messages that try to be two, by ends of a message that only some hosts take for one: through
Postfix to us, and through us to Postfix. Nobody gets the second."""
import base64
import socket

from network.world import POSTFIX, elsewhere
from sending.house import check, houses, read

here, there = houses()
postfix, _ = elsewhere()
jeanne = here.people[0]

# CVE-2023-51764 and its kin: each end of a message that some program has taken for one.
ENDS = [
    b"\n.\n", b"\n.\r\n", b"\r\n.\n", b"\r.\r", b"\r.\r\n", b"\r\n.\r", b"\n.\r", b"\r.\n",
    b"\n\n.\r\n", b"\r\n\x00.\r\n", b"\r\n.\x00\r\n", b"\r\r\n.\r\r\n", b"\n\r.\r\n",
]


def smuggling(sender, to, end, number):
    second = (
        b"MAIL FROM:<%(to)s>\r\nRCPT TO:<%(to)s>\r\nDATA\r\nFrom: %(to)s\r\nTo: %(to)s\r\n"
        b"Subject: smuggled\r\n\r\nsmuggled\r\n"
    ) % {b"to": to.encode()}
    head = f"From: {sender}\r\nTo: {to}\r\nSubject: carrier {number}\r\n\r\ncarrier"
    return head.encode() + end + second + b"\r\n.\r\n"


class Line:
    """SMTP by hand."""

    def __init__(self, stream):
        self.stream, self.replies = stream, stream.makefile("rb")
        self.reply()

    def reply(self):
        while (line := self.replies.readline())[3:4] == b"-":
            pass
        check(line, "the connection was closed")
        return line

    def say(self, octets):
        self.stream.sendall(octets)
        return self.reply()


def carry(line, sender, to, end, number):
    """Sends one, and gives what is said of it at its real end."""
    for words in [f"MAIL FROM:<{sender}>", f"RCPT TO:<{to}>", "DATA"]:
        said = line.say(f"{words}\r\n".encode())
        check(said[:1] in b"23", (words, said))
    line.stream.sendall(smuggling(sender, to, end, number))
    said = line.reply()
    # Whatever was said to the second is heard here, and was an error.
    line.stream.sendall(b"NOOP\r\n")
    replies = [line.reply()]
    while not replies[-1].startswith(b"250"):
        replies.append(line.reply())
    return said


def plain(host):
    return Line(socket.create_connection((host, 25)))


def signed_in():
    line = Line(here.trust.wrap_socket(socket.create_connection((here.host, 465)), server_hostname=here.host))
    line.say(b"EHLO script\r\n")
    word = base64.b64encode(f"\0{jeanne['address']}\0{jeanne['password']}".encode())
    check(line.say(b"AUTH PLAIN " + word + b"\r\n").startswith(b"235"), "signed in")
    return line


# Through Postfix to us.
for number, end in enumerate(ENDS):
    line = plain(postfix.host)
    line.say(b"EHLO script\r\n")
    carry(line, postfix.address, jeanne["address"], end, number)
# Straight to us: with a bare CR or LF it is refused at its real end, and the connection goes on.
# From whoever signed in such line ends are mended, and it goes on to Postfix, as one.
for number, end in enumerate(ENDS):
    line = plain("127.0.0.10")
    line.say(b"EHLO script\r\n")
    said = carry(line, postfix.address, jeanne["address"], end, 100 + number)
    is_bare = bool(set(end.replace(b"\r\n", b"")) & set(b"\r\n"))
    check(said.startswith(b"550 5.6.0" if is_bare else b"250"), (end, said))
    said = carry(signed_in(), jeanne["address"], POSTFIX, end, 200 + number)
    check(said.startswith(b"250"), (end, said))

# What comes behind is there: so all that was to come has come.
postfix.send(jeanne["address"], f"From: {POSTFIX}\r\nSubject: behind\r\n\r\nx\r\n".encode())
here.arrived(jeanne, "behind")
here.letter(jeanne, [POSTFIX], "behind")
here.until_sent()
postfix.arrived("behind")
for number in range(len(ENDS)):
    postfix.arrived(f"carrier {200 + number}")
for octets in here.inbox(jeanne) + here.inbox(jeanne, "Junk") + postfix.mail():
    check(read(octets)["Subject"] != "smuggled", octets[:2000])
