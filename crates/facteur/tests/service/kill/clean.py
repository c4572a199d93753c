"""Removes all mail, as a user would, so that another load begins with empty accounts.

What is in the queue for elsewhere can't be removed: it is noted, and must stay."""
import json
import pathlib
import subprocess

from . import door, sight


def facteur(setting, *arguments):
    command = [setting["binary"], "--data", setting["data"], *arguments, "--json"]
    return json.loads(subprocess.run(command, check=True, capture_output=True).stdout)


def noted(setting):
    return pathlib.Path(setting["logs"]).parent / "queue.json"


def left(setting):
    """The entries of the queue that earlier loads left there."""
    return json.loads(noted(setting).read_text()) if noted(setting).exists() else []


def clean(setting):
    for person in setting["people"]:
        imap = door.imap(setting, person)
        own = [name for name in sight.names(imap) if "/" in name or name in ROOTS]
        # Those within first: a mailbox that has some stays listed.
        for name in sorted(own, reverse=True):
            imap.command(f"DELETE {name}")
        for name in sight.names(imap, "LSUB"):
            if name.partition("/")[0] in ROOTS:
                imap.command(f"UNSUBSCRIBE {name}")
        imap.command("SELECT INBOX")
        imap.command("UID STORE 1:* +FLAGS.SILENT (\\Deleted)")
        imap.command("EXPUNGE")
        imap.close()
    entries = facteur(setting, "queue", "list")
    noted(setting).write_text(json.dumps([entry["id"] for entry in entries]))


ROOTS = ["jeanne", "paul0", "paul1", "mover"]
