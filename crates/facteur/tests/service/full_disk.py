"""A disk that is full for new mail, then full to its last octet, under a real service.

`full_disk.py FACTEUR DISK BASE`: DISK is an empty file system of its own, some 100 MiB. Any
surprise is an exception and a failed exit."""
import base64
import imaplib
import os
import poplib
import random
import re
import smtplib
import ssl
import subprocess
import sys

imaplib._MAXLINE = 1 << 24
facteur, disk, base = sys.argv[1], sys.argv[2], int(sys.argv[3])
data = f"{disk}/data"
jeanne, paul = "jeanne@facteur.test", "paul@facteur.test"
# Files of messages go as soon as nothing in them is needed, and are small on a small disk.
os.environ.update(FACTEUR_CARE__GRACE_SECONDS="0", FACTEUR_CARE__FILE_BYTES=str(1 << 20))
# What blob keeps from new bodies.
RESERVE = 64 * 1024 * 1024


def check(condition, what):
    if not condition:
        raise SystemExit(f"unexpected: {what!r}")


def start():
    line = [facteur, "--data", data, "quickstart", "--listen", "127.0.0.1", "--hostname", "localhost"]
    child = subprocess.Popen(line + ["--port-base", str(base)], stdout=subprocess.PIPE, stderr=log, text=True)
    check(any("quickstart.txt" in told for told in child.stdout), "no start")
    return child


def command(*arguments):
    done = subprocess.run([facteur, "--data", data, *arguments], input="un mot de passe\n", capture_output=True, text=True)
    return done.returncode, done.stdout + done.stderr


def free():
    state = os.statvfs(disk)
    return state.f_bavail * state.f_frsize


def fill(name, leave):
    """Takes the disk but for so many octets."""
    with open(f"{disk}/{name}", "wb") as ballast:
        if free() > leave:
            os.posix_fallocate(ballast.fileno(), 0, free() - leave)
        if leave == 0:
            try:
                while True:
                    os.write(ballast.fileno(), bytes(4096))
            except OSError:
                pass


