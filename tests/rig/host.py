"""The machine the rig runs on: cache, processes, Debian packages, disk, locks."""

import contextlib
import fcntl
import os
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

_START = time.monotonic()
_KEEP_ALIVE = 15            # seconds of silence before a running step says that it lives
_TAIL_LINES = 40
_STOP_PATIENCE = 5           # seconds between asking a process to end and killing it
_INDEX_AGE = 24 * 3600      # apt's package lists are refreshed when they are older


class RigError(Exception):
    """Something the rig needs went wrong; the text is meant for the user."""


def progress(text):
    """Print one line with the time since the start."""
    print(f'[{time.monotonic() - _START:6.1f}s] {text}', flush=True)


def cache_dir():
    """The folder that survives between runs and clones."""
    path = os.environ.get('ZCX_CACHE')
    if not path:
        base = os.environ.get('XDG_CACHE_HOME') or os.path.expanduser('~/.cache')
        path = os.path.join(base, 'zcx')
    path = Path(path).absolute()
    path.mkdir(parents=True, exist_ok=True)
    return path


def jobs():
    """How many compilers to run at a time."""
    return len(os.sched_getaffinity(0))


# Processes

def tail(text, lines=_TAIL_LINES):
    """The last lines of a text."""
    return '\n'.join(text.rstrip().splitlines()[-lines:])


def run(cmd, log=None, timeout=None, cwd=None, env=None, what=None, check=True):
    """Run a command and return its output (stdout and stderr together).

    The output goes to the file `log`, or to a temporary one. With `what`, a
    line is printed now and then while it runs. A command that fails or takes
    longer than `timeout` seconds raises RigError with the end of the output;
    with check=False a failing status is ignored, a time-out is not.
    """
    cmd = [str(word) for word in cmd]
    full_env = dict(os.environ, LC_ALL='C.UTF-8', **(env or {}))
    with _log_file(log) as out:
        status = _wait(start(cmd, out, cwd, full_env), timeout, what)
        out.seek(0)
        text = out.read().decode('utf-8', 'replace')
    if status is None:
        raise RigError(f'no end after {timeout} s: {shlex.join(cmd)}\n{tail(text)}')
    if status and check:
        where = f' (whole log: {log})' if log else ''
        raise RigError(f'status {status}: {shlex.join(cmd)}{where}\n{tail(text)}')
    return text


def _log_file(log):
    if log is None:
        return tempfile.TemporaryFile()
    Path(log).parent.mkdir(parents=True, exist_ok=True)
    return open(log, 'w+b')


_children = set()


def start(cmd, out, cwd=None, env=None):
    """Start a command in the background; stop() must follow."""
    try:
        # A session of its own, so that stop() reaches grandchildren too.
        child = subprocess.Popen(cmd, stdin=subprocess.DEVNULL, stdout=out, stderr=out,
                                 cwd=cwd, env=env, start_new_session=True)
    except FileNotFoundError as error:
        raise RigError(f'cannot start {cmd[0]}: {error.strerror}') from error
    _children.add(child)
    return child


def stop(child):
    """End a command of start(), and all it has started, if it has not ended."""
    # Asked first: make then removes what it has written in part, which would be
    # taken for whole the next time.
    for sign, patience in ((signal.SIGTERM, _STOP_PATIENCE), (signal.SIGKILL, None)):
        if child.poll() is not None:
            break
        with contextlib.suppress(ProcessLookupError):
            os.killpg(child.pid, sign)
        with contextlib.suppress(subprocess.TimeoutExpired):
            child.wait(patience)
    _children.discard(child)


def stop_all():
    """End everything that still runs, whatever thread waits for it."""
    for child in list(_children):
        stop(child)


def _wait(child, timeout, what):
    """Wait for the child; its status, or None if it had to be killed."""
    begin = time.monotonic()
    try:
        while True:
            left = None if timeout is None else begin + timeout - time.monotonic()
            if left is not None and left <= 0:
                return None
            step = min(_KEEP_ALIVE, left) if left is not None else _KEEP_ALIVE
            try:
                return child.wait(step)
            except subprocess.TimeoutExpired:
                if what:
                    progress(f'  ... {what}, {time.monotonic() - begin:.0f} s so far')
    finally:
        stop(child)             # after a time-out or Ctrl-C it still runs


