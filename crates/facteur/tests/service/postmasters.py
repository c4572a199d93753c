"""Another server writes to postmasters: the service's own, which reads them here."""
import imaplib
import smtplib
import ssl
import sys

authority, base, user, password = sys.argv[1:]
base = int(base)
smtp = smtplib.SMTP("localhost", base + 25)
for number, recipient in enumerate(["postmaster", "postmaster@facteur.test", "PostMaster@alpha.test"]):
    smtp.sendmail("", [recipient], f"Subject: help {number}\r\n\r\ntext\r\n")
smtp.ehlo_or_helo_if_needed()
smtp.mail("")
for recipient, code in [("postmaster@zeta.test", 250), ("abuse@zeta.test", 250), ("abuse@alpha.test", 250), ("info@alpha.test", 550)]:
    said = smtp.rcpt(recipient)
    if said[0] != code:
        raise SystemExit(f"{recipient}: {said}")
smtp.quit()
tls = ssl.create_default_context(cafile=authority)
imap = imaplib.IMAP4_SSL("localhost", base + 993, ssl_context=tls)
imap.login(user, password)
if imap.select()[1] != [b"3"]:
    raise SystemExit("not all of them came")
imap.logout()
