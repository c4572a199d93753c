"""Every method of smtplib, as a device that sends its user's mail."""
import base64
import email.message
import email.policy
import smtplib

from door import check, imap, me, other, password, pop3, refused, same, submission, trust, way

INTERNATIONAL = "élodie@facteur.test"
NOBODY = "nobody@facteur.test"
ELSEWHERE = "someone@example.net"

# Hellos and small talk.
came = submission(upgrade=False)
check("HELO", came.helo("device.example")[0] == 250)
code, said = came.ehlo("device.example")
same("EHLO", (code, came.does_esmtp), (250, True))
for extension in ("pipelining", "size", "8bitmime", "enhancedstatuscodes", "smtputf8", "chunking", "dsn", "deliverby", "futurerelease", "auth"):
    check(extension, came.has_extn(extension), came.esmtp_features)
same("STARTTLS offered", came.has_extn("starttls"), way != "tls")
same("REQUIRETLS offered", came.has_extn("requiretls"), way == "tls")
same("AUTH", came.esmtp_features["auth"].split(), ["PLAIN", "LOGIN"])
for extension in ("xclient", "binarymime", "etrn"):
    check(extension, not came.has_extn(extension), came.esmtp_features)
same("LIMITS", came.esmtp_features["limits"], "RCPTMAX=100")
check("SIZE", int(came.esmtp_features["size"]) >= 25 * 1024 * 1024)
same("NOOP", came.noop()[0], 250)
same("RSET", came.rset()[0], 250)
check("HELP", b"RFC 5321" in came.help())
same("VRFY", came.verify(me)[0], 252)
same("VRFY tells nothing", came.vrfy(NOBODY), came.verify(me))
same("EXPN", came.expn("staff")[0], 502)
same("DATA first", came.docmd("DATA")[0], 503)
same("RCPT first", came.rcpt(other)[0], 503)
same("nonsense", came.docmd("NONSENSE")[0], 500)
code, said = came.mail(me)
check("MAIL without sign-in", code == 530 and said.startswith(b"5.7.0 "), said)
if way == "upgraded":
    same("STARTTLS", came.starttls(context=trust)[0], 220)
    check("hello is forgotten", not came.does_esmtp)
    came.ehlo_or_helo_if_needed()
    check("STARTTLS is gone", not came.has_extn("starttls"))
    same("STARTTLS again", came.docmd("STARTTLS")[0], 503)

# Signing in: not with a wrong password, then each way there is.
DENIED, HIDDEN = (535, 535) if way != "clear" else (535, 538)
wrong = refused("wrong password", smtplib.SMTPAuthenticationError, str(DENIED), came.login, me, "wrong")
unknown = refused("unknown user", smtplib.SMTPAuthenticationError, str(HIDDEN), came.login, NOBODY, password)
same("refusals", wrong == unknown, way != "clear")
came.quit()

for mechanism in ("PLAIN", "LOGIN"):
    for at_once in (True, False):
        came = submission()
        came.ehlo()
        came.user, came.password = me, password
        code, said = came.auth(mechanism, getattr(came, f"auth_{mechanism.lower()}"), initial_response_ok=at_once)
        same(f"AUTH {mechanism}", code, 235)
        same("AUTH again", came.docmd("AUTH PLAIN")[0], 503)
        same("MAIL", came.mail(me)[0], 250)
        same("QUIT", came.quit()[0], 221)
came = submission()
came.ehlo()
came.user, came.password = me, password
refused("CRAM-MD5", smtplib.SMTPAuthenticationError, "504", came.auth, "CRAM-MD5", came.auth_cram_md5)
same("cancelled", (came.docmd("AUTH LOGIN")[0], came.docmd("*")[0]), (334, 501))
another = base64.b64encode(f"{other}\0{me}\0{password}".encode()).decode()
same("as another", came.docmd(f"AUTH PLAIN {another}")[0], 535)
came.quit()

