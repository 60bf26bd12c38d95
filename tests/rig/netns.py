"""Network devices for guests, in network namespaces of their own."""

import functools

from . import build, host
from .host import RigError, run

TAP = 'tap0'                # made by netns.sh
_NETNS = build.TOP / 'tests/bench/netns.sh'
_TRY = ['sh', '-c', 'ip link set lo up && ip tuntap add dev tap0 mode tap vnet_hdr']


@functools.cache
def unshare():
    """The command that starts another in a namespace where it may make devices."""
    host.need_packages(['iproute2', 'util-linux'])
    said = []
    for options in ('-n', '-rn'):
        try:
            run(['unshare', options, *_TRY], timeout=30)
            return ['unshare', options]
        except RigError as error:
            said.append(str(error))
    raise RigError('no network namespace with a tap device can be made here. Run this as root; '
                   'without root it takes user namespaces (sysctl user.max_user_namespaces, '
                   'kernel.unprivileged_userns_clone) and access to /dev/net/tun (modprobe tun).'
                   '\n' + '\n'.join(said))


def check():
    """RigError if there is no way to have a device: better said before all else is measured."""
    unshare()


def wrap(cmd, zcx):
    """The command of a guest that is measured, with its device and a receiver around it."""
    return [*unshare(), str(_NETNS), str(zcx), *cmd]
