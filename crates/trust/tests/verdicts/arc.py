"""Seals messages with dkimpy: a list of jobs in, a list of messages out, as JSON. A job is a
message, a key and those who seal it one after the other, each with what it found out; one may
put a word into the subject before, as mailing lists do."""

import base64
import json
import sys

import dkim


def seal(job):
    message = base64.b64decode(job["message"])
    for hop in job["hops"]:
        name = hop["domain"].encode()
        message = message.replace(b"Subject: ", b"Subject: " + hop["subject"].encode(), 1)
        results = b"Authentication-Results: %s; %s\r\n" % (name, hop["results"].encode())
        fields = dkim.arc_sign(
            results + message,
            b"s1",
            name,
            job["key"].encode(),
            name,
            include_headers=[b"from", b"subject", b"to"],
        )
        # From the last to the first, as they stand.
        message = b"".join(reversed(fields)) + message
    return base64.b64encode(message).decode()


print(json.dumps([seal(job) for job in json.load(sys.stdin)]))
