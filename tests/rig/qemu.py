"""QEMU: whether KVM can be used here, and the command line of a guest."""

import functools
import os
import subprocess
from pathlib import Path

from . import host
from .host import progress

_PACKAGES = ['qemu-system-x86']
_KVM_TIMEOUT = 15       # seconds; where KVM is broken, a guest may hang for ever

# KUnit's runner starts QEMU itself, with this accelerator.
TCG = 'tcg,thread=multi'


def _common(accel, kernel, memory):
    return ['qemu-system-x86_64', '-accel', accel, '-cpu', 'host' if accel == 'kvm' else 'max',
            '-m', str(memory), '-nodefaults', '-no-user-config', '-display', 'none',
            '-no-reboot', '-bios', 'qboot.rom', '-kernel', str(kernel.image)]


@functools.cache
def _kvm_boots(kernel):
    """Whether a guest without a root comes as far as its panic, and so to its end."""
    cmd = [*_common('kvm', kernel, 256), '-serial', 'null', '-append', 'panic=-1 quiet']
    try:
        return subprocess.run(cmd, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                              stderr=subprocess.DEVNULL, timeout=_KVM_TIMEOUT,
                              check=False).returncode == 0
    except subprocess.TimeoutExpired:
        return False


@functools.cache
def accelerator(kernel):
    """'kvm' where it works, else TCG. /dev/kvm being there proves nothing."""
    host.need_packages(_PACKAGES)
    if not os.access('/dev/kvm', os.R_OK | os.W_OK):
        progress('no access to /dev/kvm: guests run emulated, many times slower')
        return TCG
    if _kvm_boots(kernel):
        progress('KVM works: guests run at full speed')
        return 'kvm'
    progress('/dev/kvm is there, but guests do not run on it: they run emulated')
    return TCG


def command(kernel, initrd, append, disks=(), memory=1024, serials=(), accel=None):
    """The command line of a guest with two CPUs; what it writes to disks is thrown away."""
    accel = accel or accelerator(kernel)
    cmd = [*_common(accel, kernel, memory), '-smp', '2', '-initrd', str(initrd), '-append',
           f'console=ttyS0 quiet panic=-1 oops=panic {append}', '-device',
           'isa-debug-exit,iobase=0xf4,iosize=0x04']
    for disk in disks:
        cmd += ['-drive', f'file={Path(disk)},format=raw,if=virtio,snapshot=on']
    for serial in serials:
        cmd += ['-serial', serial]
    return cmd
