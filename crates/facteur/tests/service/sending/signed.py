"""Messages of many kinds, and a report, as they arrive at another service: in hex, one a
line, behind the records of the keys that should have signed them."""
import json

from sending.house import check, houses

here, there = houses()
[jeanne, paul], [other_jeanne, other_paul] = here.people, there.people
TO = other_paul["address"]

bodies = {
    "plain": "Bonjour.\r\n",
    "empty": "",
    "blank lines": "\r\n\r\nBonjour.\r\n\r\n\r\n",
    "white space": "Bonjour \t à  tous \r\n \r\n\t\r\n",
    "dots": ".\r\n..\r\n.a\r\n",
    "long lines": "x" * 990 + "\r\n" + "é" * 400 + "\r\n",
    "bare line feeds": "Bonjour.\nÀ bientôt.\r\n",
    "no final end": "Bonjour.",
    "large": "une ligne  de texte \r\n" * 100_000,
}
for subject, body in bodies.items():
    head = (
        f"Bcc: {other_jeanne['address']}\r\nFrom : Jeanne\r\n <{jeanne['address']}>\r\n"
        f"To: {TO}\r\nSubject: {subject}\r\nX-Folded: a\r\n\tb\r\n"
    )
    here.submit(jeanne, [TO], f"{head}\r\n{body}".encode())
for subject in bodies:
    octets = there.arrived(other_paul, subject)
    check(b"\r\nBcc:" not in octets and b"\r\nMessage-ID: <" in octets, octets)
    print("message", octets.hex())

# Mail that an alias leads on is not ours, the report about it is.
here.command("alias", "add", "lost@a.test", "x@null.test")
there.letter(other_paul, ["lost@a.test"], "led on")
report = there.arrived(other_paul, "Not delivered: led on")
print("message", report.hex())
for key in json.loads(here.command("domain", "keys", "list", "a.test", "--json")):
    print("record", key["name"], key["record"])
