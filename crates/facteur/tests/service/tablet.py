"""The old tablet's e-mail app at the submission service: one step for each acceptance test
of its specification (section 7), with the dialogue of section 5.1 octet for octet. It says no
farewell: a message is a connection and a sign-in of its own, which is then let go."""
import base64
import imaplib
import json
import poplib
import socket
import struct
import sys
import time

from happened import expect, world

here = world()
jeanne, paul = here.people
# Its kinds of security, each with its port.
KINDS = {"none": 587, "ssl": 465, "starttls": 587}
# A service that does not answer fails the test before whoever waits for it gives up.
PATIENCE = 60


class Tablet:
    """One connection, which has said EHLO."""

    def __init__(self, kind, hello="[192.168.1.20]"):
        self.wire = socket.create_connection(("localhost", here.base + KINDS[kind]), timeout=PATIENCE)
        if kind == "ssl":
            self.secure()
        self.lines = self.wire.makefile("rb")
        self.hears(220)
        self.offers = self.says(f"EHLO {hello}", 250)
        if kind == "starttls":
            expect("STARTTLS" in "".join(self.offers), self.offers)
            self.says("STARTTLS", 220)
            self.secure()
            self.lines = self.wire.makefile("rb")
            self.offers = self.says(f"EHLO {hello}", 250)

    def secure(self):
        self.wire = here.tls.wrap_socket(self.wire, server_hostname="localhost")

    def hears(self, code):
        """All lines of a reply, which has this code."""
        said = []
        while True:
            line = self.lines.readline().decode()
            said.append(line)
            # An end of the stream, which the tablet takes for success, is none here.
            expect(line.startswith(f"{code}"), f"{code}: {said}")
            if line[3:4] != "-":
                return said

    def says(self, line, code):
        self.wire.sendall(line.encode() + b"\r\n")
        return self.hears(code)

    def signs_in(self, person=jeanne):
        both = f"\0{person['address']}\0{person['password']}"
        self.says(f"AUTH PLAIN {base64.b64encode(both.encode()).decode()}", 235)

    def names(self, recipients):
        self.says(f"MAIL FROM: <{jeanne['address']}>", 250)
        for recipient in recipients:
            self.says(f"RCPT TO: <{recipient}>", 250)

    def begins(self, recipients=(paul["address"],)):
        self.names(recipients)
        self.says("DATA", 354)

    def sends(self, octets, recipients=(paul["address"],)):
        self.begins(recipients)
        self.wire.sendall(octets)
        self.says("\r\n.", 250)

    def goes(self, reset=False):
        """Without a word, nor one of TLS. Where it has not read all, the peer is told by a reset."""
        if reset:
            self.wire.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.lines.close()
        self.wire.close()


def signed_in(kind, hello="[192.168.1.20]"):
    tablet = Tablet(kind, hello)
    tablet.signs_in()
    return tablet


def letter(number):
    return f"Message-ID: <{number}.1@email.android.com>\r\nSubject: {number}\r\nFrom: {jeanne['address']}\r\n\r\naGk=".encode()


def pop3(person):
    box = poplib.POP3_SSL("localhost", here.base + 995, context=here.tls, timeout=PATIENCE)
    box.user(person["address"])
    box.pass_(person["password"])
    return box


def subjects(person):
    """Of all that is in the inbox."""
    box = pop3(person)
    heads = [box.top(number + 1, 0)[1] for number in range(box.stat()[0])]
    box.quit()
    return [line[9:].decode() for head in heads for line in head if line.startswith(b"Subject: ")]


def arrived(person, wanted):
    """Waits for these subjects: what goes to several is brought round after it was accepted."""
    until = time.monotonic() + PATIENCE
    while len(found := subjects(person)) < len(wanted) and time.monotonic() < until:
        pass
    expect(sorted(found) == sorted(wanted), found)


def test_22():
    sent = 0
    for kind in KINDS:
        for hello in ("[10.0.0.2]", "[IPv6:fe80::1%wlan0]", "localhost"):
            signed_in(kind, hello).sends(letter(sent), [paul["address"], jeanne["address"]])
            sent += 1
    for person in here.people:
        arrived(person, [str(number) for number in range(sent)])


