"""Sessions of every protocol, with secrets in all the places where one can be: right and
wrong passwords, every form of sign-in, and words that only a message holds."""
import base64
import imaplib
import poplib
import smtplib
import ssl
import sys

from browser import Browser, check

authority, base, user, password, wrong, content = sys.argv[1:]
base = int(base)
tls = ssl.create_default_context(cafile=authority)

smtp = smtplib.SMTP_SSL("localhost", base + 465, context=tls)
smtp.ehlo()
check(smtp.docmd("AUTH", "PLAIN " + base64.b64encode(f"\0{user}\0{wrong}".encode()).decode())[0] == 535, "wrong")
check(smtp.docmd("AUTH", "LOGIN")[0] == 334, "AUTH LOGIN")
check(smtp.docmd(base64.b64encode(user.encode()).decode())[0] == 334, "name")
check(smtp.docmd(base64.b64encode(password.encode()).decode())[0] == 235, "password")
# A password where a command belongs.
smtp.docmd(password)
smtp.sendmail(user, [user], f"From: {user}\r\nSubject: {content}\r\n\r\n{content}\r\n")
smtp.quit()

imap = imaplib.IMAP4_SSL("localhost", base + 993, ssl_context=tls)
for secret in (wrong, password):
    try:
        imap.login(user, secret)
    except imaplib.IMAP4.error:
        pass
imap.append("INBOX", None, None, f"Subject: {content}\r\n\r\n{content}\r\n".encode())
imap.select()
imap.search(None, "SUBJECT", f'"{content}"')
imap.fetch("1:*", "(ENVELOPE BODY[])")
imap.create(content)
imap.logout()
imap = imaplib.IMAP4_SSL("localhost", base + 993, ssl_context=tls)
imap.authenticate("PLAIN", lambda _: f"\0{user}\0{password}".encode())
try:
    imap.xatom(password)
except imaplib.IMAP4.error:
    pass
imap.logout()

pop3 = poplib.POP3_SSL("localhost", base + 995, context=tls)
pop3.user(user)
try:
    pop3.pass_(wrong)
except poplib.error_proto:
    pass
# A name typed where the password goes, and the other way round.
pop3.user(password)
try:
    pop3.pass_(user)
except poplib.error_proto:
    pass
pop3.user(user)
pop3.pass_(password)
pop3.retr(1)
pop3.quit()

page = Browser(authority, base + 443)
check(page.sign_in(user, wrong).status == 403, "wrong on the page")
check(page.sign_in(user, password).status == 303, "right on the page")
new = password + " too"
check(page.change(password, new).status == 303, "changed")
print(page.cookies["__Host-session"])
