"""Once the record is right, the mail that waited gets there."""
from sending.house import houses

here, there = houses()
here.command("queue", "flush", "wrong.test")
there.arrived({"address": "x@wrong.test", "password": "quatre mots au hasard"}, "wrong.test")
