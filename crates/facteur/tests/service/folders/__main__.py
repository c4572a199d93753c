"""Kept data folders: `python3 -m folders make SETTING` puts some of everything into a new
service and prints what is found there; `check SETTING FOUND` compares a service with that,
and sees that it goes on from there."""
import json
import pathlib
import sys

from .check import check
from .look import look
from .make import make

setting = json.loads(pathlib.Path(sys.argv[2]).read_text())
if sys.argv[1] == "make":
    print(json.dumps(look(setting, make(setting)), indent=1, sort_keys=True))
else:
    check(setting, json.loads(pathlib.Path(sys.argv[3]).read_text()))
