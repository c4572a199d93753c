"""Every method of imaplib that is about messages."""
import email.message
import imaplib
import re
import time

from door import PATIENCE, check, imap, me, password, refused, same

came = imap()
came.login(me, password)
came.create("Letters")


def letter(subject, text, attached=None):
    made = email.message.EmailMessage()
    made["From"] = "Ann <ann@example.org>"
    made["To"] = me
    made["Subject"] = subject
    made["Date"] = "Mon, 02 Feb 2026 10:00:00 +0100"
    made.set_content(text)
    if attached:
        made.add_attachment(attached, maintype="application", subtype="pdf", filename="plan.pdf")
    return made.as_bytes(policy=made.policy.clone(linesep="\r\n"))


ONE = letter("First", "hello\n")
TWO = letter("Été à la mer", "le ciel est bleu\n", b"%PDF" * 300)
THREE = b"From: bob@example.com\r\nSubject: Third\r\n\r\n.dots\r\n..\r\nlast, with no line end"

# APPEND, with and without flags and date.
when = time.mktime((2026, 2, 3, 12, 30, 0, 0, 0, -1))
typ, said = came.append("Letters", r"(\Seen \Flagged $Work)", when, ONE)
check("APPENDUID", typ == "OK" and re.match(rb"\[APPENDUID \d+ 1\]", said[0]), said)
same("APPEND", came.append("Letters", None, None, TWO)[0], "OK")
same("APPEND", came.append("Letters", r"\Answered", None, THREE)[0], "OK")
typ, said = came.append("Nowhere", None, None, ONE)
check("APPEND into none", typ == "NO" and b"[TRYCREATE]" in said[0], said)

# FETCH of all that is kept of a message.
same("SELECT", came.select("Letters"), ("OK", [b"3"]))
check("recent", came.recent()[1] != [None], came.recent())
typ, data = came.fetch("1:*", "(UID FLAGS INTERNALDATE RFC822.SIZE)")
same("FETCH", (typ, len(data)), ("OK", 3))
for number, line, size in zip((1, 2, 3), data, map(len, (ONE, TWO, THREE))):
    check("UID", f"UID {number}".encode() in line, line)
    check("size", f"RFC822.SIZE {size}".encode() in line, line)
flags = set(imaplib.ParseFlags(data[0])) - {b"\\Recent"}
same("flags", flags, {b"\\Seen", b"\\Flagged", b"$Work"})
same("INTERNALDATE", time.mktime(imaplib.Internaldate2tuple(data[0])), when)
for macro in ("ALL", "FAST", "FULL"):
    data = came.fetch("1", macro)[1]
    check(macro, b"RFC822.SIZE" in b"".join(part if isinstance(part, bytes) else b"".join(part) for part in data), data)
data = came.fetch("3", "(ENVELOPE BODY BODYSTRUCTURE)")[1]
check("ENVELOPE", b'"Third" ((NIL NIL "bob" "example.com"))' in data[0], data)
check("BODYSTRUCTURE", b'BODYSTRUCTURE ("TEXT" "PLAIN"' in data[0].upper(), data)


def section(number, what):
    """The octets of one section."""
    typ, data = came.fetch(number, f"({what})")
    same(what, typ, "OK")
    return data[0][1]


head, body = TWO.split(b"\r\n\r\n", 1)
for what, wanted in (
    ("BODY.PEEK[]", TWO),
    ("BODY.PEEK[HEADER]", head + b"\r\n\r\n"),
    ("BODY.PEEK[TEXT]", body),
    ("BODY.PEEK[1]", b"le ciel est bleu\r\n"),
    ("BODY.PEEK[]<5.20>", TWO[5:25]),
    ("BODY.PEEK[HEADER.FIELDS (FROM)]", b"From: Ann <ann@example.org>\r\n\r\n"),
    ("RFC822.HEADER", head + b"\r\n\r\n"),
):
    same(what, section("2", what), wanted)
