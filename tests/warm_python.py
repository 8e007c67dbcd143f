"""A command that does what ``python`` does, without the time of imports.

Tools of this project start other tools as processes of their own. A fresh
Python spends about five seconds of a core on importing PyTorch and OpenMMLab,
often more than the test needs for everything else. The fixture ``warm_python``
is a script that asks a server for a process. The server has imported what
:mod:`tests.processes` lists, nothing of hirl_mm, and forks. With the fixture
``starts_warm`` the script is ``sys.executable``, for tools that start others.
"""

import atexit
import contextlib
import gc
import json
import multiprocessing
import os
import runpy
import select
import shlex
import signal
import socket
import sys
import threading
import traceback
import types
from pathlib import Path

import tests.processes  # noqa: F401

# Tells the processes of tests.tool_process what their sys.executable is.
VARIABLE = 'HIRL_MM_WARM_PYTHON'
# While a process runs, and while none does.
_SECONDS_BETWEEN_LOOKS = 0.02, 10
_CLIENT = Path(__file__).with_name('warm_client.py')


def start_server(folder):
    """Start the server; return its process and the command.

    Args:
        folder: Where the command and the address of the server are written.
    """
    address = str(folder / 'address')
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(address)
    listener.listen()
    context = multiprocessing.get_context('forkserver')
    process = context.Process(target=_serve, args=(listener,))
    process.start()
    listener.close()
    command = folder / 'python'
    fresh = sys.executable
    words = [fresh, '-I', '-S', str(_CLIENT), address, fresh, str(command)]
    command.write_text(f'#!/bin/sh\nexec {shlex.join(words)} "$@"\n')
    command.chmod(0o755)
    return process, str(command)


def _serve(listener):
    """Fork a process per connection, and send the client how it ended."""
    gc.freeze()  # MMEngine collects often; what is there stays.
    running = {}
    parent = os.getppid()
    while os.getppid() == parent:  # Else the tests were killed.
        wait = _SECONDS_BETWEEN_LOOKS[not running]
        readable, _, _ = select.select([listener, *running], [], [], wait)
        for connection in readable:
            if connection is listener:
                client, _ = listener.accept()
                request, files = _received(client)
                pid = os.fork()
                if not pid:
                    _become(request, files)
                for file in files:
                    os.close(file)
                client.sendall(f'{pid}\n'.encode())
                running[client] = pid
            else:  # The client was killed.
                os.kill(running[connection], signal.SIGKILL)
        for client, pid in list(running.items()):
            ended, status = os.waitpid(pid, os.WNOHANG)
            if ended:
                _tell(client, os.waitstatus_to_exitcode(status))
                del running[client]
    for pid in running.values():
        os.kill(pid, signal.SIGKILL)


def _received(client):
    head, files, _, _ = socket.recv_fds(client, 8, 3)
    with client.makefile('rb') as reader:
        return json.loads(reader.read(int.from_bytes(head, 'big'))), files


def _tell(client, status):
    with contextlib.suppress(BrokenPipeError):  # The client was killed.
        client.sendall(f'{status}\n'.encode())
    client.close()


def _become(request, files):
    """Turn this process into the one that was asked for; it never returns."""
    for number, file in enumerate(files):
        os.dup2(file, number)
    os.environ.clear()
    os.environ.update(request['env'])
    os.chdir(request['cwd'])
    signal.signal(signal.SIGINT, signal.default_int_handler)
    sys.executable = request['executable']
    sys.stdin = open(0, closefd=False)  # noqa: SIM115
    words = request['words']
    if words[0] == '-u' or os.environ.get('PYTHONUNBUFFERED'):
        sys.stdout.reconfigure(write_through=True)
    status = 1
    try:
        _run(words[1:] if words[0] == '-u' else words)
        status = 0
    except SystemExit as end:
        status = end.code
        if not isinstance(status, int | None):
            sys.stderr.write(f'{status}\n')
            status = 1
    except BaseException:
        traceback.print_exc()
    finally:
        threading._shutdown()
        atexit._run_exitfuncs()
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(status or 0)


def _run(words):
    kind, *rest = words
    if kind == '-c':
        code, *rest = rest
        sys.argv = ['-c', *rest]
        sys.path.insert(0, '')
        main = sys.modules['__main__'] = types.ModuleType('__main__')
        exec(compile(code, '<string>', 'exec'), main.__dict__)
    elif kind == '-m':
        sys.argv = rest
        sys.path.insert(0, os.getcwd())
        runpy.run_module(rest[0], run_name='__main__', alter_sys=True)
    else:
        sys.argv = words
        sys.path.insert(0, str(Path(kind).resolve().parent))
        runpy.run_path(kind, run_name='__main__')
