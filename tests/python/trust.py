"""Would AWS let these tokens in? Asked of an OIDC provider and a role as the account has them.

    trust.py KEY ENDPOINT    reads cases, prints what became of each

A case is {"role", "subject", "audience", "provider", "issuer", "key", "seconds"}: which role to assume with a token for
which subject and audience, through which of the providers that the role trusts (the first where absent, else that of this
issuer), of which issuer (the provider's where absent), signed by the key in KEY or by another under
the same id, and for how many seconds to come it is good. Signatures, claims and keys are checked by joserfc; the
documents come over HTTP, unsigned, as AWS fetches them: from the address in ENDPOINT, under the issuer's name.
"""

import hashlib
import base64
import json
import sys
import time
import urllib.parse

import boto3
import requests
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet, RSAKey


class Refused(Exception):
    """Why AWS would not let a token in."""


def origin(host):
    """The bucket host behind a host: itself, or the origin of the distribution that answers for it."""
    if ".s3." in host:
        return host
    for front in boto3.client("cloudfront").list_distributions()["DistributionList"].get("Items", []):
        if host in [front["DomainName"], *front["Aliases"].get("Items", [])] and front["Enabled"]:
            return front["Origins"]["Items"][0]["DomainName"]
    raise Refused(f"nobody in the account serves {host}")


def get(url, endpoint):
    """Fetches an https URL of a bucket's from the endpoint, under its own host name, with no credentials."""
    parts = urllib.parse.urlsplit(url)
    assert parts.scheme == "https", url
    host = origin(parts.netloc)
    where, headers = endpoint + parts.path, {"Host": host}
    if parts.path.endswith("/.well-known/openid-configuration"):
        # moto 5.2 takes every unsigned path that ends so for Cognito's; a header it cannot read leads to S3.
        bucket = host.partition(".s3.")[0]
        where, headers = f"{endpoint}/{bucket}{parts.path}", {"Authorization": "None none"}
    answer = requests.get(where, headers=headers, timeout=10)
    if answer.status_code != 200:
        raise Refused(f"{url} answers {answer.status_code}")
    content_type = answer.headers["Content-Type"].split(";")[0]
    if content_type != "application/json":
        raise Refused(f"{url} is {content_type}")
    return answer.json()


def keys_of(issuer, endpoint):
    """OpenID Connect Discovery 1.0, section 4: the configuration, and the keys it names."""
    configuration = get(issuer + "/.well-known/openid-configuration", endpoint)
    if configuration["issuer"] != issuer:
        raise Refused(f"the discovery document is of {configuration['issuer']}")
    if "RS256" not in configuration["id_token_signing_alg_values_supported"]:
        raise Refused("the discovery document does not offer RS256")
    return KeySet.import_key_set(get(configuration["jwks_uri"], endpoint))


def key_id(private):
    """As kube-apiserver computes it."""
    der = private.public_key().public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    return base64.urlsafe_b64encode(hashlib.sha256(der).digest()).rstrip(b"=").decode()


def token(case, issuer, private, kid):
    """A service account's token, as kube-apiserver makes it."""
    now = int(time.time())
    _, _, namespace, account = (case["subject"] + ":::").split(":")[:4]
    claims = {
        "aud": [case["audience"]],
        "exp": now + case.get("seconds", 3600),
        "iat": now - 7200,
        "iss": case.get("issuer", issuer),
        "kubernetes.io": {"namespace": namespace, "serviceaccount": {"name": account}},
        "nbf": now - 7200,
        "sub": case["subject"],
    }
    pem = private.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return jwt.encode({"alg": "RS256", "kid": kid}, claims, RSAKey.import_key(pem))


def authorize(statement, provider_arn, host, claims):
    """What the trust policy says of a token that is genuine. Source: IAM User Guide, "Creating a role for OIDC"."""
    assert statement["Effect"] == "Allow" and statement["Action"] == "sts:AssumeRoleWithWebIdentity"
    assert statement["Principal"] == {"Federated": provider_arn} and list(statement["Condition"]) == ["StringEquals"]
    for name, wanted in statement["Condition"]["StringEquals"].items():
        found = claims[name.removeprefix(host + ":")]
        if found not in ([wanted] if isinstance(wanted, str) else wanted):
            raise Refused(f"the trust policy wants another {name.removeprefix(host + ':')}")


def assume(case, private, stranger, endpoint):
    """The provider checks the token, the role's policy its claims, and then the account hands out credentials."""
    iam = boto3.client("iam")
    role = iam.get_role(RoleName=case["role"])["Role"]
    trusting = role["AssumeRolePolicyDocument"]["Statement"]
    end = case.get("provider", "").removeprefix("https://")
    trusting = [one for one in trusting if one["Principal"]["Federated"].endswith(end)]
    if not trusting:
        raise Refused(f"the role trusts no provider of {end}")
    statement = trusting[0]
    provider_arn = statement["Principal"]["Federated"]
    provider = iam.get_open_id_connect_provider(OpenIDConnectProviderArn=provider_arn)
    host = provider["Url"].removeprefix("https://")
    issuer = "https://" + host
    made = token(case, issuer, stranger if case.get("key") == "another" else private, key_id(private))

    genuine = jwt.decode(made, keys_of(issuer, endpoint), algorithms=["RS256"])
    wanted = {
        "iss": {"essential": True, "value": issuer},
        "aud": {"essential": True, "values": provider["ClientIDList"]},
        "exp": {"essential": True},
    }
    jwt.JWTClaimsRegistry(**wanted).validate(genuine.claims)
    authorize(statement, provider_arn, host, genuine.claims)

    answer = boto3.client("sts").assume_role_with_web_identity(
        RoleArn=role["Arn"], RoleSessionName="component", WebIdentityToken=made
    )
    handed = answer["Credentials"]
    session = boto3.client(
        "sts",
        aws_access_key_id=handed["AccessKeyId"],
        aws_secret_access_key=handed["SecretAccessKey"],
        aws_session_token=handed["SessionToken"],
    )
    return session.get_caller_identity()["Arn"]


def main():
    with open(sys.argv[1], "rb") as file:
        private = serialization.load_pem_private_key(file.read(), password=None)
    stranger = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    results = {}
    for name, case in json.load(sys.stdin).items():
        try:
            results[name] = {"assumed": assume(case, private, stranger, sys.argv[2])}
        except (Refused, JoseError) as error:
            results[name] = {"refused": f"{type(error).__name__}: {error}"}
    json.dump(results, sys.stdout)


main()