def text(number, octets):
    """Noise, of which three quarters are left when it is compressed."""
    noise = base64.encodebytes(random.Random(number).randbytes(octets * 3 // 4))
    lines = noise.decode().replace("\n", "\r\n")
    # Whole, so that a submission has nothing added either.
    whole = f"Date: Sat, 28 Nov 2026 10:11:12 +0100\r\nMessage-ID: <{number}@example.org>\r\n"
    return f"From: {jeanne}\r\n{whole}Subject: {number}\r\n\r\n" + lines


kept = {}


def deliver(smtp, octets, sender="someone@example.org", to=(paul,), size=None):
    """One message; gives the code that ended it."""
    number = len(kept) + 1
    message = text(number, octets)
    code, said = smtp.mail(sender, [f"SIZE={size}"] if size else [])
    if code == 250:
        for recipient in to:
            check(smtp.rcpt(recipient)[0] == 250, "RCPT")
        code, said = smtp.data(message)
    if code == 250:
        kept[number] = message
    else:
        check(said.startswith(b"4.3.1 "), said)
    # The connection is kept.
    check(smtp.noop()[0] == 250, "NOOP")
    smtp.rset()
    return code


def other_server():
    smtp = smtplib.SMTP("localhost", base + 25)
    smtp.ehlo("mx.example.org")
    return smtp


def submission(user):
    smtp = smtplib.SMTP_SSL("localhost", base + 465, context=tls)
    smtp.login(user, passwords[user])
    return smtp


def imap(user):
    session = imaplib.IMAP4_SSL("localhost", base + 993, ssl_context=tls)
    session.login(user, passwords[user])
    check(session.select()[0] == "OK", "SELECT on a full disk")
    return session


def removed_by_pop3(user):
    """Signs in, reads, and removes the first message; what QUIT said."""
    pop3 = poplib.POP3_SSL("localhost", base + 995, context=tls)
    pop3.user(user)
    pop3.pass_(passwords[user])
    check(len(pop3.retr(1)[1]) > 3, "RETR")
    pop3.dele(1)
    try:
        return pop3.quit()
    except poplib.error_proto as refused:
        return refused.args[0]


def unavailable(answer):
    check(answer[0] == "NO" and answer[1][0].startswith(b"[UNAVAILABLE]"), answer)


def read_all(removed):
    """All that was acknowledged, once and whole, but for what was removed."""
    session = imap(paul)
    found = []
    for part in session.fetch("1:*", "(UID BODY.PEEK[])")[1]:
        if isinstance(part, tuple):
            number = int(re.search(rb"\r\nSubject: (\d+)\r\n", part[1]).group(1))
            check(part[1].endswith(kept[number].encode()), f"torn: {number}")
            found.append(number)
    check(sorted(found) == sorted(set(kept) - removed), (sorted(found), len(kept), removed))
    session.logout()


log = open(f"{disk}/log", "w")
service = start()
sheet = open(f"{data}/quickstart.txt").read()
passwords = dict(re.findall(r"^\s*(\S+@facteur.test)\s+(\S+)\s*$", sheet, re.M))
tls = ssl.create_default_context(cafile=f"{data}/tls/authority.pem")
try:
    smtp = other_server()
    for _ in range(5):
        check(deliver(smtp, 500) == 250, "mail")

    # Full for new mail: large ones first, then small ones.
    fill("ballast", RESERVE + 3_000_000)
    for octets in (1_000_000, 500):
        while (code := deliver(smtp, octets)) == 250:
            pass
        check(code == 452, code)
    before = free()
    check(before > RESERVE - 100_000, before)
    check(deliver(smtp, 500, to=(paul, jeanne)) == 452, "two recipients")
    check(smtp.mail("someone@example.org", ["SIZE=1000000"])[0] == 452, "MAIL with SIZE")
    check(deliver(submission(jeanne), 500, sender=jeanne) == 452, "submission")
    # Mail can still be read, marked, moved and removed.
    session = imap(paul)
    unavailable(session.append("Drafts", None, None, text(0, 500).encode()))
    unavailable(session.append("Drafts", None, None, text(0, 5_000_000).encode()))
    check(session.store("1", "+FLAGS", r"(\Flagged)")[0] == "OK", "STORE")
    check(session.copy("1", "Trash")[0] == "OK", "COPY")
    check(session.store("1", "+FLAGS", r"(\Deleted)")[0] == "OK", "STORE")
    check(session.expunge() == ("OK", [b"1"]), "EXPUNGE")
    check(session._simple_command("MOVE", "1", "Junk")[0] == "OK", "MOVE")
    check(removed_by_pop3(paul).startswith(b"+OK"), "QUIT")
    check(command("account", "add", "louise@facteur.test", "--password-stdin")[0] == 0, "account add")
    removed = {1, 2, 3}

    # Full to the last octet, by something else.
    fill("more", 0)
    check(free() == 0, free())
    check(deliver(smtp, 500) == 452, "mail")
    check(deliver(smtp, 500, to=(paul, jeanne)) == 452, "two recipients")
    check(deliver(submission(jeanne), 500, sender=jeanne) == 452, "submission")
    check(session.noop()[0] == "OK", "NOOP")
    unavailable(session.append("Drafts", None, None, text(0, 500).encode()))
    unavailable(session.append("Drafts", None, None, text(0, 500_000).encode()))
    check(session.fetch("1", "(UID FLAGS ENVELOPE BODY[])")[0] == "OK", "FETCH that would mark")
    # The index may have some room in the pages that it has: it is used up by asking.
    for count in range(2000):
        changed = session.store("2", "-+"[count % 2] + "FLAGS", r"(\Flagged)")
        if changed[0] != "OK":
            break
    unavailable(changed)
    unavailable(session.copy("1:*", "Trash"))
    refused = removed_by_pop3(paul)
    check(refused.startswith(b"-ERR [SYS/TEMP]"), refused)
    code, said = command("account", "add", "marcel@facteur.test", "--password-stdin")
    check(code == 1 and "the disk is full" in said, said)
    code, said = command("account", "list")
    check(code == 0 and paul in said and "marcel" not in said, said)
    read_all(removed)

    # Killed, and told to stop: it starts again on the full disk, and reads.
    for end in (service.kill, lambda: service.terminate()):
        end()
        service.wait()
        fill("still-more", 0)
        service = start()
        check(free() < 100_000, free())
        read_all(removed)
        check(deliver(other_server(), 500) == 452, "mail after a start")

    # Room again: everything goes on, without a restart.
    smtp = other_server()
    session = imap(paul)
    for name in ("ballast", "more", "still-more"):
        os.unlink(f"{disk}/{name}")
    check(deliver(smtp, 500) == 250, "mail")
    check(deliver(smtp, 1_000_000) == 250, "large mail")
    check(deliver(smtp, 500, to=(paul,), size=700) == 250, "mail with SIZE")
    check(deliver(submission(jeanne), 500, sender=jeanne) == 250, "submission")
    check(session.append("Drafts", None, None, text(0, 500).encode())[0] == "OK", "APPEND")
    check(session.store("1", "+FLAGS", r"(\Deleted)")[0] == "OK", "STORE")
    check(session.expunge()[0] == "OK", "EXPUNGE")
    removed.add(4)
    read_all(removed)
    service.kill()
    service.wait()
    service = start()
    read_all(removed)

    # A disk that mail itself has filled: what is deleted makes room again, while serving.
    smtp = other_server()
    session = imap(paul)
    check(session.create("Archive")[0] == "OK", "CREATE")
    archived = 0
    while session.append("Archive", None, None, text(archived, 60_000).encode())[0] == "OK":
        archived += 1
    check(archived > 100, archived)
    # APPEND says beforehand how much is coming, and is refused where that compressed might fit.
    check(deliver(smtp, 120_000) == 452, "mail on a disk full of mail")
    read_all(removed)
    check(session.delete("Archive")[0] == "OK", "DELETE")
    before = free()
    code, said = command("store", "compact")
    check(code == 0, said)
    check(free() - before > archived * 40_000, (said, before, free()))
    check(deliver(smtp, 60_000) == 250, "mail after that")
    read_all(removed)
    code, said = command("store", "check")
    check(code == 0, said)
    print(len(kept))
finally:
    service.kill()
    if sys.exc_info()[0]:
        log.close()
        print(open(f"{disk}/log").read()[-4000:], file=sys.stderr)
