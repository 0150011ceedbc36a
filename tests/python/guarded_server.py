"""The AWS emulator with its authorization as AWS has it, where the emulator's own is simpler.

    guarded_server.py PORT

- IAM's calls are checked against the role or provider they name, and CloudFront's against the distribution or access
  control, not against `*`;
- a condition on the tags of the resource counts, and where it does not hold the statement allows nothing;
- to delete versions several at a time takes two permissions on each, and what is denied is told version by version;
- S3's actions have the names that policies use, and S3 says which one was denied to a caller of its own account;
- signatures are not checked: the emulator's sum is wrong for some bodies;
- a call that brings tags needs the permission to tag too;
- an object that is not there is denied, not missing, to whoever may not list the bucket;
- the audiences of a provider can be changed;
- CloudFront is as `cloudfront_edge.py` has it; CLOUDFRONT_LOOKS in the environment says how slow it is.

Authorization is off until /moto-api/reset-auth is told 0. Sources: Service Authorization Reference, IAM, Amazon CloudFront and Amazon S3;
Amazon S3 API Reference, `GetObject`; Amazon S3 User Guide, "Troubleshoot access denied (403 Forbidden) errors".
"""

import os
import re
import sys
import threading

import cloudfront_edge
import xmltodict
from moto.cloudfront.models import cloudfront_backends
from moto.core.responses import EmptyResult
from moto.iam import access_control
from moto.iam.responses import IamResponse
from moto.s3.exceptions import BucketAccessDeniedError, S3ClientError
from moto.s3.models import s3_backends
from moto.server import main

SIMPLE = access_control.IAMRequestBase.check_action_permitted
PERMITTED = access_control.IAMPolicyStatement.is_action_permitted
TAG = "aws:ResourceTag/"

# Each request has a thread of its own; `tags` are those of the resource it is about.
here = threading.local()


def field(request, name):
    value = request._data.get(name)
    return value[0] if isinstance(value, list) else value


def action_of(request):
    """The action as policies name it."""
    if "publicAccessBlock" not in request._path:
        return request._action
    verb = "Get" if request._method == "GET" else "Put"
    return f"s3:{verb}{'Account' if '/v20180820/' in request._path else 'Bucket'}PublicAccessBlock"


def resource_of(request, given):
    """What the call is about, as an ARN."""
    iam = f"arn:aws:iam::{request.account_id}"
    front = re.search(r"/(distribution|origin-access-control)/([^/?]+)", request._path)
    if request._action.startswith("cloudfront:") and front:
        return f"arn:aws:cloudfront::{request.account_id}:{front[1]}/{front[2]}"
    if not request._action.startswith("iam:"):
        return given
    if role := field(request, "RoleName"):
        return f"{iam}:role/{role}"
    if arn := field(request, "OpenIDConnectProviderArn"):
        return arn
    if url := field(request, "Url"):
        return f"{iam}:oidc-provider/{url.removeprefix('https://')}"
    return given


def tags_of(request, resource):
    """The tags of a role, a provider or a distribution that is there."""
    kind, _, name = resource.rpartition(":")[2].partition("/")
    if kind == "distribution":
        return cloudfront_backends[request.account_id]["aws"].tagger.get_tag_dict_for_resource(resource)
    if kind == "role":
        tagged = [role for role in request.backend.roles.values() if role.name == name.rpartition("/")[2]]
    elif kind == "oidc-provider":
        tagged = [provider for provider in request.backend.open_id_providers.values() if provider.arn == resource]
    else:
        return {}
    tags = [thing.tags.values() if isinstance(thing.tags, dict) else thing.tags for thing in tagged]
    return {tag["Key"]: tag["Value"] for some in tags for tag in some}


def permitted(statement, action, resource="*", principal=None, values=None):
    conditions = statement._statement.get("Condition") or {}
    wanted = {key: value for keys in conditions.values() for key, value in keys.items() if key.startswith(TAG)}
    if not wanted:
        return PERMITTED(statement, action, resource, principal, values)
    if any(getattr(here, "tags", {}).get(key.removeprefix(TAG)) != value for key, value in wanted.items()):
        return access_control.PermissionResult.NEUTRAL
    plain = {name: value for name, value in statement._statement.items() if name != "Condition"}
    return PERMITTED(access_control.IAMPolicyStatement(plain), action, resource, principal, values)


def check_versions(request, bucket):
    """A call that deletes several versions at once."""
    objects = xmltodict.parse(request._body)["Delete"]["Object"]
    for one in objects if isinstance(objects, list) else [objects]:
        for request._action in ["s3:DeleteObject", "s3:DeleteObjectVersion"]:
            try:
                SIMPLE(request, f"{bucket}/{one['Key']}")
            except S3ClientError as denial:
                raise BucketAccessDeniedError(bucket.rpartition(":")[2]) from denial


def also_needed(request):
    if request._action == "iam:CreateRole" and "Tags" in str(request._data):
        return ["iam:TagRole"]
    if request._action == "iam:CreateOpenIDConnectProvider" and "Tags" in str(request._data):
        return ["iam:TagOpenIDConnectProvider"]
    if request._action == "cloudfront:CreateDistributionWithTags":
        return ["cloudfront:CreateDistribution", "cloudfront:TagResource"]
    if request._action == "s3:PutObject" and request._headers.get("x-amz-tagging"):
        return ["s3:PutObjectTagging"]
    return []


def check(request, resource):
    request._action = action_of(request)
    resource = resource_of(request, resource)
    action = request._action
    here.tags = tags_of(request, resource)
    if action == "s3:DeleteObject" and request._method == "POST":
        return check_versions(request, resource.partition("/")[0])
    SIMPLE(request, resource)
    for request._action in also_needed(request):
        SIMPLE(request, resource)
    if action == "s3:GetObject":
        bucket, _, key = resource.rpartition(":::")[2].partition("/")
        buckets = s3_backends[request.account_id]["aws"].buckets
        if bucket in buckets and key not in buckets[bucket].keys:
            request._action = "s3:ListBucket"
            SIMPLE(request, resource.partition("/")[0])


def provider_of(response):
    return response.backend.get_open_id_connect_provider(response._get_param("OpenIDConnectProviderArn"))


def add_client_id(response):
    provider_of(response).client_id_list.append(response._get_param("ClientID"))
    return EmptyResult()


def remove_client_id(response):
    provider_of(response).client_id_list.remove(response._get_param("ClientID"))
    return EmptyResult()


class Denied(S3ClientError):
    code = 403


def deny(request):
    user, action = request._access_key.arn, request._action
    because = f"because no identity-based policy allows the {action} action"
    raise Denied("AccessDenied", f"User: {user} is not authorized to perform: {action} {because}")


cloudfront_edge.looks = int(os.environ.get("CLOUDFRONT_LOOKS", "0"))
access_control.S3IAMRequest._raise_access_denied = deny
access_control.IAMRequestBase.check_signature = lambda request: None
access_control.IAMRequestBase.check_action_permitted = check
access_control.IAMPolicyStatement.is_action_permitted = permitted
IamResponse.add_client_id_to_open_id_connect_provider = add_client_id
IamResponse.remove_client_id_from_open_id_connect_provider = remove_client_id
main(["-H", "127.0.0.1", "-p", sys.argv[1]])
