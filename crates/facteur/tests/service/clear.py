"""Python's own clients in the clear, for an account that has old devices on."""
import imaplib
import poplib
import smtplib
import sys

base, user, password = sys.argv[1:]
base = int(base)

smtp = smtplib.SMTP("localhost", base + 587)
smtp.login(user, password)
smtp.sendmail(user, [user], f"From: {user}\r\nSubject: clear\r\n\r\nin the clear\r\n")
smtp.quit()

pop3 = poplib.POP3("localhost", base + 110)
pop3.user(user)
pop3.pass_(password)
count = pop3.stat()[0]
if b"in the clear" not in pop3.retr(count)[1]:
    raise SystemExit("POP3: not there")
pop3.quit()

imap = imaplib.IMAP4("localhost", base + 143)
imap.login(user, password)
if imap.select()[1] != [str(count).encode()]:
    raise SystemExit("IMAP: not there")
imap.logout()
