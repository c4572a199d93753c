"""A list of guessed addresses: the other service refuses many, and the account is stopped; what
it has waiting for a host that is down is held, and what others have is not."""
import json
import smtplib

from sending.house import check, houses, until

here, there = houses()
jeanne, paul = here.people
known = there.people[1]["address"]

here.letter(jeanne, ["somebody@down.test"], "waits")
here.letter(paul, ["somebody@down.test"], "waits too")
text = f"From: {jeanne['address']}\r\nSubject: Offer\r\n\r\nBuy.\r\n"
with smtplib.SMTP_SSL("localhost", here.base + 465, context=here.trust) as smtp:
    smtp.login(jeanne["address"], jeanne["password"])
    for _ in range(40):
        smtp.sendmail(jeanne["address"], [known], text)
    smtp.sendmail(jeanne["address"], [f"guess{number}@b.test" for number in range(20)], text)


def stopped():
    shown = json.loads(here.command("account", "show", jeanne["address"], "--json"))["sending"]
    return shown["why"]


def held(person):
    return {one["held"] for one in here.queue() if one["from"] == person["address"] and
            one["recipients"][0]["address"] == "somebody@down.test"}


check("30 %" in until(stopped, here.queue), stopped())
until(lambda: held(jeanne) == {True}, here.queue)
check(held(paul) == {False}, here.queue())
try:
    here.letter(jeanne, [known], "more")
    check(False, "it was taken")
except smtplib.SMTPSenderRefused as refused:
    check(refused.smtp_code == 550, refused)
events = json.loads(here.command("account", "events", jeanne["address"], "--json"))
[lock] = [one for one in events if one["what"] == "locked"]
check(lock["unknown"] == 20 and lock["recipients"] == 61 and lock["held"] >= 1, lock)
