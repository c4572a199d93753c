"""In the clear where the whole service forbids it: sign-in is not even offered, and what
tries all the same is refused, so that no password is asked for."""
import base64
import imaplib
import poplib
import smtplib

from door import check, imap, me, password, pop3, refused, same, submission

plain = base64.b64encode(f"\0{me}\0{password}".encode()).decode()

came = imap()
check("LOGINDISABLED", "LOGINDISABLED" in came.capabilities, came.capabilities)
check("no AUTH", not any(name.startswith("AUTH=") for name in came.capabilities), came.capabilities)
check("the way out", "STARTTLS" in came.capabilities, came.capabilities)
refused("LOGIN", imaplib.IMAP4.error, "[PRIVACYREQUIRED]", came.login, me, password)
refused("AUTHENTICATE", imaplib.IMAP4.error, "[PRIVACYREQUIRED]", came.authenticate, "PLAIN", lambda _: "")

came = pop3()
offered = came.capa()
check("no USER, no SASL", "USER" not in offered and "SASL" not in offered, offered)
check("the way out", "STLS" in offered, offered)
refused("USER", poplib.error_proto, "-ERR [AUTH]", came.user, me)
refused("AUTH", poplib.error_proto, "-ERR [AUTH]", came._shortcmd, f"AUTH PLAIN {plain}")

came = submission()
came.ehlo()
check("the way out", came.has_extn("starttls") and not came.has_extn("auth"), came.esmtp_features)
refused("login", smtplib.SMTPNotSupportedError, "AUTH", came.login, me, password)
same("AUTH", came.docmd(f"AUTH PLAIN {plain}")[0], 538)
same("AUTH LOGIN", came.docmd("AUTH LOGIN")[0], 538)
