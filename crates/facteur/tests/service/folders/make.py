"""Some of everything that a folder can keep."""
import json
import smtplib
import ssl
import subprocess

from imap_client import Imap

# For these tests alone.
PASSWORDS = {
    "jeanne@facteur.test": "une fleur de tilleul",
    "paul@facteur.test": "Ünïcode, 4 mots ici",
    "odile@exemple.test": "quatre mots au hasard",
}
PLAIN = b"From: someone@example.org\r\nSubject: plain\r\n\r\nHello.\r\n.\r\n..\r\n"
ODD = b"\xe9t\xe9: no field\r\nSubject: \xff\r\n\r\n8-bit \xe9\r\n"
LETTER = b"""From: Jeanne <jeanne@facteur.test>
To: Paul <paul@facteur.test>
Subject: =?utf-8?q?=C3=89t=C3=A9?=
Date: Tue, 24 Nov 2026 10:11:12 +0100
Message-ID: <letter@facteur.test>
MIME-Version: 1.0
Content-Type: multipart/mixed; boundary=b

--b
Content-Type: text/plain; charset=utf-8
Content-Transfer-Encoding: quoted-printable

Bonjour =C3=A0 tous.
--b
Content-Type: application/octet-stream; name="a.bin"
Content-Disposition: attachment; filename="a.bin"
Content-Transfer-Encoding: base64

AAECAwQF
--b--
""".replace(b"\n", b"\r\n")
ANSWER = b"""From: Paul <paul@facteur.test>
To: Jeanne <jeanne@facteur.test>
Subject: Re: =?utf-8?q?=C3=89t=C3=A9?=
Message-ID: <answer@facteur.test>
In-Reply-To: <letter@facteur.test>
References: <letter@facteur.test>

Oui.
""".replace(b"\n", b"\r\n")
# Kept in a file of its own, and next to nothing once it is packed.
LARGE = b"From: jeanne@facteur.test\r\nSubject: large\r\n\r\n" + b"0123456789abcdef\r\n" * 20_000


def make(setting):
    """Gives who there is, with their passwords."""
    people(setting)
    mail(setting)
    jeanne(Imap(setting, person("jeanne@facteur.test")))
    paul(Imap(setting, person("paul@facteur.test")))
    return [person(address) for address in PASSWORDS]


def person(address):
    return {"address": address, "password": PASSWORDS[address]}


def facteur(setting, *arguments, password=None):
    line = None if password is None else f"{password}\n".encode()
    command = [setting["binary"], "--data", setting["data"], *arguments]
    return subprocess.run(command, input=line, check=True, stdout=subprocess.PIPE).stdout


def people(setting):
    for address in ["jeanne@facteur.test", "paul@facteur.test"]:
        change = ["account", "password", address, "--password-stdin"]
        facteur(setting, *change, password=PASSWORDS[address])
    facteur(setting, "domain", "add", "exemple.test")
    odile = "odile@exemple.test"
    add = ["account", "add", odile, "--password-stdin", "--name", "Odile Été", "--quota", "1K"]
    facteur(setting, *add, password=PASSWORDS[odile])
    facteur(setting, "account", "set", odile, "--old-devices", "on")
    facteur(setting, "account", "limits", odile, "--messages-per-hour", "7")
    facteur(setting, "alias", "add", "info@exemple.test", "paul@facteur.test", odile)
    facteur(setting, "alias", "add", "*@exemple.test", "paul@facteur.test")
    facteur(setting, "account", "redirect", odile, "d@example.com", "--keep-copy")
    facteur(setting, "domain", "add", "exemple.example", "--alias-of", "exemple.test")


