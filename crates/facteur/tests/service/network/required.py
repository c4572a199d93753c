"""Mail that is to go by TLS alone, all its way (REQUIRETLS, RFC 8689): to our own services, whose
hosts are proved by DNSSEC or a promise, and which promise to go on so; nowhere else."""
from network.world import OPENSMTPD, POSTFIX, elsewhere
from sending.house import check, houses, until

here, there = houses()
postfix, opensmtpd = elsewhere()
jeanne, other_paul = here.people[0], there.people[1]


def send(house, person, to, subject):
    head = f"From: {person['address']}\r\nSubject: {subject}\r\n"
    house.submit(person, [to], f"{head}\r\nA secret.\r\n".encode(), ["REQUIRETLS", "RET=FULL"])


send(here, jeanne, other_paul["address"], "by DNSSEC")
there.arrived(other_paul, "by DNSSEC")
send(there, other_paul, jeanne["address"], "by a promise")
here.arrived(jeanne, "by a promise")

# Postfix is proved, and knows nothing of it; OpenSMTPD knows nothing of TLS; and nothing proves that
# the sink is its domain's.
for other, to, status, words in [
    (postfix, POSTFIX, "5.7.30", "does not promise to send on by TLS alone"),
    (opensmtpd, OPENSMTPD, "5.7.10", "the host offers no TLS"),
    (opensmtpd, "x@sink.test", "5.7.10", "nothing proves that mail.sink.test takes the mail"),
]:
    send(here, jeanne, to, f"to {to}")
    report = until(
        lambda: [one for one in here.inbox(jeanne) if f"Not delivered: to {to}".encode() in one], to
    )[0]
    check(f"Status: {status}".encode() in report and words.encode() in report, report)
    # What was secret does not come back.
    check(b"A secret." not in report, report)
    check(all(f"to {to}".encode() not in one for one in other.mail()), other.mail())
check(not here.queue(), here.queue())
