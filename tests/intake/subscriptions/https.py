"""Real HTTPS servers on loopback: a test authority, nginx, and a server that sends what a test tells it."""

from __future__ import annotations

import asyncio
import datetime
import os
import shutil
import socket
import ssl
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from ipaddress import ip_address, ip_network
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from schoolguard.intake.subscriptions.download import Line
from schoolguard.intake.subscriptions.judging import Judged
from schoolguard.intake.subscriptions.model import FetchLimits, Subscription
from tests.servers import free_port

LOOPBACK = (ip_network("127.0.0.0/8"),)
DAY = datetime.timedelta(days=1)


@dataclass(frozen=True)
class Authority:
    """A certificate for localhost and 127.0.0.1, and the context that trusts it alone."""

    certificate: Path
    key: Path

    def server(self) -> ssl.SSLContext:
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(self.certificate, self.key)
        return context

    def client(self) -> ssl.SSLContext:
        return ssl.create_default_context(cafile=str(self.certificate))


def authority(folder: Path) -> Authority:
    """Make a self-signed certificate in a folder."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.datetime.now(datetime.UTC)
    names = [x509.DNSName("localhost"), x509.IPAddress(ip_address("127.0.0.1"))]
    builder = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
    builder = builder.not_valid_before(now - DAY).not_valid_after(now + DAY)
    builder = builder.add_extension(x509.SubjectAlternativeName(names), critical=False)
    signed = builder.add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True).sign(
        key, hashes.SHA256()
    )
    made = Authority(folder / "certificate.pem", folder / "key.pem")
    made.certificate.write_bytes(signed.public_bytes(serialization.Encoding.PEM))
    made.key.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return made


_NGINX = """
daemon off; pid {folder}/pid; error_log stderr emerg; worker_processes 1;
events {{ worker_connections 128; }}
http {{
  access_log off; etag on; gzip on; gzip_types *; gzip_min_length 0;
  client_body_temp_path {folder}/t1; proxy_temp_path {folder}/t2; fastcgi_temp_path {folder}/t3;
  uwsgi_temp_path {folder}/t4; scgi_temp_path {folder}/t5;
  types {{ text/plain txt; text/html html; application/gzip gz; }}
  default_type application/octet-stream;
  server {{
    listen 127.0.0.1:{port} ssl;
    ssl_certificate {certificate}; ssl_certificate_key {key};
    root {folder}/root;
    location /moved {{ return 302 https://127.0.0.1:{port}/list.txt; }}
    location /inside {{ return 302 https://10.0.0.1/list.txt; }}
    location /metadata {{ return 307 https://[::ffff:169.254.169.254]/latest/; }}
    location /plain {{ return 301 http://127.0.0.1:{port}/list.txt; }}
    location /round {{ return 301 https://127.0.0.1:{port}/round; }}
    location /file {{ return 301 file:///etc/passwd; }}
    location /user {{ return 301 https://a:b@127.0.0.1:{port}/list.txt; }}
    location /later {{ add_header Retry-After 7200 always; return 503; }}
  }}
}}
"""


@dataclass(frozen=True)
class Web:
    """A running nginx: its base address and the folder that it serves."""

    base: str
    root: Path


@contextmanager
def nginx(folder: Path, trusted: Authority) -> Iterator[Web]:
    """Run nginx on loopback until the block ends."""
    program = shutil.which("nginx", path=f"{os.environ['PATH']}:/usr/sbin")
    assert program, "nginx is needed: apt-get install nginx-light"
    port = free_port()
    (folder / "root").mkdir(parents=True)
    for path in (folder, *folder.parents[:2]):  # nginx's worker is another user than root
        path.chmod(0o755)
    configuration = folder / "nginx.conf"
    configuration.write_text(
        _NGINX.format(folder=folder, port=port, certificate=trusted.certificate, key=trusted.key).replace(
            "events", f"user {_user()};\nevents", 1
        )
    )
    server = subprocess.Popen([program, "-c", str(configuration), "-p", str(folder)])
    try:
        _await_port(server, port)
        yield Web(f"https://127.0.0.1:{port}", folder / "root")
    finally:
        server.terminate()
        server.wait(10)


def _user() -> str:
    import pwd

    return pwd.getpwuid(os.getuid()).pw_name


def _await_port(server: subprocess.Popen[bytes], port: int) -> None:
    while True:
        assert server.poll() is None, "the server ended"
        with socket.socket() as probe:
            if not probe.connect_ex(("127.0.0.1", port)):
                return


@dataclass(frozen=True)
class Script:
    """What a scripted server does with each connection: send bytes, then close, cut off, or hold on."""

    reply: bytes
    hold: bool = False
    trickle: bool = False


@contextmanager
def scripted(trusted: Authority, script: Script) -> Iterator[str]:
    """Answer every request on loopback with ``script`` in a thread; give the base address."""
    started, stop = threading.Event(), asyncio.Event()
    loop = asyncio.new_event_loop()
    ports: list[int] = []

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await reader.readuntil(b"\r\n\r\n")
            writer.write(script.reply)
            await writer.drain()
            while script.trickle and not stop.is_set():
                writer.write(b"a")
                await writer.drain()
                await asyncio.sleep(0.01)
            if script.hold:
                await stop.wait()
        except (OSError, asyncio.IncompleteReadError):
            pass  # the client gave up, which is what it should do
        finally:
            writer.close()

    async def serve() -> None:
        server = await asyncio.start_server(answer, "127.0.0.1", 0, ssl=trusted.server())
        ports.append(server.sockets[0].getsockname()[1])
        started.set()
        async with server:
            await stop.wait()

    thread = threading.Thread(target=loop.run_until_complete, args=(serve(),))
    thread.start()
    started.wait(10)
    try:
        yield f"https://127.0.0.1:{ports[0]}"
    finally:
        loop.call_soon_threadsafe(stop.set)
        thread.join(10)
        loop.close()


def line(trusted: Authority, limits: FetchLimits | None = None) -> Line:
    return Line(tls=trusted.client, limits=limits or FetchLimits())


async def accepted(_wanted: Subscription, _path: Path, _agreed: bool) -> Judged:
    """Judge nothing: for tests of what comes before."""
    return Judged()


def wanted(url: str, **changes: object) -> Subscription:
    members = {"id": "gambling", "url": url, "permitted": LOOPBACK} | changes
    return Subscription(**members)  # type: ignore[arg-type]
