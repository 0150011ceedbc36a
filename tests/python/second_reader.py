"""A second reader of bundles, written from schemas/FORMAT.md and from nothing else.

    second_reader.py TRUSTED_KEY NOW BUNDLE...

prints one line of JSON for each bundle: whether it is taken, and if not, why. A bundle that leaves values open must hold
together twice: with the stand-ins, and with values of the kind that AWS names.
"""

import base64
import hashlib
import json
import os
import re
import struct
import sys
import urllib.parse
import zlib

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa, utils

BLOCK = 512
STORED = 65_535
MIB = 1 << 20
LARGE = r"(manifest\.json|REVIEW\.md|apply\.sh)$|requests/"
SUFFIXES = {
    "aws": "amazonaws.com",
    "aws-us-gov": "amazonaws.com",
    "aws-cn": "amazonaws.com.cn",
    "aws-iso": "c2s.ic.gov",
    "aws-iso-b": "sc2s.sgov.gov",
    "aws-iso-e": "cloud.adc-e.uk",
    "aws-iso-f": "csp.hci.ic.gov",
    "aws-eusc": "amazonaws.eu",
}
REGIONS = {
    "aws": "us|eu|ap|sa|ca|me|af|il|mx",
    "aws-us-gov": "us-gov",
    "aws-cn": "cn",
    "aws-iso": "us-iso",
    "aws-iso-b": "us-isob",
    "aws-iso-e": "eu-isoe",
    "aws-iso-f": "us-isof",
    "aws-eusc": "eusc-de",
}

# Section 2.1: what stands for an open value in files, what a reader puts there, and a value that it could be.
OPEN = {
    "account": ("${account}", "000000000001", "123456789012"),
    "issuer": ("${issuer}", "known-after-apply.invalid", "d111111abcdef8.cloudfront.net"),
}
PRIVATE_KEYS = ["serviceaccount-signer.private", "tls/bound-service-account-signing-key.key"]
# What stands before AWS names the issuer.
BEFORE_ISSUER = (
    "01-oidc-bucket.json",
    "01-oidc-bucket-tagging.json",
    "01-oidc-bucket-public-access-block.json",
    "01-oidc-bucket-policy.json",
    "07-cloudfront-origin-access-control.json",
    "08-cloudfront-distribution.json",
)


class Refused(Exception):
    """A broken "must"."""


def must(truth, why):
    if not truth:
        raise Refused(why)


def json_of(text, what):
    """JSON without members that come twice."""

    def once(pairs):
        must(len({name for name, _ in pairs}) == len(pairs), f"{what}: a member comes twice")
        return dict(pairs)

    def no_number(_):
        raise Refused(f"{what}: no JSON number")

    try:
        return json.loads(text, object_pairs_hook=once, parse_constant=no_number)
    except ValueError as error:
        raise Refused(f"{what}: {error}") from error


LAST_MOMENT = 253_402_300_799
# Section 3: half of the number of points of each curve, by the length of its numbers.
HALF_ORDERS = {
    32: 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551 // 2,
    48: 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFC7634D81F4372DDF581A0DB248B0A77AECEC196ACCC52973 // 2,
}


def is_moment(value):
    return type(value) is int and 0 <= value <= LAST_MOMENT


def is_number(value):
    return type(value) is int and 0 <= value < 1 << 64


def members(value, what, needed, optional=()):
    must(isinstance(value, dict), f"{what}: no object")
    must(set(needed) <= set(value) <= set(needed) | set(optional), f"{what}: has the members {sorted(value)}")


# Section 1: the file.


def ungzip(data):
    must(data[:10] == bytes.fromhex("1f8b08000000000000ff"), "no gzip header of a bundle")
    at, archive, last = 10, bytearray(), 0
    while not last:
        must(at + 5 <= len(data), "cut")
        last, length, inverse = struct.unpack_from("<BHH", data, at)
        must(last in (0, 1) and length ^ inverse == 0xFFFF, "no stored block")
        must(0 < length <= STORED and (last or length == STORED), "a block of another size")
        must(at + 5 + length <= len(data), "cut")
        archive += data[at + 5 : at + 5 + length]
        at += 5 + length
    must(data[at:] == struct.pack("<II", zlib.crc32(archive), len(archive) & 0xFFFFFFFF), "trailer")
    must(len(archive) <= 256 * MIB, "too long")
    return bytes(archive)


PLACES = [
    (r"manifest\.json|REVIEW\.md|serviceaccount-signer\.public", 0o644),
    (r"signatures/[0-9a-f]{64}\.jws", 0o644),
    (r"0[1-8]-[^/]*\.json|02-openid-configuration", 0o644),
    (r"serviceaccount-signer\.private|tls/bound-service-account-signing-key\.key", 0o600),
    (r"manifests/[^/]*\.yaml|requests/.*", 0o644),
    (r"apply\.sh", 0o755),
]


def mode_of(path):
    components = path.split("/")
    formed = all(re.fullmatch(r"(?!\.)[A-Za-z0-9._@+=,-]{1,100}", part) for part in components)
    must(formed, f"{path!r} is no path")
    modes = [mode for pattern, mode in PLACES if re.fullmatch(pattern, path)]
    must(modes, f"{path!r} is no place")
    return modes[0]