def test_23():
    for kind in KINDS:
        tablet = Tablet(kind)
        # As it looks for them: in the joined lines, in capitals.
        [offer] = [line for line in tablet.offers if line[4:].startswith("AUTH ")]
        expect(offer[4:].split() == ["AUTH", "PLAIN", "LOGIN"], offer)
        keywords = [line[4:].split()[0] for line in tablet.offers[1:]]
        expect(all(word == word.upper() for word in keywords), keywords)
        tablet.signs_in()
        tablet.sends(letter(f"{kind} plain"))
        tablet = Tablet(kind)
        tablet.says("AUTH LOGIN", 334)
        tablet.says(base64.b64encode(jeanne["address"].encode()).decode(), 334)
        tablet.says(base64.b64encode(jeanne["password"].encode()).decode(), 235)
        tablet.sends(letter(f"{kind} login"))
    arrived(paul, [f"{kind} {way}" for kind in KINDS for way in ("plain", "login")])


def test_25_vanishes():
    sent = 0
    for kind in KINDS:
        for reset in (False, True):
            signed_in(kind).goes(reset)
            tablet = signed_in(kind)
            tablet.sends(letter(sent))
            tablet.goes(reset)
            sent += 1
    arrived(paul, [str(number) for number in range(sent)])


def test_25_not_an_error():
    """What is kept of it: sign-ins that were fine, and as many messages."""
    events = here.events(jeanne["address"])
    signed = [one for one in events if one["what"] == "sign-in"]
    expect(sum(one["count"] for one in signed) == 12, events)
    expect(all(one["refused"] is None for one in signed), events)
    expect(sum(one["count"] for one in events if one["what"] == "sent") == 6, events)
    expect({one["what"] for one in events} == {"sign-in", "sent"}, events)


def test_25_stopping():
    half = {kind: signed_in(kind) for kind in KINDS}
    done = {kind: signed_in(kind) for kind in KINDS}
    for tablet in [*half.values(), *done.values()]:
        tablet.begins()
        tablet.wire.sendall(f"Subject: half of it\r\nFrom: {jeanne['address']}\r\n\r\naGk=".encode())
    print("ready", flush=True)
    sys.stdin.read()
    for tablet in done.values():
        tablet.says("\r\n.", 250)
        tablet.hears(421)
    for tablet in half.values():
        [said] = tablet.hears(421)
        expect(said.startswith("421 4.3.2 "), said)
        # That is its last word.
        expect(tablet.lines.read() == b"", "it said more")


def test_25_stopped():
    arrived(paul, ["half of it"] * len(KINDS))


