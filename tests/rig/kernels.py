"""The kernels the tests run on: Debian's own, and one built with sanitizers.

Nothing here is installed on the host. Packages are downloaded by apt, so that
their signatures are checked, and unpacked in the cache.
"""

import functools
import hashlib
import os
import re
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Optional

from . import host
from .host import RigError, progress, run

_CONFIG = Path(__file__).parent / 'config'
_RECIPE = '1'       # raise it when a kernel in the cache must be built anew
_BUILD_TOOLS = ['build-essential', 'bc', 'bison', 'flex', 'kmod', 'libelf-dev', 'libssl-dev',
                'pahole', 'xz-utils', 'zstd', 'cpio', 'rsync']


@dataclass(frozen=True)
class Kernel:
    """A kernel that can be booted, and that modules can be built for."""
    name: str                   # stock-6.1, stock-6.12, debug-6.12
    series: str
    release: str                # what uname -r says in the guest
    package_version: str
    image: Path                 # for qemu -kernel
    modules: Optional[Path]     # MODULES/lib/modules/RELEASE; None if all is built in
    headers: Path               # KDIR
    debug: bool = False


# Debian's packages

@functools.cache
def _apt_fields(pattern):
    """Package -> list of its versions' control fields, newest first as apt sorts them."""
    host.refresh_package_lists()
    names = run(['apt-cache', 'pkgnames', 'linux-']).split()
    names = sorted(name for name in names if re.fullmatch(pattern, name))
    packages = {}
    for block in run(['apt-cache', 'show', *names]).split('\n\n') if names else []:
        fields = dict(re.findall(r'^(\S+): (.*)$', block, re.M))
        if fields:
            packages.setdefault(fields['Package'], []).append(fields)
    return packages


def _newer(left, right):
    """Whether Debian's rules put version left after version right."""
    return run(['sh', '-c', 'dpkg --compare-versions "$1" gt "$2" && echo yes || echo no',
                'sh', left, right]).strip() == 'yes'


def _newest_stock(series):
    """(release, version) of the newest image of a series that has headers of the same version."""
    # 6.1.0-56-amd64 or 6.12.117+deb12-amd64; cloud, rt, dbg and unsigned don't match
    release = rf'({re.escape(series)}\.[0-9][0-9.+a-z~-]*?-amd64)'
    packages = _apt_fields(rf'linux-(image|headers)-{release}')
    best = None
    for name, versions in packages.items():
        if not name.startswith('linux-image-') or re.search('cloud|rt-|dbg|unsigned', name):
            continue
        rel = name.removeprefix('linux-image-')
        headers = {v['Version'] for v in packages.get('linux-headers-' + rel, [])}
        for version in {v['Version'] for v in versions} & headers:
            if best is None or _newer(version, best[1]):
                best = rel, version
    if best is None:
        raise RigError(f'the archive has no linux-image-{series}.*-amd64 with matching headers; '
                       'Debian 12 has them in bookworm and bookworm-security')
    return best


def _download(wanted, folder):
    """Download packages [(name, version)]; the paths of the .deb files."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, version in wanted:
        progress(f'downloading {name} {version}')
        run(['apt-get', 'download', '-q', f'{name}={version}'], cwd=folder, timeout=1800,
            what=f'downloading {name}')
    return sorted(folder.glob('*.deb'))


def _retry_with_new_lists(step):
    """Do the step; if it fails, once more with fresh package lists: packages move."""
    try:
        return step()
    except RigError as error:
        progress('that failed, once more with fresh package lists: ' + str(error).splitlines()[0])
    host.update_package_lists()
    _apt_fields.cache_clear()
    return step()


# Stock kernels

@functools.cache
def stock(series):
    """Debian's kernel of a series ('6.1', '6.12'), with headers to build modules."""
    host.need_packages(_BUILD_TOOLS)
    return _retry_with_new_lists(lambda: _stock(series))


def _stock(series):
    release, version = _newest_stock(series)
    root = host.cache_dir() / 'stock' / f'{series}_{version}'
    with host.locked(root):
        if not root.exists():
            host.check_disk(root, 2, f'the stock kernel {release}')
            with host.atomic_dir(root) as temp:
                _unpack_stock(release, version, temp)
    progress(f'stock kernel {series}: linux-image-{release} {version}')
    vmlinux = root / 'boot' / f'vmlinux-{release}'
    image = vmlinux if vmlinux.exists() else root / 'boot' / f'vmlinuz-{release}'
    return Kernel(f'stock-{series}', series, release, version, image, root,
                  root / 'usr/src' / f'linux-headers-{release}')


