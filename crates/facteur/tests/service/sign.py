"""Signs a message with dkimpy, as pass.test: `sign` from the standard input to the output;
`key` prints the public key. `seal NAME RESULTS` puts a seal on it (ARC), in that name; as only RSA
does there, the key is one of RSA, in the file whose name comes last."""

import base64
import sys

import dkim
import nacl.signing

SEED = bytes([7]) * 32

if sys.argv[1] == "key":
    key = nacl.signing.SigningKey(SEED).verify_key
    print(base64.b64encode(bytes(key)).decode())
elif sys.argv[1] == "seal":
    name, results, key = sys.argv[2:5]
    message = sys.stdin.buffer.read()
    known = b"Authentication-Results: %s; %s\r\n" % (name.encode(), results.encode())
    with open(key, "rb") as file:
        key = file.read()
    fields = dkim.arc_sign(known + message, b"s1", name.encode(), key, name.encode())
    sys.stdout.buffer.write(b"".join(fields) + message)
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
