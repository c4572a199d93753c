"""Those who deliver at one node, and what must be there of it through another."""
import smtplib
import threading
import time

from .node import BOTH, LEA, PASSWORD, PAUL, check, mail

# How many deliver, half of them to two accounts, through the queue.
SENDERS = 6


class Sender(threading.Thread):
    """Delivers until the node is gone; or, if it is stubborn, until it is told to stop."""

    def __init__(self, node, number, stubborn):
        super().__init__(daemon=True)
        self.node, self.number, self.stubborn = node, number, stubborn
        self.recipient = [LEA, BOTH][number % 2]
        self.acknowledged, self.unsure = [], []
        self.stop = False

    def run(self):
        count = 0
        while not self.stop:
            count += 1
            subject = f"{self.number}-{count}"
            self.unsure.append(subject)
            try:
                self.node.deliver(self.recipient, mail(subject))
            except (OSError, smtplib.SMTPException):
                if not self.stubborn:
                    return
                time.sleep(0.1)
            else:
                self.acknowledged.append(self.unsure.pop())


class Senders:
    def __init__(self, node, stubborn=False):
        self.all = [Sender(node, number, stubborn) for number in range(SENDERS)]
        for sender in self.all:
            sender.start()

    def count(self):
        return sum(len(sender.acknowledged) for sender in self.all)

    def wait_for(self, count, seconds):
        deadline = time.monotonic() + seconds
        while self.count() < count:
            check(time.monotonic() < deadline, (self.count(), count))
            time.sleep(0.01)

    def end(self):
        for sender in self.all:
            sender.stop = True
        for sender in self.all:
            sender.join(60)
            check(not sender.is_alive(), "a sender hangs")

    def verify(self, node, seconds):
        """All that was acknowledged gets there in time, once, and nothing else does."""
        deadline = time.monotonic() + seconds
        to_lea = [one for sender in self.all for one in sender.acknowledged]
        unsure = [one for sender in self.all for one in sender.unsure]
        to_both = [sender for sender in self.all if sender.recipient == BOTH]
        to_paul = [one for sender in to_both for one in sender.acknowledged]
        while True:
            missing = missed(node.subjects(LEA), to_lea, unsure)
            missing |= missed(node.subjects(PAUL), to_paul, unsure)
            if not missing and node.command("queue", "list") == "":
                return
            check(time.monotonic() < deadline, ("lost", missing))
            time.sleep(0.2)


def missed(found, wanted, unsure):
    """What is acknowledged and not there; and no subject may be there twice, or never sent."""
    check(len(found) == len(set(found)), "something came twice")
    odd = set(found) - set(wanted) - set(unsure)
    check(not odd, odd)
    return set(wanted) - set(found)
