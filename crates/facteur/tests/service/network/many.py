"""All that smtp-source has sent is there, once; and smtp-sink takes all that is sent to it."""
from sending.house import houses, until

here, there = houses()
jeanne, paul = here.people
until(lambda: sum(b"Subject: by smtp-source" in one for one in here.inbox(paul)) == 200, lambda: len(here.inbox(paul)))
for number in range(30):
    here.letter(jeanne, [f"{name}{number}@sink.test" for name in "ab"], f"to the sink {number}")
here.until_sent()
