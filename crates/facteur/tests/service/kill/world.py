"""What must be in the mailboxes of a filer, after what it asked and heard.

A command that was not heard of leaves two worlds that may be: without it, and with all of
it. The next look tells which it is; where it fits neither, the command was torn. What UID a
message has that nobody was told of is open until then, but not that it is new."""
import copy
from dataclasses import dataclass, field, replace


class Wrong(Exception):
    """What was promised does not hold: one of `lost`, `twice`, `torn`, `wrong`."""

    def __init__(self, kind, text):
        super().__init__(f"{kind}: {text}")
        self.kind = kind


@dataclass(frozen=True)
class Message:
    name: str
    flags: tuple
    date: str
    size: int

    @staticmethod
    def seen(one):
        name, flags, date, size = one
        return Message(name, tuple(flags), date, size)


@dataclass
class Mailbox:
    # None until it was told.
    validity: int | None = None
    # No message comes that has a lower UID.
    floor: int = 1
    messages: dict = field(default_factory=dict)
    # Those that came without their UIDs being told, in order.
    loose: list = field(default_factory=list)

    def told(self, validity, uids):
        """The UIDs that a command says it gave."""
        if self.validity not in (None, validity):
            raise Wrong("wrong", f"UIDVALIDITY {self.validity} became {validity}")
        if uids != sorted(set(uids)) or (uids and uids[0] < self.floor):
            raise Wrong("wrong", f"UIDs {uids} were given before {self.floor}")
        self.validity = validity
        self.floor = uids[-1] + 1 if uids else self.floor

    def take(self, messages, told, uids):
        """Messages come; their UIDs are told or not."""
        if told is None:
            self.loose.extend(messages)
            return
        self.told(told["validity"], uids)
        if len(uids) != len(messages):
            raise Wrong("lost", f"{len(messages)} should have come and came as {uids}")
        self.messages.update(zip(uids, messages))

    def compare(self, seen, asked=None):
        """With what is seen; of an INBOX only with what was asked for."""
        self.told(seen["uidvalidity"], [])
        here = {int(uid): Message.seen(one) for uid, one in seen["list"].items()}
        if asked is not None:
            here = {uid: one for uid, one in here.items() if uid in asked}
        for uid, message in self.messages.items():
            if uid not in here:
                raise Wrong("lost", f"{uid} {message}")
            if here[uid] != message:
                raise Wrong("lost", f"{uid} {message} is {here[uid]}")
        new = {uid: here[uid] for uid in sorted(here) if uid not in self.messages}
        if list(new.values()) != self.loose:
            raise Wrong("twice", f"there are {new} instead of {self.loose}")
        if any(uid < self.floor for uid in new):
            raise Wrong("wrong", f"a UID below {self.floor} is used again: {new}")
        if seen["uidnext"] < self.floor or any(uid >= seen["uidnext"] for uid in here):
            raise Wrong("wrong", f"UIDNEXT {seen['uidnext']} after {self.floor}")
        if asked is None:
            check_counts(seen)

    def adopt(self, seen):
        """Goes on from what was seen and fits."""
        here = {int(uid): Message.seen(one) for uid, one in seen["list"].items()}
        self.validity, self.floor = seen["uidvalidity"], seen["uidnext"]
        self.messages, self.loose = here, []


def check_counts(seen):
    unseen = sum("\\seen" not in flags for _, flags, _, _ in seen["list"].values())
    counted = (seen["messages"], seen["unseen"])
    if counted != (len(seen["list"]), unseen):
        raise Wrong("wrong", f"STATUS counts {counted}: {len(seen['list'])}, {unseen}")