def header(path, mode, length):
    name, prefix = path, ""
    if len(path) > 100:
        # The prefix is as long as it can be.
        splits = [at for at, sign in enumerate(path) if sign == "/" and at <= 155 and 0 < len(path) - at - 1 <= 100]
        must(splits, f"{path!r} is too long")
        prefix, name = path[: splits[-1]], path[splits[-1] + 1 :]
    block = bytearray(BLOCK)
    block[0 : len(name)] = name.encode()
    block[345 : 345 + len(prefix)] = prefix.encode()
    block[100:108], block[108:116], block[116:124] = b"%07o\0" % mode, b"0000000\0", b"0000000\0"
    block[124:136], block[136:148] = b"%011o\0" % length, b"00000000000\0"
    block[156:157], block[257:265] = b"0", b"ustar\0" + b"00"
    block[148:156] = b" " * 8
    block[148:156] = b"%07o\0" % sum(block)
    return bytes(block)


def entries(archive):
    at, found = 0, []
    while True:
        block = archive[at : at + BLOCK]
        must(len(block) == BLOCK, "cut")
        if block == bytes(BLOCK):
            must(archive[at:] == bytes(2 * BLOCK), "the end")
            return found
        path = block[345:500].rstrip(b"\0") + b"/" * (block[345] != 0) + block[:100].rstrip(b"\0")
        must(path.isascii(), "no path")
        must(re.fullmatch(rb"[0-7]{11}\0", block[124:136]), "no size")
        length = int(block[124:135], 8)
        top, _, below = path.decode().partition("/")
        must(block == header(path.decode(), mode_of(below), length), f"the header of {below!r}")
        signature, large = below.startswith("signatures/"), re.match(LARGE, below)
        must(length <= (8 << 10 if signature else 16 * MIB if large else MIB), f"{below!r} is too long")
        end = at + BLOCK + length
        at = end + -length % BLOCK
        must(at <= len(archive) and archive[end:at] == bytes(at - end), "cut, or padding")
        found.append((top, below, archive[end - length : end]))
        must(len(found) <= 65_536, "too many files")


# Section 3: signatures.


def unbase64(text):
    must(re.fullmatch(r"[A-Za-z0-9_-]*", text), "no base64url")
    data = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    must(base64.urlsafe_b64encode(data).rstrip(b"=").decode() == text, "base64url of another form")
    return data


def holds(key, algorithm, signed, signature):
    try:
        if isinstance(key, ed25519.Ed25519PublicKey):
            must(algorithm == "EdDSA", "algorithm")
            key.verify(signature, signed)
        elif isinstance(key, ec.EllipticCurvePublicKey):
            size, digest = (32, hashes.SHA256()) if key.curve.name == "secp256r1" else (48, hashes.SHA384())
            must(algorithm == {32: "ES256", 48: "ES384"}[size] and len(signature) == 2 * size, "algorithm")
            numbers = [int.from_bytes(signature[half : half + size]) for half in (0, size)]
            key.verify(utils.encode_dss_signature(*numbers), signed, ec.ECDSA(digest))
            must(numbers[1] <= HALF_ORDERS[size], "the other form of the signature")
        else:
            must(isinstance(key, rsa.RSAPublicKey) and 2048 <= key.key_size <= 8192, "kind of key")
            pss = padding.PSS(padding.MGF1(hashes.SHA256()), hashes.SHA256().digest_size)
            paddings = {"RS256": padding.PKCS1v15(), "PS256": pss}
            must(algorithm in paddings, "algorithm")
            key.verify(signature, signed, paddings[algorithm], hashes.SHA256())
    except InvalidSignature as error:
        raise Refused("the signature does not hold") from error


def claims_of(token, key_id, key, manifest_digest, now):
    try:
        parts = token.decode("ascii").split(".")
    except UnicodeDecodeError as error:
        raise Refused("the signature is no text") from error
    must(len(parts) == 3, "no compact JWS")
    head = json_of(unbase64(parts[0]), "header")
    members(head, "header", ["typ", "alg", "kid"])
    must(head["typ"] == "sts-handoff-bundle" and head["kid"] == key_id, "typ or kid")
    holds(key, head["alg"], f"{parts[0]}.{parts[1]}".encode(), unbase64(parts[2]))
    claims = json_of(unbase64(parts[1]), "claims")
    members(claims, "claims", ["manifest_sha256", "cluster", "account", "generation"], ["exp"])
    must(claims["manifest_sha256"] == manifest_digest, "of another manifest")
    if "exp" in claims:
        must(is_moment(claims["exp"]) and now < claims["exp"], "expired, or no moment")
    must(is_moment(claims["generation"]), "claims: generation")
    return claims


# Section 2: the manifest.


def bucket_name(name):
    reserved = re.match("xn--|sthree-|amzn-s3-demo-", name) or re.search("(-s3alias|--(ol|x|table)-s3)$", name)
    return re.fullmatch("(?!-)[a-z0-9-]{3,63}(?<!-)", name) and not reserved


def arn_of(text, partition, what):
    parts = text.split(":", 5)
    formed = len(parts) == 6 and parts[0] == "arn" and parts[1] in SUFFIXES and parts[2] and parts[5]
    must(formed and parts[1] == partition, f"{what}: no ARN of the partition")
    return parts


