"""One more message each time, which is read whole. Prints how many there are."""
from .node import LEA, PASSWORD, Node, check, mail


def run(setting):
    (node,) = (Node(setting, number) for number in range(1))
    if LEA not in node.command("account", "list"):
        node.command("account", "add", LEA, "--password-stdin", password=PASSWORD)
    before = node.subjects(LEA)
    node.deliver(LEA, mail(str(len(before))))
    after = node.subjects(LEA)
    check(after == [*before, str(len(before))], after)
    print(len(after))
