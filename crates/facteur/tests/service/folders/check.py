"""Compares what is found today with what was found when the folder was kept."""
import json
import smtplib

from imap_client import Imap, flags_of

from .look import look, mailbox

NEW = b"From: someone@example.org\r\nSubject: new\r\n\r\nToday's.\r\n"


def check(setting, found):
    # As it is written down: a pair is then a list.
    now = json.loads(json.dumps(look(setting, found["people"])))
    different = list(differences("", found, now))
    if different:
        raise SystemExit("\n".join(different))
    for person in found["people"]:
        if person["address"] != "odile@exemple.test":
            goes_on(setting, person, now["mail"][person["address"]]["mailboxes"])


def differences(place, then, now):
    """Whatever was told then is told now; more may be."""
    if isinstance(then, dict) and isinstance(now, dict):
        for key in then:
            if key in now:
                yield from differences(f"{place}/{key}", then[key], now[key])
            else:
                yield f"{place}/{key} is gone"
        if place.endswith(("/mailboxes", "/messages")) and now.keys() - then.keys():
            yield f"{place} has {sorted(now.keys() - then.keys())}, which were not there"
    elif isinstance(then, list) and isinstance(now, list) and len(then) == len(now):
        for at, (one, other) in enumerate(zip(then, now)):
            yield from differences(f"{place}/{at}", one, other)
    elif then != now:
        yield f"{place} was {then!r} and is {now!r}"


def goes_on(setting, person, before):
    """New mail comes, after what was there; what was there can be changed."""
    outside = smtplib.SMTP("localhost", setting["base"] + 25)
    outside.ehlo("mx.example.org")
    outside.sendmail("someone@example.org", [person["address"]], NEW)
    outside.quit()
    imap = Imap(setting, person)
    for name, then in before.items():
        new = then["uidnext"]
        if name != "INBOX":
            said = imap.command(f"APPEND {name}", NEW)[1]
            if f'[APPENDUID {then["uidvalidity"]} {new}]' not in said:
                raise SystemExit(f"{name}: {said} instead of {new}")
        after = json.loads(json.dumps(mailbox(imap, name)))
        kept = [after["id"], *(after["messages"][uid]["for ever"] for uid in then["messages"])]
        told = [then["id"], *(one["for ever"] for one in then["messages"].values())]
        if kept != told:
            raise SystemExit(f"{name}: {kept} were {told}")
        uids = [int(uid) for uid in after["messages"]]
        if uids != [*map(int, then["messages"]), new]:
            raise SystemExit(f"{name}: {uids} after {new}")
        imap.command(f"SELECT {name}")
        said, _ = imap.command("UID STORE 1:* FLAGS (\\Seen brandnew)")
        marked = [flags_of(one) for one, _ in said if "FLAGS" in one and "FETCH" in one]
        if marked != [["\\seen", "brandnew"]] * len(uids):
            raise SystemExit(f"{name}: {marked}")
    imap.close()
