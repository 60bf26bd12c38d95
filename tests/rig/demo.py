"""`make demo` and `make vm`: a stock kernel in QEMU with the module loaded."""

import os
import subprocess
import sys
import tarfile

from . import build, host, image, kernels, qemu
from .host import RigError, progress, run

_DEMO_MIB = 64
_PASSED = 33            # what QEMU exits with when the guest ends with code 16
_TIMEOUT = 900
_NEED_GIB = 4


def _kernel():
    """Of K=, else the newest stock kernel."""
    from .plan import kernel_by_name
    return kernel_by_name(os.environ.get('K') or 'stock-6.12')


def _guest_files(kernel):
    ko, _ = build.module(kernel)
    return {'/zcx.ko': ko, '/bin/zcx': build.userspace() / 'zcx'}


def _kernel_files(kernel):
    """Files of the kernel package: enough of them, always the same."""
    total = 0
    for path in sorted((kernel.modules / 'lib/modules').rglob('*.ko*')):
        yield path
        total += path.stat().st_size
        if total >= _DEMO_MIB << 20:
            return


def _demo_disk(kernel):
    """An ext4 disk with one real file of some 64 MiB: an archive of the kernel's own modules."""
    disk = host.cache_dir() / 'demo' / f'{kernel.package_version}.ext4'
    host.need_packages(['e2fsprogs'])
    with host.locked(disk):
        if not disk.exists():
            progress(f'making a disk with an archive of {_DEMO_MIB} MiB')
            with host.atomic_dir(disk.with_suffix('.work')) as temp:
                files = temp / 'files'
                files.mkdir()
                with tarfile.open(files / 'modules.tar', 'w') as archive:
                    for path in _kernel_files(kernel):
                        archive.add(path, path.relative_to(kernel.modules))
                new = disk.with_suffix('.new')
                new.unlink(missing_ok=True)
                with open(new, 'wb') as out:
                    out.truncate(4 * _DEMO_MIB << 20)
                run(['/sbin/mkfs.ext4', '-q', '-d', files, new])
                new.rename(disk)
    return disk


def _boot(kernel, name, files, texts, append, disks, serial, timeout=None):
    """Run a guest on this terminal; QEMU's exit code."""
    initrd = image.initrd(kernel, name, files, texts)
    cmd = qemu.command(kernel, initrd, append, disks, 1024, [serial])
    sys.stdout.flush()
    try:
        return subprocess.run(cmd, timeout=timeout, check=False,
                              stdin=None if sys.stdin.isatty() else subprocess.DEVNULL).returncode
    except subprocess.TimeoutExpired as error:
        raise RigError(f'the guest was not done after {timeout} s') from error
    finally:
        initrd.unlink()


def demo():
    """Send a real file through zcx, then by sendfile; the exit code."""
    host.check_disk(host.cache_dir(), _NEED_GIB, 'the demo')
    progress('1/4 a stock Debian kernel, from its package, not installed here')
    kernel = _kernel()
    progress('2/4 building the module, the library and the tool')
    files = _guest_files(kernel)
    progress('3/4 a disk for the guest')
    disk = _demo_disk(kernel)
    qemu.accelerator(kernel)
    progress(f'4/4 booting {kernel.release} in QEMU (half a minute without KVM)')
    script = (build.TOP / 'tests/vm/demo.sh').read_text()
    code = _boot(kernel, 'demo', files, {'/demo.sh': script}, 'zcx.mode=demo', [disk],
                 'stdio', _TIMEOUT)
    if code != _PASSED:
        print('\ndemo: FAILED, see above', file=sys.stderr)
        return 1
    progress('demo: PASSED')
    return 0


def shell():
    """A shell in a guest with everything loaded."""
    host.check_disk(host.cache_dir(), _NEED_GIB, 'the guest')
    kernel = _kernel()
    files = _guest_files(kernel)
    if not kernel.debug:
        files['/tests/vmtest'] = build.vm_programs() / 'vmtest'
    motd = (build.TOP / 'tests/vm/motd').read_text()
    progress(f'booting {kernel.release}; Ctrl-A X ends the guest at once')
    code = _boot(kernel, 'shell', files, {'/motd': motd}, 'zcx.mode=shell', image.disks(),
                 'mon:stdio')
    return 0 if code in (0, _PASSED) else 1
