"""The way in: the one node that there is, or any of several.

Where there are several, what they share may be away for a while, and a command may be answered
by `try again later`. It may have been carried out all the same, as one that was not answered:
whoever hears it goes away and comes back."""
import random

from imap_client import Cut, Imap, Refused


def base(setting):
    """Of the ports of a node, drawn by lot for each connection."""
    return random.choice(setting["bases"])


def imap(setting, person):
    kind = Imap if len(setting["bases"]) == 1 else Patient
    return kind({**setting, "base": base(setting)}, person)


def may_be_away(setting, temporary):
    """Ends the connection where that is an answer that may be given."""
    if temporary and len(setting["bases"]) > 1:
        raise Cut


class Patient(Imap):
    def command(self, text, literal=None):
        try:
            return super().command(text, literal)
        except Refused as refused:
            if " NO [UNAVAILABLE] " in str(refused):
                raise Cut from refused
            raise
