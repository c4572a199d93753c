"""What there is in a folder, through every way in: the command line, IMAP and POP3."""
import hashlib
import json
import poplib
import re
import ssl
import subprocess
import time

from imap_client import Imap, counts, flags_of, is_fetch, names, uid_of

# Until mail for several accounts is in all of them.
PATIENCE = 60
USES = ["Drafts", "Junk", "Sent", "Trash"]


def look(setting, people):
    queue = settled(setting)
    return {
        "people": people,
        "domains": facteur(setting, "domain", "list"),
        "accounts": [facteur(setting, "account", "show", one["address"]) for one in people],
        "listed": [one["address"] for one in facteur(setting, "account", "list")],
        "aliases": facteur(setting, "alias", "list"),
        "queue": [entry(setting, one["id"]) for one in queue],
        "mail": {one["address"]: mail(setting, one) for one in people},
    }


def facteur(setting, *arguments):
    command = [setting["binary"], "--data", setting["data"], *arguments, "--json"]
    return json.loads(subprocess.run(command, check=True, capture_output=True).stdout)


def settled(setting):
    """The queue, once each copy for an account here is delivered or known to have to wait."""
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        queue = facteur(setting, "queue", "list")
        here = [to for one in queue for to in one["recipients"] if to["account"] is not None]
        if all(to["trouble"] for to in here):
            return queue
        time.sleep(0.05)
    raise SystemExit("copies for accounts here stay in the queue")


def entry(setting, number):
    """One of the queue. Why it waits may be said in other words one day, and what goes
    elsewhere is tried again and again meanwhile."""
    shown = facteur(setting, "queue", "show", number)
    for to in shown["recipients"]:
        to["trouble"] = to["account"] is not None and to["trouble"] is not None
        for changing in ["attempts", "due", "host", "status"]:
            del to[changing]
    return shown


def mail(setting, person):
    imap = Imap(setting, person)
    listed = imap.command('LIST "" "*"')[0]
    found = {
        "mailboxes": {name: mailbox(imap, name) for name in names(listed)},
        "uses": dict(filter(None, (use(said) for said, _ in listed))),
        "subscribed": names(imap.command('LSUB "" "*"')[0]),
        "unique": unique(setting, person),
    }
    imap.close()
    return found


def use(said):
    """What a mailbox is for, if LIST says so."""
    return next(((f"\\{use}", said.split()[-1]) for use in USES if f"\\{use}" in said), None)


def mailbox(imap, name):
    """Its numbers, and each message by its UID."""
    counted = counts(imap.command(f"STATUS {name} (UIDVALIDITY UIDNEXT MESSAGES UNSEEN)")[0])
    opened = "\n".join(said for said, _ in imap.command(f"EXAMINE {name}")[0])
    identified = re.search(r"\[MAILBOXID \(([\w-]+)\)\]", opened).group(1)
    untagged, _ = imap.command("UID FETCH 1:* (FLAGS EMAILID THREADID INTERNALDATE ENVELOPE BODYSTRUCTURE BODY.PEEK[])")
    messages = {}
    for said, literals in untagged:
        if is_fetch(said):
            messages[str(uid_of(said))] = {
                "flags": flags_of(said),
                "for ever": re.search(r"EMAILID \(([\w-]+)\) THREADID \(([\w-]+)\)", said).groups(),
                "date": re.search(r'INTERNALDATE "([^"]+)"', said).group(1),
                "octets": len(literals[-1]),
                "sha256": hashlib.sha256(literals[-1]).hexdigest(),
                "described": described(said, literals[:-1]),
            }
    return {**counted, "id": identified, "messages": messages, "exist": counted["messages"]}


def described(said, literals):
    """ENVELOPE and BODYSTRUCTURE, in whatever order they were told, then the literals that
    stand in them."""
    parts = re.findall(r"((?:ENVELOPE|BODYSTRUCTURE) \(.*?\))(?= BODY| ENVELOPE|$)", said)
    return sorted(parts) + [literal.decode("latin-1") for literal in literals]


def unique(setting, person):
    """The unique ids of POP3, with hashes of the messages."""
    trust = ssl.create_default_context(cafile=setting["authority"])
    pop = poplib.POP3_SSL("localhost", setting["base"] + 995, context=trust)
    pop.user(person["address"])
    pop.pass_(person["password"])
    found = []
    for line in pop.uidl()[1]:
        number, name = line.decode().split()
        octets = b"\r\n".join([*pop.retr(int(number))[1], b""])
        found.append([name, hashlib.sha256(octets).hexdigest()])
    pop.quit()
    return found