def hosting_of(cluster):
    hosting, issuer = cluster["hosting"], cluster["issuer"]
    kinds = {
        "public-bucket": (["kind", "bucket"], []),
        "private-bucket": (["kind", "bucket"], ["certificate"]),
        "shared-bucket": (["kind", "bucket", "path"], []),
        "elsewhere": (["kind"], []),
    }
    must(hosting.get("kind") in kinds, "hosting")
    members(hosting, "hosting", *kinds[hosting["kind"]])
    is_open = issuer == "https://${issuer}"
    if hosting["kind"] == "elsewhere":
        must(not is_open, "issuer")
        return
    must(bucket_name(hosting["bucket"]), "bucket")
    served = f"https://{hosting['bucket']}.s3.{cluster['region']}.{SUFFIXES[cluster['partition']]}"
    if hosting["kind"] == "public-bucket":
        must(issuer == served, "issuer")
    elif hosting["kind"] == "shared-bucket":
        path = hosting["path"]
        must(re.fullmatch(r"(?!\.)[A-Za-z0-9._~-]+(/(?!\.)[A-Za-z0-9._~-]+)*", path) and len(path) <= 128, "path")
        must(issuer == f"{served}/{path}", "issuer")
    else:
        must(cluster["partition"] == "aws", "no CloudFront")
        if "certificate" in hosting:
            certificate = arn_of(hosting["certificate"], cluster["partition"], "certificate")
            must(certificate[2:4] == ["acm", "us-east-1"] and certificate[5].startswith("certificate/"), "certificate")
            must(cluster["account"] in (certificate[4], "${account}"), "certificate: account")
            must(not is_open and issuer.count("/") == 2, "issuer")
        else:
            must(is_open or re.fullmatch(r"https://[^./]+\.cloudfront\.net", issuer), "issuer")


def former_of(cluster):
    """The issuer that the cluster is moved away from is one that the cluster could have, and gets into no one's way."""
    members(cluster["former"], "former", ["hosting", "issuer"])
    before = {name: value for name, value in cluster.items() if name != "former"} | cluster["former"]
    kept = any(sign in before["issuer"] for sign in OPEN["issuer"][:2])
    must(not kept and re.fullmatch(ISSUER, before["issuer"]) and len(before["issuer"]) <= 255, "former issuer")
    must(before["issuer"] != cluster["issuer"], "former issuer: it is the cluster's")
    hosting_of(before)
    own = any(one["hosting"]["kind"] in ("public-bucket", "private-bucket") for one in (before, cluster))
    buckets = [one["hosting"].get("bucket") for one in (before, cluster)]
    must(not own or None in buckets or buckets[0] != buckets[1], "former issuer: its bucket")


LABEL, SEGMENT = r"(?!-)[a-z0-9-]{1,63}(?<!-)", r"(?!\.{1,2}(/|$))[A-Za-z0-9._~-]+"
ISSUER = rf"https://({LABEL}(\.{LABEL})+(/{SEGMENT})*|\$\{{issuer\}})"


def manifest_of(data):
    manifest = json_of(data, "manifest")
    members(manifest, "manifest", ["schema_version", "tool", "generation", "cluster", "files"])
    must(manifest["schema_version"] == "1.0", "schema_version")
    members(manifest["tool"], "tool", ["name", "version"])
    must(all(isinstance(text, str) and 1 <= len(text) <= 128 for text in manifest["tool"].values()), "tool")
    must(is_moment(manifest["generation"]), "generation")
    cluster = manifest["cluster"]
    members(cluster, "cluster", ["name", "account", "partition", "region", "hosting", "issuer"], ["former"])
    for value, (_, stand_in, _) in OPEN.items():
        must(stand_in not in cluster[value], f"{value}: kept for one that is open")
    must(re.fullmatch(r"[0-9]{12}|\$\{account\}", cluster["account"]), "account")
    must(cluster["partition"] in SUFFIXES, "partition")
    region = cluster["region"]
    must(re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+){2,}", region) and len(region) <= 32, "region")
    known = [name for name, prefixes in REGIONS.items() if re.fullmatch(f"({prefixes})-[a-z]+-[0-9]+", region)]
    must(known in ([], [cluster["partition"]]), "region")
    must(bucket_name(f"{cluster['name']}-oidc"), "name")
    must(re.fullmatch(ISSUER, cluster["issuer"]) and len(cluster["issuer"]) <= 255, "issuer")
    hosting_of(cluster)
    if "former" in cluster:
        former_of(cluster)
    paths = []
    for entry in manifest["files"]:
        members(entry, "files", ["path", "length", "sha256"])
        mode_of(entry["path"])
        must(is_number(entry["length"]), "files: length")
        must(not re.match(r"signatures/|manifest\.json$", entry["path"]), "lists what it must not")
        paths.append(entry["path"])
    must(paths == sorted(set(paths)), "files are not sorted")
    spelt = {}
    for path in paths:
        parts = path.split("/")
        for length in range(1, len(parts) + 1):
            name, kind = "/".join(parts[:length]), "file" if length == len(parts) else "folder"
            known = spelt.setdefault(name.lower(), (name, kind))
            must(known == (name, kind), f"{path}: a folder too, or another by case alone")
    written = json.dumps(manifest, indent=2, ensure_ascii=False) + "\n"
    order = ["schema_version", "tool", "generation", "cluster", "files"]
    must(list(manifest) == order and written.encode() == data, "not written as it must be")
    return manifest


# Section 4: what must agree.


def policy_of(text, what):
    policy = json_of(text, what)
    members(policy, what, ["Version", "Statement"], ["Id"])
    must(policy["Version"] in ("2012-10-17", "2008-10-17"), what)
    statements = policy["Statement"]
    statements = statements if isinstance(statements, list) else [statements]
    must(statements, f"{what}: no statement")
    optional = ["Sid", "Principal", "NotPrincipal", "Action", "NotAction", "Resource", "NotResource", "Condition"]
    for statement in statements:
        members(statement, what, ["Effect"], optional)
        must(statement["Effect"] in ("Allow", "Deny"), what)
        must(isinstance(statement.get("Sid", ""), str), what)
        for name in ("Action", "NotAction", "Resource", "NotResource"):
            must(all(isinstance(text, str) for text in listed(statement.get(name, []))), f"{what}: {name}")
        conditions = statement.get("Condition", {})
        must(isinstance(conditions, dict), f"{what}: condition")
        for keys in conditions.values():
            must(isinstance(keys, dict), f"{what}: condition")
            must(all(is_scalar(value) for values in keys.values() for value in listed(values)), f"{what}: condition")
    return statements