# The commands of an envelope, one by one.
came = submission()
check("signed in", came.login(me, password)[0] == 235)
same("MAIL", came.mail(me, ["SIZE=100", "BODY=8BITMIME", "SMTPUTF8"])[0], 250)
same("MAIL twice", came.mail(me)[0], 503)
same("RCPT", came.rcpt(other)[0], 250)
same("RCPT unknown", came.rcpt(NOBODY)[0], 550)
same("RCPT elsewhere", came.rcpt(ELSEWHERE)[0], 250)
same("RSET", came.rset()[0], 250)
same("DATA after RSET", came.docmd("DATA")[0], 503)
same("too large", came.mail(me, ["SIZE=99999999999"])[0], 552)
same("no such parameter", came.mail(me, ["MT-PRIORITY=3"])[0], 555)
same("no such body", came.mail(me, ["BODY=BINARYMIME"])[0], 501)
same("another's sender", came.mail(other)[0], 553)
same("MAIL", came.mail(me)[0], 250)
same("RCPT", came.rcpt(me)[0], 250)
code, said = came.data(f"From: {me}\r\nTo: {me}\r\nSubject: by hand\r\n\r\n.dot\r\n")
check("DATA", code == 250 and said.startswith(b"2.0.0 "), said)
for header in (f"From: {other}", f"From: {me}\r\nSender: {other}", "Subject: nobody's"):
    came.mail(me)
    came.rcpt(other)
    refusal = came.data(f"{header}\r\n\r\nforged\r\n")
    same(header, refusal[0], 550)
# No sender at all is allowed, with a From that is.
same("no sender", came.mail("")[0], 250)
came.rcpt(me)
same("no sender", came.data(f"From: {me}\r\nSubject: receipt\r\n\r\nread\r\n")[0], 250)

# Whole messages: who is refused, and who still gets it.
text = f"From: {me}\r\nTo: {me}\r\nSubject: mixed\r\n\r\nline\n.\n..\nbare line feeds\n"
some = came.sendmail(me, [me, NOBODY, ELSEWHERE], text)
same("refused", {name: why[0] for name, why in some.items()}, {NOBODY: 550})
refused("all refused", smtplib.SMTPRecipientsRefused, "550", came.sendmail, me, [NOBODY], text)
refused("sender refused", smtplib.SMTPSenderRefused, "553", came.sendmail, other, [me], text)
refused("From refused", smtplib.SMTPDataError, "550", came.sendmail, me, [me], text.replace(me, other))
same("goes on", came.noop()[0], 250)

letter = email.message.EmailMessage()
letter["From"] = f"Élodie <{me}>"
letter["To"] = me
letter["Cc"] = INTERNATIONAL
letter["Bcc"] = me
letter["Subject"] = "À bientôt"
letter.set_content("où ça ?\n")
letter.add_attachment(bytes(range(256)) * 40, maintype="image", subtype="png", filename="été.png")
same("send_message", came.send_message(letter), {})
same("by another name", came.send_message(letter, from_addr=me, to_addrs=[me]), {})

# In chunks: their octets are counted, and a dot is a dot.
came.mail(me)
came.rcpt(me)
head = f"From: {me}\r\nSubject: in chunks\r\n\r\n".encode()
for chunk, last in ((head, ""), (b".\r\n..\r\n", " LAST")):
    came.putcmd(f"BDAT {len(chunk)}{last}")
    came.send(chunk)
    same("BDAT", came.getreply()[0], 250)
same("QUIT", came.quit()[0], 221)

# What came of it, by POP3.
read = pop3()
read.user(me)
read.pass_(password)
same("messages", read.stat()[0], 6)
subjects = [line for number in range(1, 7) for line in read.top(number, 0)[1] if line.startswith(b"Subject:")]
same("by hand", subjects[:3], [b"Subject: by hand", b"Subject: receipt", b"Subject: mixed"])
same("dots and line ends", read.retr(3)[1][-4:], [b"line", b".", b"..", b"bare line feeds"])
same("in chunks", read.retr(6)[1][-2:], [b".", b".."])
received = email.message_from_bytes(b"\r\n".join(read.retr(4)[1]), policy=email.policy.SMTPUTF8)
same("subject", received["Subject"], "À bientôt")
same("to", (received["Cc"], received["Bcc"]), (INTERNATIONAL, None))
same("text", received.get_body().get_content(), "où ça ?\r\n")
attached = next(received.iter_attachments())
same("attached", (attached.get_filename(), attached.get_content()), ("été.png", bytes(range(256)) * 40))
check("trace", "with UTF8SMTP" in str(received["Received"]), received["Received"])
check("return path", me in str(received["Return-Path"]), received["Return-Path"])
for number in range(1, 7):
    read.dele(number)
read.quit()
