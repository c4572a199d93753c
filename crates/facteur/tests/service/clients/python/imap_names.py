"""What stays of mailboxes and messages wherever they go (RFC 8474), through imaplib."""
import imaplib
import re

from door import check, imap, me, password, refused, same

NAMES = re.compile(rb"EMAILID \(([\w-]{1,255})\) THREADID \(([\w-]{1,255})\)")

came = imap()
came.login(me, password)
check("OBJECTID", "OBJECTID" in came.capabilities, came.capabilities)


def names(mailbox):
    """Of each message there: its own name, and that of its thread."""
    same(f"SELECT {mailbox}", came.select(mailbox)[0], "OK")
    typ, lines = came.fetch("1:*", "(EMAILID THREADID)")
    same("FETCH", typ, "OK")
    return [NAMES.search(line).groups() for line in lines]


def status(mailbox):
    return re.search(rb"MAILBOXID \(([\w-]+)\)", came.status(mailbox, "(MAILBOXID)")[1][0]).group(1)


typ, said = came.create("Letters")
made = re.search(rb"\[MAILBOXID \(([\w-]+)\)\]", said[0]).group(1)
same("RENAME", came.rename("Letters", "Archive")[0], "OK")
same("STATUS", status("Archive"), made)
check("another", status("INBOX") != made, made)

first = b"Subject: a\r\nMessage-ID: <a@python>\r\n\r\nOne.\r\n"
answer = b"Subject: Re: a\r\nMessage-ID: <b@python>\r\nIn-Reply-To: <a@python>\r\n\r\nTwo.\r\n"
third = b"Subject: c\r\nMessage-ID: <c@python>\r\n\r\nThree.\r\n"
# The answer comes before what it answers.
for message in (answer, first, third):
    same("APPEND", came.append("Archive", None, None, message)[0], "OK")
(answer_is, one), (first_is, other), (third_is, alone) = names("Archive")
same("one thread", one, other)
check("another thread", one != alone, alone)
same("all different", len({answer_is, first_is, third_is}), 3)
same("SEARCH THREADID", came.search(None, "THREADID", one.decode())[1], [b"1 2"])
same("SEARCH EMAILID", came.uid("SEARCH", "EMAILID", third_is.decode())[1], [b"3"])
same("COPY", came.copy("1:2", "Sent")[0], "OK")
same("copies", names("Sent"), [(answer_is, one), (first_is, one)])
refused("THREADIDS", imaplib.IMAP4.error, "FETCH", came.fetch, "1", "(EMAILID THREADIDS)")
same("LOGOUT", came.logout()[0], "BYE")
