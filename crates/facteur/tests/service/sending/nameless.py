"""Without a name server mail waits, and that is said."""
from sending.house import check, houses, until

here, _ = houses()
here.letter(here.people[0], ["x@unheard.test"], "nameless")


def tried():
    return [one for one in here.queue() if one["recipients"][0]["attempts"] > 0]


[one] = until(tried, here.queue)
recipient = one["recipients"][0]
check(recipient["status"] == "4.4.3" and "unheard.test" in recipient["trouble"], recipient)
