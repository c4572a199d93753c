"""Those who send mail: other servers on port 25, and a signed-in user on 465."""
import smtplib
import ssl
import time

from . import door, mail

# Between two messages, so that others get something done too.
REST = 0.02


class Sender:
    def __init__(self, setting, log, name, to, person=None):
        self.setting, self.log = setting, log
        self.name = setting["chapter"] + name
        self.to, self.person = to, person
        self.count = 0

    def work(self):
        smtp = self.connect()
        try:
            while True:
                self.send(smtp)
                time.sleep(REST)
        finally:
            smtp.close()

    def connect(self):
        if self.person is None:
            smtp = smtplib.SMTP("localhost", door.base(self.setting) + 25, timeout=60)
            smtp.ehlo("mx.example.org")
            return smtp
        tls = ssl.create_default_context(cafile=self.setting["authority"])
        smtp = smtplib.SMTP_SSL("localhost", door.base(self.setting) + 465, timeout=60, context=tls)
        smtp.ehlo("device")
        smtp.login(self.person["address"], self.person["password"])
        return smtp

    def send(self, smtp):
        self.count += 1
        name = f"{self.name}-{self.count}"
        to = self.to[self.count % len(self.to)]
        sender = self.person["address"] if self.person else "someone@example.org"
        self.log.intent("send", name=name, to=to)
        steps = [smtp.mail(sender), *(smtp.rcpt(one) for one in to)]
        steps.append(smtp.data(mail.message(name, sender)))
        wrong = [answer for answer in steps if answer[0] != 250]
        if wrong:
            door.may_be_away(self.setting, all(code == 451 for code, _ in wrong))
            self.log.refused(str(wrong))
            raise SystemExit(f"{name}: {wrong}")
        self.log.done(said=steps[-1][1].decode())
