"""Hosts of every manner, played here at the address of odd.test."""
import socketserver
import threading

from sending.house import check, houses, read, until

here, there = houses()
jeanne = here.people[0]
PORT = there.base + 25


class Host(socketserver.StreamRequestHandler):
    """One connection. `manner` changes what it says to a command."""

    def say(self, *lines):
        *first, last = lines
        text = "".join(f"{line[:3]}-{line[4:]}\r\n" for line in first) + f"{last}\r\n"
        self.wfile.write(text.encode())

    def handle(self):
        server = self.server
        server.connections += 1
        manner = server.manner
        if greeting := manner.get("greeting"):
            self.say(greeting)
            if greeting[0] != "2":
                return
        else:
            self.say("220 mail.odd.test", "220 welcome")
        message = {"to": []}
        while line := self.rfile.readline():
            words = line.decode().split()
            verb = words[0].upper()
            server.heard.append(line.decode().strip())
            answer = manner.get(verb)
            if callable(answer):
                answer = answer(self, line.decode().strip())
            if answer == "drop":
                return
            if answer:
                self.say(*([answer] if isinstance(answer, str) else answer))
            elif verb == "EHLO":
                self.say("250 mail.odd.test", *(f"250 {word}" for word in manner.get("offers", [])), "250 HELP")
            elif verb in ("HELO", "MAIL", "RSET"):
                self.say("250 OK")
            elif verb == "RCPT":
                message["to"].append(words[1])
                self.say("250 OK")
            elif verb == "DATA":
                self.say("354 go on")
                octets = b""
                while (line := self.rfile.readline()) != b".\r\n":
                    if not line:
                        return
                    octets += line
                answer = manner.get("end", "250 taken")
                if answer == "drop":
                    return
                if answer[0] == "2":
                    server.taken.append((message["to"], octets))
                message = {"to": []}
                self.say(answer)
            elif verb == "QUIT":
                return self.say("221 bye")
            else:
                self.say("500 what?")


class Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.2", PORT), Host)
        threading.Thread(target=self.serve_forever, daemon=True).start()
        self.be({})

    def be(self, manner):
        self.manner, self.heard, self.taken, self.connections = manner, [], [], 0


host = Server()


def send(subject, recipients=("x@odd.test",), text="Bonjour.\r\n"):
    here.letter(jeanne, list(recipients), subject, text)


def waits(subject):
    """The one that waits, once it was tried."""
    def look():
        return [one for one in here.queue() if one["recipients"][0]["attempts"] > 0]
    [one] = until(look, (subject, here.queue()))
    return one


def given_up():
    """What is left of a test is thrown away, and nothing is held against the host."""
    for one in here.queue():
        here.command("queue", "drop", one["id"])
    here.command("queue", "flush")


# One that knows nothing new.
host.be({"EHLO": "500 what?"})
send("old")
here.until_sent()
check(host.heard[1].startswith("HELO") and len(host.taken) == 1, host.heard)

# One that asks to come back.
host.be({"RCPT": "450 4.2.0 greylisted, come back"})
send("grey")
one = waits("grey")
trouble = one["recipients"][0]
check(trouble["status"] == "4.2.0" and trouble["host"] == "mail.odd.test", trouble)
host.be({})
here.command("queue", "retry", one["id"])
here.until_sent()
check(len(host.taken) == 1, host.heard)

# One that takes two at once, of five.
host.be({"offers": ["LIMITS RCPTMAX=2", "PIPELINING"]})
send("five", [f"{name}@odd.test" for name in "abcde"])
here.until_sent()
check(sorted(len(to) for to, _ in host.taken) == [1, 2, 2], host.taken)
check(host.connections == 1, host.connections)

# One that says no at the end, for good.
host.be({"end": "554 5.7.1 no such thing here"})
send("unwanted")
report = read(here.arrived(jeanne, "Not delivered: unwanted"))
check("no such thing here" in next(report.iter_parts()).get_content(), report.as_string())

# One that goes away after the end: it may have the message, and it is sent once more.
host.be({"end": "drop"})
send("doubt")
one = waits("doubt")
check("it may have the message" in one["recipients"][0]["trouble"], one)
given_up()

# One that goes away at once, with many waiting: it is not asked for each of them.
host.be({"greeting": "421 too busy"})
for number in range(30):
    send(f"busy {number}")
until(lambda: all(one["recipients"][0]["attempts"] > 0 for one in here.queue()), here.queue)
check(host.connections <= 10, host.connections)
check("too busy" in here.command("queue", "destinations"), "destinations")
host.be({})
here.command("queue", "flush", "odd.test")
here.until_sent()
check(len(host.taken) == 30, len(host.taken))
check(host.connections <= 30, host.connections)

# One whose TLS is broken: mail goes in the clear, as it does where none is offered.
def nonsense(connection, _):
    connection.say("220 go")
    # Behind the first of what TLS says: before, it would be an injection.
    connection.rfile.read(1)
    connection.wfile.write(b"nonsense\r\n")
    return "drop"


host.be({"offers": ["STARTTLS"], "STARTTLS": nonsense})
send("clear")
here.until_sent()
check(len(host.taken) == 1 and host.connections == 2, (host.connections, host.heard))

# One that says something in the clear that would be taken for said under TLS.
host.be({"offers": ["STARTTLS"], "STARTTLS": "220 go\r\n250 injected"})
send("injected")
one = waits("injected")
check(not host.taken, host.taken)
given_up()

# No line of a message ends it, and none of it becomes a command.
host.be({})
send("smuggled", text=".\r\n..\r\nMAIL FROM:<x@y>\r\n.\r\nQUIT\r\n")
here.until_sent()
[(_, octets)] = host.taken
check(octets.endswith(b"\r\n..\r\n...\r\nMAIL FROM:<x@y>\r\n..\r\nQUIT\r\n"), octets)
