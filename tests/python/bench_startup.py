"""Times whole runs of both programs: bench_startup.py FOLDER RUNS REQUESTS KEY"""

import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path


def measure(command):
    """Milliseconds by the wall and of the processor."""
    begun = time.perf_counter()
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    took = (time.perf_counter() - begun) * 1000
    if status != 0:
        sys.exit(f"{' '.join(map(str, command))} ended with status {status}")
    return took, (usage.ru_utime + usage.ru_stime) * 1000


def main():
    folder, runs = Path(sys.argv[1]).resolve(), int(sys.argv[2])
    requests, key = Path(sys.argv[3]).resolve(), Path(sys.argv[4]).resolve()
    generator, executor = folder / "sts-generator", folder / "sts-executor"
    with tempfile.TemporaryDirectory() as scratch:
        scratch = Path(scratch)
        author = scratch / "author.key"
        subprocess.run([generator, "create-signing-key", "--output", author], check=True, capture_output=True)
        create = [generator, "create-all", "--name", "harbour", "--region", "eu-central-1"]
        create += ["--account-id", "123456789012", "--credentials-requests-dir", requests]
        create += ["--signing-key", author, "--bundle-dir", scratch / "bundles"]
        public = [*create, "--output-dir", scratch / "public", "--public-key-file", key]
        create += ["--output-dir", scratch / "harbour"]
        # The first run makes the key pair; those that are timed find it.
        made = subprocess.run(create, check=True, capture_output=True, text=True)
        verify = [executor, "verify", made.stdout.strip(), "--trusted-key", f"{author}.pub"]
        missed = False
        print(f"{'':32} {'median':>7} {'best':>7} {'CPU':>7} {'limit':>6}  in ms, of {runs} runs")
        for name, command, limit in (
            ("sts-generator --help", [generator, "--help"], 10),
            ("sts-executor --help", [executor, "--help"], 10),
            ("sts-executor verify", verify, 10),
            ("create-all with a public key", public, 20),
            ("create-all with a key pair", create, 20),
        ):
            wall, processor = zip(*(measure(command) for _ in range(runs)))
            middle = statistics.median(wall)
            missed |= middle > limit
            print(f"{name:32} {middle:7.1f} {min(wall):7.1f} {statistics.median(processor):7.1f} {limit:6}")
        sys.exit(1 if missed else 0)


main()
