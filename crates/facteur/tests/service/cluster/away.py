"""The database ends at once, and is back a moment later, in the middle of deliveries at one
node: all that was acknowledged is there through the other, once. Says `busy`, then waits for
a line that tells that the database is back. Prints how much was acknowledged."""
import sys

from .node import Node, accounts
from .senders import Senders

# What must be acknowledged before, and again after that.
ENOUGH = 30


def run(setting):
    first, second = (Node(setting, number) for number in range(2))
    accounts(first)
    senders = Senders(first, stubborn=True)
    senders.wait_for(ENOUGH, 60)
    print("busy", flush=True)
    sys.stdin.readline()
    senders.wait_for(senders.count() + ENOUGH, 60)
    senders.end()
    senders.verify(second, 30)
    print(senders.count())
