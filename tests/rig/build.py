"""What is built from the checkout: the module for each kernel, user space, test programs."""

import functools
import re
import shutil
from pathlib import Path

from . import host
from .host import RigError, progress, run

TOP = Path(__file__).resolve().parents[2]
OUT = TOP / 'tests' / 'out'

_USER_TOOLS = ['build-essential', 'groff-base', 'gcc-multilib', 'pkg-config', 'rsync', 'libcmocka-dev',
               'libjson-c-dev', 'libssl-dev', 'liburing-dev']

# Said of every build whose compiler is not the kernel's own; nothing of ours.
_NOT_OURS = ('warning: the compiler differs', 'Skipping BTF generation')


def version():
    """The module's version, as modinfo says it."""
    text = (TOP / 'module/zcx.h').read_text()
    return re.search(r'ZCX_VERSION\s+"([^"]+)"', text).group(1)


def copy_sources(to):
    """A copy of what it takes to build the module; times are kept, so make still works."""
    to.mkdir(parents=True, exist_ok=True)
    with_objects = [f'--exclude={name}' for name in
                    ('*.o', '*.ko', '*.mod', '*.mod.c', '.*.cmd', '__pycache__', '/tests/out')]
    run(['rsync', '-a', *with_objects, '--include=/module/***', '--include=/uapi/***',
         '--include=/Kbuild', '--include=/Makefile', '--include=/tests/',
         '--include=/tests/kunit/***', '--exclude=*', f'{TOP}/', f'{to}/'])


def _make_module(kernel, work, *args):
    copy_sources(work)
    return run(['make', '-C', work, f'KDIR={kernel.headers}', 'W=1', *args, 'modules'],
               log=work / 'build.log', timeout=900, what=f'building zcx.ko for {kernel.name}')


def warnings_in(log):
    """Lines of a build's log that complain."""
    return [line for line in log.splitlines()
            if re.search(r'(?i)\bwarning\b|\berror\b', line)
            and not any(text in line for text in _NOT_OURS)]


@functools.cache
def module(kernel):
    """(zcx.ko for this kernel, what the compiler complained about)."""
    work = OUT / 'module' / kernel.name
    progress(f'building zcx.ko for {kernel.name} ({kernel.release})')
    with host.locked(work):
        stamp = work / 'built-for'
        wanted = f'{kernel.release} {kernel.package_version} {kernel.headers}'
        if stamp.exists() and stamp.read_text() != wanted:
            shutil.rmtree(work)
        log = _make_module(kernel, work)
        stamp.write_text(wanted)
        return work / 'module/zcx.ko', warnings_in(log)


def sparse(kernel):
    """What sparse says about the module, one complaint a line."""
    host.need_packages(['sparse'])
    work = OUT / 'sparse' / kernel.name
    shutil.rmtree(work, ignore_errors=True)
    return warnings_in(_make_module(kernel, work, 'C=2', 'CHECK=sparse'))


@functools.cache
def userspace():
    """Folder with zcx and libzcx."""
    host.need_packages(_USER_TOOLS)
    progress('building libzcx and zcx')
    out = OUT / 'user'
    with host.locked(out):
        run(['make', '-C', TOP / 'userspace', f'OUT={out}', 'all'], log=OUT / 'user.log',
            timeout=600, what='building user space')
    return out


@functools.cache
def vm_programs():
    """Folder with the programs that test the module inside a guest."""
    host.need_packages(_USER_TOOLS)
    progress('building the VM tests')
    out = OUT / 'vm'
    # Two guests may ask at once, and whoever has it runs it: it is not to be linked anew.
    with host.locked(out):
        run(['make', '-C', TOP / 'tests/vm', f'OUT={out}', f'-j{host.jobs()}', 'all'],
            log=OUT / 'vm.log', timeout=600, what='building the VM tests')
    if not (out / 'vmtest').exists():
        raise RigError('tests/vm built no vmtest')
    return out
