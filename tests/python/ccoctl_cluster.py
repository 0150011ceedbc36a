"""Makes in an account what `ccoctl aws create-all` leaves there, as its documentation and its users tell.

    ccoctl_cluster.py NAME REGION REQUESTS KEYS_JSON

Written from the outside: names, tags, documents and settings are those seen in accounts, defects included.
"""

import json
import pathlib
import sys

import boto3
import yaml

NAME, REGION, REQUESTS, KEYS = sys.argv[1:]
BUCKET = f"{NAME}-oidc"
HOST = f"{BUCKET}.s3.{REGION}.amazonaws.com"
PROVIDER = f"arn:aws:iam::123456789012:oidc-provider/{HOST}"
TAGS = {f"openshift.io/cloud-credential-operator/{NAME}": "owned", "Name": NAME}
TAG_LIST = [{"Key": key, "Value": value} for key, value in TAGS.items()]
# Where the tool asks a server for its certificate; any value will do here.
THUMBPRINT = "A9D53002E97E00E043244F3D170D6F4C414104FD"


def requests():
    for path in sorted(pathlib.Path(REQUESTS).glob("*.yaml")):
        for document in yaml.safe_load_all(path.read_text()):
            if document and document["kind"] == "CredentialsRequest":
                yield document["spec"]


def make_bucket(s3):
    s3.create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": REGION})
    s3.put_bucket_tagging(Bucket=BUCKET, Tagging={"TagSet": TAG_LIST})
    s3.put_public_access_block(
        Bucket=BUCKET,
        PublicAccessBlockConfiguration={
            "BlockPublicAcls": True,
            "IgnorePublicAcls": True,
            "BlockPublicPolicy": False,
            "RestrictPublicBuckets": False,
        },
    )
    statement = {
        "Sid": "AllowReadPublicAccess",
        "Effect": "Allow",
        "Principal": "*",
        "Action": ["s3:GetObject"],
        "Resource": [f"arn:aws:s3:::{BUCKET}/*"],
    }
    s3.put_bucket_policy(Bucket=BUCKET, Policy=json.dumps({"Version": "2012-10-17", "Statement": [statement]}))
    discovery = {
        "issuer": f"https://{HOST}",
        "jwks_uri": f"https://{HOST}/keys.json",
        "response_types_supported": ["id_token"],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": ["RS256"],
        "claims_supported": ["aud", "exp", "sub", "iat", "iss", "sub"],
    }
    documents = {
        ".well-known/openid-configuration": json.dumps(discovery, indent="\t"),
        "keys.json": json.dumps(json.loads(pathlib.Path(KEYS).read_text()), indent="    "),
    }
    tagging = "&".join(f"{key}={value}" for key, value in TAGS.items())
    for key, body in documents.items():
        # No content type is given: S3 takes it for a stream of octets.
        s3.put_object(Bucket=BUCKET, Key=key, Body=body, Tagging=tagging, ContentType="application/octet-stream")


def make_role(iam, spec):
    secret = spec["secretRef"]
    name = f"{NAME}-{secret['namespace']}-{secret['name']}"[:64]
    accounts = [f"system:serviceaccount:{secret['namespace']}:{account}" for account in spec["serviceAccountNames"]]
    trust = {
        "Effect": "Allow",
        "Principal": {"Federated": PROVIDER},
        "Action": "sts:AssumeRoleWithWebIdentity",
        "Condition": {"StringEquals": {f"{HOST}:sub": accounts}},
    }
    iam.create_role(
        RoleName=name,
        Description=f"OpenShift role for {secret['namespace']}/{secret['name']}",
        AssumeRolePolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [trust]}),
        Tags=TAG_LIST,
    )
    statements = []
    for entry in spec["providerSpec"]["statementEntries"]:
        statement = {"Effect": entry["effect"], "Action": entry["action"], "Resource": entry["resource"]}
        if "policyCondition" in entry:
            statement["Condition"] = entry["policyCondition"]
        statements.append(statement)
    policy = json.dumps({"Version": "2012-10-17", "Statement": statements})
    iam.put_role_policy(RoleName=name, PolicyName=name, PolicyDocument=policy)


def main():
    iam = boto3.client("iam")
    make_bucket(boto3.client("s3"))
    iam.create_open_id_connect_provider(
        Url=f"https://{HOST}",
        ClientIDList=["openshift", "sts.amazonaws.com"],
        ThumbprintList=[THUMBPRINT],
        Tags=TAG_LIST,
    )
    for spec in requests():
        make_role(iam, spec)


main()
