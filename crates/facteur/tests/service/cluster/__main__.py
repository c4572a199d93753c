"""Several nodes on one database and one bucket: `python3 -m cluster VERB SETTING`.

`together` uses them as one service; `killed` has one killed in the middle of deliveries;
`away` uses two while the database ends and comes back; `bucket` uses one whose bodies alone
are in a bucket; `large` has a large message; `watch` waits at one for what comes in at another, whatever ends meanwhile.
The setting names the binary, the authority and, of each node, the base of its ports, its
data folder and its process. Any surprise is an exception and a failed exit."""
import json
import pathlib
import sys

from . import away, bucket, killed, large, together, watch

verb, setting = sys.argv[1:]
setting = json.loads(pathlib.Path(setting).read_text())
verbs = {
    "away": away,
    "bucket": bucket,
    "killed": killed,
    "large": large,
    "together": together,
    "watch": watch,
}
verbs[verb].run(setting)
