"""What the scripts of this folder have alike."""
import json
import ssl
import subprocess
import sys


class World:
    """A service, and what is known of it."""

    def __init__(self, path):
        with open(path) as file:
            setting = json.load(file)
        self.base = setting["base"]
        self.people = setting["people"]
        self.tls = ssl.create_default_context(cafile=setting["authority"])
        self.command = [setting["binary"], "--data", setting["data"]]

    def facteur(self, *arguments, text=None):
        done = subprocess.run(self.command + list(arguments), capture_output=True, text=True, input=text)
        if done.returncode:
            raise SystemExit(f"{arguments}: {done.stderr}")
        return done.stdout

    def events(self, address=None):
        of = ["account", "events", address] if address else ["events"]
        return json.loads(self.facteur(*of, "--json"))


def expect(true, why):
    if not true:
        raise SystemExit(f"{why}"[:2000])


def world():
    return World(sys.argv[1])
