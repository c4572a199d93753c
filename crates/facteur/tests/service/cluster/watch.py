"""Somebody waits for mail (IDLE) at one node that comes in at another, again and again, until
the standard input ends; nodes may end meanwhile. Prints as JSON how many milliseconds after
each acknowledgement it was told, and how often either of the two connections ended first."""
import json
import os
import random
import smtplib
import sys
import threading
import time

from imap_client import Cut

from .node import LEA, PASSWORD, Node, idle, mail, told

# Between two messages, so that others get something done too.
REST = 0.5


class Watch:
    def __init__(self, nodes):
        self.nodes = nodes
        self.times, self.cut = [], 0

    def run(self):
        while True:
            there, here = random.sample(self.nodes, 2)
            try:
                self.times.append(self.one(there, here))
            # One that hangs until its time is over was not cut off.
            except TimeoutError:
                raise
            except (OSError, Cut, smtplib.SMTPException):
                self.cut += 1
            time.sleep(REST)

    def one(self, there, here):
        imap = there.imap(LEA)
        try:
            idle(imap)
            here.deliver(LEA, mail("watched"))
            took = told(imap, b"EXISTS")
            imap.socket.sendall(b"DONE\r\n")
            return took
        finally:
            imap.close()


def keep_on(watch):
    try:
        watch.run()
    except BaseException as error:
        print(f"unexpected: {error!r}", file=sys.stderr)
        os._exit(1)


def run(setting):
    nodes = [Node(setting, number) for number in range(len(setting["nodes"]))]
    if LEA not in nodes[0].command("account", "list"):
        nodes[0].command("account", "add", LEA, "--password-stdin", password=PASSWORD)
    watch = Watch(nodes)
    threading.Thread(target=keep_on, args=[watch], daemon=True).start()
    sys.stdin.read()
    print(json.dumps({"times": [round(took) for took in watch.times], "cut": watch.cut}))
