"""One node is killed in the middle of deliveries: all that it acknowledged is there through
the other, once, also what was still in the queue. Prints how much that was, and how long the
last of it took, in milliseconds."""
import os
import signal
import smtplib
import threading
import time

from .node import BOTH, LEA, PASSWORD, PAUL, Node, check, mail

# How many deliver, and what must be acknowledged before the kill.
SENDERS, ENOUGH = 6, 40


class Sender(threading.Thread):
    def __init__(self, node, number):
        super().__init__(daemon=True)
        self.node, self.number = node, number
        self.recipient = [LEA, BOTH][number % 2]
        self.acknowledged, self.unsure = [], []

    def run(self):
        count = 0
        while True:
            count += 1
            subject = f"{self.number}-{count}"
            self.unsure.append(subject)
            try:
                self.node.deliver(self.recipient, mail(subject))
            except (OSError, smtplib.SMTPException):
                return
            self.acknowledged.append(self.unsure.pop())


def there(found, wanted, unsure):
    """What is acknowledged and not there; and no subject may be there twice, or never sent."""
    check(len(found) == len(set(found)), "something came twice")
    odd = set(found) - set(wanted) - set(unsure)
    check(not odd, odd)
    return set(wanted) - set(found)


def run(setting):
    first, second = (Node(setting, number) for number in range(2))
    second.command("domain", "add", "facteur.test")
    for address in [LEA, PAUL]:
        second.command("account", "add", address, "--password-stdin", password=PASSWORD)
    second.command("alias", "add", BOTH, LEA, PAUL)
    senders = [Sender(first, number) for number in range(SENDERS)]
    for sender in senders:
        sender.start()
    while sum(len(sender.acknowledged) for sender in senders) < ENOUGH:
        time.sleep(0.01)
    os.kill(first.pid, signal.SIGKILL)
    killed = time.monotonic()
    for sender in senders:
        sender.join(60)
        check(not sender.is_alive(), "a sender hangs")
    to_lea = [one for sender in senders for one in sender.acknowledged]
    unsure = [one for sender in senders for one in sender.unsure]
    to_paul = [one for sender in senders if sender.recipient == BOTH for one in sender.acknowledged]
    while True:
        missing = there(second.subjects(LEA), to_lea, unsure)
        missing |= there(second.subjects(PAUL), to_paul, unsure)
        if not missing:
            break
        check(time.monotonic() < killed + 30, ("lost", missing))
        time.sleep(0.2)
    took = (time.monotonic() - killed) * 1000
    while second.command("queue", "list") != "":
        check(time.monotonic() < killed + 30, "the queue is not brought round")
        time.sleep(0.2)
    print(len(to_lea), round(took))
