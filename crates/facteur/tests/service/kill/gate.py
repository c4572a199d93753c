"""Where those who use the service wait before they connect: they go on for ever, through
whatever happens to it, and can be held back between two connections."""
import threading
import time

from imap_client import Cut


class Gate:
    def __init__(self, people, rest):
        self.people, self.rest = people, rest
        self.waiting = 0
        self.open = True
        self.changed = threading.Condition()

    def keep_on(self, one):
        """Connects and works, again and again."""
        while True:
            self.enter()
            try:
                one.work()
            except (OSError, Cut):
                time.sleep(self.rest)

    def enter(self):
        with self.changed:
            self.waiting += 1
            self.changed.notify_all()
            self.changed.wait_for(lambda: self.open)
            self.waiting -= 1

    def pause(self):
        """Until all are held back. Their connections must have ended, or they never are."""
        with self.changed:
            self.open = False
            self.changed.wait_for(lambda: self.waiting == self.people)

    def go(self):
        with self.changed:
            self.open = True
            self.changed.notify_all()
