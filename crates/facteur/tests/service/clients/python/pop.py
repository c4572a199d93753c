"""Every method of poplib."""
import poplib

from door import check, imap, me, password, pop3, refused, same, way

DENIED = "-ERR [AUTH]"

# Three messages; the last is made of what is hard to send by lines.
LETTERS = (
    b"From: ann@example.org\r\nSubject: One\r\n\r\nfirst\r\nsecond\r\nthird\r\n",
    b"From: ann@example.org\r\nSubject: Two\r\n\r\n" + b"0123456789" * 190 + b"\r\n",
    b"Subject: Three\r\n\r\n.\r\n..two\r\n\xe9t\xe9\r\n\r\nno end of line",
)
with imap() as filling:
    filling.login(me, password)
    for letter in LETTERS:
        filling.append(None, None, None, letter)

# Before sign-in.
came = pop3(upgrade=False)
check("greeting", came.getwelcome().startswith(b"+OK "), came.getwelcome())
came.set_debuglevel(0)
offered = came.capa()
same("STLS offered", "STLS" in offered, way != "tls")
same("SASL", offered.get("SASL"), ["PLAIN"])
same("EXPIRE", offered.get("EXPIRE"), ["NEVER"])
for name in ("USER", "TOP", "UIDL", "RESP-CODES", "PIPELINING"):
    check("CAPA", name in offered, offered)
check("no UTF8, no APOP", "UTF8" not in offered and b"<" not in came.getwelcome())
refused("STAT before sign-in", poplib.error_proto, "-ERR", came.stat)
if way == "upgraded":
    came = pop3()
    check("STLS is gone", "STLS" not in came.capa(), came.capa())
    refused("a second STLS", poplib.error_proto, "-ERR", came.stls)
refused("APOP", poplib.error_proto, "-ERR", came.apop, me, password)
refused("RPOP", poplib.error_proto, "-ERR", came.rpop, me)
refused("UTF8", poplib.error_proto, "-ERR", came.utf8)
refused("PASS without USER", poplib.error_proto, "-ERR", came.pass_, password)


def sign_in(came, user, secret):
    check("USER", came.user(user).startswith(b"+OK"))
    return came.pass_(secret)


wrong = refused("wrong password", poplib.error_proto, DENIED, sign_in, came, me, "wrong")
unknown = refused("unknown user", poplib.error_proto, DENIED, sign_in, came, "nobody@facteur.test", password)
bare = refused("half an address", poplib.error_proto, DENIED, sign_in, came, me.split("@")[0], password)
same("refusals", bare, unknown)
same("refusals", wrong == unknown, way != "clear")
check("QUIT", came.quit().startswith(b"+OK"))

# A session, from sign-in to QUIT.
came = pop3()
check("PASS", sign_in(came, me, password).startswith(b"+OK"))
refused("USER again", poplib.error_proto, "-ERR", came.user, me)
check("CAPA", "UIDL" in came.capa() and "USER" not in came.capa(), came.capa())
sizes = [len(letter) for letter in LETTERS]
same("STAT", came.stat(), (3, sum(sizes)))
reply, lines, octets = came.list()
same("LIST", lines, [f"{number} {size}".encode() for number, size in enumerate(sizes, 1)])
same("LIST n", came.list(2).split()[1:3], [b"2", str(sizes[1]).encode()])
for number, letter in enumerate(LETTERS, 1):
    reply, lines, octets = came.retr(number)
    check("RETR", reply.startswith(b"+OK"), reply)
    same("RETR", lines, letter.removesuffix(b"\r\n").split(b"\r\n"))
same("TOP 0", came.top(1, 0)[1], [b"From: ann@example.org", b"Subject: One", b""])
same("TOP 2", came.top(1, 2)[1][-2:], [b"first", b"second"])
same("TOP beyond", came.top(3, 100)[1], LETTERS[2].split(b"\r\n"))
unique = [line.split()[1] for line in came.uidl()[1]]
same("UIDL", len(set(unique)), 3)
same("UIDL n", came.uidl(2).split()[1:], [b"2", unique[1]])
check("NOOP", came.noop().startswith(b"+OK"))
for call, arguments in ((came.retr, (4,)), (came.list, (4,)), (came.uidl, (4,)), (came.dele, (4,)), (came.top, (4, 1)), (came.retr, (0,))):
    refused(f"{call.__name__} of none", poplib.error_proto, "-ERR", call, *arguments)

# What is marked is gone from this session, and from no other before QUIT.
check("DELE", came.dele(1).startswith(b"+OK"))
refused("RETR of what is marked", poplib.error_proto, "-ERR", came.retr, 1)
refused("DELE of what is marked", poplib.error_proto, "-ERR", came.dele, 1)
same("STAT", came.stat(), (2, sum(sizes[1:])))
same("LIST", came.list()[1][0].split()[0], b"2")
check("RSET", came.rset().startswith(b"+OK"))
same("STAT", came.stat()[0], 3)
came.dele(1)
side = pop3()
sign_in(side, me, password)
same("another session", side.stat()[0], 3)
came.close()
came = pop3()
sign_in(came, me, password)
same("without QUIT nothing goes", came.stat()[0], 3)
came.dele(1)
check("QUIT", came.quit().startswith(b"+OK"))
same("the side session still reads it", side.retr(1)[1][-1], b"third")
same("the side session's numbers stay", side.uidl(2).split()[2], unique[1])
side.quit()

# UIDLs stay, and numbers begin at one again.
came = pop3()
sign_in(came, me, password)
same("UIDL later", [line.split() for line in came.uidl()[1]], [[b"1", unique[1]], [b"2", unique[2]]])
came.dele(1)
came.dele(2)
came.quit()
came = pop3()
sign_in(came, me, password)
same("an empty maildrop", (came.stat(), came.list()[1], came.uidl()[1]), ((0, 0), [], []))
came.quit()
