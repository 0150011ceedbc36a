"""Times two ways of making an RSA-4096 key in turns: bench_keygen.py GENERATOR PAIRS"""

import statistics
import subprocess
import sys
import tempfile
import time


def milliseconds(*command):
    begun = time.perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return (time.perf_counter() - begun) * 1000


def main():
    generator, pairs = sys.argv[1], int(sys.argv[2])
    ours, theirs = [], []
    for _ in range(pairs):
        with tempfile.TemporaryDirectory() as folder:
            ours.append(milliseconds(generator, "create-key-pair", "--output-dir", folder))
            theirs.append(milliseconds("openssl", "genrsa", "-out", folder + "/openssl.key", "4096"))
    our, their = statistics.median(ours), statistics.median(theirs)
    print(f"pairs {pairs}  sts-generator {our:.0f} ms  openssl {their:.0f} ms  ratio {our / their:.2f}")


main()