def is_scalar(value):
    return isinstance(value, (str, bool)) or type(value) is int and -1 << 63 <= value < 1 << 63


def listed(value):
    return value if isinstance(value, list) else [value]


def counted(text):
    """The characters of a policy that IAM counts."""
    written = json.dumps(json.loads(text), ensure_ascii=False, separators=(",", ":"))
    return sum(not character.isspace() for character in written)


def is_pbes2(pem):
    """Whether an encrypted key is whole, as far as can be told without its passphrase, and by PBES2."""
    body = re.search("-----BEGIN ENCRYPTED PRIVATE KEY-----([^-]*)-----END ENCRYPTED PRIVATE KEY-----", pem)
    try:
        der = base64.b64decode("".join(body[1].split()), validate=True) if body else b""
    except ValueError:
        return False
    if der[:2] != b"\x30\x82" or len(der) != 4 + int.from_bytes(der[2:4]):
        return False
    # The algorithm comes first, in a sequence of its own: 1.2.840.113549.1.5.13.
    return bytes.fromhex("06092a864886f70d01050d") in der[4:24]


def bound(manifest, files, which):
    """Cluster and files with values in the open places: those of a column of `OPEN`."""
    cluster, filled = dict(manifest["cluster"]), dict(files)
    for value, columns in OPEN.items():
        token, stand_in = columns[:2]
        is_open = token in cluster[value]
        for path in [path for path in filled if re.match(r"0[1-8]-|manifests/", path)]:
            must(is_open or token.encode() not in filled[path], f"{path}: {token}, and nothing is open")
            kept = is_open or value == "issuer"
            must(not kept or stand_in.encode() not in dict(files)[path], f"{path}: {stand_in}")
            early = value == "issuer" and path in BEFORE_ISSUER
            must(not early or token.encode() not in dict(files)[path], f"{path}: made before the issuer is known")
            if is_open:
                filled[path] = filled[path].replace(token.encode(), columns[which].encode())
        cluster[value] = cluster[value].replace(token, columns[which])
    return cluster, filled


def meaning(policy):
    """A policy's statements, so that a text and a list of it alone, and both ways to say everyone, are the same."""

    def plain(value):
        if isinstance(value, dict):
            return {name: plain(inner) for name, inner in value.items()}
        return sorted(set(listed(value)))

    same = []
    for statement in policy:
        fixed = {name: statement[name] for name in ("Effect", "Sid") if name in statement}
        lists = {name: value for name, value in statement.items() if name not in fixed}
        if isinstance(lists.get("Principal"), str):
            lists["Principal"] = {"AWS": lists["Principal"]}
        same.append(fixed | plain(lists))
    return same


def is_json(found, wanted):
    """Whether both are the same JSON, in which `true` is not `1`."""
    return json.dumps(found, sort_keys=True) == json.dumps(wanted, sort_keys=True)


