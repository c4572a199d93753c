"""Several nodes on one database and one bucket: `python3 -m cluster VERB SETTING`.

`together` uses them as one service; `killed` has one killed in the middle of deliveries;
`bucket` uses one whose bodies alone are in a bucket.
The setting names the binary, the authority and, of each node, the base of its ports, its
data folder and its process. Any surprise is an exception and a failed exit."""
import json
import pathlib
import sys

from . import bucket, killed, together

verb, setting = sys.argv[1:]
setting = json.loads(pathlib.Path(setting).read_text())
{"bucket": bucket, "killed": killed, "together": together}[verb].run(setting)
