"""Signs in by IMAP, POP3 and submission with one password; fails if one refuses it."""
import imaplib
import poplib
import smtplib
import ssl
import sys

authority, base, user, password = sys.argv[1:]
base = int(base)
tls = ssl.create_default_context(cafile=authority)

imap = imaplib.IMAP4_SSL("localhost", base + 993, ssl_context=tls)
imap.login(user, password)
imap.logout()
pop3 = poplib.POP3_SSL("localhost", base + 995, context=tls)
pop3.user(user)
pop3.pass_(password)
pop3.quit()
smtp = smtplib.SMTP_SSL("localhost", base + 465, context=tls)
smtp.login(user, password)
smtp.quit()
