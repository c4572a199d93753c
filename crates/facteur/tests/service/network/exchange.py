"""Mail between two services of ours, Postfix and OpenSMTPD, all ways."""
import smtplib

from network.world import POSTFIX, OPENSMTPD, elsewhere
from sending.house import check, houses, read, until

here, there = houses()
postfix, opensmtpd = elsewhere()
[jeanne, paul], [other_jeanne, other_paul] = here.people, there.people

BODY = "".join(f"{line}\r\n" for line in [".", "..", ".dot", "", "é à 日本", "x" * 900, "end"]).encode()
LARGE = ("0123456789abcdef" * 4 + "\r\n").encode() * 150_000


def message(sender, to, subject, body=BODY):
    head = (
        f"From: {sender}\r\nTo: {to}\r\nSubject: {subject}\r\nDate: Sat, 28 Nov 2026 10:00:00 +0000\r\n"
        f"Message-ID: <{subject.replace(' ', '.')}@test>\r\nMIME-Version: 1.0\r\n"
        "Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n"
    )
    return head.encode() + body


def content(octets):
    return octets.replace(b"\r\n", b"\n").split(b"\n\n", 1)[1]


def same(octets, body):
    check(content(octets) == body.replace(b"\r\n", b"\n"), octets[:3000])


def judged(octets, *words):
    [field] = read(octets).get_all("Authentication-Results")
    for word in words:
        check(word in field, field)


# Between the two of ours: what b.test's DNS says is demanded one way (DANE), what a.test promises
# on its page the other (MTA-STS).
for house, person, other, to in [(here, jeanne, there, other_paul), (there, other_paul, here, jeanne)]:
    house.submit(person, [to["address"]], message(person["address"], to["address"], "between us"), ["BODY=8BITMIME"])
    octets = other.arrived(to, "between us")
    same(octets, BODY)
    judged(octets, "spf=pass", "dkim=pass", "dmarc=pass", "iprev=pass")
    check(" with ESMTPS " in read(octets).get_all("Received")[0].replace("\r\n", "").replace("\t", " "), octets[:2000])

# To the others.
for other, address in [(postfix, POSTFIX), (opensmtpd, OPENSMTPD)]:
    for subject, body in [("to them", BODY), ("large to them", LARGE)]:
        here.submit(jeanne, [address], message(jeanne["address"], address, subject, body), ["BODY=8BITMIME"])
        octets = other.arrived(subject)
        same(octets, body)
        check(b"DKIM-Signature:" in octets, octets[:2000])
# Postfix showed a certificate, and was told that it was delivered.
check(b"with ESMTPS" in postfix.arrived("to them"), postfix.arrived("to them")[:2000])
here.submit(jeanne, [POSTFIX], message(jeanne["address"], POSTFIX, "asked"), rcpt_options=["NOTIFY=SUCCESS"])
report = until(lambda: [one for one in here.inbox(jeanne) if b"Action: delivered" in one], "a report by Postfix")[0]
check(b"postfix.test" in report and read(report)["Subject"].startswith("Successful"), report)
with smtplib.SMTP_SSL(here.host, 465, context=here.trust) as smtp:
    smtp.login(jeanne["address"], jeanne["password"])
    octets = message(jeanne["address"], POSTFIX, "Été")
    smtp.sendmail(jeanne["address"], [POSTFIX], octets, ["SMTPUTF8", "BODY=8BITMIME"])
same(postfix.arrived("Été"), BODY)

# From the others.
here.command("account", "add", "zoé@a.test", "--password-stdin", given="quatre mots au hasard\n")
for other, address in [(postfix, POSTFIX), (opensmtpd, OPENSMTPD)]:
    for subject, body in [("from them", BODY), ("large from them", LARGE)]:
        other.send(jeanne["address"], message(address, jeanne["address"], f"{subject}: {address}", body))
        octets = here.arrived(jeanne, f"{subject}: {address}")
        same(octets, body)
        judged(octets, "spf=pass", "iprev=pass")
    # Whoever is not there comes back as a report, which is made by them.
    other.send("nobody@a.test", message(address, "nobody@a.test", "to nobody"))
    until(lambda: [one for one in other.mail() if b"nobody@a.test" in one and b"550 5.1.1" in one], "a bounce")
octets = read(here.arrived(jeanne, f"from them: {POSTFIX}"))
check(" with ESMTPS " in octets.get_all("Received")[0].replace("\r\n", "").replace("\t", " "), octets.items())
# What they ask to be told of, we tell them.
postfix.send(jeanne["address"], message(POSTFIX, jeanne["address"], "told"), rcpt_options=["NOTIFY=SUCCESS"])
report = until(lambda: [one for one in postfix.mail() if b"Action: delivered" in one], "a report by us")[0]
check(b"Reporting-MTA: dns; mail.a.test" in report, report[:3000])
octets = message(POSTFIX, "zoé@a.test", "à zoé")
postfix.send("zoé@a.test", octets, ["SMTPUTF8", "BODY=8BITMIME"], ["NOTIFY=SUCCESS"])
until(lambda: [one for one in postfix.mail() if b"Final-Recipient: utf-8; zo\\x{E9}@a.test" in one], "a report on zoé")
here.until_sent()
there.until_sent()
