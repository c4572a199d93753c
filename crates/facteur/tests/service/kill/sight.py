"""What an IMAP client sees of mailboxes, as the log keeps it."""
import re

import imap_client
from imap_client import flags_of, is_fetch, uid_of, uid_set

from . import mail


def names(imap, command="LIST"):
    """The mailboxes of an account (LIST), or the names subscribed to (LSUB)."""
    return imap_client.names(imap.command(f'{command} "" "*"')[0])


def counts(imap, name):
    """STATUS in its four numbers."""
    items = "UIDVALIDITY UIDNEXT MESSAGES UNSEEN"
    return imap_client.counts(imap.command(f"STATUS {name} ({items})")[0])


def messages(imap, uids="1:*", whole=False):
    """Messages of the open mailbox: UID to name, flags, date and size. With `whole` all
    of each is read, and one that is not as it was sent has the name `torn`."""
    section = "BODY.PEEK[]" if whole else "BODY.PEEK[HEADER.FIELDS (SUBJECT)]"
    untagged, _ = imap.command(f"UID FETCH {uids} (UID FLAGS INTERNALDATE RFC822.SIZE {section})")
    found = {}
    for said, literals in untagged:
        if not is_fetch(said) or not literals:
            continue
        name = mail.name_of(literals[0])
        if whole and not mail.is_whole(name, literals[0]):
            name = f"torn {name}"
        date = re.search(r'INTERNALDATE "([^"]+)"', said).group(1)
        size = int(re.search(r"RFC822.SIZE (\d+)", said).group(1))
        found[uid_of(said)] = [name, flags_of(said), date, size]
    return found


def mailbox(imap, name, whole=False):
    """A mailbox that nobody else changes just now."""
    counted = counts(imap, name)
    imap.command(f"EXAMINE {name}")
    found = messages(imap, whole=whole)
    return {**counted, "list": found}


def inbox(imap, held, top):
    """Of an INBOX where others are busy: the messages held, and what came with a UID of
    `top` or above."""
    counted = counts(imap, "INBOX")
    imap.command("EXAMINE INBOX")
    here = messages(imap, uid_set([*sorted(held), f"{top}:*"]))
    # `*` is the last message, also where that is below `top`.
    here = {uid: one for uid, one in here.items() if uid in held or uid >= top}
    return {**counted, "held": sorted(held), "top": top, "list": here}