def test_26():
    name = "été à la plage ☀.jpg"
    boundary = "--_com.android.email_12345"
    picture = base64.encodebytes(bytes(range(256)) * (5 * 1024 * 1024 // 256)).decode().replace("\n", "\r\n")
    head = f"""Date: Mon, 23 Nov 2026 10:11:12 +0100
Subject: =?UTF-8?B?w6l0w6k=?=
Message-ID: <1.1@email.android.com>
From: <{jeanne["address"]}>
To: <{paul["address"]}>
MIME-Version: 1.0
Content-Type: multipart/mixed; boundary="{boundary}"

--{boundary}
Content-Type: text/plain; charset=utf-8
Content-Transfer-Encoding: base64

w6l0w6kK

--{boundary}
Content-Type: image/jpeg;
 name="{name}"
Content-Transfer-Encoding: base64
Content-Disposition: attachment;
 filename="{name}";
 size=5242880

""".replace("\n", "\r\n")
    # Neither 8BITMIME nor SMTPUTF8 is asked for.
    octets = f"{head}{picture}\r\n--{boundary}--".encode()
    for kind in KINDS:
        signed_in(kind).sends(octets)
    box = pop3(paul)
    whole = [b"\r\n".join(box.retr(number + 1)[1]) + b"\r\n" for number in range(len(KINDS))]
    box.quit()
    for one in whole:
        expect(one.endswith(b"\r\n" + octets + b"\r\n"), f"by POP3: {one[:2000]}")
    mailbox = imaplib.IMAP4_SSL("localhost", here.base + 993, ssl_context=here.tls, timeout=PATIENCE)
    mailbox.login(paul["address"], paul["password"])
    mailbox.select()
    for number, one in enumerate(whole, 1):
        fetch = lambda what: mailbox.fetch(str(number), f"({what})")[1]
        expect(fetch("BODY.PEEK[]")[0][1] == one, "by IMAP")
        expect(f'name="{name}"'.encode() in fetch("BODY.PEEK[2.MIME]")[0][1], "its part")
        expect(base64.b64decode(fetch("BODY.PEEK[2]")[0][1]) == base64.b64decode(picture), "the picture")
        # The structure tells the name too: as a literal, since it is no ASCII.
        told = fetch("BODYSTRUCTURE")
        told = b"".join(b"".join(item) if isinstance(item, tuple) else item for item in told)
        expect(name.encode() in told and b"{" in told, told)
    mailbox.logout()


def test_27():
    for kind in KINDS:
        for number in range(10):
            signed_in(kind).sends(letter(f"{kind} {number}"))
    arrived(paul, [f"{kind} {number}" for kind in KINDS for number in range(10)])
    events = here.events(jeanne["address"])
    sent = [one for one in events if one["what"] == "sent"]
    expect(sum(one["count"] for one in sent) == 30, events)
    expect(all(one["refused"] is None for one in events if one["what"] == "sign-in"), events)


def shown(person):
    return json.loads(here.facteur("account", "show", person["address"], "--json"))["sending"]


def reports():
    """The text of each report that Jeanne has."""
    box = pop3(jeanne)
    whole = [b"\r\n".join(box.retr(number + 1)[1]) for number in range(box.stat()[0])]
    box.quit()
    return [one.decode() for one in whole if b"message/delivery-status" in one]


def refused(recipient, tablet, code=550, sender=jeanne, space=" "):
    tablet.says(f"MAIL FROM:{space}<{sender['address']}>", 250)
    tablet.says(f"RCPT TO:{space}<{recipient}>", code)
    tablet.goes()


def told_later():
    began = time.time()
    one, other = "wrong@facteur.test", "faux@facteur.test"
    # Of a tablet that was never heard of.
    refused(one, signed_in("ssl"))
    # Two programs that have something of it: neither is one.
    odd = signed_in("ssl")
    odd.sends(letter("odd").replace(b"@email.android.com", b"@example.org"))
    other_program = signed_in("ssl", "laptop.example.org")
    other_program.sends(letter("other"))
    expect(not shown(jeanne)["old_tablet"], shown(jeanne))
    refused(one, signed_in("ssl"))
    signed_in("ssl").sends(letter("known"))
    expect(shown(jeanne)["old_tablet"] and not shown(paul)["old_tablet"], shown(jeanne))
    for number in range(2):
        signed_in("ssl").sends(letter(f"late {number}"), [other, paul["address"]])
    arrived(paul, ["odd", "other", "known", "late 0", "late 1"])
    until = time.monotonic() + PATIENCE
    while len(found := reports()) < 2 and time.monotonic() < until:
        pass
    expect(len(found) == 2, found)
    for report in found:
        for words in (f"Final-Recipient: rfc822; {other}", "Status: 5.1.1", "no such address", "email.android.com"):
            expect(words in report, (words, report))
    expect(json.loads(here.facteur("queue", "list", "--json")) == [], "something waits")
    # Both count as unknown recipients, once in an hour however often they were named.
    sent = [one for one in here.events(jeanne["address"]) if one["what"] == "sent"]
    if began // 3600 == time.time() // 3600:
        expect(sum(one["unknown"] for one in sent) == 2, sent)
    # What is no address is refused; and so is all that does not come from the tablet.
    refused("wrong", signed_in("ssl"), 501)
    refused(other, signed_in("ssl"), space="")
    refused(other, signed_in("ssl", "laptop.example.org"))
    stranger = Tablet("ssl")
    stranger.signs_in(paul)
    refused(other, stranger, sender=paul)


def remembered():
    expect(shown(jeanne)["old_tablet"], shown(jeanne))


globals()[sys.argv[2]]()
