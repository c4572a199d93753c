"""Mail for domains that promise things of their hosts on pages, which are served here."""
import http.server
import socketserver
import ssl
import sys
import threading

from sending.house import check, houses, until

here, there = houses()
certificate, key, page_port = sys.argv[3], sys.argv[4], int(sys.argv[5])
jeanne = here.people[0]
asked = []


def page(mode, *hosts, max_age=86400):
    lines = ["version: STSv1", f"mode: {mode}", *(f"mx: {host}" for host in hosts), f"max_age: {max_age}"]
    return "".join(f"{line}\r\n" for line in lines)


# What would keep all mail back, were it believed.
NOWHERE = page("enforce", "mail.nowhere.test")
PAGES = {
    "right": page("enforce", "mail.right.test"),
    "wild": page("enforce", "*.wild.test"),
    "foreign": NOWHERE,
    "gone": page("enforce", "mail.gone.test"),
    "ended": page("enforce", "mail.ended.test", max_age=1),
    "clear": page("enforce", "mail.clear.test"),
    "html": NOWHERE,
    "moved": NOWHERE,
    "huge": NOWHERE + "further: x\r\n" * 6000,
    "wrong": page("enforce", "other.wrong.test"),
    "testing": page("testing", "mail.nowhere.test"),
    "broken": "Bonjour.",
    "none": page("none"),
    "forged": NOWHERE,
    "proved": NOWHERE,
    "denied": page("enforce", "mail.denied.test"),
}
HELD = {
    "foreign": ("4.7.5", "mail.foreign.test is none of its hosts"),
    "wrong": ("4.7.5", "has another name; its domain promises"),
    "clear": ("4.7.4", "offers no TLS; its domain promises"),
    "denied": ("4.7.5", "is not what its DNS says"),
}


class Pages(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        host, _, port = self.headers["Host"].partition(":")
        name = host.removeprefix("mta-sts.").removesuffix(".test")
        check(self.path in ("/.well-known/mta-sts.txt", "/moved") and int(port) == page_port, self.requestline)
        asked.append(name)
        moves = name == "moved" and self.path != "/moved"
        octets = PAGES[name].encode()
        self.send_response(302 if moves else 200)
        if moves:
            self.send_header("Location", "/moved")
        self.send_header("Content-Type", "text/html" if name == "html" else "text/plain; charset=utf-8")
        self.send_header("Content-Length", str(len(octets)))
        self.end_headers()
        try:
            self.wfile.write(octets)
        except OSError:
            pass

    def log_message(self, *_):
        pass


class PageServer(http.server.ThreadingHTTPServer):
    def handle_error(self, *_):
        """Whoever does not believe the certificate goes away."""


class Clear(socketserver.StreamRequestHandler):
    """A host that knows nothing of TLS, and would take all."""

    def handle(self):
        self.wfile.write(b"220 mail.clear.test\r\n")
        while line := self.rfile.readline():
            check(line[:4].upper() in (b"EHLO", b"QUIT", b"RSET"), line)
            self.wfile.write(b"250 mail.clear.test\r\n")


pages = PageServer(("127.0.0.1", page_port), Pages)
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain(certificate, key)
pages.socket = context.wrap_socket(pages.socket, server_side=True, do_handshake_on_connect=False)
threading.Thread(target=pages.serve_forever, daemon=True).start()
socketserver.ThreadingTCPServer.allow_reuse_address = True
clear = socketserver.ThreadingTCPServer(("127.0.0.2", there.base + 25), Clear)
threading.Thread(target=clear.serve_forever, daemon=True).start()

PASSWORD = "quatre mots au hasard"
for name in PAGES:
    there.command("domain", "add", f"{name}.test")
    there.command("account", "add", f"x@{name}.test", "--password-stdin", given=f"{PASSWORD}\n")
    here.letter(jeanne, [f"x@{name}.test"], name)
for name in PAGES:
    if name not in HELD:
        there.arrived({"address": f"x@{name}.test", "password": PASSWORD}, name)


def tried():
    found = here.queue()
    return found if all(one["recipients"][0]["attempts"] > 0 for one in found) else None


waits = {one["recipients"][0]["address"]: one["recipients"][0] for one in until(tried, here.queue)}
check(sorted(waits) == sorted(f"x@{name}.test" for name in HELD), waits)
for name, (status, words) in HELD.items():
    trouble = waits[f"x@{name}.test"]
    check(trouble["status"] == status and words in trouble["trouble"], trouble)

# Each page was asked for once, also that of a domain to which more mail goes; nothing was
# followed; and the pages of hosts that can't be verified were not even asked for.
here.letter(jeanne, ["x@right.test", "x@broken.test"], "again")
there.arrived({"address": "x@right.test", "password": PASSWORD}, "again")
there.arrived({"address": "x@broken.test", "password": PASSWORD}, "again")
check(sorted(asked) == sorted(name for name in PAGES if name != "forged"), asked)
