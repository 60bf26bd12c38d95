"""Disks that take their time.

One that answers at once may do so before its reader has gone to sleep, or after: by
chance, and the sleep costs as much as a small file. So each read takes longer than
going to sleep ever does.
"""

import contextlib
import tempfile
import time
from pathlib import Path

from . import host

_READ = '1ms'
_START_TIMEOUT = 30
_PACKAGES = ['nbdkit']


def _serve(disk, socket, out):
    """What is written is thrown away."""
    return host.start(['nbdkit', '-f', '-U', str(socket), '--exit-with-parent', '--filter=delay',
                       '--filter=cow', 'file', str(disk), f'rdelay={_READ}'], out)


def _await(socket, child):
    for _ in range(_START_TIMEOUT * 10):
        if socket.exists():
            return
        if child.poll() is not None:
            break
        time.sleep(0.1)
    raise host.RigError('nbdkit, which serves the disks of guests that measure, does not start')


@contextlib.contextmanager
def serve(disks, out):
    """For QEMU, the same disks as drives; messages go to the file `out`."""
    host.need_packages(_PACKAGES)
    children, drives = [], []
    with tempfile.TemporaryDirectory(prefix='zcx-disks-') as folder:
        try:
            for disk in disks:
                socket = Path(folder) / Path(disk).name
                children.append(_serve(disk, socket, out))
                _await(socket, children[-1])
                drives.append(f'nbd+unix:///?socket={socket}')
            yield drives
        finally:
            for child in children:
                host.stop(child)
