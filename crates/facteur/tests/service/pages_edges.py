"""What browsers, and others, get wrong: over raw sockets, on both ports."""
import socket
import ssl
import sys

from browser import check

authority, base = sys.argv[1:3]
base = int(base)
tls = ssl.create_default_context(cafile=authority)


def wire(secure):
    plain = socket.create_connection(("localhost", base + (443 if secure else 80)), timeout=60)
    return tls.wrap_socket(plain, server_hostname="localhost") if secure else plain


def send(stream, octets):
    """All of it, as far as the other side takes it."""
    try:
        stream.sendall(octets)
    except OSError:
        pass


def answer(octets, secure=True):
    """The status of the reply, and all that came until the end."""
    with wire(secure) as stream:
        send(stream, octets)
        said = b""
        try:
            while part := stream.recv(65536):
                said += part
        except OSError:
            pass
    check(said.startswith(b"HTTP/1."), said[:100])
    return int(said.split(b" ", 2)[1]), said


def request(line, *fields, body=b""):
    return "\r\n".join([line, "Host: localhost", "Connection: close", *fields, "", ""]).encode() + body


# Methods and paths.
check(answer(request("POST /guides HTTP/1.1", "Content-Length: 0"))[0] == 405, "POST to a guide")
check(answer(request("DELETE / HTTP/1.1"))[0] == 405, "DELETE")
check(answer(request("BREW / HTTP/1.1"))[0] == 405, "an unknown method")
status, said = answer(request("HEAD /sign-in HTTP/1.1"))
check(status == 200 and said.endswith(b"\r\n\r\n"), "HEAD has no body")
for path in ["/../../etc/passwd", "/static/../../etc/passwd", "/static/%2e%2e%2fCargo.toml", "/%00", "//evil.example/",
             "/guides/email-android-4.1.2/pop3/99", "/guides/email-android-4.1.2/gopher", "/%ff", "/" + "x" * 4000]:
    check(answer(request(f"GET {path} HTTP/1.1"))[0] == 404, path)
status, said = answer(request("GET /sign-in?lang=%0d%0aSet-Cookie:a=b HTTP/1.1"))
check(status == 200 and b"a=b" not in said, "a query is no field")
check(b'href="//' not in answer(request("GET //evil.example/ HTTP/1.1"))[1], "another host in a link")

# Older HTTP, and more than one request on a connection.
status, said = answer(b"GET /guides HTTP/1.0\r\n\r\n")
check(status == 200 and b"</html>" in said, "HTTP/1.0")
with wire(True) as stream:
    lines = stream.makefile("rb")
    for _ in range(3):
        stream.sendall(b"GET /guides HTTP/1.1\r\nHost: localhost\r\n\r\n")
        check(lines.readline().startswith(b"HTTP/1.1 200"), "kept alive")
        length = 0
        while (line := lines.readline().strip()):
            name, _, value = line.partition(b":")
            length = int(value) if name.lower() == b"content-length" else length
        check(lines.read(length).rstrip().endswith(b"</html>"), "a whole page")

# What is too large, wrong or without an end.
form = "Content-Type: application/x-www-form-urlencoded"
check(answer(request("POST /sign-in HTTP/1.1", form, f"Content-Length: {1 << 20}", body=b"a" * (1 << 20)))[0] == 413, "a large form")
chunk = b"10000\r\n" + b"a" * 0x10000 + b"\r\n"
check(answer(request("POST /sign-in HTTP/1.1", form, "Transfer-Encoding: chunked", body=chunk * 8 + b"0\r\n\r\n"))[0] == 413, "a large form in chunks")
check(answer(request("POST /sign-in HTTP/1.1", "Content-Type: application/json", "Content-Length: 2", body=b"{}"))[0] == 400, "no form")
check(answer(request("POST /sign-in HTTP/1.1", form, "Content-Length: 9", body=b"proof=%ff"))[0] in (400, 403), "no text")
check(answer(request("GET / HTTP/1.1", "X-Large: " + "a" * 500_000))[0] == 431, "large fields")
check(answer(request("GET / HTTP/1.1", *[f"X-{n}: a" for n in range(2000)]))[0] == 431, "many fields")
for secure in (True, False):
    check(answer(b"\x16\x03\x01nonsense\r\n\r\n", secure)[0] == 400, "no HTTP at all")

# Port 80: the guides themselves, and the way to the other port for all else.
status, said = answer(request("GET /guides/email-android-4.1.2/pop3 HTTP/1.1"), secure=False)
check(status == 200 and b"</html>" in said and b"__Host-" not in said, "a guide in the clear")
for path in ["/", "/sign-in", "/password?x=1"]:
    status, said = answer(request(f"GET {path} HTTP/1.1"), secure=False)
    wanted = f"location: https://localhost:{base + 443}{path}\r\n".encode()
    check(status == 302 and wanted in said, said[:300])
status, said = answer(request("POST /sign-in HTTP/1.1", form, "Content-Length: 3", body=b"a=b"), secure=False)
check(status == 303 and f"https://localhost:{base + 443}/\r\n".encode() in said, said[:300])
status, said = answer(b"GET /sign-in HTTP/1.0\r\n\r\n", secure=False)
check(status == 302 and f"https://localhost:{base + 443}/sign-in".encode() in said, "without a host")
