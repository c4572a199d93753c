"""Mail for `set.test`, which the name service does not know, goes to the host that is set for it, where
one signs in; other mail goes as always, and nobody signs in."""
from sending.house import check, houses, read

here, there = houses()
jeanne, [other_jeanne, other_paul] = here.people[0], there.people
# The account there may send as her.
there.command("domain", "add", "a.test")
there.command("alias", "add", jeanne["address"], other_paul["address"])
there.command("domain", "add", "set.test")
there.command("alias", "add", "x@set.test", other_jeanne["address"])
for to, subject, way in [("x@set.test", "routed", " with ESMTPSA "), (other_jeanne["address"], "not", " with ESMTPS ")]:
    here.letter(jeanne, [to], subject)
    octets = there.arrived(other_jeanne, subject)
    check(way in read(octets).get_all("Received")[0].replace("\n\t", " "), octets)
here.until_sent()
