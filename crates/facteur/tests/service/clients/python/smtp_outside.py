"""smtplib as another server that brings mail."""
import smtplib

from door import PATIENCE, check, imap, me, other, password, port, refused, same, trust

came = smtplib.SMTP("localhost", port(25), timeout=PATIENCE)
same("EHLO", came.ehlo("mx.example.org")[0], 250)
check("AUTH is not for servers", not came.has_extn("auth"), came.esmtp_features)
refused("login", smtplib.SMTPNotSupportedError, "AUTH", came.login, me, password)
same("AUTH all the same", came.docmd("AUTH PLAIN AGEAYg==")[0], 502)
same("EXPN", came.expn("staff")[0], 502)
same("VRFY", came.verify(me)[0], 252)
same("MAIL", came.mail("someone@example.org", ["BODY=8BITMIME"])[0], 250)
same("unknown user", came.rcpt("nobody@facteur.test")[0], 550)
same("not a relay", came.rcpt("someone@example.com")[0], 550)
same("RCPT", came.rcpt(me)[0], 250)
same("DATA", came.data(b"From: someone@example.org\r\nSubject: outside\r\n\r\n\xe9t\xe9\r\n")[0], 250)
# A bare line end is refused whole, and the connection kept.
came.mail("someone@example.org")
came.rcpt(me)
came.docmd("DATA")
came.send(b"Subject: smuggled\r\n\r\none\n.\nMAIL FROM:<x@y.example>\r\n.\r\n")
code, said = came.getreply()
check("bare line feed", code == 550 and said.startswith(b"5.6.0 "), said)
same("STARTTLS", came.starttls(context=trust)[0], 220)
same("hello forgotten", came.mail("someone@example.org")[0], 503)
came.ehlo("mx.example.org")
refusals = came.sendmail("", [me, "nobody@facteur.test"], "From: MAILER-DAEMON@example.org\r\nSubject: bounce\r\n\r\nx\r\n")
same("a bounce", list(refusals), ["nobody@facteur.test"])
same("QUIT", came.quit()[0], 221)

with imap() as read:
    read.login(me, password)
    same("both are there", read.select(), ("OK", [b"2"]))
    same("as it came", read.fetch("1", "(BODY.PEEK[TEXT])")[1][0][1], b"\xe9t\xe9\r\n")
    same("bounce", read.search(None, "HEADER", "Return-Path", '"<>"'), ("OK", [b"2"]))
