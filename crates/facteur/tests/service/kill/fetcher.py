"""One who fetches mail by POP3 and removes some of it."""
import poplib
import random
import ssl
import time

from imap_client import Cut

from . import door, mail

# As many new messages are read, and as many removed, in one connection.
READ = 15
REMOVED = 8
# Between two connections, so that others get something done too.
REST = 0.06


class Fetcher:
    def __init__(self, setting, log, name, person, share):
        self.setting, self.log = setting, log
        self.person, self.share = person, share
        self.chance = random.Random(setting["chapter"] + name)
        # Names of messages by their unique ids.
        self.known = {}

    def work(self):
        try:
            pop = self.connect()
            try:
                self.fetch(pop)
            finally:
                pop.close()
            time.sleep(REST)
        except poplib.error_proto as error:
            # What the service said comes as bytes; that it said nothing, as text.
            if isinstance(error.args[0], bytes):
                door.may_be_away(self.setting, b"[SYS/TEMP]" in error.args[0])
                self.log.refused(str(error))
                raise SystemExit(str(error)) from error
            raise Cut from error

    def connect(self):
        tls = ssl.create_default_context(cafile=self.setting["authority"])
        pop = poplib.POP3_SSL("localhost", door.base(self.setting) + 995, timeout=60, context=tls)
        pop.user(self.person["address"])
        pop.pass_(self.person["password"])
        return pop

    def fetch(self, pop):
        numbers = {}
        for line in pop.uidl()[1]:
            number, unique = line.decode().split()
            numbers[unique] = int(number)
        read = {}
        for unique in [unique for unique in numbers if unique not in self.known][:READ]:
            octets = b"\r\n".join([*pop.retr(numbers[unique])[1], b""])
            name = mail.name_of(octets)
            read[unique] = name if mail.is_whole(name, octets) else f"torn {name}"
        self.log.look(unique=list(numbers), read=read)
        self.known.update(read)
        own = [one for one in numbers if mail.share_of(self.known.get(one, "")) == self.share]
        own = [one for one in own if one in self.known]
        remove = self.chance.sample(own, min(len(own), self.chance.randint(0, REMOVED)))
        for unique in remove:
            pop.dele(numbers[unique])
        self.log.intent("quit", remove=remove)
        pop.quit()
        self.log.done()
