"""One node is killed in the middle of deliveries: all that it acknowledged is there through
the other, once, also what was still in the queue. Prints how much that was, and how long the
last of it took, in milliseconds."""
import os
import signal
import time

from .node import Node, accounts
from .senders import Senders

# What must be acknowledged before the kill.
ENOUGH = 40


def run(setting):
    first, second = (Node(setting, number) for number in range(2))
    accounts(second)
    senders = Senders(first)
    senders.wait_for(ENOUGH, 60)
    os.kill(first.pid, signal.SIGKILL)
    killed = time.monotonic()
    senders.end()
    senders.verify(second, 30)
    print(senders.count(), round((time.monotonic() - killed) * 1000))
