"""Python's own clients against a running service: imaplib, poplib and smtplib, over
TLS from the first byte and upgraded. Any surprise is an exception and a failed exit."""
import imaplib
import poplib
import smtplib
import ssl
import sys

authority, base, jeanne, jeanne_password, paul, paul_password = sys.argv[1:]
base = int(base)
tls = ssl.create_default_context(cafile=authority)


def check(condition, what):
    if not condition:
        raise SystemExit(f"unexpected: {what!r}")


def send(smtp, subject):
    smtp.ehlo()
    smtp.login(jeanne, jeanne_password)
    smtp.sendmail(jeanne, [paul], f"From: {jeanne}\r\nTo: {paul}\r\nSubject: {subject}\r\n\r\nline\r\n.dot\r\n")
    smtp.quit()


send(smtplib.SMTP_SSL("localhost", base + 465, context=tls), "implicit")
upgraded = smtplib.SMTP("localhost", base + 587)
upgraded.ehlo()
upgraded.starttls(context=tls)
send(upgraded, "upgraded")

# Nobody sends without signing in, nor as another.
plain = smtplib.SMTP_SSL("localhost", base + 465, context=tls)
plain.ehlo()
check(plain.mail(jeanne)[0] == 530, "MAIL without sign-in")
plain.login(jeanne, jeanne_password)
check(plain.mail(paul)[0] in (550, 553), "MAIL FROM another")
check(plain.mail(jeanne)[0] == 250, "MAIL FROM self")
check(plain.rcpt(paul)[0] == 250, "RCPT")
check(plain.data(f"From: {paul}\r\n\r\nforged\r\n")[0] == 550, "From of another")
check(plain.mail(jeanne)[0] == 250, "MAIL FROM self")
check(plain.rcpt(paul)[0] == 250, "RCPT")
check(plain.data(f"From: {jeanne}\r\nSender: {paul}\r\n\r\nforged\r\n")[0] == 550, "Sender of another")
check(plain.mail(jeanne)[0] == 250, "MAIL FROM self")
check(plain.rcpt(paul)[0] == 250, "RCPT")
check(plain.data("Subject: nobody's\r\n\r\nforged\r\n")[0] == 550, "no From")
plain.quit()

# Mail from other servers, to somebody here, to nobody, and to elsewhere.
outside = smtplib.SMTP("localhost", base + 25)
outside.ehlo("mx.example.org")
check(not outside.has_extn("auth"), "AUTH on port 25")
check(outside.mail("someone@example.org")[0] == 250, "MAIL")
check(outside.rcpt("nobody@facteur.test")[0] == 550, "unknown user")
check(outside.rcpt("someone@example.com")[0] == 550, "open relay")
check(outside.rcpt(paul)[0] == 250, "RCPT")
check(outside.data("From: someone@example.org\r\nSubject: outside\r\n\r\nhello\r\n")[0] == 250, "DATA")
outside.quit()


def pop(pop3):
    pop3.user(paul)
    pop3.pass_(paul_password)
    count, octets = pop3.stat()
    check(count == 3 and octets > 0, (count, octets))
    lines = pop3.retr(1)[1]
    check(lines[-1] == b".dot", lines)
    check(len(pop3.uidl()[1]) == 3, "UIDL")
    pop3.top(1, 1)
    pop3.dele(3)
    pop3.rset()
    pop3.quit()


pop(poplib.POP3_SSL("localhost", base + 995, context=tls))
upgraded = poplib.POP3("localhost", base + 110)
upgraded.stls(context=tls)
pop(upgraded)


def imap(imap4):
    imap4.login(paul, paul_password)
    check(imap4.select()[1] == [b"3"], "EXISTS")
    check(imap4.search(None, "SUBJECT", "outside")[1] == [b"3"], "SEARCH")
    typ, data = imap4.fetch("1:3", "(UID FLAGS ENVELOPE BODYSTRUCTURE BODY.PEEK[])")
    check(typ == "OK" and b".dot\r\n" in data[0][1], data)
    imap4.create("Été".encode("utf-7").replace(b"+", b"&").decode())
    check(imap4.append("Drafts", r"(\Draft)", None, b"Subject: later\r\n\r\nbody\r\n")[0] == "OK", "APPEND")
    check(imap4.copy("1", "Trash")[0] == "OK", "COPY")
    check(imap4.store("1", "+FLAGS", r"(\Deleted)")[0] == "OK", "STORE")
    check(imap4.store("1", "-FLAGS", r"(\Deleted)")[0] == "OK", "STORE")
    check(imap4.expunge()[0] == "OK", "EXPUNGE")
    check(len(imap4.list()[1]) >= 5, "LIST")
    check(imap4.status("INBOX", "(MESSAGES UIDNEXT)")[0] == "OK", "STATUS")
    imap4.close()
    imap4.logout()


imap(imaplib.IMAP4_SSL("localhost", base + 993, ssl_context=tls))
upgraded = imaplib.IMAP4("localhost", base + 143)
upgraded.starttls(ssl_context=tls)
upgraded.login(jeanne, jeanne_password)
check(upgraded.select("INBOX", readonly=True)[0] == "OK", "EXAMINE")
upgraded.logout()

# In the clear nobody gets in whose account has old devices off.
clear = imaplib.IMAP4("localhost", base + 143)
try:
    clear.login(jeanne, jeanne_password)
    raise SystemExit("let in unencrypted")
except imaplib.IMAP4.error as refused:
    check("PRIVACYREQUIRED" in str(refused), str(refused))
