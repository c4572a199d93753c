"""One who sorts mail by IMAP: files what comes, marks, copies, moves, removes, and makes,
renames and deletes mailboxes of their own. It judges nothing: it does, and logs."""
import random
import re

from imap_client import Refused, flags_of, is_fetch, numbers, uid_of, uid_set

from . import door, mail, sight

FLAGS = ["\\Seen", "\\Answered", "\\Flagged", "\\Draft", "\\Deleted"]
KEYWORDS = ["$Forwarded", "NonJunk", "Work", "later"]
ZONES = ["+0000", "+0100", "-0330", "+1245"]
# As many messages of the INBOX, and of one mailbox, are cared for at once.
HELD = 30
MOST_MAILBOXES = 6


class Filer:
    def __init__(self, setting, log, name, person, share):
        self.setting, self.log, self.root = setting, log, name
        self.person, self.share = person, share
        self.chance = random.Random(setting["chapter"] + name)
        self.appended = 0
        # What the last look saw: UIDs by mailbox.
        self.here = {}
        self.inbox, self.top = set(), 1

    def work(self):
        self.imap = door.imap(self.setting, self.person)
        try:
            self.look()
            while True:
                for _ in range(12):
                    self.act()
                self.look_at_inbox()
        finally:
            self.imap.close()

    def look(self):
        """At all that is this one's own."""
        own = [name for name in sight.names(self.imap) if f"{name}/".startswith(f"{self.root}/")]
        seen = {name: sight.mailbox(self.imap, name) for name in own}
        subscribed = [
            name for name in sight.names(self.imap, "LSUB") if name.startswith(f"{self.root}/")
        ]
        self.log.look(mailboxes=seen, subscribed=subscribed)
        self.here = {name: sorted(found["list"]) for name, found in seen.items()}
        self.look_at_inbox()

    def look_at_inbox(self):
        seen = sight.inbox(self.imap, self.inbox, self.top)
        new = [
            uid
            for uid, (name, *_) in sorted(seen["list"].items())
            if uid >= self.top and mail.share_of(name) == self.share
        ]
        hold = new[: max(0, HELD - len(self.inbox))]
        self.log.look(inbox=seen, hold=hold)
        self.top = max([self.top, *(uid + 1 for uid in seen["list"])])
        self.inbox = {uid for uid in self.inbox if uid in seen["list"]} | set(hold)

    def ask(self, command, literal=None, **intent):
        """One command, logged before and after."""
        self.log.intent(**intent)
        try:
            return self.imap.command(command, literal)
        except Refused as refused:
            self.log.refused(str(refused))
            raise

    def act(self):
        actions = [
            (self.append, 4),
            (self.store, 6),
            (self.copy, 2),
            (self.move, 2),
            (self.file, 3),
            (self.expunge, 2),
            (self.uid_expunge, 2),
            (self.uid_expunge_inbox, 1),
            (self.create, 1),
            (self.rename, 1),
            (self.delete, 1),
            (self.subscribe, 1),
        ]
        acts, weights = zip(*actions)
        self.chance.choices(acts, weights)[0]()

    def some(self, uids, most=6):
        uids = sorted(uids)
        count = min(len(uids), self.chance.randint(1, most))
        return sorted(self.chance.sample(uids, count))

    def own(self, filled=False):
        """One of the own mailboxes, where there is one."""
        names = [name for name, uids in sorted(self.here.items()) if uids or not filled]
        return self.chance.choice(names) if names else None

    def roomy(self):
        """One that may be added to."""
        names = [name for name, uids in sorted(self.here.items()) if len(uids) < HELD]
        return self.chance.choice(names) if names else None

    def some_flags(self):
        flags = self.chance.sample(FLAGS, self.chance.randint(0, 3))
        return flags + self.chance.sample(KEYWORDS, self.chance.randint(0, 2))

    def append(self):
        to = self.roomy()
        if to is None:
            return
        self.appended += 1
        name = f'{self.setting["chapter"]}{self.root}-{self.appended}'
        flags = self.some_flags()
        day, zone = self.chance.randint(10, 28), self.chance.choice(ZONES)
        date = f"{day}-Nov-2025 10:{day}:01 {zone}"
        octets = mail.message(name)
        told = self.ask(
            f'APPEND {to} ({" ".join(flags)}) "{date}"',
            octets,
            do="append",
            mailbox=to,
            name=name,
            flags=flags,
            date=date,
            size=len(octets),
        )
        validity, uid = re.search(r"\[APPENDUID (\d+) (\d+)\]", told[1]).groups()
        self.log.done(validity=int(validity), uid=int(uid))
        self.here[to].append(int(uid))

    def store(self):
        mailbox = self.chance.choice([self.own(filled=True), "INBOX"]) or "INBOX"
        uids = self.some(self.inbox if mailbox == "INBOX" else self.here[mailbox])
        if not uids:
            return
        how, flags = self.chance.choice(["+", "-", ""]), self.some_flags()
        silent = self.chance.random() < 0.5
        self.imap.command(f"SELECT {mailbox}")
        said, _ = self.ask(
            f'UID STORE {uid_set(uids)} {how}FLAGS{".SILENT" if silent else ""} ({" ".join(flags)})',
            do="store",
            mailbox=mailbox,
            uids=uids,
            how=how,
            flags=flags,
        )
        # Others' changes of an INBOX may be told beside these.
        told = {uid_of(one): flags_of(one) for one, _ in said if is_fetch(one) and "UID" in one}
        told = {uid: flags for uid, flags in told.items() if uid in uids}
        self.log.done(flags={} if silent else told, silent=silent)

    def transfer(self, do, mailbox, uids, to):
        if not uids or to is None:
            return
        self.imap.command(f"SELECT {mailbox}")
        untagged, last = self.ask(
            f"UID {do.upper()} {uid_set(uids)} {to}", do=do, mailbox=mailbox, uids=uids, to=to
        )
        said = " ".join([*(one for one, _ in untagged), last])
        validity, old, new = re.search(r"\[COPYUID (\d+) (\S+) (\S+)\]", said).groups()
        old, new = numbers(old), numbers(new)
        self.log.done(validity=int(validity), old=old, new=new)
        self.here[to].extend(new)
        if do == "move":
            here = self.inbox if mailbox == "INBOX" else self.here[mailbox]
            for uid in old:
                here.remove(uid)

    def copy(self):
        mailbox = self.own(filled=True)
        if mailbox:
            self.transfer("copy", mailbox, self.some(self.here[mailbox]), self.roomy())

    def move(self):
        mailbox, to = self.own(filled=True), self.roomy()
        if mailbox and mailbox != to:
            self.transfer("move", mailbox, self.some(self.here[mailbox], 10), to)

    def file(self):
        self.transfer("move", "INBOX", self.some(self.inbox, 12), self.roomy())

    def expunge(self):
        mailbox = self.own(filled=True)
        if mailbox:
            self.remove("EXPUNGE", do="expunge", mailbox=mailbox)

    def uid_expunge(self, mailbox=None):
        mailbox = mailbox or self.own(filled=True)
        if mailbox is None:
            return
        uids = self.some(self.inbox if mailbox == "INBOX" else self.here[mailbox])
        if uids:
            words = f"UID EXPUNGE {uid_set(uids)}"
            self.remove(words, do="uid-expunge", mailbox=mailbox, uids=uids)

    def uid_expunge_inbox(self):
        self.uid_expunge("INBOX")

    def remove(self, command, **intent):
        mailbox = intent["mailbox"]
        self.imap.command(f"SELECT {mailbox}")
        untagged, _ = self.ask(command, **intent)
        if mailbox == "INBOX":
            self.log.done()
            self.look_at_inbox()
            return
        numbers = [re.match(r"\* (\d+) EXPUNGE$", said) for said, _ in untagged]
        here = self.here[mailbox] = sorted(self.here[mailbox])
        self.log.done(gone=[here.pop(int(number.group(1)) - 1) for number in numbers if number])

    def create(self):
        if len(self.here) >= MOST_MAILBOXES:
            return
        within = self.chance.choice([self.root, self.own() or self.root])
        name = f"{within}/{self.chance.choice('abcdef')}"
        if name in self.here or name.count("/") > 3:
            return
        self.ask(f"CREATE {name}", do="create", mailbox=name)
        self.log.done()
        self.look()

    def rename(self):
        old, new = self.own(), f"{self.root}/{self.chance.choice('ghij')}"
        taken = any(f"{name}/".startswith(f"{new}/") for name in self.here)
        if old in (None, self.root) or taken or f"{new}/".startswith(f"{old}/"):
            return
        self.ask(f"RENAME {old} {new}", do="rename", mailbox=old, to=new)
        self.log.done()
        self.look()

    def delete(self):
        name = self.own()
        if name in (None, self.root) or len(self.here) < 4:
            return
        self.ask(f"DELETE {name}", do="delete", mailbox=name)
        self.log.done()
        self.look()

    def subscribe(self):
        name = f"{self.root}/{self.chance.choice('abcdefghij')}"
        do = self.chance.choice(["subscribe", "unsubscribe"])
        self.ask(f"{do.upper()} {name}", do=do, mailbox=name)
        self.log.done()