@dataclass
class World:
    mailboxes: dict
    subscribed: set = field(default_factory=set)
    # Names of messages that left the INBOX.
    gone: set = field(default_factory=set)
    # The highest UIDVALIDITY of each name.
    validities: dict = field(default_factory=dict)

    def apply(self, intent, told):
        """A command was carried out; `told` is none where that was not heard."""
        getattr(self, intent["do"].replace("-", "_"))(intent, told)

    def append(self, intent, told):
        flags = tuple(sorted({flag.lower() for flag in intent["flags"]}))
        message = Message(intent["name"], flags, intent["date"], intent["size"])
        self.mailboxes[intent["mailbox"]].take([message], told, [told["uid"]] if told else [])

    def store(self, intent, told):
        messages = self.mailboxes[intent["mailbox"]].messages
        flags, how = {flag.lower() for flag in intent["flags"]}, intent["how"]
        for uid in intent["uids"]:
            before = set(messages[uid].flags)
            after = {"+": before | flags, "-": before - flags, "": flags}[how]
            messages[uid] = replace(messages[uid], flags=tuple(sorted(after)))
            if told and not told["silent"]:
                said = told["flags"].get(str(uid))
                if said != sorted(after):
                    raise Wrong("wrong", f"STORE told {said} of {uid}: {sorted(after)}")

    def copy(self, intent, told):
        source = self.mailboxes[intent["mailbox"]].messages
        if told and told["old"] != intent["uids"]:
            raise Wrong("lost", f"COPYUID tells of {told['old']}: {intent['uids']}")
        copies = [source[uid] for uid in intent["uids"]]
        self.mailboxes[intent["to"]].take(copies, told, told["new"] if told else [])

    def move(self, intent, told):
        self.copy(intent, told)
        for uid in intent["uids"]:
            self.leave(intent["mailbox"], uid)

    def leave(self, mailbox, uid):
        message = self.mailboxes[mailbox].messages.pop(uid)
        if mailbox == "INBOX":
            self.gone.add(message.name)

    def expunge(self, intent, told):
        self.remove(intent, told, list(self.mailboxes[intent["mailbox"]].messages))

    def uid_expunge(self, intent, told):
        self.remove(intent, told, intent["uids"])

    def remove(self, intent, told, uids):
        messages = self.mailboxes[intent["mailbox"]].messages
        doomed = [uid for uid in uids if "\\deleted" in messages[uid].flags]
        for uid in doomed:
            self.leave(intent["mailbox"], uid)
        # In an INBOX others may remove theirs at the same time.
        if told and intent["mailbox"] != "INBOX" and sorted(told["gone"]) != sorted(doomed):
            raise Wrong("wrong", f"EXPUNGE told of {told['gone']} removed: {doomed}")

    def create(self, intent, told):
        parts = intent["mailbox"].split("/")
        for depth in range(1, len(parts) + 1):
            self.mailboxes.setdefault("/".join(parts[:depth]), Mailbox())

    def rename(self, intent, told):
        old, new = intent["mailbox"], intent["to"]
        for name in list(self.mailboxes):
            if f"{name}/".startswith(f"{old}/"):
                self.mailboxes[new + name[len(old) :]] = self.mailboxes.pop(name)

    def delete(self, intent, told):
        del self.mailboxes[intent["mailbox"]]

    def subscribe(self, intent, told):
        self.subscribed.add(intent["mailbox"])

    def unsubscribe(self, intent, told):
        self.subscribed.discard(intent["mailbox"])

    def look(self, seen):
        """Compares with what is seen, and goes on from that."""
        if "inbox" in seen:
            self.look_at_inbox(seen["inbox"], seen["hold"])
            return
        own = {name: one for name, one in self.mailboxes.items() if name != "INBOX"}
        if sorted(own) != sorted(seen["mailboxes"]):
            raise Wrong("lost", f"mailboxes {sorted(own)}: {sorted(seen['mailboxes'])}")
        if sorted(self.subscribed) != seen["subscribed"]:
            raise Wrong("lost", f"subscribed {sorted(self.subscribed)}: {seen['subscribed']}")
        for name, one in own.items():
            found, new = seen["mailboxes"][name], one.validity is None
            one.compare(found)
            if new and found["uidvalidity"] <= self.validities.get(name, 0):
                raise Wrong("wrong", f"UIDVALIDITY of {name} was used before")
            self.validities[name] = max(found["uidvalidity"], self.validities.get(name, 0))
            one.adopt(found)

    def look_at_inbox(self, seen, hold):
        inbox = self.mailboxes["INBOX"]
        inbox.compare(seen, set(seen["held"]))
        keep = [*inbox.messages, *hold]
        inbox.adopt(seen)
        inbox.messages = {uid: inbox.messages[uid] for uid in keep}


class Worlds:
    """Those that may be."""

    def __init__(self):
        self.possible = [World({"INBOX": Mailbox()})]
        self.intent = None
        # How many commands of each kind were acknowledged, and what became of others.
        self.acknowledged = {}
        self.unheard = {"done": 0, "not done": 0}

    def entry(self, entry):
        """Takes the next entry of the log."""
        if entry["at"] == "intent":
            self.intent = entry
        elif entry["at"] == "refused":
            raise Wrong("wrong", f"refused: {entry['text']}")
        elif entry["at"] == "done":
            self.each(lambda world: world.apply(self.intent, entry))
            do = self.intent["do"]
            self.acknowledged[do] = self.acknowledged.get(do, 0) + 1
            self.intent = None
        else:
            self.look(entry)

    def look(self, seen):
        if self.intent:
            done = copy.deepcopy(self.possible)
            for world in done:
                world.apply(self.intent, None)
            before, self.possible = self.possible, self.possible + done
            intent, self.intent = self.intent, None
            try:
                self.each(lambda world: world.look(seen))
            except Wrong as wrong:
                raise Wrong("torn", f"{intent}: {wrong}") from wrong
            # Where nothing tells them apart, nothing was to be done.
            kind = "not done" if self.possible[0] in before else "done"
            self.unheard[kind] += 1
        else:
            self.each(lambda world: world.look(seen))

    def each(self, change):
        """Keeps the worlds in which this may be."""
        left, wrong = [], None
        for world in self.possible:
            try:
                change(world)
                if world not in left:
                    left.append(world)
            except Wrong as error:
                wrong = error
        if not left:
            raise wrong
        self.possible = left
