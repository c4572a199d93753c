"""All mail goes by the other service, which takes it from one who signs in there."""
from sending.house import check, houses, read

here, there = houses()
[jeanne, _], [other_jeanne, other_paul] = here.people, there.people
# The account there may send as her.
there.command("domain", "add", "a.test")
there.command("alias", "add", jeanne["address"], other_paul["address"])

here.letter(jeanne, [other_jeanne["address"]], "to there")
octets = there.arrived(other_jeanne, "to there")
received = read(octets).get_all("Received")[0].replace("\n\t", " ")
check(" with ESMTPSA " in received, received)
# To a domain whose own hosts are never asked.
here.letter(jeanne, ["x@null.test"], "onward")
here.until_sent()
check(here.command("queue", "destinations") == "", "destinations")
