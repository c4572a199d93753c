"""As much of an IMAP client as it takes to know exactly what was heard."""
import base64
import re
import socket
import ssl

LITERAL = re.compile(rb"\{(\d+)\}\r\n$")


class Cut(Exception):
    """The connection ended before the answer did."""


class Refused(Exception):
    """NO or BAD."""


class Imap:
    def __init__(self, setting, person):
        tls = ssl.create_default_context(cafile=setting["authority"])
        tcp = socket.create_connection(("localhost", setting["base"] + 993), timeout=60)
        self.socket = tls.wrap_socket(tcp, server_hostname="localhost")
        self.input = self.socket.makefile("rb")
        self.count = 0
        self.response()
        secret = f'\0{person["address"]}\0{person["password"]}'.encode()
        self.command(f"AUTHENTICATE PLAIN {base64.b64encode(secret).decode()}")

    def line(self):
        line = self.input.readline()
        if not line.endswith(b"\r\n"):
            raise Cut
        return line

    def response(self):
        """One response: its text without literals, and its literals."""
        text, literals = self.line(), []
        while found := LITERAL.search(text):
            octets = int(found.group(1))
            literal = self.input.read(octets)
            if len(literal) < octets:
                raise Cut
            literals.append(literal)
            text = text[: found.start()] + b" " + self.line()
        return text.decode().rstrip("\r\n"), literals

    def command(self, text, literal=None):
        """Sends a command, its last word a literal if there is one. Gives the untagged
        responses and the text of the tagged one, which was an OK."""
        self.count += 1
        tag = f"t{self.count}"
        octets = f"{tag} {text}".encode()
        if literal is not None:
            octets += f" {{{len(literal)}+}}\r\n".encode() + literal
        self.socket.sendall(octets + b"\r\n")
        untagged = []
        while True:
            said, literals = self.response()
            if said.startswith(f"{tag} OK "):
                return untagged, said
            if said.startswith(f"{tag} ") or said.startswith("* BYE"):
                raise Refused(f"{text}: {said}")
            untagged.append((said, literals))

    def close(self):
        self.input.close()
        self.socket.close()


def names(untagged):
    """The mailboxes that LIST, or LSUB, tells of. One that was deleted and has others
    within it is listed, and is none."""
    listed = [said for said, _ in untagged if "* LIST (\\Noselect" not in said]
    found = [re.search(r' "/" "?([^"]+)"?$', said) for said in listed]
    return sorted(name.group(1) for name in found if name)


def counts(untagged):
    """The four numbers of STATUS (UIDVALIDITY UIDNEXT MESSAGES UNSEEN)."""
    said = next(said for said, _ in untagged if said.startswith("* STATUS "))
    number = lambda item: int(re.search(rf"\b{item} (\d+)", said).group(1))
    return {item.lower(): number(item) for item in ["UIDVALIDITY", "UIDNEXT", "MESSAGES", "UNSEEN"]}


def uid_set(uids):
    return ",".join(str(uid) for uid in uids)


def numbers(uids):
    """The UIDs of a set as COPYUID says it."""
    found = []
    for part in uids.split(","):
        first, _, last = part.partition(":")
        found.extend(range(int(first), int(last or first) + 1))
    return found


def flags_of(text):
    """Without \\Recent, which belongs to a session; sorted and in lower case."""
    flags = re.search(r"FLAGS \(([^)]*)\)", text).group(1).lower().split()
    return sorted(set(flags) - {"\\recent"})


def uid_of(text):
    return int(re.search(r"\bUID (\d+)", text).group(1))


def is_fetch(text):
    return re.match(r"\* \d+ FETCH ", text) is not None
