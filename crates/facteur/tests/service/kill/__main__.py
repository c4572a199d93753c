"""Load and proof for kills and power cuts: `python3 -m kill VERB SETTING`.

`load` lets everybody loose on the service until the standard input ends. Each line that
comes in there is answered by one:

| line | answer | when |
| --- | --- | --- |
| `busy` | `busy` | each of them has done something since |
| `pause` | how many commands were acknowledged in all | the service being gone, they wait |
| `go` | `go` | they go on |

`verify` tells, as JSON, what was acknowledged and what is not as it should be. `clean`
removes all mail, for another load, which then has another `chapter` in its setting.

| file | what it does |
| --- | --- |
| `gate.py`, `door.py` | let them in |
| `deliver.py`, `filer.py`, `mover.py`, `fetcher.py` | those who use the service |
| `log.py` | what they asked and heard |
| `world.py`, `maildrop.py` | what must be there after that |
| `verify.py` | compares, and counts |
| `clean.py` | removes all mail |
| `mail.py`, `sight.py` | messages; what IMAP shows of them |"""
import json
import os
import pathlib
import sys
import threading
import time
import traceback

from . import clean, verify
from .deliver import Sender
from .fetcher import Fetcher
from .filer import Filer
from .gate import Gate
from .log import Log
from .mover import Mover

# Commands that each has done before the service is killed again.
BUSY = 4


def everybody(setting, log):
    jeanne, paul = setting["people"]
    to_jeanne, to_paul = jeanne["address"], paul["address"]
    both, elsewhere = [to_jeanne, to_paul], "someone@example.com"
    postmaster = f'postmaster@{to_jeanne.partition("@")[2]}'
    sent = [[to_paul], both, [to_paul], [to_jeanne], [to_paul, elsewhere], [to_paul, postmaster]]
    return [
        Sender(setting, log("one"), "one", [[to_paul], [to_jeanne]]),
        Sender(setting, log("both"), "both", [both]),
        Sender(setting, log("sent"), "sent", sent, jeanne),
        Filer(setting, log("jeanne"), "jeanne", jeanne, 0),
        Filer(setting, log("paul0"), "paul0", paul, 0),
        Filer(setting, log("paul1"), "paul1", paul, 1),
        Mover(setting, log("mover"), "mover", jeanne),
        Fetcher(setting, log("fetcher"), "fetcher", jeanne, 1),
    ]


def attempt(gate, one):
    """Whatever nobody expected ends all, loudly."""
    try:
        gate.keep_on(one)
    except BaseException:
        traceback.print_exc()
        os._exit(1)


def load(setting):
    logs = []

    def log(name):
        logs.append(Log(pathlib.Path(setting["logs"]) / name))
        return logs[-1]

    people = everybody(setting, log)
    gate = Gate(len(people), setting["rest"])
    for one in people:
        threading.Thread(target=attempt, args=[gate, one], daemon=True).start()
    for line in sys.stdin:
        answer = line.strip()
        if answer == "busy":
            enough = [one.heard + BUSY for one in logs]
            while any(one.heard < least for one, least in zip(logs, enough)):
                time.sleep(0.005)
        elif answer == "pause":
            gate.pause()
            answer = sum(one.heard for one in logs)
        else:
            gate.go()
        print(answer, flush=True)
    # In the middle of what they do, like all the other ends.
    os._exit(0)


setting = json.loads(pathlib.Path(sys.argv[2]).read_text())
{"load": load, "verify": verify.verify, "clean": clean.clean}[sys.argv[1]](setting)
