"""The emulator's CloudFront as AWS has it, where the emulator's own is simpler. Patches it when it is imported.

- a change takes some looks at the distribution (`looks`) until it has reached every place;
- the ETag is another one after every change, and If-Match must name the present one;
- only a distribution that is disabled in every place can be deleted, and an access control or identity only when no
  distribution uses it;
- no two access controls have one name;
- origins tell their access control and identity, and there are access identities.

Sources: Amazon CloudFront API Reference, `GetDistribution`, `UpdateDistribution`, `DeleteDistribution`,
`CreateOriginAccessControl`, `DeleteOriginAccessControl`, `DeleteCloudFrontOriginAccessIdentity`.
"""

from moto.cloudfront import urls
from moto.cloudfront.exceptions import CloudFrontException, InvalidIfMatchVersion
from moto.cloudfront.models import CloudFrontBackend, Distribution, Origin, random_id
from moto.cloudfront.responses import CloudFrontResponse
from moto.core.responses import ActionResult, EmptyResult

looks = 0
identities = {}


def refusal(code, message):
    return CloudFrontException(code, message)


def status(distribution):
    return "InProgress" if distribution.__dict__.get("left", looks) > 0 else "Deployed"


def changed(distribution):
    distribution.left = looks
    distribution.etag = random_id()


def check(etag, if_match):
    if not if_match:
        raise InvalidIfMatchVersion
    if if_match != etag:
        raise refusal("PreconditionFailed", "The precondition in one or more of the request fields evaluated to false.")


get_distribution = CloudFrontBackend.get_distribution
update_distribution = CloudFrontBackend.update_distribution
delete_distribution = CloudFrontBackend.delete_distribution
init_origin = Origin.__init__


def look(backend, distribution_id):
    distribution, etag = get_distribution(backend, distribution_id)
    distribution.left = distribution.__dict__.get("left", looks) - 1
    return distribution, etag


def update(backend, dist_config, _id, if_match):
    if _id in backend.distributions:
        check(backend.distributions[_id].etag, if_match)
    distribution, location, _ = update_distribution(backend, dist_config, _id, if_match)
    changed(distribution)
    return distribution, location, distribution.etag


def delete(backend, distribution_id, if_match):
    there = backend.distributions.get(distribution_id)
    if there is not None:
        check(there.etag, if_match)
        if there.distribution_config.Enabled not in (False, "false") or status(there) != "Deployed":
            raise refusal("DistributionNotDisabled", "The distribution you are trying to delete has not been disabled.")
    delete_distribution(backend, distribution_id, if_match)


def origins(backend):
    for distribution in backend.distributions.values():
        yield from distribution.distribution_config.Origins["Items"]


def make_origin(origin, config):
    init_origin(origin, config)
    origin.origin_access_control_id = config.get("OriginAccessControlId") or ""
    origin.s3_origin_config = {"OriginAccessIdentity": origin.s3_access_identity or ""}


create_access_control = CloudFrontResponse.create_origin_access_control


def create_control(response):
    name = response._get_param("OriginAccessControlConfig", {}).get("Name")
    if any(control.name == name for control in response.backend.origin_access_controls.values()):
        raise refusal("OriginAccessControlAlreadyExists", "An origin access control with this name already exists.")
    return create_access_control(response)


def delete_control(response):
    control_id = response._get_param("Id")
    controls = response.backend.origin_access_controls
    if control_id not in controls:
        raise refusal("NoSuchOriginAccessControl", "The specified origin access control does not exist.")
    check(controls[control_id].etag, response._get_param("IfMatch"))
    if any(origin.origin_access_control_id == control_id for origin in origins(response.backend)):
        raise refusal("OriginAccessControlInUse", "A distribution still uses it.")
    response.backend.delete_origin_access_control(control_id)
    return EmptyResult()


def identity_of(response):
    found = identities.get(response._get_param("Id"))
    if found is None:
        raise refusal("NoSuchCloudFrontOriginAccessIdentity", "The specified origin access identity does not exist.")
    return found


def told(identity):
    return ActionResult({"CloudFrontOriginAccessIdentity": identity, "ETag": identity["etag"]})


def create_identity(response):
    config = response._get_param("CloudFrontOriginAccessIdentityConfig", {})
    identity = {
        # Foretold, so that whoever makes one need not be told.
        "Id": "E" + config["CallerReference"].upper(),
        "S3CanonicalUserId": "0" * 64,
        "CloudFrontOriginAccessIdentityConfig": config,
        "etag": random_id(),
    }
    identities[identity["Id"]] = identity
    return told(identity)


def get_identity(response):
    return told(identity_of(response))


def delete_identity(response):
    identity = identity_of(response)
    check(identity["etag"], response._get_param("IfMatch"))
    if any(origin.s3_access_identity.endswith("/" + identity["Id"]) for origin in origins(response.backend)):
        raise refusal("CloudFrontOriginAccessIdentityInUse", "A distribution still uses it.")
    del identities[identity["Id"]]
    return EmptyResult()


Distribution.status = property(status, lambda distribution, value: None)
Distribution.advance = lambda distribution: None
CloudFrontBackend.get_distribution = look
CloudFrontBackend.update_distribution = update
CloudFrontBackend.delete_distribution = delete
Origin.__init__ = make_origin
CloudFrontResponse.create_origin_access_control = create_control
CloudFrontResponse.delete_origin_access_control = delete_control
CloudFrontResponse.create_cloud_front_origin_access_identity = create_identity
CloudFrontResponse.get_cloud_front_origin_access_identity = get_identity
CloudFrontResponse.delete_cloud_front_origin_access_identity = delete_identity
urls.url_paths["{0}/2020-05-31/origin-access-identity/cloudfront$"] = CloudFrontResponse.dispatch
urls.url_paths["{0}/2020-05-31/origin-access-identity/cloudfront/(?P<identity_id>[^/]+)$"] = CloudFrontResponse.dispatch
