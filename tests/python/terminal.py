"""Runs a program on a terminal of its own and prints what the terminal got: terminal.py COLUMNS RESULT PROGRAM...

Standard input and standard error are the terminal. Standard output is too, unless RESULT names a file for it (- for none).
Where TERMINAL_ANSWER names a file, the first question is answered with what is in it: once the question stands there,
the file gets a neighbour whose name ends in .asked, and the answer is waited for. Exits as the program does.
"""

import fcntl
import os
import pty
import struct
import subprocess
import sys
import termios
import time

columns, result, program = int(sys.argv[1]), sys.argv[2], sys.argv[3:]
master, slave = pty.openpty()
fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
out = slave if result == "-" else os.open(result, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
child = subprocess.Popen(program, stdin=slave, stdout=out, stderr=slave, start_new_session=True)
os.close(slave)
got = b""
answer = os.environ.get("TERMINAL_ANSWER")
while True:
    try:
        piece = os.read(master, 65536)
    except OSError:
        # Linux says EIO once nobody has the other end any more.
        break
    if not piece:
        break
    got += piece
    if answer and b"Type yes: " in got:
        open(answer + ".asked", "w").close()
        while not os.path.exists(answer):
            time.sleep(0.02)
        with open(answer, "rb") as file:
            os.write(master, file.read())
        answer = None
sys.stdout.buffer.write(got)
sys.exit(child.wait())
