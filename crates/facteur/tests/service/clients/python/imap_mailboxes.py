"""Every method of imaplib that is about mailboxes."""
import imaplib

from door import check, imap, me, password, refused, same

SUMMER = '"&AMk-t&AOk-"'  # Été

came = imap()
came.login(me, password)


def names(lines):
    """Of LIST's lines: name by name, with the attributes."""
    found = {}
    for line in lines:
        # What has a quote in it comes as a literal, and then the rest of that line.
        head, literal = line if isinstance(line, tuple) else (line, None)
        if head:
            attributes, name = head.decode().split(' "/" ')
            name = literal.decode() if literal else name.strip('"')
            found[name] = set(attributes.strip("()").split())
    return found


same("NAMESPACE", came.namespace(), ("OK", [b'(("" "/")) NIL NIL']))

# From the start.
typ, lines = came.list()
same("LIST", typ, "OK")
first = names(lines)
same("mailboxes", set(first), {"INBOX", "Sent", "Drafts", "Trash", "Junk"})
for name in ("Sent", "Drafts", "Trash", "Junk"):
    check("SPECIAL-USE", f"\\{name}" in first[name], first)
same("separator", came.list('""', '""')[1], [b'(\\Noselect) "/" ""'])
same("LSUB", set(names(came.lsub()[1])), set(first))

# New ones, deep ones, ones with a space, a quote or an accent.
for name in ("Work", "Work/2026/November", '"Two words"', SUMMER, '"Say \\"hello\\""'):
    same(f"CREATE {name}", came.create(name)[0], "OK")
    check(f"STATUS {name}", b"(MESSAGES 0)" in str(came.status(name, "(MESSAGES)")[1]).encode())
typ, said = came.create("Work")
check("CREATE again", typ == "NO" and b"[ALREADYEXISTS]" in said[0], said)
same("CREATE INBOX", came.create("inbox")[0], "NO")
listed = names(came.list()[1])
for name in ("Work", "Work/2026", "Work/2026/November", "Two words", "&AMk-t&AOk-", 'Say "hello"'):
    check("created", name in listed, listed)
check("CHILDREN", "\\HasChildren" in listed["Work"] and "\\HasNoChildren" in listed["Two words"], listed)
same("LIST %", set(names(came.list('""', "Work/%")[1])), {"Work/2026"})
same("LIST reference", set(names(came.list("Work/", "*")[1])), {"Work/2026", "Work/2026/November"})
same("LIST nothing", came.list('""', "Nowhere"), ("OK", [None]))

# Subscriptions.
same("SUBSCRIBE", came.subscribe("Work")[0], "OK")
check("LSUB", "Work" in names(came.lsub()[1]))
same("UNSUBSCRIBE", came.unsubscribe("Work")[0], "OK")
check("LSUB", "Work" not in names(came.lsub()[1]))

# STATUS.
came.append("Work", None, None, b"Subject: one\r\n\r\n")
came.append("Work", r"(\Seen)", None, b"Subject: two\r\n\r\n")
typ, said = came.status("Work", "(MESSAGES RECENT UIDNEXT UIDVALIDITY UNSEEN)")
name, numbers = said[0].decode().split(" ", 1)
numbers = numbers.strip("()").split()
numbers = dict(zip(numbers[::2], map(int, numbers[1::2])))
same("STATUS name", name.strip('"'), "Work")
same("STATUS items", set(numbers), {"MESSAGES", "RECENT", "UIDNEXT", "UIDVALIDITY", "UNSEEN"})
same("STATUS", (numbers["MESSAGES"], numbers["UIDNEXT"], numbers["UNSEEN"]), (2, 3, 1))
typ, said = came.status("Nowhere", "(MESSAGES)")
check("STATUS of none", typ == "NO" and b"[NONEXISTENT]" in said[0], said)

