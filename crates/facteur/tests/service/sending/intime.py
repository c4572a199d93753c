"""By when a message is to be delivered: it goes back, or its sender is told, or it is traced."""
import socketserver
import threading

from sending.house import check, houses, read, until

here, there = houses()
jeanne, other_paul = here.people[0], there.people[1]


# A port of a test before may still be cooling down.
socketserver.TCPServer.allow_reuse_address = True


class Host(socketserver.StreamRequestHandler):
    """Takes all, and offers what it is to offer."""

    def handle(self):
        say = lambda text: self.wfile.write(f"{text}\r\n".encode())
        say("220 mail.odd.test")
        while line := self.rfile.readline().decode():
            self.server.heard.append(line.strip())
            verb = line[:4].upper()
            if verb == "EHLO":
                say("250-mail.odd.test")
                for word in self.server.offers:
                    say(f"250-{word}")
            elif verb == "RCPT" and self.server.refuses:
                say("450 4.2.1 come back")
                continue
            elif verb == "DATA":
                say("354 go on")
                while self.rfile.readline() != b".\r\n":
                    pass
            elif verb == "QUIT":
                return say("221 bye")
            say("250 OK")


host = socketserver.ThreadingTCPServer(("127.0.0.2", there.base + 25), Host)
host.daemon_threads = True
threading.Thread(target=host.serve_forever, daemon=True).start()


def send(subject, by, to="x@odd.test", offers=(), refuses=False, rcpt_options=()):
    host.offers, host.refuses, host.heard = offers, refuses, []
    head = f"From: {jeanne['address']}\r\nTo: x\r\nSubject: {subject}\r\n"
    here.submit(jeanne, [to], f"{head}\r\nBonjour.\r\n".encode(), [f"BY={by}"], rcpt_options)


def status(subject):
    """What a report says to programs."""
    _, machine, _ = read(here.arrived(jeanne, subject)).iter_parts()
    return machine.as_string()


def mail():
    return [line for line in host.heard if line.startswith("MAIL")]


# To a host that keeps the time, what is left of it is said.
send("kept", "3600;R", offers=["DELIVERBY 60"])
here.until_sent()
[line] = mail()
left = int(line.split("BY=")[1].split(";")[0])
check(3500 < left <= 3600 and line.endswith(";R"), line)

# To one that does not, nothing goes that is to come back where it is late.
send("returned", "3600;R")
check("5.4.7" in status("Not delivered: returned") and not mail(), host.heard)
send("too soon", "30;R", offers=["DELIVERBY 60"])
check("5.4.7" in status("Not delivered: too soon") and not mail(), host.heard)

# What is delivered all the same goes there.
send("anyhow", "3600;N")
here.until_sent()
check(len(mail()) == 1 and "BY=" not in mail()[0], host.heard)

# Where it takes longer, its sender is told, and it waits on; or it goes back.
send("late", "1;N", refuses=True, offers=["DELIVERBY"])
text = status("Not delivered yet: late")
check("Action: delayed" in text and "4.4.7" in text, text)
[waits] = here.queue()
check(waits["deliver_by"], waits)
here.command("queue", "drop", waits["id"])

# Whoever traces it hears who has it.
send("traced", "3600;NT")
text = status("Handed over: traced")
check("Action: relayed" in text, text)
send("silent", "3600;NT", rcpt_options=["NOTIFY=NEVER"])
here.until_sent()

# Here it is in time.
send("home", "60;R", to=here.people[1]["address"])
here.arrived(here.people[1], "home")
