"""Compares what is there after all kills with what was asked and heard."""
import collections
import json
import pathlib
import time

from imap_client import Cut, Refused

from . import clean, door, log, sight
from .clean import facteur
from .maildrop import Maildrop
from .mover import Crowd
from .world import Worlds, Wrong, check_counts

# Until mail for several accounts is in all of them.
PATIENCE = 30
FILERS = {"jeanne": ["jeanne"], "paul": ["paul0", "paul1"]}
SENDERS = ["one", "both", "sent"]
MOVERS = {"jeanne": "mover"}
FETCHERS = {"jeanne": ("fetcher", 1)}


def verify(setting):
    folder = pathlib.Path(setting["logs"])
    totals = collections.Counter()
    wrong = []
    queue = fanned_out(setting, wrong)
    sent = deliveries(folder, setting, totals, queue, wrong)
    for person in setting["people"]:
        account = person["address"].partition("@")[0]
        checks = Checks(wrong)
        found = checks.run(there, setting, person)
        if found is None:
            continue
        judge(account, folder, found, sent[account], totals, checks)
        checks.run(judge_usage, setting, person, found)
    told = {"acknowledged": totals, "wrong": [[error.kind, str(error)[:2000]] for error in wrong]}
    print(json.dumps(told))


class Checks:
    """Runs each check whatever the others find."""

    def __init__(self, wrong):
        self.wrong = wrong

    def run(self, check, *arguments):
        """What the check gives; none if it found something wrong."""
        try:
            return check(*arguments)
        except Wrong as error:
            self.wrong.append(error)
            return None


def fanned_out(setting, wrong):
    """What stays in the queue once every copy for an account here is delivered."""
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        entries = facteur(setting, "queue", "list")
        recipients = [one for entry in entries for one in entry["recipients"]]
        if all(one["account"] is None for one in recipients):
            return {entry["id"] for entry in entries}
        time.sleep(0.05)
    wrong.append(Wrong("lost", "copies for accounts here stay in the queue"))
    return {entry["id"] for entry in entries}


def deliveries(folder, setting, totals, queue, wrong):
    """Which messages each account must have, and which it may have."""
    sent = {account: {"must": set(), "may": set()} for account in ["jeanne", "paul"]}
    elsewhere, unheard = set(), 0
    for sender in SENDERS:
        intent = None
        for entry in [*log.read(folder / sender), {"at": "intent", "to": []}]:
            if intent:
                heard = entry["at"] == "done"
                totals["send"] += heard
                totals["send, unheard"] += entry["at"] == "intent"
                for address in intent["to"]:
                    if address.endswith("@example.com"):
                        unheard += not heard
                        elsewhere.update([entry["said"].split()[-1]] if heard else [])
                        continue
                    account = address.partition("@")[0].replace("postmaster", "jeanne")
                    sent[account]["must" if heard else "may"].add(intent["name"])
            intent = entry if entry["at"] == "intent" else None
            if entry["at"] == "refused":
                wrong.append(Wrong("wrong", f"refused: {entry['text']}"))
    # What is for elsewhere stays, through other loads too.
    stayed = elsewhere | set(clean.left(setting))
    if stayed - queue:
        wrong.append(Wrong("lost", f"from the queue: {stayed - queue}"))
    if len(queue) > len(stayed) + unheard:
        wrong.append(Wrong("twice", f"{len(queue)} in the queue, {len(stayed)} were told"))
    return sent


def there(setting, person):
    """All mailboxes of an account, every message read whole."""
    try:
        imap = door.imap(setting, person)
        found = {name: sight.mailbox(imap, name, whole=True) for name in sight.names(imap)}
        return {"mailboxes": found, "subscribed": sight.names(imap, "LSUB")}
    except (Refused, Cut) as error:
        # Nothing was asked for that any account might be refused.
        raise Wrong("torn", f'{person["address"]} can\'t be read: {error!r}') from error


def judge(account, folder, found, sent, totals, checks):
    inbox = found["mailboxes"]["INBOX"]
    for seen in found["mailboxes"].values():
        checks.run(check_counts, seen)
    checks.run(judge_untouched, found["mailboxes"])
    logs = {filer: log.read(folder / filer) for filer in FILERS[account]}
    gone = [checks.run(judge_filer, *of, found, totals) for of in logs.items()]
    if account in FETCHERS:
        gone.append(checks.run(judge_fetcher, *FETCHERS[account], folder, inbox, totals))
    if account in MOVERS:
        entries = log.read(folder / MOVERS[account])
        checks.run(judge_mover, MOVERS[account], entries, found["mailboxes"], totals)
    # Without knowing what left the INBOX, nothing more can be said of it.
    if None not in gone:
        checks.run(judge_inbox, inbox, logs, set().union(*gone), sent)


