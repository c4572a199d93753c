"""The pages of `promised` are gone, and the name service leads elsewhere: what was promised, and
has not ended, counts all the same."""
from sending.house import check, houses, until

here, there = houses()
jeanne = here.people[0]
PASSWORD = "quatre mots au hasard"
for one in here.queue():
    here.command("queue", "drop", one["id"])
here.command("queue", "flush")
for name in ["right", "ended", "gone"]:
    here.letter(jeanne, [f"x@{name}.test"], "later")
for name in ["right", "ended"]:
    there.arrived({"address": f"x@{name}.test", "password": PASSWORD}, "later")
[one] = until(lambda: [one for one in here.queue() if one["recipients"][0]["attempts"] > 0], here.queue)
trouble = one["recipients"][0]
check(trouble["address"] == "x@gone.test" and trouble["status"] == "4.7.5", trouble)
check("other.gone.test is none of its hosts" in trouble["trouble"], trouble)