def _unpack_stock(release, version, root):
    wanted = [(f'linux-image-{release}', version), (f'linux-headers-{release}', version)]
    wanted += _headers_need(release, version)
    for deb in _download(wanted, root / 'packages'):
        run(['dpkg', '-x', deb, root])
    shutil.rmtree(root / 'packages')
    _make_headers_movable(root, release)
    run(['/sbin/depmod', '-b', root, release], what='depmod')
    _extract_vmlinux(root, release)


def _headers_need(release, version):
    """The common headers and the kbuild package, as the headers' dependencies name them."""
    name = f'linux-headers-{release}'
    fields = next(f for f in _apt_fields(re.escape(name))[name] if f['Version'] == version)
    names = re.findall(r'(linux-headers-[^\s,]+-common|linux-kbuild-[^\s,]+)', fields['Depends'])
    if len(names) != 2:
        raise RigError(f'{name} {version} has unknown dependencies: {fields["Depends"]}')
    return [(name, version) for name in names]


def _make_headers_movable(root, release):
    """Let the unpacked headers find their other halves beside them, not under /usr."""
    source = root / 'usr/src'
    makefile = source / f'linux-headers-{release}' / 'Makefile'
    here = '$(dir $(lastword $(MAKEFILE_LIST)))'
    makefile.write_text(makefile.read_text().replace('include /usr/src/', f'include {here}../'))
    for link in source.glob('*/*'):
        if link.is_symlink() and os.readlink(link).startswith('/usr/'):
            target = root / os.readlink(link).lstrip('/')
            link.unlink()
            link.symlink_to(os.path.relpath(target, link.parent))
    build = root / 'lib/modules' / release / 'build'
    if build.is_symlink():          # points to /usr/src of a machine that has them installed
        build.unlink()
        build.symlink_to(os.path.relpath(makefile.parent, build.parent))


def _extract_vmlinux(root, release):
    """6.1's xz image takes seconds to unpack itself under emulation: do it here, once."""
    if not release.startswith('6.1.'):
        return
    script = root / 'usr/src' / f'linux-headers-{release}' / 'scripts/extract-vmlinux'
    vmlinux = root / 'boot' / f'vmlinux-{release}'
    with open(vmlinux, 'wb') as out:
        _extract(script, root / 'boot' / f'vmlinuz-{release}', out)
    if vmlinux.stat().st_size == 0:
        vmlinux.unlink()            # the compressed image boots as well


def _extract(script, image, out):
    import subprocess
    if script.exists():
        subprocess.run(['sh', script, image], stdout=out, stderr=subprocess.DEVNULL, check=False)


# The kernel with sanitizers

def fragments():
    """The pieces of the debug kernel's configuration, in order."""
    return sorted(_CONFIG.glob('[0-9]*.config'))


def _newest_source(series):
    name = f'linux-source-{series}'
    best = None
    for fields in _apt_fields(re.escape(name)).get(name, []):
        if best is None or _newer(fields['Version'], best):
            best = fields['Version']
    if best is None:
        raise RigError(f'the archive has no {name}')
    return name, best


@functools.cache
def source(series):
    """(path, version) of Debian's kernel source, prepared to take drivers/zcx."""
    host.need_packages(_BUILD_TOOLS)
    return _retry_with_new_lists(lambda: _source(series))


def _source(series):
    name, version = _newest_source(series)
    tree = host.cache_dir() / 'source' / f'{series}_{version}'
    with host.locked(tree):
        if not tree.exists():
            host.check_disk(tree, 5, f'the kernel source {version}')
            with host.atomic_dir(tree) as temp:
                _unpack_source(name, version, temp)
    return tree / 'linux', version


