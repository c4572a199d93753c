"""One who changes hundreds of messages with one command, which takes several commits.

After a kill the first of them may be changed and the others not, but each message is in
one mailbox, once. They are told apart by their order, which nothing changes."""
from imap_client import flags_of, is_fetch, uid_of

from . import door, mail, sight
from .world import Wrong

MESSAGES = 450
# As many are appended; the others are copies, no more at once than one commit holds.
APPENDED = 20
COPIED = 300
FLAG = "\\flagged"


class Mover:
    def __init__(self, setting, log, name, person):
        self.setting, self.log, self.person = setting, log, person
        self.boxes = [f"{name}/a", f"{name}/b"]

    def work(self):
        self.imap = door.imap(self.setting, self.person)
        try:
            self.make()
            while True:
                self.act(self.look())
        finally:
            self.imap.close()

    def make(self):
        """The messages, as far as they are not there. Nothing is judged before they are."""
        there = sight.names(self.imap)
        for box in self.boxes:
            if box not in there:
                self.imap.command(f"CREATE {box}")
        first = self.boxes[0]
        while (have := sum(sight.counts(self.imap, box)["messages"] for box in self.boxes)) < MESSAGES:
            if have < APPENDED:
                self.imap.command(f"APPEND {first}", mail.message(f'{self.setting["chapter"]}mover-{have}'))
                continue
            self.imap.command(f"SELECT {first}")
            self.imap.command(f"COPY 1:{min(have, COPIED, MESSAGES - have)} {first}")

    def look(self):
        seen = {box: self.look_at(box) for box in self.boxes}
        self.log.look(boxes=seen)
        return seen

    def look_at(self, box):
        counted = sight.counts(self.imap, box)
        self.imap.command(f"EXAMINE {box}")
        said, _ = self.imap.command("UID FETCH 1:* FLAGS")
        return {**counted, "list": [[uid_of(one), flags_of(one)] for one, _ in said if is_fetch(one)]}

    def act(self, seen):
        """Marks all of a mailbox, then moves all of it."""
        full = max(self.boxes, key=lambda box: len(seen[box]["list"]))
        other = next(box for box in self.boxes if box != full)
        self.imap.command(f"SELECT {full}")
        plain = any(FLAG not in flags for _, flags in seen[full]["list"])
        how = "+" if plain else "-"
        self.log.intent("store many", box=full, how=how)
        self.imap.command(f"UID STORE 1:* {how}FLAGS.SILENT ({FLAG})")
        self.log.done()
        self.log.intent("move many", box=full, to=other)
        self.imap.command(f"UID MOVE 1:* {other}")
        self.log.done()


class Crowd:
    """Where the messages must be, after what a mover asked and heard."""

    def __init__(self):
        # By mailbox: UIDs and whether they are flagged, in order.
        self.boxes = None
        self.next = {}
        self.validities = {}
        self.intent = None
        self.acknowledged = {}
        self.halves = 0

    def entry(self, entry):
        """Takes the next entry of the log."""
        if entry["at"] == "intent":
            self.intent = entry
        elif entry["at"] == "refused":
            raise Wrong("wrong", f"refused: {entry['text']}")
        elif entry["at"] == "done":
            do = self.intent["do"]
            self.acknowledged[do] = self.acknowledged.get(do, 0) + 1
            self.change(len(self.boxes[self.intent["box"]]))
            self.intent = None
        else:
            self.look(entry["boxes"])

    def change(self, count):
        """The first so many of a mailbox were changed. New UIDs are not known."""
        box = self.boxes[self.intent["box"]]
        if self.intent["do"] == "store many":
            flagged = self.intent["how"] == "+"
            box[:count] = [(uid, flagged) for uid, _ in box[:count]]
        else:
            self.boxes[self.intent["to"]] += [(None, flagged) for _, flagged in box[:count]]
            del box[:count]

    def look(self, seen):
        here = {box: [(uid, FLAG in flags) for uid, flags in one["list"]] for box, one in seen.items()}
        for box, one in seen.items():
            if self.validities.setdefault(box, one["uidvalidity"]) != one["uidvalidity"]:
                raise Wrong("wrong", f"UIDVALIDITY of {box} became {one['uidvalidity']}")
            unseen = sum("\\seen" not in flags for _, flags in one["list"])
            if (one["messages"], one["unseen"]) != (len(one["list"]), unseen):
                raise Wrong("wrong", f"STATUS of {box}: {one}")
        if self.boxes is not None:
            if self.intent:
                self.change(self.changed(here))
            self.intent = None
            for box, held in self.boxes.items():
                self.compare(box, held, here[box])
        self.boxes = here
        self.next = {box: one["uidnext"] for box, one in seen.items()}

    def changed(self, here):
        """How many an unheard command changed, if it was the first so many."""
        box = self.intent["box"]
        before = self.boxes[box]
        if self.intent["do"] == "move many":
            count = len(before) - len(here[box])
        else:
            flagged = self.intent["how"] == "+"
            others = (at for at, (_, now) in enumerate(here[box]) if now != flagged)
            count = next(others, len(here[box]))
        self.halves += 0 < count < len(before)
        return count

    def compare(self, box, held, here):
        if len(held) != len(here):
            kind = "lost" if len(here) < len(held) else "twice"
            raise Wrong(kind, f"{box} has {len(here)} messages instead of {len(held)}")
        for (uid, flagged), now in zip(held, here):
            new = uid is None and now[0] >= self.next[box]
            if now != (now[0] if new else uid, flagged):
                raise Wrong("torn", f"{box}: {uid}, flagged {flagged}, is {now}")
