"""Mail goes on from one service to another, in circles too, and reports come back."""
import pathlib
import smtplib
import socketserver
import sys
import threading

from sending.house import check, houses, read, until

here, there = houses()
[jeanne, _], [_, paul] = here.people, there.people
SIGNED = pathlib.Path(sys.argv[3])


# A port of a test before may still be cooling down.
socketserver.TCPServer.allow_reuse_address = True


class Host(socketserver.StreamRequestHandler):
    """Takes all, but for those whose name is `gone`."""

    def handle(self):
        say = lambda text: self.wfile.write(f"{text}\r\n".encode())
        say("220 far.test")
        sender = recipient = None
        while line := self.rfile.readline().decode():
            verb = line[:4].upper()
            if verb == "MAIL":
                sender = line.split("<")[1].split(">")[0]
            elif verb == "RCPT":
                recipient = line.split("<")[1].split(">")[0]
                self.server.asked.append((sender, recipient))
                if recipient.startswith("gone@"):
                    say("550 5.1.1 gone")
                    continue
            elif verb == "DATA":
                say("354 go on")
                octets = b""
                while (line := self.rfile.readline()) != b".\r\n":
                    octets += line
                self.server.taken.append((sender, recipient, octets))
            elif verb == "QUIT":
                return say("221 bye")
            say("250 OK")


def host(port):
    """One at the address of odd.test and pass.test, where a service looks for all hosts."""
    # Another test may have closed connections at that address a moment ago.
    socketserver.ThreadingTCPServer.allow_reuse_address = True
    server = socketserver.ThreadingTCPServer(("127.0.0.2", port), Host)
    server.daemon_threads = True
    server.asked, server.taken = [], []
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server


far, first = host(here.base + 25), host(there.base + 25)


def bring(subject):
    """A stranger's message to Jeanne."""
    with smtplib.SMTP("localhost", here.base + 25) as smtp:
        smtp.sendmail("lea@pass.test", [jeanne["address"]], (SIGNED / subject).read_bytes())


# It goes on, and on again, to one who is gone; and its sender hears of that.
here.command("account", "redirect", jeanne["address"], paul["address"], "--keep-copy")
there.command("account", "redirect", paul["address"], "gone@odd.test", "--keep-copy")
bring("on")
here.arrived(jeanne, "on")
octets = there.arrived(paul, "on")
message = read(octets)
sender = message["Return-Path"].strip("<>")
check(sender.startswith("SRS0=") and sender.endswith("=pass.test=lea@a.test"), sender)
check(message.get_all("Delivered-To") == [jeanne["address"]], octets)
results = " ".join(message["Authentication-Results"].split())
for word in [f'spf=pass smtp.mailfrom="{sender}"', "dkim=pass", "header.d=pass.test", "dmarc=pass"]:
    check(word in results, results)
until(lambda: first.taken, lambda: (here.queue(), there.queue(), far.asked))
[(again, to)] = far.asked
check(again.startswith("SRS1=") and "=a.test==" in again and again.endswith("@b.test"), again)
check(to == "gone@odd.test", to)
[(nobody, to, octets)] = first.taken
check((nobody, to) == ("", "lea@pass.test"), to)
check(read(octets).get_content_type() == "multipart/report", octets)
here.until_sent()
there.until_sent()

# Nothing but a report finds the way back.
with smtplib.SMTP("localhost", here.base + 25) as smtp:
    smtp.ehlo()
    smtp.mail("x@pass.test")
    check(smtp.rcpt(sender)[0] == 550, sender)
    smtp.rset()
    smtp.mail("")
    check(smtp.rcpt(sender.replace("lea", "leo"))[0] == 550, sender)
    check(smtp.rcpt(sender)[0] == 250, sender)

# In a circle: once round, and no more.
there.command("account", "redirect", paul["address"], jeanne["address"], "--keep-copy")
bring("circle")


def copies(house, person):
    return sum(read(one)["Subject"] == "circle" for one in house.inbox(person))


until(lambda: copies(here, jeanne) == 2, lambda: (here.queue(), there.queue()))
here.until_sent()
there.until_sent()
check((copies(here, jeanne), copies(there, paul)) == (2, 1), "copies")

# In a circle where nobody keeps it: whoever sent it is told.
here.command("account", "redirect", jeanne["address"], paul["address"])
there.command("account", "redirect", paul["address"], jeanne["address"])
bring("nowhere")
until(lambda: len(first.taken) == 2, lambda: (here.queue(), there.queue()))
nobody, to, octets = first.taken[1]
check((nobody, to) == ("", "lea@pass.test") and b"5.4.6" in octets, octets)

# A user's message to an alias that leads elsewhere keeps its sender: its domain is ours.
here.command("alias", "add", "far@a.test", "x@pass.test")
here.letter(here.people[1], ["far@a.test"], "own")
until(lambda: len(first.taken) == 3, here.queue)
check(first.taken[2][0] == here.people[1]["address"], first.taken[2])
check(b"Delivered-To: far@a.test\r\n" in first.taken[2][2], first.taken[2])