check("MIME", b'filename="plan.pdf"' in section("2", "BODY.PEEK[2.MIME]"))
check("not fields", b"From:" not in section("2", "BODY.PEEK[HEADER.FIELDS.NOT (FROM)]"))
check("unseen still", b"\\Seen" not in imaplib.ParseFlags(came.fetch("2", "(FLAGS)")[1][0]))
same("RFC822.TEXT", section("3", "RFC822.TEXT"), THREE.split(b"\r\n\r\n", 1)[1])
same("RFC822", section("2", "RFC822"), TWO)
check("seen now", b"\\Seen" in imaplib.ParseFlags(came.fetch("2", "(FLAGS)")[1][0]))
refused("FETCH of none", imaplib.IMAP4.error, "BAD", came.fetch, "9", "(FLAGS)")
refused("FETCH nonsense", imaplib.IMAP4.error, "BAD", came.fetch, "1", "(NONSENSE)")
refused("PARTIAL", imaplib.IMAP4.error, "BAD", came.partial, "1", "RFC822", "1", "10")

# STORE, each of its ways.
same("+FLAGS", came.store("3", "+FLAGS", r"(\Draft Later)")[0], "OK")
flags = imaplib.ParseFlags(came.fetch("3", "(FLAGS)")[1][0])
same("flags", set(flags) - {b"\\Recent", b"\\Seen"}, {b"\\Answered", b"\\Draft", b"Later"})
typ, data = came.store("3", "-FLAGS", r"\Draft")
check("STORE tells", typ == "OK" and b"\\Draft" not in imaplib.ParseFlags(data[0]), data)
same("FLAGS.SILENT", came.store("3", "FLAGS.SILENT", r"(\Seen)"), ("OK", [None]))
same("flags", set(imaplib.ParseFlags(came.fetch("3", "(FLAGS)")[1][0])) - {b"\\Recent"}, {b"\\Seen"})
same("STORE all", came.store("1:3", "-FLAGS.SILENT", r"(\Flagged)")[0], "OK")

# SEARCH, in each charset, and with literals that wait for `+`.
for wanted, *keys in (
    (b"1 2 3", "ALL"),
    (b"2", "FROM", "ann", "NOT", "SUBJECT", "first"),
    (b"1 3", "OR", "SUBJECT", "first", "SUBJECT", "third"),
    (b"2", "LARGER", "1000"),
    (b"1", "SENTSINCE", "1-Feb-2026", "BODY", '"hello"'),
    (b"1", "KEYWORD", "$Work"),
    (b"1", "BEFORE", "4-Feb-2026"),
    (b"2 3", "2:*"),
    (b"3", "HEADER", "From", "bob"),
    (b"3", "UID", "3:9"),
    (b"", "DELETED"),
):
    same(f"SEARCH {keys}", came.search(None, *keys), ("OK", [wanted]))
came.literal = "été".encode()
same("SEARCH UTF-8", came.search("UTF-8", "SUBJECT"), ("OK", [b"2"]))
came.literal = b"CIEL"
same("SEARCH US-ASCII", came.search("US-ASCII", "BODY"), ("OK", [b"2"]))
typ, said = came.search("X-NONE", "ALL")
check("SEARCH, no such charset", typ == "NO" and b"[BADCHARSET" in said[0], said)
came.literal = "mer".encode()
same("UID SEARCH", came.uid("SEARCH", "CHARSET", "UTF-8", "SUBJECT"), ("OK", [b"2"]))
for call, arguments in ((came.sort, ("(DATE)", "UTF-8", "ALL")), (came.thread, ("REFERENCES", "UTF-8", "ALL"))):
    refused(call.__name__, imaplib.IMAP4.error, "BAD", call, *arguments)
    same("goes on", came.noop()[0], "OK")