def mail(setting):
    outside = smtplib.SMTP("localhost", setting["base"] + 25)
    outside.ehlo("mx.example.org")
    sender = "someone@example.org"
    for message in [PLAIN, ODD, PLAIN]:
        outside.sendmail(sender, ["jeanne@facteur.test"], message)
    outside.sendmail("", ["postmaster@facteur.test", "paul@facteur.test"], ODD)
    # Odile may not hold so much: her copy waits.
    outside.sendmail(sender, ["info@exemple.test"], PLAIN + b"More than Odile may hold.\r\n" * 50)
    outside.quit()
    trust = ssl.create_default_context(cafile=setting["authority"])
    inside = smtplib.SMTP_SSL("localhost", setting["base"] + 465, context=trust)
    inside.ehlo("device")
    inside.login("jeanne@facteur.test", PASSWORDS["jeanne@facteur.test"])
    inside.sendmail("jeanne@facteur.test", ["paul@facteur.test"], LETTER)
    inside.sendmail("jeanne@facteur.test", ["paul@facteur.test"], LARGE)
    inside.sendmail("jeanne@facteur.test", ["paul@facteur.test", "a@example.com"], LETTER)
    inside.sendmail("jeanne@facteur.test", ["b@example.com"], LETTER)
    # With what reports need, and held.
    wishes = ["RET=HDRS", "ENVID=42+2B"], ["NOTIFY=SUCCESS,DELAY", "ORCPT=rfc822;c+40example.com"]
    inside.sendmail("jeanne@facteur.test", ["c@example.com"], LETTER, *wishes)
    inside.quit()
    tablet(setting, trust)
    waits = json.loads(facteur(setting, "queue", "list", "--json"))
    held = [one["id"] for one in waits if one["recipients"][0]["address"] == "c@example.com"]
    facteur(setting, "queue", "hold", held[0])


def tablet(setting, trust):
    """Jeanne sends as an old tablet does, which is remembered of her."""
    jeanne = "jeanne@facteur.test"
    inside = smtplib.SMTP_SSL("localhost", setting["base"] + 465, local_hostname="[192.168.1.20]", context=trust)
    inside.login(jeanne, PASSWORDS[jeanne])
    for line in [f"MAIL FROM: <{jeanne}>", "RCPT TO: <paul@facteur.test>"]:
        inside.docmd(line)
    inside.data(f"Message-ID: <1.1@email.android.com>\r\nFrom: {jeanne}\r\n\r\naGk=\r\n")
    inside.close()


def jeanne(imap):
    """Flags and keywords; mailboxes made, renamed, deleted; copied, moved and removed."""
    imap.command("CREATE Clients/&AMk-t&AOk-")
    imap.command("CREATE Old")
    imap.command('APPEND Old "05-Nov-2025 10:11:12 -0330"', PLAIN)
    imap.command("RENAME Old Clients/Older")
    imap.command("CREATE Gone/Within")
    imap.command("DELETE Gone")
    imap.command("SUBSCRIBE Gone")
    imap.command("UNSUBSCRIBE Junk")
    flags = "\\Seen \\Draft $Forwarded Work"
    imap.command(f'APPEND Drafts ({flags}) "28-Feb-2026 23:59:59 +1245"', LETTER)
    imap.command("SELECT INBOX")
    imap.command("UID STORE 1:2 FLAGS (\\Answered \\Flagged later)")
    imap.command("UID COPY 1:2 Clients/&AMk-t&AOk-")
    imap.command("UID MOVE 2 Trash")
    imap.command("UID STORE 3 +FLAGS (\\Deleted)")
    imap.command("EXPUNGE")
    imap.command("SELECT Clients/&AMk-t&AOk-")
    imap.command("UID STORE 1 -FLAGS (later)")
    imap.close()


def paul(imap):
    """The last message of a mailbox is removed: its UID must not come again. A letter is
    answered."""
    imap.command("APPEND Drafts (\\Draft)", ANSWER)
    imap.command("APPEND Sent", PLAIN)
    imap.command("APPEND Sent (\\Deleted)", PLAIN)
    imap.command("SELECT Sent")
    imap.command("EXPUNGE")
    imap.close()
