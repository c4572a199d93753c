"""Signs messages with dkimpy: a list of jobs in, a list of messages out, as JSON."""

import base64
import json
import sys

import dkim


def sign(job):
    header, body = (form.encode() for form in job["forms"].split("/"))
    message = base64.b64decode(job["message"])
    field = dkim.sign(
        message,
        job["selector"].encode(),
        job["domain"].encode(),
        job["key"].encode(),
        canonicalize=(header, body),
        signature_algorithm=job["algorithm"].encode(),
        include_headers=[b"from", b"from", b"subject", b"to", b"x-odd"],
        length=job["partial"],
    )
    return base64.b64encode(field + message).decode()


print(json.dumps([sign(job) for job in json.load(sys.stdin)]))