def _unpack_source(name, version, folder):
    for deb in _download([(name, version)], folder / 'packages'):
        run(['dpkg', '-x', deb, folder])
    archive, = (folder / 'usr/src').glob('linux-source-*.tar.xz')
    progress(f'unpacking {name} {version}')
    run(['tar', '-C', folder, '-xf', archive], what='unpacking')
    archive_name = archive.name.removesuffix('.tar.xz')
    (folder / archive_name).rename(folder / 'linux')
    shutil.rmtree(folder / 'packages')
    shutil.rmtree(folder / 'usr')
    _add_driver_hook(folder / 'linux')


def _add_driver_hook(tree):
    """Make drivers/zcx part of the tree, as an empty driver until a checkout is linked there."""
    drivers = tree / 'drivers'
    kconfig = drivers / 'Kconfig'
    text = kconfig.read_text()
    head, end, rest = text.rpartition('endmenu')
    kconfig.write_text(f'{head}source "drivers/zcx/module/Kconfig"\n\n{end}{rest}')
    with open(drivers / 'Makefile', 'a', encoding='utf-8') as makefile:
        makefile.write('obj-$(CONFIG_ZCX)\t\t+= zcx/\n')
    stub = tree / 'drivers' / 'zcx-none' / 'module'
    stub.mkdir(parents=True)
    (stub / 'Kconfig').write_text('config ZCX\n\ttristate\n')
    (stub.parent / 'Kbuild').write_text('')
    (drivers / 'zcx').symlink_to('zcx-none')


def link_driver(tree, checkout):
    """Point drivers/zcx to a checkout, or with None to the empty driver. Needs driver_lock()."""
    link = tree / 'drivers' / 'zcx'
    temp = link.with_name(f'zcx.{os.getpid()}')
    temp.symlink_to(checkout if checkout else 'zcx-none')
    temp.rename(link)


def driver_lock(tree):
    """Whoever builds in the tree holds this, since another clone may want its own driver in it."""
    return host.locked(tree.parent / 'driver')


@functools.cache
def debug(series):
    """The kernel with sanitizers, built from Debian's source and kept in the cache."""
    tree, version = source(series)
    folder = debug_dir(version)
    build = folder / 'build'
    with host.locked(folder):
        if not (folder / 'complete').exists():
            host.check_disk(folder, 4, 'the debug kernel')
            _build_debug(tree, version, folder)
    release = (build / 'include/config/kernel.release').read_text().strip()
    progress(f'debug kernel {series}: {release} from linux-source-{series} {version}')
    return Kernel(f'debug-{series}', series, release, version,
                  build / 'arch/x86/boot/bzImage', None, build, debug=True)


def debug_dir(version):
    """Where the debug kernel of a source version lives; another configuration, another place."""
    digest = hashlib.sha256(_RECIPE.encode())
    for fragment in fragments():
        digest.update(fragment.read_bytes())
    return host.cache_dir() / 'debug' / f'{version}-{digest.hexdigest()[:12]}'


def _build_debug(tree, version, folder):
    """Configure and build; a build that was interrupted goes on where it was."""
    build = folder / 'build'
    build.mkdir(parents=True, exist_ok=True)
    make = ['make', '-C', tree, 'ARCH=x86_64', f'O={build}', f'-j{host.jobs()}']
    log = folder / 'build.log'
    progress(f'building the debug kernel {version} (8 to 20 minutes, once); log: {log}')
    with driver_lock(tree):
        link_driver(tree, None)
        (build / '.config').write_text(''.join(f.read_text() for f in fragments()))
        run([*make, 'olddefconfig'], log=folder / 'config.log')
        check_config(build / '.config', fragments())
        run([*make, 'all'], log=log, timeout=3 * 3600, what='building the debug kernel')
    (folder / 'complete').touch()


def check_config(config, wanted):
    """Raise RigError naming every option of the fragments that did not take."""
    got = _options(config)
    wrong = []
    for fragment in wanted:
        for name, value in _options(fragment).items():
            if got.get(name, 'n') != value:
                wrong.append(f'{name}={value} ({fragment.name}), got {got.get(name, "n")}')
    if wrong:
        raise RigError('kernel options that did not take:\n  ' + '\n  '.join(wrong))


def _options(path):
    text = path.read_text()
    options = {name: 'n' for name in re.findall(r'^# (CONFIG_\w+) is not set$', text, re.M)}
    options.update(re.findall(r'^(CONFIG_\w+)=(.*)$', text, re.M))
    return options
