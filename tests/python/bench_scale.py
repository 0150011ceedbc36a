"""Time and memory of create-all on folders of 10, 100, 1,000 and 10,000 requests: bench_scale.py GENERATOR PATTERN KEY"""

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

RUNS = 3


def fill(folder, pattern, count):
    folder.mkdir()
    for number in range(count):
        name = f"example-backup-{number:05}"
        (folder / f"{name}.yaml").write_text(pattern.replace("example-backup", name))


def measure(command):
    """Seconds by the wall, seconds of the CPU and kilobytes of one run; its words are not wanted."""
    begun = time.monotonic()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    if status != 0:
        sys.exit(f"{command[0]} ended with status {status}")
    return time.monotonic() - begun, usage.ru_utime + usage.ru_stime, usage.ru_maxrss


def main():
    generator, pattern, key = sys.argv[1], Path(sys.argv[2]).read_text(), sys.argv[3]
    print(f"{'requests':>8} {'seconds':>8} {'CPU s':>8} {'ms each':>8} {'MB':>8} {'kB each':>8}")
    with tempfile.TemporaryDirectory() as scratch:
        scratch = Path(scratch)
        author = scratch / "author.key"
        subprocess.run([generator, "create-signing-key", "--output", author], check=True, capture_output=True)
        for count in (10, 100, 1_000, 10_000):
            requests = scratch / f"requests-{count}"
            fill(requests, pattern, count)
            command = [generator, "create-all", "--name", "harbour", "--region", "eu-central-1"]
            command += ["--account-id", "123456789012", "--public-key-file", key, "--signing-key", author]
            command += ["--credentials-requests-dir", requests, "--bundle-dir", scratch / "bundles"]
            runs = [measure([*command, "--output-dir", scratch / f"out-{count}-{run}"]) for run in range(RUNS)]
            seconds, cpu, memory = (sorted(column)[RUNS // 2] for column in zip(*runs))
            each = f"{1000 * cpu / count:8.2f} {memory / 1024:8.1f} {memory / count:8.1f}"
            print(f"{count:>8} {seconds:8.2f} {cpu:8.2f} {each}")


main()
