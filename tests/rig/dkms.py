"""DKMS: add, build and install for kernels that are not this machine's."""

import functools
import shutil
import threading
import time

from . import build, host
from .host import RigError, run
from .result import FAIL, PASS, Result

NAME = 'dkms/install'


def _trees(kernel):
    """Folders of our own for everything that DKMS would keep in /var, /usr/src and /lib."""
    top = build.OUT / 'dkms' / kernel.name
    shutil.rmtree(top, ignore_errors=True)
    trees = {name: top / name for name in ('dkms', 'source', 'install')}
    for path in trees.values():
        path.mkdir(parents=True)
    return trees


def _sources(trees):
    """What a release would put into /usr/src/zcx-VERSION."""
    to = trees['source'] / f'zcx-{build.version()}'
    build.copy_sources(to)
    shutil.copy2(build.TOP / 'dkms.conf', to)
    shutil.rmtree(to / 'tests', ignore_errors=True)
    return to


def install(kernel):
    """(result, the module it installed or None); result says how add, build, install went.

    A guest may want the module while the test of its own is at it: once does for both.
    """
    with _locks.setdefault(kernel.name, threading.Lock()):
        return _install_once(kernel)


_locks = {}


@functools.cache
def _install_once(kernel):
    begin = time.monotonic()
    try:
        ko, output = _install(kernel)
    except RigError as error:
        return Result(NAME, kernel.name, FAIL, time.monotonic() - begin,
                      str(error).splitlines()[0], str(error)), None
    return Result(NAME, kernel.name, PASS, time.monotonic() - begin, '', output), ko


def _install(kernel):
    host.need_packages(['dkms'])
    trees = _trees(kernel)
    source = _sources(trees)
    flags = ['--dkmstree', trees['dkms'], '--sourcetree', trees['source'],
             '--installtree', trees['install'] / 'lib/modules']
    module = f'zcx/{build.version()}'
    # Its depmod is for /lib/modules of this machine, which has no such kernel.
    target = ['-k', kernel.release, '--kernelsourcedir', kernel.headers, '--no-depmod']
    (trees['install'] / 'lib/modules' / kernel.release).mkdir(parents=True)
    output = run(['dkms', 'add', *flags, source], timeout=60)
    for verb in ('build', 'install'):
        output += run(['dkms', verb, *flags, module, *target], timeout=600,
                      what=f'dkms {verb} for {kernel.name}',
                      log=build.OUT / f'logs/dkms-{verb}-{kernel.name}.log')
    status = run(['dkms', 'status', *flags, module], timeout=60)
    if 'installed' not in status:
        raise RigError(f'dkms status does not say installed: {status}')
    found = sorted((trees['install'] / 'lib/modules' / kernel.release).rglob('zcx.ko*'))
    if len(found) != 1:
        raise RigError(f'dkms installed {len(found)} modules called zcx.ko\n{output}')
    _found_by_modprobe(kernel, trees['install'])
    ko = _plain(found[0])
    output += run(['dkms', 'remove', *flags, module, '--all'], timeout=120)
    return ko, output


def _found_by_modprobe(kernel, root):
    """What DKMS would have depmod do, on the tree it installed to; then look the module up."""
    lib = root / 'lib/modules' / kernel.release
    for name in ('modules.order', 'modules.builtin', 'modules.builtin.modinfo'):
        source = kernel.modules / 'lib/modules' / kernel.release / name
        if source.exists():
            shutil.copy2(source, lib)
    run(['/sbin/depmod', '-b', root, kernel.release])
    text = run(['/sbin/modprobe', '-d', root, '-S', kernel.release, '--show-depends', 'zcx'])
    if 'updates/dkms/zcx.ko' not in text:
        raise RigError(f'modprobe does not find what DKMS installed: {text}')


def _plain(path):
    """A copy that `dkms remove` does not reach, uncompressed for the guest."""
    to = build.OUT / 'dkms-ko' / path.parent.parent.parent.name
    to.mkdir(parents=True, exist_ok=True)
    shutil.copy2(path, to / path.name)
    if path.suffix == '.xz':
        run(['xz', '-df', to / path.name])
    elif path.suffix == '.zst':
        run(['zstd', '-df', '--rm', to / path.name])
    return to / 'zcx.ko'
