"""Mail for a service that is down waits; an operator looks after it."""
import json

from sending.house import check, houses, until

here, there = houses()
[jeanne, _], [_, other_paul] = here.people, there.people

for subject in ["first", "held", "dropped"]:
    here.letter(jeanne, [other_paul["address"]], subject)


def waiting():
    found = here.queue()
    tried = [one for one in found if one["recipients"][0]["attempts"] > 0]
    return found if len(tried) == 3 else None


first, held, dropped = until(waiting, here.queue)
recipient = here.shown(first["id"])["recipients"][0]
check(recipient["status"] == "4.4.1" and "mail.b.test" in recipient["trouble"], recipient)
check(recipient["due"] > first["received"], recipient)
[destination] = json.loads(here.command("queue", "destinations", "--json"))
check(destination["domain"] == "b.test" and destination["failures"] >= 1, destination)
here.command("queue", "hold", held["id"])
here.command("queue", "drop", dropped["id"])
check("held" in here.command("queue", "show", held["id"]), "held")
check([one["id"] for one in here.queue()] == [first["id"], held["id"]], here.queue())
# The other one's mail does not wait for it.
here.letter(jeanne, [here.people[1]["address"]], "local")
here.arrived(here.people[1], "local")
