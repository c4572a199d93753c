"""After a crash, and with the other service back, all of it gets there."""
import time

from sending.house import check, houses, read

here, there = houses()
other_paul = there.people[1]

said = here.command("queue", "flush", "b.test")
there.arrived(other_paul, "first")
[held] = here.queue()
check(held["held"], held)
here.command("queue", "flush")
time.sleep(1)
check([read(one)["Subject"] for one in there.inbox(other_paul)] == ["first"], said)
here.command("queue", "retry", held["id"])
there.arrived(other_paul, "held")
here.until_sent()
check(here.command("queue", "destinations") == "", "destinations")