class Files:
    """The files of a bundle, and what the manifest says of them all."""

    def __init__(self, cluster, generation, files):
        self.cluster, self.generation, self.files = cluster, generation, files
        self.partition, self.account = self.cluster["partition"], self.cluster["account"]
        self.issuer = self.cluster["issuer"].removeprefix("https://")
        # The cluster's own issuer and, while it is moved, the former one.
        self.issuers = [one["issuer"] for one in (self.cluster, self.cluster.get("former")) if one]
        self.seen = {"REVIEW.md", "apply.sh"}

    def text(self, path):
        must(path in self.files, f"{path} is missing")
        self.seen.add(path)
        try:
            text = self.files[path].decode()
        except UnicodeDecodeError as error:
            raise Refused(f"{path}: no UTF-8") from error
        for mark in ("<enter_", "_here>", "POPULATE ROLE ARN"):
            must(mark not in text, f"{path}: a placeholder")
        return text

    def input(self, path, needed, optional=()):
        value = json_of(self.text(path), path)
        members(value, path, needed, optional)
        return value

    def arn(self, what, arn):
        parts = arn.split(":", 5)
        must(len(parts) > 1 and parts[1] in (self.partition, "*"), f"{what}: {arn} of another partition")
        service, region, account = [*parts[2:5], "", "", ""][:3]
        walled = service.lower() in ("iam", "sts") or re.search(r"[*?$]", service)
        must(account in ("*", "aws", self.account) or not walled and not account, f"{what}: {arn} of another account")
        must(not (walled and re.search(r"[*?$]", region)), f"{what}: {arn} of any account")

    def arns(self, what, value):
        if isinstance(value, str) and value.startswith("arn:"):
            self.arn(what, value)
        for inner in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
            self.arns(what, inner)

    def tags(self, what, pairs):
        tags = dict(pairs)
        must(len(tags) == len(pairs) <= 50, f"{what}: tags")
        must(all(1 <= len(key) <= 128 and len(value) <= 256 for key, value in pairs), f"{what}: tags")
        must(len({key.lower() for key in tags}) == len(tags), f"{what}: tags that differ by case alone")
        must(not re.search(r"[\x00-\x1f\x7f-\x9f]", "".join(map("".join, pairs))), f"{what}: control characters")
        owner = f"openshift.io/cloud-credential-operator/{self.cluster['name']}"
        must(tags.get(owner) == "owned", f"{what}: owner")
        for key in tags.keys() - {owner, "sts-handoff/generation"}:
            kept = ("openshift.io/cloud-credential-operator/", "sts-handoff/", "aws:")
            must(not key.lower().startswith(kept), f"{what}: a tag that is another's")
        for value, (_, stand_in, _) in OPEN.items():
            is_open = stand_in in self.cluster[value]
            must(not is_open or not any(stand_in in key + "\n" + text for key, text in pairs), f"{what}: open {value}")
        return tags

    def tag_list(self, what, tags):
        for tag in tags:
            members(tag, what, ["Key", "Value"])
        return self.tags(what, [(tag["Key"], tag["Value"]) for tag in tags])

    def stray_keys(self):
        for path, data in self.files.items():
            if path in PRIVATE_KEYS:
                must(data.count(b"-----BEGIN ") == 1, f"{path}: no or several PEM blocks")
                continue
            decoded = []
            joined = re.sub(rb"[ \t\r\n]|\\[trn]", b"", data)
            for whole, begin in ((b"", b"LS0tLS1CRUdJTi"), (b"AC", b"0tLS0tQkVHSU4g"), (b"AAA", b"tLS0tLUJFR0lOI")):
                encoded = [whole + text for text in re.findall(rb"(?=(%s[A-Za-z0-9+/]{0,128}))" % begin, joined)]
                decoded += [base64.b64decode(text[: len(text) // 4 * 4]) for text in encoded]
            for text in [data, *decoded]:
                labels = re.findall(rb"-----BEGIN ((?:(?!-----)[\s\S]){0,59})-----", text)
                must(not any(b"PRIVATE KEY" in label for label in labels), f"{path}: a private key")
            has = lambda name: re.search(rb'"%s\\*"\s*:\s*\\*"' % name, data)
            must(not (has(b"kty") and has(b"d")), f"{path}: a private JWK")
        must(self.files["serviceaccount-signer.public"].count(b"-----BEGIN ") == 1, "several public keys")

    def check(self):
        must("serviceaccount-signer.public" in self.files, "no public key")
        self.stray_keys()
        self.hosting()
        self.documents()
        self.private_key()
        self.provider()
        self.secrets(self.roles())
        for path in self.files:
            if path.startswith("requests/"):
                self.seen.add(path)
        must(any(path.startswith("requests/") for path in self.files), "no request")
        must(set(self.files) <= self.seen, f"nobody asked for {sorted(set(self.files) - self.seen)}")

    def hosting(self):
        hosting = self.cluster["hosting"]
        if hosting["kind"] == "elsewhere":
            return
        policy = self.input("01-oidc-bucket-policy.json", ["Bucket", "Policy"])
        named = [policy]
        if hosting["kind"] != "shared-bucket":
            named += self.own_bucket(hosting)
        self.statement(hosting, policy["Policy"])
        if hosting["kind"] == "private-bucket":
            self.access_control(hosting["bucket"])
            self.distribution(hosting)
        named += self.objects(hosting.get("path"))
        must(all(made["Bucket"] == hosting["bucket"] for made in named), "another bucket")

    def own_bucket(self, hosting):
        region = self.cluster["region"]
        wanted = {"ACL": "private", "Bucket": hosting["bucket"]}
        if region != "us-east-1":
            wanted["CreateBucketConfiguration"] = {"LocationConstraint": region}
        must(json_of(self.text("01-oidc-bucket.json"), "bucket") == wanted, "the bucket")
        name = "01-oidc-bucket-tagging.json"
        tagging = self.input(name, ["Bucket", "Tagging"])
        members(tagging["Tagging"], name, ["TagSet"])
        self.tag_list(name, tagging["Tagging"]["TagSet"])
        name, kind = "01-oidc-bucket-public-access-block.json", "PublicAccessBlockConfiguration"
        block = self.input(name, ["Bucket", kind])
        switches = ["BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets"]
        members(block[kind], name, switches)
        must(all(type(block[kind][switch]) is bool for switch in switches), f"{name}: no truth")
        if hosting["kind"] == "public-bucket":
            must([block[kind][switch] for switch in switches] == [True, True, False, False], "the switches")
        else:
            must(all(block[kind].values()), "the bucket is open")
        return [tagging, block]

    def statement(self, hosting, policy):
        bucket, keys = hosting["bucket"], f"{hosting['path']}/*" if "path" in hosting else "*"
        digest = hashlib.sha256("\n".join([self.cluster["name"], bucket, keys]).encode()).hexdigest()
        wanted = {
            "Sid": f"StsHandoff{digest[:16]}",
            "Effect": "Allow",
            "Principal": "*",
            "Action": "s3:GetObject",
            "Resource": f"arn:{self.partition}:s3:::{bucket}/{keys}",
        }
        if hosting["kind"] == "public-bucket":
            wanted["Sid"] = "AllowReadPublicAccess"
        elif hosting["kind"] == "private-bucket":
            source = f"arn:{self.partition}:cloudfront::{self.account}:distribution/${{distribution}}"
            wanted["Principal"] = {"Service": "cloudfront.amazonaws.com"}
            wanted["Condition"] = {"StringEquals": {"AWS:SourceArn": source}}
        found = json_of(policy, "bucket policy")
        must(found.get("Version") == "2012-10-17" and "Id" not in found, "the bucket policy")
        must(meaning(policy_of(policy, "bucket policy")) == meaning([wanted]), "the bucket policy")

    def access_control(self, bucket):
        must(is_json(json_of(self.text("07-cloudfront-origin-access-control.json"), "access control"), {
            "OriginAccessControlConfig": {
                "Name": bucket,
                "Description": f"openshift.io/cloud-credential-operator/{self.cluster['name']}=owned",
                "SigningProtocol": "sigv4",
                "SigningBehavior": "always",
                "OriginAccessControlOriginType": "s3",
            },
        }), "the access control")

    def distribution(self, hosting):
        name, bucket = "08-cloudfront-distribution.json", hosting["bucket"]
        made = self.input(name, ["DistributionConfigWithTags"])["DistributionConfigWithTags"]
        members(made, name, ["DistributionConfig", "Tags"])
        members(made["Tags"], name, ["Items"])
        self.tag_list(name, made["Tags"]["Items"])
        config = made["DistributionConfig"]
        texts = {text: config.get(text) for text in ("CallerReference", "Comment")}
        for text in texts.values():
            must(isinstance(text, str) and 1 <= len(text.encode()) <= 128, f"{name}: texts")
        origin = {
            "Id": bucket,
            "DomainName": f"{bucket}.s3.{self.cluster['region']}.{SUFFIXES[self.partition]}",
            "OriginAccessControlId": "${origin-access-control}",
            "S3OriginConfig": {"OriginAccessIdentity": ""},
        }
        wanted = texts | {
            "Origins": {"Quantity": 1, "Items": [origin]},
            "DefaultCacheBehavior": {
                "TargetOriginId": bucket,
                "ViewerProtocolPolicy": "https-only",
                "CachePolicyId": "4135ea2d-6df8-44a3-9df3-4b5a84be39ad",
            },
            "Enabled": True,
        }
        if "certificate" in hosting:
            wanted["Aliases"] = {"Quantity": 1, "Items": [self.issuer]}
            wanted["ViewerCertificate"] = {
                "ACMCertificateArn": hosting["certificate"],
                "SSLSupportMethod": "sni-only",
                "MinimumProtocolVersion": "TLSv1.2_2021",
            }
        must(is_json(config, wanted), "the distribution")

    def objects(self, path):
        objects = []
        for number, key in (("02-openid-configuration", ".well-known/openid-configuration"), ("03-keys", "keys.json")):
            name = f"{number}-object.json"
            made = self.input(name, ["Bucket", "Key", "ContentType", "Tagging"])
            must(made["Key"] == (f"{path}/{key}" if path else key), f"{name}: key")
            must(made["ContentType"] == "application/json", f"{name}: type")
            pairs = urllib.parse.parse_qsl(made["Tagging"], keep_blank_values=True)
            must(len(self.tags(name, pairs)) <= 10, f"{name}: tags")
            objects.append(made)
        return objects

    def documents(self):
        issuer = self.cluster["issuer"]
        discovery = json_of(self.text("02-openid-configuration"), "discovery")
        must(discovery == {
            "issuer": issuer,
            "jwks_uri": f"{issuer}/keys.json",
            "response_types_supported": ["id_token"],
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": ["RS256"],
            "claims_supported": ["aud", "exp", "sub", "iat", "iss", "sub"],
        }, "the discovery document")
        jwks = self.input("03-keys.json", ["keys"])
        must(1 <= len(jwks["keys"]) <= 2, "keys")
        encode = lambda data: base64.urlsafe_b64encode(data).rstrip(b"=").decode()
        number = lambda n: encode(n.to_bytes((n.bit_length() + 7) // 8))
        for index, jwk in enumerate(jwks["keys"]):
            members(jwk, "keys", ["use", "kty", "kid", "alg", "n", "e"])
            must(jwk not in jwks["keys"][:index], "keys: one twice")
            n, e = (int.from_bytes(unbase64(jwk[member])) for member in ("n", "e"))
            must(2048 <= n.bit_length() <= 8192 and e < 1 << 33, "keys: too small, or too large")
            try:
                public = rsa.RSAPublicNumbers(e, n).public_key()
            except ValueError as error:
                raise Refused("keys: no RSA key") from error
            der = public.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
            wanted = {"use": "sig", "kty": "RSA", "kid": encode(hashlib.sha256(der).digest()), "alg": "RS256",
                      "n": number(n), "e": number(e)}
            must(jwk == wanted, "keys: no key of its own kid")
        try:
            key = serialization.load_pem_public_key(self.text("serviceaccount-signer.public").encode())
        except ValueError as error:
            raise Refused("the public key") from error
        must(isinstance(key, rsa.RSAPublicKey) and key.key_size >= 2048, "the public key")
        der = key.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
        numbers = key.public_numbers()
        must({"use": "sig", "kty": "RSA", "kid": encode(hashlib.sha256(der).digest()), "alg": "RS256",
              "n": number(numbers.n), "e": number(numbers.e)} == jwks["keys"][0], "the first key is not the public key")

    def private_key(self):
        places = PRIVATE_KEYS
        found = [path for path in places if path in self.files]
        self.seen.update(found)
        if not found:
            return
        texts = [self.files[path].decode(errors="replace") for path in found]
        labels = [re.search("-----BEGIN ([^-]*)-----", text) for text in texts]
        must(all(labels), "the private key is no PEM")
        if labels[0][1] == "ENCRYPTED PRIVATE KEY":
            must(found == places[:1], "an encrypted private key stands alone, in its one place")
            must(is_pbes2(texts[0]), "the encrypted private key")
            return
        must(found == places, "a private key in one of its two places")
        public = serialization.load_pem_public_key(self.files["serviceaccount-signer.public"])
        for text, label in zip(texts, labels):
            must(label[1] in ("RSA PRIVATE KEY", "PRIVATE KEY"), "the private key is none")
            try:
                key = serialization.load_pem_private_key(text[label.start() :].encode(), None)
            except (ValueError, UnsupportedAlgorithm) as error:
                raise Refused("the private key is damaged") from error
            same = isinstance(key, rsa.RSAPrivateKey) and key.public_key() == public
            must(same, "the private key is another cluster's")

    def provider(self):
        name = "04-iam-identity-provider.json"
        provider = self.input(name, ["Url", "ClientIDList", "Tags"], ["ThumbprintList"])
        must(provider["Url"] == self.cluster["issuer"], f"{name}: Url")
        must(1 <= len(provider["ClientIDList"]) <= 100, f"{name}: client ids")
        must(all(1 <= len(text) <= 255 for text in provider["ClientIDList"]), f"{name}: client ids")
        thumbprints = provider.get("ThumbprintList", [])
        must(len(thumbprints) <= 5, f"{name}: thumbprints")
        must(all(re.fullmatch("[0-9a-fA-F]{40}", text) for text in thumbprints), f"{name}: thumbprints")
        tags = self.tag_list(name, provider["Tags"])
        must(tags.get("sts-handoff/generation") == str(self.generation), f"{name}: generation")

    def roles(self):
        policies = {}
        for path in [path for path in self.files if re.fullmatch(r"06-.*-policy\.json", path)]:
            policy = self.input(path, ["PolicyDocument", "PolicyName", "RoleName"])
            statements = policy_of(policy["PolicyDocument"], path)
            self.arns(path, statements)
            for statement in statements:
                must(not {"Principal", "NotPrincipal"} & statement.keys(), f"{path}: principal")
                must(("Action" in statement) != ("NotAction" in statement), f"{path}: action")
                must(("Resource" in statement) != ("NotResource" in statement), f"{path}: resource")
                lists = ("Action", "NotAction", "Resource", "NotResource")
                must(all(listed(statement[name]) for name in lists if name in statement), f"{path}: an empty list")
                for text in listed(statement.get("Action", [])) + listed(statement.get("NotAction", [])):
                    formed = re.fullmatch(r"\*|[A-Za-z0-9*?-]+:[A-Za-z0-9*?]+", text)
                    must(formed, f"{path}: {text} is no action")
                for text in listed(statement.get("Resource", [])) + listed(statement.get("NotResource", [])):
                    whole = text.startswith("arn:") and text.count(":") >= 5
                    must(text == "*" or whole, f"{path}: {text} is no resource")
            must(re.fullmatch(r"[A-Za-z0-9_+=,.@-]{1,128}", policy["PolicyName"]), f"{path}: name of the policy")
            of_role = policies.setdefault(policy["RoleName"], {})
            must(policy["PolicyName"] not in of_role, f"{path}: made twice")
            of_role[policy["PolicyName"]] = counted(policy["PolicyDocument"])
        roles, folded = {}, set()
        for path in [path for path in self.files if re.fullmatch(r"05-.*-role\.json", path)]:
            optional = ["MaxSessionDuration", "Path", "PermissionsBoundary"]
            role = self.input(path, ["AssumeRolePolicyDocument", "Description", "RoleName", "Tags"], optional)
            must(re.fullmatch(r"[A-Za-z0-9_+=,.@-]{1,64}", role["RoleName"]), f"{path}: name")
            must(role["RoleName"].lower() not in folded, f"{path}: the name of another role")
            folded.add(role["RoleName"].lower())
            must(len(role["Description"]) <= 1000, f"{path}: description")
            given = policies.pop(role["RoleName"], None)
            must(given and sum(given.values()) <= 10_240, f"{path}: no policies, made twice, or too long")
            must(counted(role["AssumeRolePolicyDocument"]) <= 4096, f"{path}: trust")
            way = role.get("Path", "/")
            must(way == "/" or len(way) <= 512 and re.fullmatch(r'/[!#-\[\]-~]*/', way), f"{path}: path")
            session = role.get("MaxSessionDuration", 3600)
            must(type(session) is int and 3600 <= session <= 43_200, f"{path}: session")
            if "PermissionsBoundary" in role:
                boundary = arn_of(role["PermissionsBoundary"], self.partition, path)
                self.arn(path, role["PermissionsBoundary"])
                must(boundary[2:4] == ["iam", ""] and boundary[4] != "*", f"{path}: boundary")
                must(re.fullmatch(r"policy/[^*?$]+", boundary[5]), f"{path}: boundary")
            self.tag_list(path, role["Tags"])
            arn = f"arn:{self.partition}:iam::{self.account}:role{role.get('Path', '/')}{role['RoleName']}"
            trusts = policy_of(role["AssumeRolePolicyDocument"], path)
            must(len(trusts) == len(self.issuers), f"{path}: statements")
            claims = [self.trusted(path, trusts, issuer.removeprefix("https://")) for issuer in self.issuers]
            must(all(one == claims[0] for one in claims), f"{path}: others by the former issuer")
            roles[arn] = claims[0][0]
        must(not policies, f"no role for the policies of {sorted(policies)}")
        return roles

    def trusted(self, path, statements, issuer):
        """Whom the one statement for this issuer lets in: namespaces, subjects and audiences."""
        provider = f"arn:{self.partition}:iam::{self.account}:oidc-provider/{issuer}"

        def trusts(statement):
            principal = statement.get("Principal")
            return (
                isinstance(principal, dict)
                and list(principal) == ["Federated"]
                and listed(principal["Federated"]) == [provider]
            )

        found = [statement for statement in statements if trusts(statement)]
        must(len(found) == 1, f"{path}: principal")
        statement = found[0]
        action = listed(statement.get("Action"))
        must(statement["Effect"] == "Allow" and action == ["sts:AssumeRoleWithWebIdentity"], f"{path}: action")
        barred = {"NotAction", "NotPrincipal", "Resource", "NotResource"}
        must(not barred & statement.keys(), f"{path}: {barred}")
        condition = statement.get("Condition", {})
        must(list(condition) == ["StringEquals"], f"{path}: condition")
        keys = condition["StringEquals"]
        must(set(keys) <= {f"{issuer}:sub", f"{issuer}:aud"}, f"{path}: condition")
        claims = [set(listed(keys.get(f"{issuer}:{claim}", []))) for claim in ("sub", "aud")]
        namespaces = set()
        for subject in claims[0]:
            match = re.fullmatch(r"system:serviceaccount:([a-z0-9.-]+):[a-z0-9.-]+", subject)
            must(match, f"{path}: {subject} is no service account")
            namespaces.add(match[1])
        must(len(namespaces) == 1, f"{path}: namespaces")
        return [namespaces, *claims]

    def secrets(self, roles):
        authentication = "manifests/cluster-authentication-02-config.yaml"
        forms = [AUTHENTICATION % issuer for issuer in self.issuers]
        must(self.text(authentication) in forms, f"{authentication}: its form")
        made = set()
        for path in [path for path in self.files if path.startswith("manifests/") and path != authentication]:
            match = re.fullmatch(SECRET, self.text(path))
            must(match, f"{path}: its form")
            name, namespace, arn, _ = match.groups()
            must(all(scalar(text.strip('"')) == text for text in (name, namespace)), f"{path}: its form")
            name, namespace = name.strip('"'), namespace.strip('"')
            must((namespace, name) not in made, f"{path}: the Secret of another file")
            made.add((namespace, name))
            must(arn in roles and roles.pop(arn) == {namespace}, f"{path}: role_arn or namespace")
        must(not roles, f"no Secret for {sorted(roles)}")


AUTHENTICATION = """apiVersion: config.openshift.io/v1
kind: Authentication
metadata:
  name: cluster
spec:
  serviceAccountIssuer: %s
"""

NAME = r'("[a-z0-9.-]+"|[a-z0-9.-]+)'
SECRET = rf"""apiVersion: v1
kind: Secret
metadata:
  name: {NAME}
  namespace: {NAME}
stringData:
  credentials: \|-
    \[default\]
    sts_regional_endpoints = regional
    role_arn = ([!-~]+)
    web_identity_token_file = (/[!-~]*)
type: Opaque
"""


def scalar(name):
    words = "null true false yes no on off y n".split()
    return name if "a" <= name[0] <= "z" and name not in words else f'"{name}"'


def read(data, keys, threshold, now):
    found = entries(ungzip(data))
    must(found and found[0][1] == "manifest.json", "no manifest")
    rank = lambda path: (0 if path == "manifest.json" else 1 if path.startswith("signatures/") else 2, path)
    ranks = [rank(path) for _, path, _ in found]
    must(all(before < after for before, after in zip(ranks, ranks[1:])), "order")
    manifest_bytes = found[0][2]
    digest = hashlib.sha256(manifest_bytes).hexdigest()
    signatures = {path[11:-4]: data for _, path, data in found if path.startswith("signatures/")}
    must(1 <= len(signatures) <= 32, "signatures")
    trusted = {key_id(key): key for key in keys}
    must(len(trusted) >= threshold, "fewer keys than must have signed")
    signers = sorted(trusted.keys() & signatures.keys())
    must(len(signers) >= threshold, "untrusted")
    claimed = [claims_of(signatures[signer], signer, trusted[signer], digest, now) for signer in signers]
    manifest = manifest_of(manifest_bytes)
    cluster = manifest["cluster"]
    said = (cluster["name"], cluster["account"], manifest["generation"])
    must(all((claims["cluster"], claims["account"], claims["generation"]) == said for claims in claimed), "claims")
    must({top for top, _, _ in found} == {f"{cluster['name']}-{digest[:12]}"}, "top folder")
    files = [(path, data) for _, path, data in found if rank(path)[0] == 2]
    wanted = [(entry["path"], entry["length"], entry["sha256"]) for entry in manifest["files"]]
    must(wanted == [(path, len(data), hashlib.sha256(data).hexdigest()) for path, data in files], "files")
    copies = 2 if any(token in cluster[value] for value, (token, _, _) in OPEN.items()) else 1
    kept = sum(len(data) for path, data in files if not re.match(LARGE, path))
    must(kept * copies <= 32 * MIB, "too much to keep")
    # With the stand-ins, then with values; the same where nothing is open.
    for which in (1, 2):
        cluster, filled = bound(manifest, files, which)
        Files(cluster, manifest["generation"], filled).check()


def key_id(key):
    der = key.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    return hashlib.sha256(der).hexdigest()


def load(path):
    with open(path, "rb") as file:
        return serialization.load_pem_public_key(file.read())


def trust_of(bundle, usual):
    """The keys and the threshold for a bundle: those its file `trust` names, or the usual key alone."""
    try:
        with open(os.path.join(os.path.dirname(bundle), "trust"), encoding="ascii") as file:
            threshold, *names = file.read().split()
    except FileNotFoundError:
        return [load(usual)], 1
    return [load(os.path.join(os.path.dirname(usual), name)) for name in names], int(threshold)


def main():
    for path in sys.argv[3:]:
        with open(path, "rb") as file:
            data = file.read()
        try:
            read(data, *trust_of(path, sys.argv[1]), int(sys.argv[2]))
            verdict = {"bundle": path, "taken": True, "why": ""}
        except Refused as error:
            verdict = {"bundle": path, "taken": False, "why": str(error)}
        print(json.dumps(verdict))


main()
