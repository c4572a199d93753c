"""A message so large that it goes into the bucket in parts: every node has it, whole. The first
time it is delivered, later it is there already."""
from .node import PASSWORD, Node, check

MARIE = "marie@facteur.test"
# Lines of 62 octets: 12 MB in all, three parts.
LINES = 200_000


def message():
    lines = (f"line {number:06} of a message that goes into the bucket in parts" for number in range(LINES))
    return "\r\n".join(["From: else@where.test", "Subject: large", "", *lines, ""]).encode()


def run(setting):
    nodes = [Node(setting, number) for number in range(len(setting["nodes"]))]
    if MARIE not in nodes[0].command("account", "list"):
        nodes[0].command("account", "add", MARIE, "--password-stdin", password=PASSWORD)
        nodes[0].deliver(MARIE, message())
    for node in nodes:
        imap = node.imap(MARIE)
        found, _ = imap.command("FETCH 1:* (BODY.PEEK[])")
        imap.close()
        bodies = [literals[0] for _, literals in found if literals]
        check(len(bodies) == 1, len(bodies))
        check(bodies[0].endswith(message()), "the message is another")
