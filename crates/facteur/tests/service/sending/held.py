"""What its sender has held arrives when it is time, here and elsewhere, and not before."""
import smtplib

from sending.house import check, houses, until

here, there = houses()
[jeanne, paul], [_, other_paul] = here.people, there.people
everybody = [paul["address"], other_paul["address"]]


def send(subject, *options):
    message = f"From: {jeanne['address']}\r\nTo: all\r\nSubject: {subject}\r\n\r\nBonjour.\r\n"
    here.submit(jeanne, everybody, message.encode(), options)


send("soon", "HOLDFOR=3")
send("later", "HOLDFOR=86400")
shown = {one["id"]: one for one in here.queue()}
check(all(one["held_until"] and not one["held"] for one in shown.values()), shown)
check("waits until 20" in here.command("queue", "list"), "queue list")
later = max(shown, key=lambda id: shown[id]["held_until"])
here.arrived(paul, "soon")
there.arrived(other_paul, "soon")
# Whoever has all tried now does not mean this one; whoever names it does.
here.command("queue", "flush")
until(lambda: [one["id"] for one in here.queue()] == [later], here.queue)
check(here.shown(later)["held_until"] == shown[later]["held_until"], here.shown(later))
here.command("queue", "retry", later)
here.arrived(paul, "later")
there.arrived(other_paul, "later")
here.until_sent()

# No longer than is offered, and by users alone.
with smtplib.SMTP_SSL("localhost", here.base + 465, context=here.trust) as smtp:
    smtp.login(jeanne["address"], jeanne["password"])
    most, until_when = smtp.esmtp_features["futurerelease"].split()
    for option, code in [
        (f"HOLDFOR={most}", 250),
        (f"HOLDFOR={int(most) + 1}", 501),
        (f"HOLDUNTIL={until_when}", 250),
        ("HOLDUNTIL=2999-01-01T00:00:00Z", 501),
    ]:
        said = smtp.mail(jeanne["address"], [option])
        check(said[0] == code, (option, said))
        smtp.rset()
with smtplib.SMTP("localhost", here.base + 25) as smtp:
    smtp.ehlo()
    check(not smtp.has_extn("futurerelease"), smtp.esmtp_features)
    check(smtp.mail("x@b.test", ["HOLDFOR=60"])[0] == 555, "held for another server")
