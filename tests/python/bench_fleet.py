"""Time of `create-all --fleet`, each cluster with a key pair of its own: bench_fleet.py GENERATOR REQUESTS [CLUSTERS]"""

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path


def main():
    generator, requests = sys.argv[1:3]
    clusters = int(sys.argv[3]) if len(sys.argv) > 3 else 100
    with tempfile.TemporaryDirectory() as scratch:
        scratch = Path(scratch)
        author = scratch / "author.key"
        subprocess.run([generator, "create-signing-key", "--output", author], check=True, capture_output=True)
        lines = [f'- {{name: cluster-{number:03}, account-id: "123456789012"}}\n' for number in range(clusters)]
        (scratch / "fleet.yaml").write_text("clusters:\n" + "".join(lines))
        command = [generator, "create-all", "--fleet", scratch / "fleet.yaml", "--region", "eu-central-1"]
        command += ["--credentials-requests-dir", requests, "--signing-key", author]
        print(f"{clusters} clusters, {os.cpu_count()} cores")
        # The second time each key pair is there: what is left is all the rest of the work.
        for what in ("with keys", "without"):
            begun, before = time.monotonic(), os.times()
            run = [*command, "--output-dir", scratch / "out", "--bundle-dir", scratch / f"bundles {what}"]
            made = subprocess.run(run, check=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
            seconds, after = time.monotonic() - begun, os.times()
            if len(made.stdout.splitlines()) != clusters:
                sys.exit("not every cluster has a bundle")
            cpu = after.children_user + after.children_system - before.children_user - before.children_system
            print(f"{what:<10} {seconds:8.1f} s {cpu:8.1f} s of CPU")


main()