def judge_untouched(mailboxes):
    for name in ["Sent", "Drafts", "Trash", "Junk"]:
        if the(name, mailboxes)["list"]:
            raise Wrong("wrong", f"{name} is not empty")


def the(name, mailboxes):
    if name not in mailboxes:
        raise Wrong("lost", f"the mailbox {name}")
    return mailboxes[name]


def names_of(seen):
    return [(int(uid), one[0]) for uid, one in seen.items()]


def judge_inbox(inbox, logs, gone, sent):
    """Every message that was sent is there once, or was removed by who may."""
    here = {name for _, name in names_of(inbox["list"])}
    ever = dict(names_of(inbox["list"]))
    looks = [entry["inbox"] for entries in logs.values() for entry in entries if "inbox" in entry]
    for uid, name in [one for look in looks for one in names_of(look["list"])]:
        if ever.setdefault(uid, name) != name:
            raise Wrong("wrong", f"UID {uid} of INBOX was {name} and {ever[uid]}")
    counted = collections.Counter(ever.values())
    twice = [name for name, count in counted.items() if count > 1]
    if twice or here & gone:
        raise Wrong("twice", f"in INBOX: {twice}, {here & gone}")
    lost = (sent["must"] | set(ever.values())) - here - gone
    if lost:
        raise Wrong("lost", f"{len(lost)} from INBOX: {sorted(lost)}")
    unasked = here - sent["must"] - sent["may"]
    if unasked:
        torn = any(name.startswith("torn ") for name in unasked)
        raise Wrong("torn" if torn else "wrong", f"in INBOX: {unasked}")


def judge_filer(filer, entries, found, totals):
    """Gives what it removed from INBOX."""
    worlds = Worlds()
    try:
        for entry in entries:
            worlds.entry(entry)
        own = lambda name: f"{name}/".startswith(f"{filer}/")
        mine = {name: seen for name, seen in found["mailboxes"].items() if own(name)}
        worlds.look({"mailboxes": mine, "subscribed": [n for n in found["subscribed"] if own(n)]})
        held = set().union(*(world.mailboxes["INBOX"].messages for world in worlds.possible))
        inbox = {**found["mailboxes"]["INBOX"], "held": held}
        worlds.look({"inbox": inbox, "hold": []})
    except Wrong as wrong:
        raise Wrong(wrong.kind, f"{filer}: {wrong}") from wrong
    totals.update(worlds.acknowledged)
    totals.update({f"others, unheard and {kind}": n for kind, n in worlds.unheard.items()})
    return worlds.possible[0].gone


def judge_mover(mover, entries, mailboxes, totals):
    crowd = Crowd()
    for entry in entries:
        crowd.entry(entry)
    last = {}
    for box in [f"{mover}/a", f"{mover}/b"]:
        # Here of each no more is known than its order and flags; its name says it is whole.
        seen = the(box, mailboxes)
        if any(one[0].startswith("torn ") for one in seen["list"].values()):
            raise Wrong("torn", f"in {box}")
        last[box] = {**seen, "list": [[uid, one[1]] for uid, one in sorted(seen["list"].items())]}
    crowd.look(last)
    totals.update(crowd.acknowledged)
    totals["many, cut in the middle"] += crowd.halves


def judge_fetcher(fetcher, share, folder, inbox, totals):
    """Gives what it removed from INBOX."""
    maildrop = Maildrop(share)
    for entry in log.read(folder / fetcher):
        maildrop.entry(entry)
    # Unique ids are told for ever: those of now are these.
    validity = inbox["uidvalidity"]
    now = {f"{validity}.{uid}": name for uid, name in names_of(inbox["list"])}
    maildrop.look(list(now), {})
    for unique, name in now.items():
        if maildrop.names.get(unique, name) != name:
            raise Wrong("wrong", f"{unique} was {maildrop.names[unique]} and is {name}")
    totals.update(maildrop.acknowledged)
    return maildrop.gone_names()


def judge_usage(setting, person, found):
    usage = facteur(setting, "account", "show", person["address"])["usage"]
    sizes = [one[3] for seen in found["mailboxes"].values() for one in seen["list"].values()]
    if (usage["messages"], usage["bytes"]) != (len(sizes), sum(sizes)):
        raise Wrong("wrong", f"usage is {usage}: {len(sizes)} messages, {sum(sizes)} octets")
