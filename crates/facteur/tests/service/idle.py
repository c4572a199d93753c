"""Signs in by IMAP and waits until the service says BYE and closes."""
import socket
import ssl
import sys

authority, port, user, password = sys.argv[1:]
tls = ssl.create_default_context(cafile=authority)
wire = tls.wrap_socket(socket.create_connection(("localhost", int(port))), server_hostname="localhost")
wire.settimeout(20)
lines = wire.makefile("rwb")
lines.readline()
lines.write(f'1 LOGIN {user} "{password}"\r\n'.encode())
lines.flush()
while not (line := lines.readline()).startswith(b"1 "):
    pass
if not line.startswith(b"1 OK"):
    raise SystemExit(line)
print("in", flush=True)
if not lines.readline().startswith(b"* BYE"):
    raise SystemExit("closed without a word")
if lines.read() != b"":
    raise SystemExit("not closed")
