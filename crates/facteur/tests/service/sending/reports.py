"""Whoever sent a message is told that it was not delivered, and why."""
from sending.house import check, houses, read

here, there = houses()
[jeanne, _], [_, other_paul] = here.people, there.people


def report(subject):
    """The parts of the report about a message: for people, for programs, the original."""
    message = read(here.arrived(jeanne, f"Not delivered: {subject}"))
    check(message["Return-Path"] == "<>", message.items())
    check(message["Auto-Submitted"] == "auto-replied", message.items())
    check(message.get_content_type() == "multipart/report", message.get_content_type())
    text, status, original = message.iter_parts()
    per_message, *recipients = [dict(part.items()) for part in status.get_payload()]
    check(per_message["Reporting-MTA"] == "dns; localhost", per_message)
    return text.get_content(), {one["Final-Recipient"]: one for one in recipients}, original.get_content()


# One is there, one is not: only of that one it is told.
here.letter(jeanne, [other_paul["address"], "nobody@b.test"], "half")
there.arrived(other_paul, "half")
text, recipients, original = report("half")
[one] = recipients.values()
check(one["Final-Recipient"] == "rfc822; nobody@b.test" and one["Action"] == "failed", one)
check(one["Status"] == "5.1.1" and one["Remote-MTA"] == "dns; mail.b.test", one)
check(one["Diagnostic-Code"].startswith("smtp; 550 5.1.1 "), one)
check("nobody@b.test" in text and "no such address" in text, text)
check("Subject: half" in original and f"From: {jeanne['address']}" in original, original)

# What the name service knows.
for name, status, words in [
    ("null.test", "5.1.10", "takes no mail"),
    ("nowhere.test", "5.1.2", "names no place"),
    ("us.test", "5.4.6", "round in circles"),
]:
    here.letter(jeanne, [f"x@{name}"], name)
    text, recipients, _ = report(name)
    check(recipients[f"rfc822; x@{name}"]["Status"] == status, recipients)
    check(words in text, text)
here.until_sent()

# A report that can't be delivered is no reason for another.
there.letter(other_paul, ["nobody@a.test"], "there")
there.command("account", "remove", other_paul["address"])
there.until_sent()
here.until_sent()

# Nothing is ever sent to a private address that the settings do not name.
here.letter(jeanne, ["x@private.test"], "private")
from sending.house import until
waits = until(lambda: [one for one in here.queue() if one["recipients"][0]["trouble"]], here.queue)
check("private or reserved address" in waits[0]["recipients"][0]["trouble"], waits)
