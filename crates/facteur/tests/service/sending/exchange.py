"""Mail goes to another service, and comes back."""
from sending.house import check, houses, read

here, there = houses()
[jeanne, paul], [other_jeanne, other_paul] = here.people, there.people

# To several there and one here, with lines that need care.
body = "".join(f"{line}\r\n" for line in [".", "..", ".dot", "", "é à 日本", "x" * 900, "end"])
message = (
    f"From: {jeanne['address']}\r\nTo: all\r\nSubject: to many\r\nMIME-Version: 1.0\r\n"
    f"Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n{body}"
).encode()
recipients = [other_paul["address"], other_jeanne["address"], paul["address"]]
here.submit(jeanne, recipients, message, ["BODY=8BITMIME"])
for house, person in [(there, other_paul), (there, other_jeanne), (here, paul)]:
    octets = house.arrived(person, "to many")
    check(octets.split(b"\r\n\r\n", 1)[1] == body.encode(), octets)
    check(octets.startswith(f"Return-Path: <{jeanne['address']}>\r\n".encode()), octets)
    check(octets.count(b"Return-Path:") == 1, octets)
here.until_sent()
received = read(there.arrived(other_paul, "to many")).get_all("Received")
# Between the two it was encrypted, though nobody vouches for the certificate.
check(len(received) == 2 and " with ESMTPS " in received[0].replace("\n\t", " "), received)

# Large, and nothing of it is lost on the way.
line = "0123456789abcdef" * 4 + "\r\n"
large = line * (5_000_000 // len(line))
here.letter(jeanne, [other_paul["address"]], "large", large)
octets = there.arrived(other_paul, "large")
check(octets.endswith(("\r\n\r\n" + large).encode()), len(octets))

# An answer.
there.letter(other_paul, [jeanne["address"]], "answer")
here.arrived(jeanne, "answer")

# An alias there leads back here.
there.command("alias", "add", "back@b.test", jeanne["address"], other_jeanne["address"])
here.letter(paul, ["back@b.test"], "by an alias")
here.arrived(jeanne, "by an alias")
there.arrived(other_jeanne, "by an alias")

# To an address that only SMTPUTF8 can carry.
there.command("account", "add", "zoé@b.test", "--password-stdin", given="quatre mots au hasard\n")
zoe = {"address": "zoé@b.test", "password": "quatre mots au hasard"}
import smtplib
with smtplib.SMTP_SSL("localhost", here.base + 465, context=here.trust) as smtp:
    smtp.login(jeanne["address"], jeanne["password"])
    head = f"From: {jeanne['address']}\r\nTo: zoé@b.test\r\nSubject: unicode\r\n\r\nx\r\n"
    smtp.sendmail(jeanne["address"], ["zoé@b.test"], head.encode(), ["SMTPUTF8", "BODY=8BITMIME"])
here.until_sent()
there.until_sent()
