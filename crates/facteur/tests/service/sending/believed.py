"""What a domain's own service sends is believed elsewhere; what others send in its name is not."""
import smtplib

from sending.house import check, houses, read

here, there = houses()
[jeanne, _], [_, other_paul] = here.people, there.people


def verdicts(octets):
    """What was found out, by mechanism: a list for each."""
    [field] = read(octets).get_all("Authentication-Results")
    found = {}
    for word in field.replace(";", " ").split():
        name, _, value = word.partition("=")
        if name in ("spf", "dkim", "dmarc"):
            found.setdefault(name, []).append(value)
    return found


here.letter(jeanne, [other_paul["address"]], "signed")
octets = there.arrived(other_paul, "signed")
found = verdicts(octets)
check(found["dkim"] == ["pass", "pass"] and found["dmarc"] == ["pass"], octets)

# The same message, changed on its way.
signed = octets[octets.index(b"DKIM-Signature:"):]
for changed, what in [
    (signed.replace(b"Bonjour.", b"Bonsoir."), "body"),
    (signed.replace(b"Subject: signed", b"Subject: forged"), "subject"),
    (b"From: paul@a.test\r\nTo: x\r\nSubject: bare\r\n\r\nx\r\n", "no signature"),
]:
    with smtplib.SMTP("localhost", there.base + 25) as smtp:
        try:
            smtp.sendmail("someone@elsewhere.test", [other_paul["address"]], changed)
            raise SystemExit(f"{what}: it was taken")
        except smtplib.SMTPDataError as error:
            said = error.smtp_error.decode()
            check(error.smtp_code == 550 and said.startswith("5.7.1 "), error)
            check("a.test" in said and "DMARC" in said, said)

# Unchanged it is believed, whoever brings it.
with smtplib.SMTP("localhost", there.base + 25) as smtp:
    smtp.sendmail("someone@elsewhere.test", [other_paul["address"]], signed)

# A report of ours is signed as well.
here.command("alias", "add", "list@a.test", other_paul["address"], "nobody@b.test")
with smtplib.SMTP("localhost", here.base + 25) as smtp:
    head = f"From: {other_paul['address']}\r\nSubject: to a list\r\n"
    smtp.sendmail(other_paul["address"], ["list@a.test"], f"{head}\r\nx\r\n")
report = there.arrived(other_paul, "Not delivered: to a list")
check(verdicts(report)["dkim"] == ["pass", "pass"], report)
