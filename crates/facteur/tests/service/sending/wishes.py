"""Whoever asks for it is told of a success, and nobody else. RFC 3461."""
import socketserver
import threading

from sending.house import check, houses, read

here, there = houses()
[jeanne, paul], [_, other_paul] = here.people, there.people
ASK = ["NOTIFY=SUCCESS,FAILURE", "ORCPT=rfc822;first+2Bname@a.test"]


def send(recipient, subject, wishes=ASK):
    message = f"From: {jeanne['address']}\r\nTo: {recipient}\r\nSubject: {subject}\r\n\r\nx\r\n"
    here.submit(jeanne, [recipient], message.encode(), ["RET=FULL", "ENVID=our+2Bname"], wishes)


def report(subject):
    """Of one recipient: what it says of the message, and of that one."""
    message = read(here.arrived(jeanne, subject))
    check(message["Return-Path"] == "<>", message.items())
    _, status, original = message.iter_parts()
    # Of what was delivered only the header comes back.
    check(original.get_content_type() == "text/rfc822-headers", original.get_content_type())
    per_message, one = [dict(part.items()) for part in status.get_payload()]
    check(per_message["Original-Envelope-Id"] == "our+name", per_message)
    check("first+name@a.test" in one["Original-Recipient"], one)
    return one


# To an account here.
send(paul["address"], "here")
here.arrived(paul, "here")
one = report("Delivered: here")
check(one["Action"] == "delivered" and one["Status"] == "2.0.0", one)

# To an account elsewhere: that service tells.
send(other_paul["address"], "there")
there.arrived(other_paul, "there")
one = report("Delivered: there")
check(one["Action"] == "delivered", one)
check(one["Final-Recipient"] == f"rfc822; {other_paul['address']}", one)


class Host(socketserver.StreamRequestHandler):
    """One that knows nothing of reports."""

    def handle(self):
        self.wfile.write(b"220 old\r\n")
        answers = {b"DATA": b"354 go\r\n", b"QUIT": b"221 bye\r\n"}
        while line := self.rfile.readline():
            verb = line.split()[0].upper()
            check(b"NOTIFY" not in line and b"ENVID" not in line, line)
            self.wfile.write(answers.get(verb, b"250 2.0.0 fine\r\n"))
            if verb == b"DATA":
                while self.rfile.readline() != b".\r\n":
                    pass
                self.wfile.write(b"250 2.6.0 taken\r\n")


class Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = daemon_threads = True


with Server(("127.0.0.2", there.base + 25), Host) as server:
    threading.Thread(target=server.serve_forever, daemon=True).start()
    send("x@odd.test", "old")
    one = report("Handed over: old")
    check(one["Action"] == "relayed" and one["Status"] == "2.6.0", one)
    check(one["Remote-MTA"] == "dns; mail.odd.test", one)
    # Nobody asked.
    send("x@odd.test", "quiet", ["NOTIFY=NEVER"])
    here.until_sent()
    server.shutdown()
send(paul["address"], "quiet here", [])
here.arrived(paul, "quiet here")
here.until_sent()
there.until_sent()
subjects = sorted(read(octets)["Subject"] for octets in here.inbox(jeanne))
check(subjects == ["Delivered: here", "Delivered: there", "Handed over: old"], subjects)

# What makes no sense is refused where it is said.
import smtplib
try:
    send(paul["address"], "wrong", ["NOTIFY=NEVER,SUCCESS"])
    check(False, "accepted")
except smtplib.SMTPRecipientsRefused as refused:
    [(code, _)] = refused.recipients.values()
    check(code == 501, refused.recipients)
