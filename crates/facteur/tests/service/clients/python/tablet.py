"""A message as the old tablet's e-mail app sends it, which comes back octet for octet by
IMAP and by POP3: the name of its attachment stands there in raw UTF-8, though nobody asked
for 8BITMIME or SMTPUTF8."""
import base64

from door import check, imap, me, password, pop3, same, submission

NAME = "été à la plage ☀.jpg"
boundary = "--_com.android.email_12345"
picture = base64.encodebytes(bytes(range(256)) * 20).decode().replace("\n", "\r\n")
MESSAGE = f"""Date: Mon, 23 Nov 2026 10:11:12 +0100
Subject: =?UTF-8?B?w6l0w6k=?=
Message-ID: <1.1@email.android.com>
From: <{me}>
To: <{me}>
MIME-Version: 1.0
Content-Type: multipart/mixed; boundary="{boundary}"

--{boundary}
Content-Type: text/plain; charset=utf-8
Content-Transfer-Encoding: base64

w6l0w6kK

--{boundary}
Content-Type: image/jpeg;
 name="{NAME}"
Content-Transfer-Encoding: base64
Content-Disposition: attachment;
 filename="{NAME}";
 size=5120

""".replace("\n", "\r\n") + f"{picture}\r\n--{boundary}--\r\n"
octets = MESSAGE.encode()

came = submission()
came.ehlo("[192.168.1.20]")
plain = base64.b64encode(f"\0{me}\0{password}".encode()).decode()
same("AUTH", came.docmd(f"AUTH PLAIN {plain}")[0], 235)
same("MAIL", came.docmd(f"MAIL FROM: <{me}>")[0], 250)
same("RCPT", came.docmd(f"RCPT TO: <{me}>")[0], 250)
same("DATA", came.docmd("DATA")[0], 354)
came.send(octets + b".\r\n")
same("sent", came.getreply()[0], 250)
# It says no farewell.
came.close()

read = pop3()
read.user(me)
read.pass_(password)
whole = b"\r\n".join(read.retr(1)[1]) + b"\r\n"
check("by POP3", whole.endswith(b"\r\n" + octets), whole)
read.quit()

mailbox = imap()
mailbox.login(me, password)
mailbox.select()
same("by IMAP", mailbox.fetch("1", "(BODY.PEEK[])")[1][0][1], whole)
header = mailbox.fetch("1", "(BODY.PEEK[2.MIME])")[1][0][1]
check("its part", f'name="{NAME}"'.encode() in header, header)
# The structure tells the name too: as a literal, since it is no ASCII.
told = mailbox.fetch("1", "(BODYSTRUCTURE)")[1]
check("the structure", NAME.encode() in b"".join(b"".join(item) if isinstance(item, tuple) else item for item in told), told)
mailbox.logout()
