"""Prints what the first service's domain publishes of its signatures, as lines of a zone."""
import json

from sending.house import houses

here, _ = houses()
for key in json.loads(here.command("domain", "keys", "list", "a.test", "--json")):
    record = key["record"]
    parts = " ".join(f'"{record[at:at + 200]}"' for at in range(0, len(record), 200))
    print(f"{key['name']}. TXT {parts}")
