"""The old tablet's habit: mail is read by POP3, and then sent without signing in."""
import poplib
import smtplib
import sys

from happened import expect, world


def connected(base, tls, port):
    if port == 465:
        return smtplib.SMTP_SSL("localhost", base + 465, local_hostname="[192.168.1.20]", context=tls)
    smtp = smtplib.SMTP("localhost", base + 587, local_hostname="[192.168.1.20]")
    smtp.ehlo()
    if tls:
        smtp.starttls(context=tls)
    return smtp


def sends_unsigned(base, tls, sender, times, port=587):
    for _ in range(times):
        smtp = connected(base, tls, port)
        smtp.ehlo()
        code, said = smtp.docmd(f"MAIL FROM: <{sender}>")
        expect(code == 530 and b"Require sign-in" in said, (code, said))
        expect(smtp.docmd("RCPT TO: <x@example.org>")[0] == 503, "RCPT was taken")
        smtp.close()


def tries(here):
    jeanne, paul = here.people
    pop3 = poplib.POP3_SSL("localhost", here.base + 995, context=here.tls)
    pop3.user(jeanne["address"])
    pop3.pass_(jeanne["password"])
    pop3.quit()
    for _ in range(3):
        pop3 = poplib.POP3_SSL("localhost", here.base + 995, context=here.tls)
        pop3.user(paul["address"])
        try:
            pop3.pass_("wrong")
        except poplib.error_proto:
            pass
        pop3.quit()
    sends_unsigned(here.base, None, paul["address"], 12)
    sends_unsigned(here.base, here.tls, "somebody@example.org", 1)
    sends_unsigned(here.base, here.tls, "else@example.org", 1, port=465)


def looks(here):
    jeanne, paul = (person["address"] for person in here.people)
    of = lambda all, what: [one for one in all if one["what"] == what]
    unsigned = of(here.events(), "unsigned")
    expect(len(unsigned) == 3, unsigned)
    [plain] = [one for one in unsigned if not one["encrypted"]]
    expect(plain["count"] == 12 and plain["sender"] == paul and plain["port"] == here.base + 587, plain)
    secure = {one["port"] - here.base: one for one in unsigned if one["encrypted"]}
    expect(secure[587]["count"] == 1 and secure[587]["sender"] == "somebody@example.org", secure)
    expect(secure[465]["count"] == 1 and secure[465]["sender"] == "else@example.org", secure)
    for one in unsigned:
        expect(one["hello"] == "[192.168.1.20]" and one["last"], one)
        expect(one["peer"].startswith(("127.0.0.1:", "[::1]:")) and len(one["session"]) == 16, one)
        # Jeanne read her mail there a moment before.
        expect(one["reader"]["address"] == jeanne and one["reader"]["protocol"] == "pop3", one)
    # She finds both; whom they pretended to be finds his.
    expect(of(here.events(jeanne), "unsigned") == unsigned, here.events(jeanne))
    expect(of(here.events(paul), "unsigned") == [plain], here.events(paul))
    signed = of(here.events(jeanne), "sign-in")
    expect([(one["protocol"], one["encrypted"], one["refused"]) for one in signed] == [("pop3", True, None)], signed)
    refused = of(here.events(paul), "sign-in")
    expect([(one["count"], one["refused"]) for one in refused] == [(3, "wrong password")], refused)
    # And for people.
    told = here.facteur("account", "events", paul)
    expect(f"{jeanne} read mail there by pop3" in told and "12 times" in told, told)


here = world()
{"try": tries, "look": looks}[sys.argv[2]](here)
