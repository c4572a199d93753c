"""imaplib from its greeting to its sign-in, by each way that it has."""
import base64
import imaplib

from door import check, imap, me, other, password, refused, same, trust, way

DENIED = "[AUTHENTICATIONFAILED]"
HIDDEN = DENIED if way != "clear" else "[PRIVACYREQUIRED]"

# Before sign-in, and before the connection is encrypted if it is going to be.
came = imap(upgrade=False)
check("greeting", came.welcome.startswith(b"* OK [CAPABILITY IMAP4rev1 "), came.welcome)
same("version", came.PROTOCOL_VERSION, "IMAP4REV1")
same("STARTTLS offered", "STARTTLS" in came.capabilities, way != "tls")
same("state", came.state, "NONAUTH")
same("NOOP", came.noop()[0], "OK")
same("ID", came.xatom("ID", '("name" "imaplib")')[0], "OK")
check("ID", b"Facteur" in came.response("ID")[1][0])
if way == "upgraded":
    came.starttls(ssl_context=trust)
    check("STARTTLS is gone", "STARTTLS" not in came.capabilities, came.capabilities)
    refused("a second STARTTLS", imaplib.IMAP4.abort, "TLS", came.starttls)
check("sign-in offered", "AUTH=PLAIN" in came.capabilities, came.capabilities)
check("sign-in offered", "LOGINDISABLED" not in came.capabilities, came.capabilities)
typ, capabilities = came.capability()
same("CAPABILITY", typ, "OK")
for offered in (b"LITERAL+", b"SASL-IR", b"IDLE", b"UIDPLUS", b"MOVE", b"ENABLE", b"NAMESPACE"):
    check("CAPABILITY", offered in capabilities[0].split(), capabilities)
for other_one in (b"AUTH=CRAM-MD5", b"AUTH=LOGIN", b"UTF8=ACCEPT", b"ACL", b"QUOTA", b"SORT"):
    check("CAPABILITY", other_one not in capabilities[0].split(), capabilities)

# Wrong ones all sound alike. In the clear that is what an account without old devices
# hears, so that nobody learns which addresses there are.
wrong = refused("wrong password", imaplib.IMAP4.error, DENIED, came.login, me, "wrong")
unknown = refused("unknown user", imaplib.IMAP4.error, HIDDEN, came.login, "nobody@facteur.test", password)
bare = refused("half an address", imaplib.IMAP4.error, HIDDEN, came.login, me.split("@")[0], password)
same("refusals", bare, unknown)
same("refusals", wrong == unknown, way != "clear")
came.noop()
refused("CRAM-MD5", imaplib.IMAP4.error, "[CANNOT]", came.login_cram_md5, me, password)
refused("cancelled", imaplib.IMAP4.error, "BAD", came.authenticate, "PLAIN", lambda _: None)
refused("as another", imaplib.IMAP4.error, "[AUTHORIZATIONFAILED]", came.authenticate, "PLAIN", lambda _: f"{other}\0{me}\0{password}")

# And each right one.
typ, said = came.login(me, password)
same("LOGIN", (typ, came.state), ("OK", "AUTH"))
same("after sign-in", came.capability()[0], "OK")
check("AUTH is gone", b"AUTH=PLAIN" not in came.capability()[1][0].split())
same("LOGOUT", came.logout()[0], "BYE")

challenges = []
with imap() as came:
    same("AUTHENTICATE", came.authenticate("plain", lambda said: challenges.append(said) or f"\0{me}\0{password}")[0], "OK")
    same("challenges", challenges, [b""])
    same("signed in", came.select()[0], "OK")

with imap() as came:
    response = base64.b64encode(f"{me}\0{me}\0{password}".encode()).decode()
    same("initial response", came.xatom("AUTHENTICATE", "PLAIN", response)[0], "OK")
    came.state = "AUTH"
    same("signed in", came.select()[0], "OK")

# What is no word of IMAP is BAD, and the session goes on. Raw, as the library has no
# method for it.
with imap() as came:
    came.send(b"1 NONSENSE\r\n2 NOOP\r\n")
    check("nonsense", came.readline().startswith(b"1 BAD "))
    check("goes on", came.readline().startswith(b"2 OK "))
    # Waits for the literal's `+`, and does not where it need not.
    came.send(f"3 LOGIN {{{len(me)}}}\r\n".encode())
    check("literal", came.readline().startswith(b"+ "))
    came.send(f"{me} {{{len(password)}+}}\r\n{password}\r\n".encode())
    check("literals", came.readline().startswith(b"3 OK "))
    came.shutdown()
    came.state = "LOGOUT"
