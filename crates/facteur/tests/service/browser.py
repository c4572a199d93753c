"""A browser without a screen: it keeps cookies, follows nothing, and checks certificates."""
import html
import http.client
import re
import ssl
import urllib.parse


def check(condition, what):
    if not condition:
        raise SystemExit(f"unexpected: {what!r}")


class Page:
    def __init__(self, reply):
        self.status = reply.status
        self.fields = reply.headers
        self.octets = reply.read()
        self.text = self.octets.decode() if "html" in reply.headers.get("content-type", "") else ""

    def proof(self):
        return re.search(r'name="proof" value="([^"]*)"', self.text)[1]

    def words(self):
        """What a reader sees, tags and their attributes left out."""
        return " ".join(html.unescape(re.sub(r"<[^>]*>", " ", self.text)).split())


class Browser:
    def __init__(self, authority, port, language="en"):
        self.tls = ssl.create_default_context(cafile=authority)
        self.port = port
        self.cookies = {}
        self.language = language

    def ask(self, method, path, form=None, fields=None):
        connection = http.client.HTTPSConnection("localhost", self.port, context=self.tls, timeout=60)
        sent = {"Accept-Language": self.language, **(fields or {})}
        if self.cookies:
            sent["Cookie"] = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        body = None
        if form is not None:
            body = urllib.parse.urlencode(form)
            sent["Content-Type"] = "application/x-www-form-urlencoded"
        connection.request(method, path, body, sent)
        reply = connection.getresponse()
        page = Page(reply)
        for cookie in page.fields.get_all("set-cookie") or []:
            name, _, value = cookie.partition(";")[0].partition("=")
            if value and "Max-Age=0" not in cookie:
                self.cookies[name] = value
            else:
                self.cookies.pop(name, None)
        connection.close()
        return page

    def get(self, path):
        return self.ask("GET", path)

    def sign_in(self, address, password, proof=None):
        page = self.get("/sign-in")
        proof = page.proof() if proof is None else proof
        return self.ask("POST", "/sign-in", {"address": address, "password": password, "proof": proof})

    def change(self, current, new, again=None, proof=None):
        proof = self.get("/password").proof() if proof is None else proof
        form = {"current": current, "new": new, "again": again or new, "proof": proof}
        return self.ask("POST", "/password", form)