# RENAME takes along what is below, and keeps the messages and their UIDs.
same("RENAME", came.rename("Work", "Done")[0], "OK")
listed = names(came.list('""', "*o*")[1])
check("renamed", "Done" in listed and "Done/2026/November" in listed, listed)
check("old name", not any(name.startswith("Work") for name in listed), listed)
same("SELECT", came.select("Done"), ("OK", [b"2"]))
same("UIDVALIDITY kept", int(came.response("UIDVALIDITY")[1][0]), numbers["UIDVALIDITY"])
same("RENAME of none", came.rename("Nowhere", "Else")[0], "NO")
same("RENAME onto one", came.rename("Done", "Sent")[0], "NO")
# INBOX's messages move, it stays. RFC 3501 section 6.3.5.
came.append(None, None, None, b"Subject: in\r\n\r\n")
same("RENAME INBOX", came.rename("INBOX", "Archive")[0], "OK")
same("INBOX", came.select("INBOX"), ("OK", [b"0"]))
same("Archive", came.select("Archive"), ("OK", [b"1"]))

# SELECT tells all that it must. RFC 3501 section 6.3.1.
same("SELECT", came.select("Done"), ("OK", [b"2"]))
same("RECENT", came.response("RECENT")[1] != [None], True)
same("UIDNEXT", came.response("UIDNEXT")[1], [b"3"])
same("UNSEEN", came.response("UNSEEN")[1], [b"1"])
check("FLAGS", b"\\Seen" in came.response("FLAGS")[1][0])
check("PERMANENTFLAGS", b"\\*" in came.response("PERMANENTFLAGS")[1][0])
check("READ-WRITE", came.response("READ-WRITE")[1] != [None])
same("CHECK", came.check()[0], "OK")
typ, said = came.select("Nowhere")
check("SELECT of none", typ == "NO" and b"[NONEXISTENT]" in said[0], said)
same("state", came.state, "AUTH")

# EXAMINE changes nothing.
same("EXAMINE", came.select("Done", readonly=True), ("OK", [b"2"]))
check("READ-ONLY", came.response("READ-ONLY")[1] != [None])
same("FETCH", came.fetch("1", "(BODY[])")[1][0][1], b"Subject: one\r\n\r\n")
same("STORE", came.store("1", "+FLAGS", r"(\Deleted)")[0], "NO")
same("EXPUNGE", came.expunge()[0], "NO")
same("UNSELECT", came.unselect()[0], "OK")
check("unseen still", b"UNSEEN 1" in came.status("Done", "(UNSEEN)")[1][0])

# DELETE.
came.select("Archive")
same("CLOSE", came.close()[0], "OK")
for name in ("Archive", "Done/2026/November", '"Two words"', SUMMER, '"Say \\"hello\\""'):
    same(f"DELETE {name}", came.delete(name)[0], "OK")
same("DELETE of none", came.delete("Archive")[0], "NO")
same("DELETE INBOX", came.delete("INBOX")[0], "NO")

# What is offered by no capability is refused, and the session goes on.
for call, arguments in (
    (came.getacl, ("INBOX",)),
    (came.setacl, ("INBOX", me, "lrs")),
    (came.deleteacl, ("INBOX", me)),
    (came.myrights, ("INBOX",)),
    (came.getquota, ('""',)),
    (came.getquotaroot, ("INBOX",)),
    (came.setquota, ('""', "(STORAGE 512)")),
    (came.getannotation, ("INBOX", '"/comment"', '"value.priv"')),
    (came.setannotation, ("INBOX", '"/comment"', '("value.priv" "x")')),
    (came.proxyauth, (me,)),
):
    refused(call.__name__, imaplib.IMAP4.error, "BAD", call, *arguments)
    same("goes on", came.noop()[0], "OK")
# ENABLE of what is not offered enables nothing, and says so. RFC 5161 section 3.1. (Only
# asked for what the library does not itself take for enabled, as it would UTF8=ACCEPT.)
same("ENABLE", came.enable("CONDSTORE")[0], "OK")
same("nothing enabled", came.response("ENABLED")[1], [b""])
same("LOGOUT", came.logout()[0], "BYE")
