"""What a client asked and heard, one JSON object a line, written before it goes on.

| `at` | meaning |
| --- | --- |
| `intent` | a command is about to be sent |
| `done` | its success was heard, with what was told |
| `refused` | it was refused |
| `look` | what is there, all of it heard |

An intent with nothing after it is a command that may have been carried out or not."""
import json


class Log:
    def __init__(self, path):
        self.file = open(path, "w")
        self.heard = 0

    def write(self, at, **what):
        self.file.write(json.dumps({"at": at, **what}) + "\n")
        self.file.flush()

    def intent(self, do, **what):
        self.write("intent", do=do, **what)

    def done(self, **told):
        self.write("done", **told)
        self.heard += 1

    def refused(self, text):
        self.write("refused", text=text)

    def look(self, **seen):
        self.write("look", **seen)


def read(path):
    """The entries; the end of the last one may be missing, and then it was not heard."""
    lines = path.read_text().split("\n")
    return [json.loads(line) for line in lines[:-1]]