# COPY, MOVE, and everything by UID.
typ, said = came.copy("1:2", "Trash")
check("COPYUID", typ == "OK" and re.match(rb"\[COPYUID \d+ 1:2 1:2\]", said[0]), said)
typ, said = came.copy("1", "Nowhere")
check("COPY into none", typ == "NO" and b"[TRYCREATE]" in said[0], said)
same("UID COPY", came.uid("COPY", "3", "Trash")[0], "OK")
typ, data = came.uid("FETCH", "3", "(FLAGS)")
check("UID FETCH", typ == "OK" and b"UID 3" in data[0], data)
same("UID FETCH of none", came.uid("FETCH", "99", "(FLAGS)"), ("OK", [None]))
typ, data = came.uid("STORE", "3", "+FLAGS", r"(\Deleted)")
check("UID STORE", typ == "OK" and b"\\Deleted" in data[0] and b"UID 3" in data[0], data)
came.response("EXPUNGE")
same("MOVE", came.uid("MOVE", "1", "Sent")[0], "OK")
same("MOVE tells", came.response("EXPUNGE")[1], [b"1"])
same("moved", came.search(None, "ALL"), ("OK", [b"1 2"]))
same("flags moved along", came.status("Sent", "(MESSAGES UNSEEN)")[1][0].split(b" (")[1], b"MESSAGES 1 UNSEEN 0)")

# EXPUNGE: by UID only those, then all, then by CLOSE, and not by UNSELECT.
came.store("1", "+FLAGS.SILENT", r"(\Deleted)")
same("UID EXPUNGE", came.xatom("UID EXPUNGE", "3")[0], "OK")
same("UID EXPUNGE tells", came.response("EXPUNGE")[1], [b"2"])
same("left", came.search(None, "ALL"), ("OK", [b"1"]))
same("EXPUNGE", came.expunge(), ("OK", [b"1"]))
same("nothing left", came.search(None, "ALL"), ("OK", [b""]))
same("EXPUNGE of none", came.expunge(), ("OK", [None]))
same("SELECT", came.select("Trash"), ("OK", [b"3"]))
came.store("1", "+FLAGS", r"(\Deleted)")
same("UNSELECT", (came.unselect()[0], came.state), ("OK", "AUTH"))
same("SELECT", came.select("Trash"), ("OK", [b"3"]))
same("CLOSE", (came.close()[0], came.state), ("OK", "AUTH"))
same("SELECT", came.select("Trash"), ("OK", [b"2"]))

# What another session does is told by NOOP, and while IDLE waits.
same("SELECT", came.select("INBOX"), ("OK", [b"0"]))
came.recent()
came.response("EXISTS")
with imap() as elsewhere:
    elsewhere.login(me, password)
    elsewhere.append("INBOX", None, None, ONE)
    same("NOOP", came.noop()[0], "OK")
    same("EXISTS", came.response("EXISTS")[1], [b"1"])
    same("recent", came.recent(), ("OK", [b"1"]))
    came.send(b"idle IDLE\r\n")
    check("IDLE", came.readline().startswith(b"+ "))
    elsewhere.append("INBOX", None, None, TWO)
    same("while in IDLE", came.readline(), b"* 2 EXISTS\r\n")
    elsewhere.select()
    elsewhere.store("1", "+FLAGS", r"(\Deleted)")
    elsewhere.expunge()
    came.send(b"DONE\r\n")
    told = []
    while not (line := came.readline()).startswith(b"idle "):
        told.append(line)
    check("IDLE ends", line.startswith(b"idle OK"), line)
    came.noop()
    heard = came.response("EXPUNGE")[1] == [b"1"] or b"* 1 EXPUNGE\r\n" in told
    check("EXPUNGE", heard, told)
    if hasattr(came, "idle"):  # Python 3.14
        elsewhere.append("INBOX", None, None, THREE)
        with came.idle(duration=PATIENCE) as idler:
            counts = (data for typ, data in idler if typ == "EXISTS")
            same("idle()", next(counts, None), [b"2"])
same("in the end", came.select("INBOX")[0], "OK")
same("LOGOUT", came.logout()[0], "BYE")
