"""A person on the pages: signing in, reading the servers, and what is refused."""
import re
import sys

from browser import Browser, check

authority, base, user, password = sys.argv[1:]
base = int(base)


def browser(language="en"):
    return Browser(authority, base + 443, language)


# Who has not signed in is sent to do so.
jeanne = browser()
first = jeanne.get("/")
check((first.status, first.fields["location"]) == (303, "/sign-in"), first.status)
page = jeanne.get("/sign-in")
check(page.status == 200, page.status)
for name in ["__Host-visit"]:
    cookie = page.fields["set-cookie"]
    check(cookie.startswith(name + "="), cookie)
    for mark in ["Secure", "HttpOnly", "SameSite=Lax", "Path=/"]:
        check(mark in cookie, cookie)
    check("Domain" not in cookie, cookie)

# What every reply tells the browser.
for path in ["/sign-in", "/guides", "/no/such/page", "/static/none"]:
    fields = jeanne.get(path).fields
    policy = fields["content-security-policy"]
    for rule in ["default-src 'none'", "frame-ancestors 'none'", "form-action 'self'", "base-uri 'none'"]:
        check(rule in policy, policy)
    check("script-src" not in policy and "unsafe" not in policy, policy)
    check(fields["x-frame-options"] == "DENY", fields["x-frame-options"])
    check(fields["x-content-type-options"] == "nosniff", path)
    check(fields["referrer-policy"] == "same-origin", path)
    check(fields["cache-control"] == "no-store", path)
    # A certificate that the quick start signed itself must not bind a browser for ever.
    check(fields["strict-transport-security"] is None, path)
    check(fields["server"] is None, fields["server"])


# Nobody learns who exists: the same page but for what was typed and the form's proof.
def refused(name, secret):
    page = browser().sign_in(name, secret)
    page.text = re.sub(r'name="proof" value="[^"]*"', "", page.text)
    said = page.text.replace(f'value="{name}"', "")
    fields = sorted((name, value) for name, value in page.fields.items() if name not in ("set-cookie", "date"))
    fields = [one for one in fields if one[0] != "content-length"]
    return page.status, fields, said


wrong = refused(user, "not the password")
check(wrong[0] == 403, wrong[0])
check(wrong == refused("nobody@facteur.test", "not the password"), "an unknown user")
check(wrong == refused("nobody@else.where", "not the password"), "an unknown domain")
check(wrong == refused(user.partition("@")[0], password), "a bare local part")

# A form that our page did not make for this visitor does nothing.
for proof in ["", "A" * 43, browser().get("/sign-in").proof()]:
    stranger = browser()
    stranger.get("/sign-in")
    page = stranger.sign_in(user, password, proof)
    check(page.status == 403 and "__Host-session" not in stranger.cookies, (page.status, proof))
crossed = browser()
form = {"address": user, "password": password, "proof": crossed.get("/sign-in").proof()}
page = crossed.ask("POST", "/sign-in", form, {"Origin": "https://evil.example"})
check(page.status == 403 and "__Host-session" not in crossed.cookies, page.status)

# The right password opens the mailbox, with its servers.
page = jeanne.sign_in(user, password)
check((page.status, page.fields["location"]) == (303, "/"), page.status)
cookie = page.fields["set-cookie"]
check(cookie.startswith("__Host-session="), "no session")
for mark in ["Secure", "HttpOnly", "SameSite=Lax", "Path=/"]:
    check(mark in cookie, mark)
page = jeanne.get("/")
words = page.words()
for value in [base + port for port in (993, 143, 995, 110, 465, 587)]:
    check(str(value) in words, f"port {value}")
check("localhost" in words and user in words.replace(" ", ""), "server or user name")

# Both languages, and the guides with these values.
for language, steps in [("fr", "Étape"), ("en", "Step")]:
    jeanne.get(f"/?lang={language}")
    for protocol in ("pop3", "imap"):
        guide = jeanne.get(f"/guides/email-android-4.1.2/{protocol}")
        check(guide.status == 200, guide.status)
        check(f'lang="{language}"' in guide.text, language)
        check(user in guide.text.replace("<wbr>", ""), f"{language} {protocol}: the user name")

# Signing out ends the session itself, not only the cookie.
kept = dict(jeanne.cookies)
proof = jeanne.get("/").proof()
check(jeanne.ask("POST", "/sign-out", {"proof": "wrong"}).status == 403, "sign-out by another")
check(jeanne.get("/").status == 200, "still in")
check(jeanne.ask("POST", "/sign-out", {"proof": proof}).status == 303, "sign-out")
jeanne.cookies = kept
check(jeanne.get("/").status == 303, "the old cookie opens nothing")