# Debian packages

def as_root(cmd):
    """The command, by way of sudo unless we are root already."""
    if os.geteuid() == 0:
        return list(cmd)
    if not shutil.which('sudo'):
        raise RigError('this needs root and there is no sudo here; as root, run:\n  '
                       + shlex.join(cmd))
    # Without a terminal sudo must not wait for a password.
    return ['sudo', *([] if sys.stdin.isatty() else ['-n']), *cmd]


def update_package_lists():
    """apt-get update."""
    progress('refreshing the list of packages (apt-get update)')
    with locked(cache_dir() / 'apt'):
        run(as_root(['apt-get', 'update', '-q']), timeout=600, what='apt-get update')


def refresh_package_lists():
    """Make sure apt knows what the archive has today; an old list will do if need be."""
    newest = max((f.stat().st_mtime for f in Path('/var/lib/apt/lists').glob('*')
                  if f.is_file()), default=0)
    if time.time() - newest < _INDEX_AGE:
        return
    stamp = cache_dir() / 'package-lists-asked'
    if stamp.exists() and time.time() - stamp.stat().st_mtime < _INDEX_AGE:
        return                      # asked today; the archive had nothing new
    try:
        update_package_lists()
        stamp.touch()
    except RigError as error:
        progress(f'could not refresh the list of packages, going on with the old one: {error}')


def missing_packages(names):
    """Those of the Debian packages that are not installed."""
    have = set()
    for line in run(['dpkg-query', '-W', '-f', '${Package} ${Status}\n', *names],
                    check=False).splitlines():
        words = line.split()
        if words[1:] == ['install', 'ok', 'installed']:
            have.add(words[0])
    return [name for name in names if name not in have]


def need_packages(names):
    """Install those of the Debian packages that are missing."""
    if not shutil.which('apt-get'):
        raise RigError('the test rig runs on Debian 12 (no apt-get here)')
    if not missing_packages(names):
        return
    with locked(cache_dir() / 'install'):
        missing = missing_packages(names)
        if missing:
            _install(missing)


def _install(names):
    progress('installing missing packages: ' + ' '.join(names))
    env = {'DEBIAN_FRONTEND': 'noninteractive'}
    cmd = as_root(['env', 'DEBIAN_FRONTEND=noninteractive', 'apt-get', 'install', '-q', '-y',
                   '--no-install-recommends', '-o', 'DPkg::Lock::Timeout=300', *names])
    try:
        run(cmd, timeout=1800, env=env, what='installing packages')
    except RigError:                # most likely old or no package lists
        update_package_lists()
        run(cmd, timeout=1800, env=env, what='installing packages')


def check_disk(path, gib, what):
    """Fail early when there is not enough room."""
    path = Path(path)
    while not path.exists():
        path = path.parent
    free = shutil.disk_usage(path).free / 2**30
    if free < gib:
        raise RigError(f'{what} needs {gib} GiB of disk at {path}, {free:.1f} GiB are free; '
                       'make room, or put the cache elsewhere with ZCX_CACHE')


# Files

@contextlib.contextmanager
def locked(path):
    """Hold the lock that belongs to a path; says so when it has to wait."""
    path = Path(f'{path}.lock')
    path.parent.mkdir(parents=True, exist_ok=True)
    with open(path, 'w', encoding='utf-8') as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            progress(f'waiting for another run that holds {path}')
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield


@contextlib.contextmanager
def atomic_dir(final):
    """A temporary folder that gets its final name only if all went well."""
    final = Path(final)
    final.parent.mkdir(parents=True, exist_ok=True)
    temp = Path(tempfile.mkdtemp(prefix=final.name + '.', dir=final.parent))
    temp.chmod(0o755)
    try:
        yield temp
        if final.exists():
            shutil.rmtree(final)
        temp.rename(final)
    finally:
        shutil.rmtree(temp, ignore_errors=True)
