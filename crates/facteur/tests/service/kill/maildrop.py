"""What must be in the INBOX of a fetcher, after what it asked and heard."""
from . import mail
from .world import Wrong


class Maildrop:
    def __init__(self, share):
        self.share = share
        # Names by unique ids, of all that were ever read.
        self.names = {}
        self.gone = set()
        self.order = []
        self.unheard = None
        self.intent = None
        self.acknowledged = {"quit": 0, "dele": 0}

    def entry(self, entry):
        """Takes the next entry of the log."""
        if entry["at"] == "intent":
            self.intent = entry["remove"]
        elif entry["at"] == "refused":
            raise Wrong("wrong", f"refused: {entry['text']}")
        elif entry["at"] == "done":
            self.gone.update(self.intent)
            self.acknowledged["quit"] += 1
            self.acknowledged["dele"] += len(self.intent)
            self.intent = None
        else:
            self.look(entry["unique"], entry["read"])

    def look(self, unique, read):
        here = set(unique)
        if len(here) != len(unique):
            raise Wrong("twice", "a unique id stands twice")
        if self.intent:
            left = here.intersection(self.intent)
            if left not in (set(), set(self.intent)):
                raise Wrong("torn", f"QUIT left {left} of {self.intent}")
            if not left:
                self.gone.update(self.intent)
        self.intent = None
        if here & self.gone:
            raise Wrong("twice", f"removed and there: {here & self.gone}")
        own = {one for one, name in self.names.items() if mail.share_of(name) == self.share}
        if own - self.gone - here:
            raise Wrong("lost", f"{own - self.gone - here}")
        old = [one for one in self.order if one in here]
        if unique[: len(old)] != old:
            raise Wrong("wrong", "unique ids changed, or their order")
        self.order = unique
        for one, name in read.items():
            if name.startswith("torn ") or name in self.names.values():
                raise Wrong("torn" if name.startswith("torn ") else "twice", f"{one} {name}")
        self.names.update(read)

    def gone_names(self):
        return {self.names[one] for one in self.gone}
