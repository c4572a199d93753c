"""The servers of other people, of whose mail the test can see the files."""
import glob
import smtplib
import sys

from sending.house import read, until

POSTFIX, OPENSMTPD = "paul@postfix.test", "paul@opensmtpd.test"


class Elsewhere:
    """One of them: its address, and the folder of Paul's mail."""

    def __init__(self, host, address, folder):
        self.host, self.address, self.folder = host, address, folder

    def mail(self):
        """The octets of all messages."""
        found = []
        for path in sorted(glob.glob(f"{self.folder}/**/new/*", recursive=True)):
            with open(path, "rb") as file:
                found.append(file.read())
        return found

    def arrived(self, subject):
        """The message with this subject, once it is there."""
        def look():
            return [one for one in self.mail() if read(one)["Subject"] == subject]
        return until(look, lambda: (subject, [read(one)["Subject"] for one in self.mail()]))[0]

    def send(self, to, message, options=(), rcpt_options=()):
        """Has it send a message of Paul's."""
        with smtplib.SMTP(self.host, 25) as smtp:
            smtp.ehlo()
            smtp.sendmail(self.address, [to], message, options, rcpt_options)


def elsewhere():
    return (
        Elsewhere("127.0.0.20", POSTFIX, sys.argv[3]),
        Elsewhere("127.0.0.21", OPENSMTPD, sys.argv[4]),
    )
