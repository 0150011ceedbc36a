"""Looks at an AWS account, or changes it: the test harness's own eyes and hands.

    account.py dump   prints every role, OIDC provider and bucket as one JSON value
    account.py watch  prints it again for every line it reads
    account.py fronts prints every CloudFront distribution and origin access control likewise
    account.py redo   reads [bucket, members] and gives the distributions in front of it these members of a configuration
    account.py call   reads [[service, operation, parameters], ...] and makes these calls in turn

Endpoint, region and credentials come from the environment, as boto3 reads it.
"""

import json
import sys
import time

import boto3
from botocore.exceptions import ClientError


def maybe(operation, **parameters):
    """What the call answers, or None where the thing it asks for does not exist."""
    try:
        return operation(**parameters)
    except ClientError as error:
        if error.response["Error"]["Code"].startswith("NoSuch"):
            return None
        raise


def plain_tags(tags):
    return {tag["Key"]: tag["Value"] for tag in tags or []}


def pages(client, operation, member, **parameters):
    for page in client.get_paginator(operation).paginate(**parameters):
        yield from page.get(member, [])


def read_role(iam, name):
    role = iam.get_role(RoleName=name)["Role"]
    inline = pages(iam, "list_role_policies", "PolicyNames", RoleName=name)
    attached = pages(iam, "list_attached_role_policies", "AttachedPolicies", RoleName=name)
    return {
        "arn": role["Arn"],
        "attached": sorted(policy["PolicyArn"] for policy in attached),
        "boundary": role.get("PermissionsBoundary", {}).get("PermissionsBoundaryArn"),
        "description": role.get("Description"),
        "inline": {
            policy: iam.get_role_policy(RoleName=name, PolicyName=policy)["PolicyDocument"] for policy in inline
        },
        "max_session": role["MaxSessionDuration"],
        "tags": plain_tags(role.get("Tags")),
        "trust": role["AssumeRolePolicyDocument"],
    }


def read_provider(iam, arn):
    provider = iam.get_open_id_connect_provider(OpenIDConnectProviderArn=arn)
    return {
        "client_ids": sorted(provider["ClientIDList"]),
        "tags": plain_tags(provider.get("Tags")),
        "thumbprints": sorted(provider.get("ThumbprintList", [])),
        "url": provider["Url"],
    }


def read_object(s3, bucket, key):
    answer = s3.get_object(Bucket=bucket, Key=key)
    return {
        "body": answer["Body"].read().decode(),
        "content_type": answer["ContentType"],
        "tags": plain_tags(s3.get_object_tagging(Bucket=bucket, Key=key)["TagSet"]),
    }


def read_bucket(s3, name):
    block = maybe(s3.get_public_access_block, Bucket=name)
    policy = maybe(s3.get_bucket_policy, Bucket=name)
    tagging = maybe(s3.get_bucket_tagging, Bucket=name)
    keys = [entry["Key"] for entry in pages(s3, "list_objects_v2", "Contents", Bucket=name)]
    return {
        "objects": {key: read_object(s3, name, key) for key in keys},
        "policy": json.loads(policy["Policy"]) if policy else None,
        "public_access_block": block["PublicAccessBlockConfiguration"] if block else None,
        "region": s3.get_bucket_location(Bucket=name)["LocationConstraint"] or "us-east-1",
        "tags": plain_tags(tagging["TagSet"]) if tagging else {},
    }


def settled(look, tries=20, pause=0.25):
    """What a look sees, once nothing goes away under it: a call of a killed executor may still be under way."""
    for _ in range(tries - 1):
        try:
            return look()
        except ClientError as error:
            if not error.response["Error"]["Code"].startswith("NoSuch"):
                raise
            time.sleep(pause)
    return look()


def dump():
    return settled(dump_once)


def dump_once():
    iam, s3 = boto3.client("iam"), boto3.client("s3")
    providers = iam.list_open_id_connect_providers()["OpenIDConnectProviderList"]
    return {
        "buckets": {bucket["Name"]: read_bucket(s3, bucket["Name"]) for bucket in s3.list_buckets()["Buckets"]},
        "providers": {entry["Arn"]: read_provider(iam, entry["Arn"]) for entry in providers},
        "roles": {role["RoleName"]: read_role(iam, role["RoleName"]) for role in pages(iam, "list_roles", "Roles")},
    }


def read_distribution(cloudfront, summary):
    tags = cloudfront.list_tags_for_resource(Resource=summary["ARN"])["Tags"].get("Items", [])
    behavior = summary["DefaultCacheBehavior"]
    return {
        "aliases": summary["Aliases"].get("Items", []),
        "comment": summary["Comment"],
        "domain": summary["DomainName"],
        "enabled": summary["Enabled"],
        "origins": [origin["DomainName"] for origin in summary["Origins"]["Items"]],
        "tags": plain_tags(tags),
        "viewer_protocol": behavior["ViewerProtocolPolicy"],
    }


def fronts():
    cloudfront = boto3.client("cloudfront")
    distributions = cloudfront.list_distributions()["DistributionList"].get("Items", [])
    controls = cloudfront.list_origin_access_controls()["OriginAccessControlList"].get("Items", [])
    return {
        "access_controls": {entry["Name"]: entry["Description"] for entry in controls},
        "distributions": {entry["Id"]: read_distribution(cloudfront, entry) for entry in distributions},
    }


def redo(what):
    bucket, members = what
    cloudfront = boto3.client("cloudfront")
    for summary in cloudfront.list_distributions()["DistributionList"].get("Items", []):
        answer = cloudfront.get_distribution_config(Id=summary["Id"])
        config = answer["DistributionConfig"]
        if config["Origins"]["Items"][0]["DomainName"].startswith(f"{bucket}."):
            config |= members
            cloudfront.update_distribution(Id=summary["Id"], IfMatch=answer["ETag"], DistributionConfig=config)
    return "done"


def call(calls):
    clients = {}
    for service, operation, parameters in calls:
        client = clients.setdefault(service, boto3.client(service))
        getattr(client, operation)(**parameters)
    return "done"


def main():
    task = sys.argv[1]
    if task == "watch":
        for _ in sys.stdin:
            print(json.dumps(dump(), sort_keys=True), flush=True)
        return
    looks, changes = {"dump": dump, "fronts": fronts}, {"redo": redo, "call": call}
    answer = looks[task]() if task in looks else changes[task](json.load(sys.stdin))
    json.dump(answer, sys.stdout, sort_keys=True)


main()
