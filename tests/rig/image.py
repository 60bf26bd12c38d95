"""Initial RAM disks of guests, and the disks they mount."""

import functools
import lzma
import os
import random
import re
import shutil
import subprocess
from pathlib import Path

from . import build, host
from .host import RigError, progress, run

_VM = build.TOP / 'tests' / 'vm'

# Programs from Debian packages that go into every guest, with their libraries.
_PACKAGES = ['busybox-static', 'kmod', 'iproute2', 'ethtool', 'nftables', 'bindfs', 'fuse3',
             'util-linux', 'e2fsprogs', 'xfsprogs']
_PROGRAMS = ['kmod', 'ip', 'tc', 'ethtool', 'nft', 'bindfs', 'fusermount3', 'setpriv',
             'mkfs.ext4', 'mkfs.xfs']
_KMOD_NAMES = ['modprobe', 'insmod', 'rmmod', 'modinfo', 'lsmod', 'depmod']
_DISK_PACKAGES = ['e2fsprogs', 'xfsprogs', 'btrfs-progs', 'squashfs-tools']

# Loaded when a guest boots, or at hand for modprobe.
_BOOT_MODULES = ['virtio_pci', 'virtio_blk', 'ext4', 'xfs', 'btrfs', 'squashfs', 'overlay',
                 'fuse']
_MORE_MODULES = ['tls', 'sch_netem', 'veth', 'dummy', 'sch_tbf', 'vsock_loopback', 'mptcp_diag',
                 'af_alg', 'algif_hash', 'algif_skcipher', 'af_packet', 'zram', 'loop',
                 'crypto_user', 'gcm', 'ccm', 'ctr', 'ghash_generic', 'seqiv', 'aesni_intel', 'virtio_net', 'unix_diag',
                 'dm_flakey', 'dm_delay', 'crc32c_generic', 'xfrm_user', 'esp4', 'ifb', 'nbd', 'inet_diag',
                 'tcp_diag', 'brd', 'sctp', 'tipc', 'kcm', 'vsock', 'sch_ingress', 'cls_matchall',
                 'act_mirred', 'act_pedit', 'act_csum', 'nf_tables', '8021q', 'bonding', 'bridge',
                 'macvlan', 'drbg', 'jitterentropy_rng', 'sha512_generic']

_DISK_RECIPE = '1'      # raise it when the disks in the cache must be made anew


# The initial RAM disk

def _libraries(program):
    """The shared objects a program needs, as paths of this machine."""
    text = subprocess.run(['ldd', program], capture_output=True, text=True, check=False).stdout
    return re.findall(r'(/\S+\.so\S*)', text)


def _put(root, path, name=None):
    """Copy a file of this machine to the same place under root, with what it links to."""
    target = root / (name or path).lstrip('/')
    if not target.exists():
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(os.path.realpath(path), target)


def _put_program(root, path, name=None):
    _put(root, str(path), name)
    for library in _libraries(path):
        _put(root, library)


def _tool_path():
    return os.environ.get('PATH', '') + ':/usr/sbin:/sbin'


def _put_tools(root):
    for name in _PROGRAMS:
        path = shutil.which(name, path=_tool_path())
        if not path:
            raise RigError(f'no program {name}, though its package is installed')
        _put_program(root, path, f'/bin/{name}')
    for name in _KMOD_NAMES:
        (root / 'bin' / name).symlink_to('kmod')
    _put(root, shutil.which('busybox', path=_tool_path()), '/bin/busybox')
    (root / 'bin/sh').symlink_to('busybox')


def _modules_for(kernel, names):
    """Module files that the names need, in the order in which they load."""
    files = []
    for name in names:
        text = run(['/sbin/modprobe', '-d', kernel.modules, '-S', kernel.release,
                    '--show-depends', name], check=False)
        for path in re.findall(r'^insmod (\S+)', text, re.M):
            if path not in files:
                files.append(path)
    return files


def _put_modules(root, kernel):
    """The kernel's modules that the tests need; uncompressed, since emulation is slow."""
    base = Path(kernel.modules)
    for path in _modules_for(kernel, _BOOT_MODULES + _MORE_MODULES):
        source = Path(path)
        target = root / source.relative_to(base)
        target.parent.mkdir(parents=True, exist_ok=True)
        if source.suffix == '.xz':
            target.with_suffix('').write_bytes(lzma.decompress(source.read_bytes()))
        else:
            shutil.copy2(source, target)
    lib = Path('lib/modules') / kernel.release
    for name in ('modules.builtin', 'modules.order'):
        shutil.copy2(base / lib / name, root / lib / name)
    run(['/sbin/depmod', '-b', root, kernel.release])


