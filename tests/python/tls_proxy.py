"""A proxy as companies have them: it ends TLS with certificates of its own and looks at what passes.

    tls_proxy.py UPSTREAM FOLDER

Takes CONNECT, answers for whatever host is asked for, and hands each request on to UPSTREAM (host:port) over plain
HTTP. FOLDER gets `root.pem`, the certificate to trust, and `hosts`, one line for each host a request was for. The first
line on standard output is the port.

The emulator behind it knows the names of one partition only, and buckets as paths, not as hosts: the proxy turns names
into those on the way.
Where AWS's single sign-on is asked for, which the emulator lacks, the proxy itself hands out credentials; IAM's policy
simulator, which it lacks too, answers with `simulated.xml` of FOLDER, where there is one. While `closed` is in FOLDER,
whoever asks without a signature, as AWS asks an issuer, is turned away.
"""

import datetime
import http.client
import http.server
import json
import pathlib
import re
import ssl
import sys
import threading

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

UPSTREAM, FOLDER = sys.argv[1], pathlib.Path(sys.argv[2])
SUFFIXES = r"(amazonaws\.com\.cn|c2s\.ic\.gov|sc2s\.sgov\.gov|cloud\.adc-e\.uk|csp\.hci\.ic\.gov|amazonaws\.eu)$"
HOP_BY_HOP = {"connection", "content-length", "keep-alive", "proxy-connection", "te", "trailer", "transfer-encoding"}
LOCK = threading.Lock()


def name(text):
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


def certificate(subject, key, issuer, issuer_key, extension, critical):
    now = datetime.datetime.now(datetime.timezone.utc)
    day = datetime.timedelta(days=1)
    builder = x509.CertificateBuilder().subject_name(name(subject)).issuer_name(name(issuer))
    builder = builder.public_key(key.public_key()).serial_number(x509.random_serial_number())
    builder = builder.not_valid_before(now - day).not_valid_after(now + day).add_extension(extension, critical)
    return builder.sign(issuer_key, hashes.SHA256())


ROOT_KEY, KEY = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
ROOT_NAME = "A proxy that looks inside"
CONTEXTS = {}


def pem(thing):
    return thing.public_bytes(serialization.Encoding.PEM)


def context_for(host):
    with LOCK:
        if host not in CONTEXTS:
            alternative = x509.SubjectAlternativeName([x509.DNSName(host)])
            leaf = certificate("host", KEY, ROOT_NAME, ROOT_KEY, alternative, False)
            private = KEY.private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            )
            path = FOLDER / f"host-{len(CONTEXTS)}.pem"
            path.write_bytes(private + pem(leaf))
            CONTEXTS[host] = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            CONTEXTS[host].load_cert_chain(path)
        return CONTEXTS[host]


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_CONNECT(self):
        self.host = self.path.rsplit(":", 1)[0]
        self.send_response(200)
        self.end_headers()
        try:
            self.connection = context_for(self.host).wrap_socket(self.connection, server_side=True)
        except (ssl.SSLError, OSError):
            self.close_connection = True
            return
        self.rfile, self.wfile = self.connection.makefile("rb"), self.connection.makefile("wb", 0)
        self.close_connection = False

    def carry(self):
        with LOCK, (FOLDER / "hosts").open("a") as log:
            log.write(self.host + "\n")
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        if self.host.startswith("portal.sso."):
            status, headers, content = sign_on(self.headers)
        elif b"Action=SimulatePrincipalPolicy" in body and (FOLDER / "simulated.xml").exists():
            status, headers, content = 200, [("Content-Type", "text/xml")], (FOLDER / "simulated.xml").read_bytes()
        elif "authorization" not in self.headers and (FOLDER / "closed").exists():
            status, headers, content = 403, [], b""
        else:
            status, headers, content = self.ask_upstream(body)
        self.send_response(status)
        for key, value in headers:
            if key.lower() not in HOP_BY_HOP:
                self.send_header(key, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)

    def ask_upstream(self, body):
        host = re.sub(SUFFIXES, "amazonaws.com", self.host).replace("-fips.", ".")
        bucket = re.fullmatch(r"(.+)\.s3\..+", host)
        path = f"/{bucket[1]}{self.path}" if bucket else self.path
        headers = {key: value for key, value in self.headers.items() if key.lower() not in {*HOP_BY_HOP, "host"}}
        if bucket and "authorization" not in self.headers:
            # The emulator takes the service from the signature; it checks none, and the bucket is public.
            headers["Authorization"] = "AWS4-HMAC-SHA256 Credential=none/20260101/us-east-1/s3/aws4_request, Signature=0"
        connection = http.client.HTTPConnection(UPSTREAM)
        connection.request(self.command, path, body, {**headers, "Host": UPSTREAM if bucket else host})
        answer = connection.getresponse()
        return answer.status, answer.getheaders(), answer.read()

    do_GET = do_POST = do_PUT = do_DELETE = do_HEAD = carry

    def log_message(self, *_):
        pass


def sign_on(headers):
    """What AWS's portal answers to somebody who has signed on."""
    if headers.get("x-amz-sso_bearer_token") != "signed-on":
        return 401, [], b"{}"
    credentials = {
        "accessKeyId": "testing",
        "secretAccessKey": "testing",
        "sessionToken": "testing",
        "expiration": 4102444800000,
    }
    return 200, [("Content-Type", "application/json")], json.dumps({"roleCredentials": credentials}).encode()


def main():
    root = certificate(ROOT_NAME, ROOT_KEY, ROOT_NAME, ROOT_KEY, x509.BasicConstraints(ca=True, path_length=None), True)
    (FOLDER / "root.pem").write_bytes(pem(root))
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    # Whoever hangs up, as over an untrusted certificate, does so on purpose.
    server.handle_error = lambda *_: None
    print(server.server_address[1], flush=True)
    server.serve_forever()


main()
