"""What `oc` would print for a cluster that was made of installer manifests.

    oc.py MANIFESTS [CHANGE ...]

prints what `oc get secrets -A -o json` does, and behind it what `oc get authentication cluster -o json` does. A
change is `admin` (the administrator's Secret is there), `without NAMESPACE/NAME`, `mint NAMESPACE/NAME` (the
Secret holds a long-lived key), or `issuer URL`.
"""

import base64
import json
import pathlib
import sys

import yaml

ADMIN = ("kube-system", "aws-creds")


def secret(namespace, name, members):
    data = {member: base64.b64encode(value.encode()).decode() for member, value in members.items()}
    metadata = {"creationTimestamp": "2026-11-25T09:00:00Z", "name": name, "namespace": namespace, "uid": name}
    return {"apiVersion": "v1", "data": data, "kind": "Secret", "metadata": metadata, "type": "Opaque"}


def long_lived():
    return {"aws_access_key_id": "AKIAIOSFODNN7EXAMPLE", "aws_secret_access_key": "wJalrXUtnFEMIK7MDENG"}


def main():
    manifests = [yaml.safe_load(path.read_text()) for path in sorted(pathlib.Path(sys.argv[1]).glob("*.yaml"))]
    authentication = next(manifest for manifest in manifests if manifest["kind"] == "Authentication")
    secrets = {
        (manifest["metadata"]["namespace"], manifest["metadata"]["name"]): manifest["stringData"]
        for manifest in manifests
        if manifest["kind"] == "Secret"
    }
    secrets["openshift-config", "pull-secret"] = {".dockerconfigjson": "{}"}
    secrets["default", "own"] = {"password": "hunter2"}
    changes = iter(sys.argv[2:])
    for change in changes:
        if change == "admin":
            secrets[ADMIN] = long_lived()
        elif change == "without":
            del secrets[tuple(next(changes).split("/"))]
        elif change == "mint":
            secrets[tuple(next(changes).split("/"))] = long_lived()
        elif change == "issuer":
            authentication["spec"]["serviceAccountIssuer"] = next(changes)
        else:
            sys.exit(f"no such change: {change}")
    items = [secret(namespace, name, members) for (namespace, name), members in sorted(secrets.items())]
    everything = {"apiVersion": "v1", "items": items, "kind": "List", "metadata": {"resourceVersion": ""}}
    for value in (everything, authentication):
        json.dump(value, sys.stdout, indent=4)
        print()


main()
