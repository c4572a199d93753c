"""Sends one message to an address, signed in."""
import smtplib
import ssl
import sys

authority, base, user, password, recipient = sys.argv[1:]
tls = ssl.create_default_context(cafile=authority)
smtp = smtplib.SMTP_SSL("localhost", int(base) + 465, context=tls)
smtp.login(user, password)
smtp.sendmail(user, [recipient], f"From: {user}\r\nSubject: away\r\n\r\ntext\r\n")
smtp.quit()
