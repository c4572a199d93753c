"""Three nodes that are one service. Prints how many milliseconds two things took: until mail
that came in at one node was told at another, and until a password changed at one had closed
a session at another."""
import os
import signal
import time

from imap_client import Refused

from .node import BOTH, LEA, PASSWORD, PAUL, Node, accounts, check, idle, mail, told

NEW, LAST = "une fleur de tilleul", "un banc sous le tilleul"


def refused(node, password):
    try:
        node.imap(LEA, password)
    except Refused:
        return True
    return False


def mail_goes_round(first, second, third):
    watching = second.imap(LEA)
    idle(watching)
    first.deliver(LEA, mail("one"))
    seen = told(watching, b"EXISTS")
    third.until(LEA, ["one"], 10)
    # For several: through the queue.
    second.deliver(BOTH, mail("both"))
    for node in [first, third]:
        node.until(PAUL, ["both"], 10)
        node.until(LEA, ["one", "both"], 10)
    check(third.command("queue", "list") == "", "nothing waits")
    return seen


def password_counts_everywhere(first, second, third):
    # Both have verified the old one a moment ago.
    signed_in = [node.imap(LEA) for node in [second, third]]
    for imap in signed_in:
        idle(imap)
    first.command("account", "password", LEA, "--password-stdin", password=NEW)
    begun = time.monotonic()
    check(refused(second, PASSWORD) and refused(third, PASSWORD), "the old password")
    for imap in signed_in:
        told(imap, b"* BYE")
    closed = (time.monotonic() - begun) * 1000
    for node in [first, second, third]:
        node.imap(LEA, NEW).close()
    return closed


def removed_everywhere(first, second):
    watching = second.imap(PAUL)
    idle(watching)
    first.command("account", "remove", PAUL)
    check(told(watching, b"* BYE") < 5000, "told in time")


def command_without_a_server(first, third):
    """It opens the database itself, and the other nodes are told before it ends."""
    os.kill(third.pid, signal.SIGTERM)
    while os.path.exists(f"{third.data}/admin.sock"):
        time.sleep(0.05)
    check(LEA in third.command("account", "list"), "the accounts without a server")
    watching = first.imap(LEA, NEW)
    idle(watching)
    third.command("account", "password", LEA, "--password-stdin", password=LAST)
    check(told(watching, b"* BYE") < 5000, "told in time")
    first.imap(LEA, LAST).close()


def run(setting):
    first, second, third = (Node(setting, number) for number in range(3))
    accounts(first)
    seen = mail_goes_round(first, second, third)
    closed = password_counts_everywhere(first, second, third)
    removed_everywhere(first, second)
    command_without_a_server(first, third)
    print(round(seen), round(closed))
