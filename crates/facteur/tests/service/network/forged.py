"""The name service leads to a host that is not the domain's: what a.test promised is not forgotten
(MTA-STS), and what b.test signs is not that host's (DANE). The mail waits."""
from sending.house import check, houses, until

here, there = houses()
jeanne, other_paul = here.people[0], there.people[1]
here.letter(jeanne, [other_paul["address"]], "held")
there.letter(other_paul, [jeanne["address"]], "held")
for house, words in [(here, "is not what its DNS says"), (there, "postfix.test is none of its hosts")]:
    def tried():
        return [one for one in house.queue() if one["recipients"][0]["attempts"] > 0]
    [one] = until(tried, house.queue)
    trouble = one["recipients"][0]
    check(trouble["status"] == "4.7.5" and words in trouble["trouble"], trouble)