def _pack(root, to):
    with open(to, 'wb') as out:
        find = subprocess.Popen(['find', '.', '-print0'], cwd=root, stdout=subprocess.PIPE)
        cpio = subprocess.Popen(['cpio', '-0', '-o', '-H', 'newc', '--quiet', '-R', '0:0'],
                                cwd=root, stdin=find.stdout, stdout=subprocess.PIPE)
        gzip = subprocess.run(['gzip', '-1'], stdin=cpio.stdout, stdout=out, check=False)
        if find.wait() or cpio.wait() or gzip.returncode:
            raise RigError(f'could not pack {to}')


@functools.cache
def base(kernel):
    """The part of a guest's RAM disk that the checkout has no part in."""
    host.need_packages([*_PACKAGES, 'cpio'])
    to = build.OUT / 'image' / f'base-{kernel.name}.cpio.gz'
    # `make vm` beside a test run makes its own and replaces the file at once.
    root = build.OUT / 'image' / f'base-{kernel.name}.{os.getpid()}'
    shutil.rmtree(root, ignore_errors=True)
    for name in ('bin', 'dev', 'proc', 'sys', 'tmp', 'mnt', 'run', 'etc', 'root', 'var/tmp'):
        (root / name).mkdir(parents=True)
    (root / 'sbin').symlink_to('bin')
    (root / 'etc/passwd').write_text('root:x:0:0:root:/root:/bin/sh\n'
                                     'nobody:x:65534:65534:nobody:/:/bin/sh\n')
    (root / 'etc/group').write_text('root:x:0:\nzcx:x:990:\nnogroup:x:65534:\n')
    (root / 'etc/hosts').write_text('127.0.0.1 localhost\n::1 localhost\n')
    (root / 'etc/fuse.conf').write_text('user_allow_other\n')
    # Loaded on first use by dlopen(), so that ldd does not name it.
    gcc = run(['gcc', '-print-file-name=libgcc_s.so.1']).strip()
    _put_tools(root)
    _put(root, gcc, '/lib/x86_64-linux-gnu/libgcc_s.so.1')
    if kernel.modules:
        _put_modules(root, kernel)
    new = to.with_suffix(f'.{os.getpid()}')
    _pack(root, new)
    new.rename(to)
    shutil.rmtree(root)
    return to


def initrd(kernel, name, files, texts):
    """A guest's whole RAM disk.

    `files` maps places in the guest to files of this machine (programs bring
    their libraries), `texts` maps places to contents.
    """
    root = build.OUT / 'image' / name
    shutil.rmtree(root, ignore_errors=True)
    root.mkdir(parents=True)
    for place, path in files.items():
        _put_program(root, path, place)
    for place, text in texts.items():
        target = root / place.lstrip('/')
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text)
    shutil.copy2(_VM / 'init', root / 'init')
    (root / 'init').chmod(0o755)
    own = build.OUT / 'image' / f'{name}.own.cpio.gz'
    _pack(root, own)
    shutil.rmtree(root)
    whole = build.OUT / 'image' / f'{name}.cpio.gz'
    with open(whole, 'wb') as out:
        for part in (base(kernel), own):
            out.write(part.read_bytes())
    own.unlink()
    return whole


# Disks

def _make_squashfs(folder):
    """Files of fixed sizes and made-up contents, packed."""
    source = folder / 'squashfs.d'
    source.mkdir()
    rng = random.Random(1)
    words = [rng.randbytes(rng.randrange(1, 200)) for _ in range(500)]
    for name, size in (('small.bin', 5000), ('big.bin', 3 * 2**20 + 17)):
        content = bytearray()
        while len(content) < size:
            content += rng.choice(words)
        (source / name).write_bytes(content[:size])
    run(['mksquashfs', source, folder / 'squashfs', '-quiet', '-no-progress', '-all-root'])
    shutil.rmtree(source)


@functools.cache
def disks():
    """The disks every test guest has, in the order of their names: vda, vdb, ..."""
    folder = host.cache_dir() / 'disks' / _DISK_RECIPE
    host.need_packages(_DISK_PACKAGES)
    with host.locked(folder):
        if not folder.exists():
            progress('making the disks of the guests')
            with host.atomic_dir(folder) as temp:
                for name in ('ext4', 'xfs', 'btrfs'):
                    with open(temp / name, 'wb') as disk:
                        disk.truncate(8 << 30 if name != 'btrfs' else 2 << 30)
                run(['/sbin/mkfs.ext4', '-q', '-E', 'lazy_itable_init=1', temp / 'ext4'])
                run(['/sbin/mkfs.xfs', '-q', temp / 'xfs'])
                run(['/sbin/mkfs.btrfs', '-q', temp / 'btrfs'])
                _make_squashfs(temp)
    return [folder / name for name in ('ext4', 'xfs', 'btrfs', 'squashfs')]
