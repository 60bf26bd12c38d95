"""QEMU: whether KVM can be used here, and the command line of a guest."""

import functools
import os
import subprocess

from . import host
from .host import progress

_PACKAGES = ['qemu-system-x86']
_KVM_TIMEOUT = 15       # seconds; where KVM is broken, a guest may hang for ever

# KUnit's runner starts QEMU itself, with this accelerator.
TCG = 'tcg,thread=multi'

# An emulated guest on a busy machine measures its time stamp counter wrong as it boots, by
# a factor of 30 if it comes to that, and takes what follows for a lockup. The HPET says
# how fast it is.
TCG_CLOCK = 'tsc=unstable'

# A nanosecond of the guest's time for each instruction; idle time is skipped.
_COUNTING = 'shift=0,sleep=off'

# Packets leave so many ns of the guest's time after the first of them was ready: with
# a host that answers at once, ACKs come while the rest of a file is being sent.
_NET_LATENCY = 'tx=timer,x-txtimer=150000'


def _common(accel, kernel, memory, cpu=None):
    return ['qemu-system-x86_64', '-accel', accel,
            '-cpu', cpu or ('host' if accel == 'kvm' else 'max'), '-m', str(memory),
            '-nodefaults', '-no-user-config', '-display', 'none', '-no-reboot',
            '-bios', 'qboot.rom', '-kernel', str(kernel.image)]


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


def _drive(disk):
    """Of a file, or of the URI of a server that throws away what is written."""
    how = 'cache=unsafe' if '://' in str(disk) else 'snapshot=on'
    return f'file={disk},format=raw,if=virtio,{how}'


def _rest(initrd, append, disks, serials):
    """What comes after CPU and memory; what the guest writes to disks is thrown away.

    With five levels of page tables a booting kernel can make KASAN cry wolf:
    identify_cpu() forgets for a moment that the CPU has them, and an address that an
    interrupt uses just then looks wild.
    """
    cmd = ['-initrd', str(initrd), '-append',
           f'console=ttyS0 quiet panic=-1 oops=panic no5lvl {append}', '-device',
           'isa-debug-exit,iobase=0xf4,iosize=0x04']
    for disk in disks:
        cmd += ['-drive', _drive(disk)]
    for serial in serials:
        cmd += ['-serial', serial]
    return cmd


def command(kernel, initrd, append, disks=(), memory=1024, serials=(), accel=None):
    """The command line of a guest with two CPUs; what it writes to disks is thrown away."""
    accel = accel or accelerator(kernel)
    if accel == TCG:
        append = f'{append} {TCG_CLOCK}'
    return [*_common(accel, kernel, memory), '-smp', '2', *_rest(initrd, append, disks, serials)]


def counting_command(kernel, initrd, append, disks=(), memory=1024, serials=(), tap=None):
    """The command line of a guest whose clock counts its instructions.

    One CPU, emulated even where KVM works, and the same CPU on every machine,
    so that the figures depend on nothing else. `tap` names a tap device with
    vnet_hdr to which the guest's eth0 is to be connected.
    """
    host.need_packages(_PACKAGES)
    cmd = [*_common('tcg', kernel, memory, 'qemu64'), '-icount', _COUNTING, '-smp', '1',
           *_rest(initrd, f'nokaslr mitigations=off {append}', disks, serials)]
    if tap:
        cmd += ['-netdev', f'tap,id=n0,ifname={tap},script=no,downscript=no,vhost=off',
                '-device', f'virtio-net-pci,netdev=n0,{_NET_LATENCY}']
    return cmd
