"""Signs a message with dkimpy, as pass.test: `sign` from the standard input to the output;
`key` prints the public key."""

import base64
import sys

import dkim
import nacl.signing

SEED = bytes([7]) * 32

if sys.argv[1] == "key":
    key = nacl.signing.SigningKey(SEED).verify_key
    print(base64.b64encode(bytes(key)).decode())
else:
    message = sys.stdin.buffer.read()
    field = dkim.sign(
        message,
        b"s1",
        b"pass.test",
        base64.b64encode(SEED),
        canonicalize=(b"relaxed", b"relaxed"),
        signature_algorithm=b"ed25519-sha256",
        include_headers=[b"from", b"to", b"subject"],
    )
    sys.stdout.buffer.write(field + message)
