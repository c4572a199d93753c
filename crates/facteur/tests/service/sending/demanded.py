"""Mail for domains whose DNS says what the certificate of their host must be."""
from sending.house import check, houses, until

here, there = houses()
jeanne = here.people[0]
for domain in ["right.test", "wrong.test", "bogus.test", "strange.test"]:
    there.command("domain", "add", domain)
    password = "quatre mots au hasard"
    there.command("account", "add", f"x@{domain}", "--password-stdin", given=f"{password}\n")
    here.letter(jeanne, [f"x@{domain}"], domain)


def person(domain):
    return {"address": f"x@{domain}", "password": "quatre mots au hasard"}


there.arrived(person("right.test"), "right.test")
# Records of a kind that is not for mail servers demand TLS, and nothing of the certificate.
there.arrived(person("strange.test"), "strange.test")


def tried():
    found = here.queue()
    return found if all(one["recipients"][0]["attempts"] > 0 for one in found) else None


waits = {one["recipients"][0]["address"]: one["recipients"][0] for one in until(tried, here.queue)}
check(sorted(waits) == ["x@bogus.test", "x@wrong.test"], waits)
check(waits["x@wrong.test"]["status"] == "4.7.5", waits)
check("is not what its DNS says" in waits["x@wrong.test"]["trouble"], waits)
check(waits["x@bogus.test"]["status"] == "4.4.3", waits)
check("DNSSEC" in waits["x@bogus.test"]["trouble"], waits)
