"""Prints the SHA-256 of the other service's certificate, as a TLSA record has it."""
import hashlib
import os
import ssl

from sending.house import houses

_, there = houses()
with open(os.path.join(there.setting["data"], "tls/certificate.pem")) as file:
    first = file.read().split("-----END CERTIFICATE-----")[0] + "-----END CERTIFICATE-----\n"
print(hashlib.sha256(ssl.PEM_cert_to_DER_cert(first)).hexdigest())
