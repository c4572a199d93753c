"""In the clear, for an account that has old devices off: nobody gets in, and everyone
hears the same, right password or wrong, known address or not."""
import base64
import imaplib
import poplib
import smtplib

from door import check, imap, me, password, pop3, refused, same, submission

TRIES = ((me, password), (me, "wrong"), ("nobody@facteur.test", password))


def by_pop(user, secret):
    came = pop3()
    came.user(user)
    came.pass_(secret)


def by_plain(user, secret):
    """PLAIN by POP3, for which poplib has no method."""
    came = pop3()
    return came._shortcmd("AUTH PLAIN " + base64.b64encode(f"\0{user}\0{secret}".encode()).decode())


kept = (
    (imaplib.IMAP4.error, "[PRIVACYREQUIRED]", lambda user, secret: imap().login(user, secret)),
    (
        imaplib.IMAP4.error,
        "[PRIVACYREQUIRED]",
        lambda user, secret: imap().authenticate("PLAIN", lambda _: f"\0{user}\0{secret}"),
    ),
    (poplib.error_proto, "-ERR [AUTH]", by_pop),
    (poplib.error_proto, "-ERR [AUTH]", by_plain),
    (smtplib.SMTPAuthenticationError, "(538, b'5.7.11 ", lambda user, secret: submission().login(user, secret)),
)
for error, mark, sign_in in kept:
    heard = {refused(f"{mark} {who}", error, mark, sign_in, *who) for who in TRIES}
    same("heard", len(heard), 1)
    # It says what to do: encrypt, or have old devices switched on.
    said = heard.pop().lower()
    check("remedy", "tls" in said and "old devices" in said, said)
