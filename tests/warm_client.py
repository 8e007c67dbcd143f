"""A Python that starts in a moment: see :mod:`tests.warm_python`.

It asks the server to fork a process that gets its arguments, folder,
environment and files, passes signals on, and ends as that process ends.
Options of Python that the server does not know start a fresh Python.
"""

import array
import json
import os
import signal
import socket
import sys

_FORWARDED = signal.SIGTERM, signal.SIGINT, signal.SIGHUP


def known(words):
    """Whether the arguments are a file, ``-c`` or ``-m``, after ``-u``."""
    words = words[1:] if words[:1] == ['-u'] else words
    starts = ('-c', '-m')
    return words and (words[0] in starts or not words[0].startswith('-'))


def main():
    address, fresh, *words = sys.argv[1:]
    if not known(words):
        os.execv(fresh, [fresh, *words])
    server = socket.socket(socket.AF_UNIX)
    server.connect(address)
    request = dict(words=words, cwd=os.getcwd(), env=dict(os.environ))
    files = array.array('i', [0, 1, 2])
    rights = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, files)]
    content = json.dumps(request).encode()
    server.sendmsg([len(content).to_bytes(8, 'big')], rights)
    server.sendall(content)
    with server.makefile() as answers:
        pid = int(answers.readline())
        for number in _FORWARDED:
            # One that the caller ignores, as a shell does in the background,
            # the process ignores as well: it does not get it.
            if signal.getsignal(number) != signal.SIG_IGN:
                signal.signal(number, lambda got, _: os.kill(pid, got))
        status = int(answers.readline())
    if status < 0:
        signal.signal(-status, signal.SIG_DFL)
        os.kill(os.getpid(), -status)
    sys.exit(status)


if __name__ == '__main__':
    main()
