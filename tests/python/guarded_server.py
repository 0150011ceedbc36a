"""The AWS emulator with its authorization as AWS has it, where the emulator's own is simpler.

    guarded_server.py PORT

- IAM's calls are checked against the role or provider they name, not against `*`;
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
import sys

import cloudfront_edge
from moto.core.responses import EmptyResult
from moto.iam import access_control
from moto.iam.responses import IamResponse
from moto.s3.exceptions import S3ClientError
from moto.s3.models import s3_backends
from moto.server import main

SIMPLE = access_control.IAMRequestBase.check_action_permitted


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
    if not request._action.startswith("iam:"):
        return given
    if role := field(request, "RoleName"):
        return f"{iam}:role/{role}"
    if arn := field(request, "OpenIDConnectProviderArn"):
        return arn
    if url := field(request, "Url"):
        return f"{iam}:oidc-provider/{url.removeprefix('https://')}"
    return given


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
IamResponse.add_client_id_to_open_id_connect_provider = add_client_id
IamResponse.remove_client_id_from_open_id_connect_provider = remove_client_id
main(["-H", "127.0.0.1", "-p", sys.argv[1]])
