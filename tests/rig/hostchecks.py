"""What can be checked without booting anything: builds, static analysis, headers, user space."""

import re
import time
from dataclasses import dataclass
from typing import Callable

from . import build, host, kernels
from .host import RigError, run
from .result import FAIL, PASS, Result

HOST = 'host'
_HEADER = build.TOP / 'uapi/linux/zcx.h'

# Whom a file of module/ may include, of our own headers: the picture in
# docs/architecture.md. trace.h, stats.h and compat/ are leaves, open to all.
_LEAVES = {'zcx.h', 'guise.h', 'trace.h', 'stats.h', 'push.h', 'compat/push.h'}
_MAY_INCLUDE = {
    'sglist': {'sglist.h'},
    'memory': {'memory.h'},
    'lane_memory': {'lane.h', 'sglist.h'},
    'turn': {'turn.h'},
    'pace': {'pace.h'},
    'disk': {'disk.h'},
    'folio_wait': {'folio_wait.h'},
    'errand': {'errand.h', 'disk.h'},
    'accessed': {'accessed.h', 'disk.h', 'errand.h', 'compat/inode_time.h'},
    'lane_cache': {'lane.h', 'sglist.h', 'errand.h', 'folio_wait.h', 'accessed.h', 'drop.h',
                   'cache.h'},
    'cache_census': {'lane.h', 'cache.h', 'drop.h'},
    'cache_collect': {'lane.h', 'cache.h'},
    'lane_direct': {'lane.h', 'sglist.h', 'direct.h', 'disk.h', 'folio_wait.h', 'accessed.h'},
    'direct': {'direct.h', 'buffers.h', 'errand.h', 'folio_wait.h'},
    'buffers': {'buffers.h', 'user.h', 'compat/shrinker.h'},
    'drop': {'drop.h'},
    'probe': {'probe.h', 'lane.h', 'program.h', 'sink_socket.h'},
    'lane_splice': {'lane.h', 'sglist.h', 'accessed.h'},
    'sink_socket': {'sink_socket.h', 'sink.h', 'sglist.h', 'frags.h'},
    'frags': {'frags.h', 'sglist.h'},
    'program': {'program.h', 'lane.h', 'memory.h', 'disk.h', 'drop.h'},
    'gather': {'gather.h', 'link.h', 'async.h', 'lane.h', 'program.h'},
    'link': {'link.h', 'context.h', 'drop.h', 'gather.h', 'lane.h', 'sink.h', 'sglist.h', 'program.h', 'turn.h',
             'async.h'},
    'step': {'step.h', 'gather.h', 'link.h', 'async.h', 'context.h', 'lane.h', 'sink.h', 'sglist.h',
             'program.h', 'turn.h', 'pace.h'},
    'growth': {'growth.h', 'async.h', 'link.h'},
    'uring': {'uring.h', 'compat/uring.h', 'async.h', 'ioctl.h', 'link.h'},
    'async': {'async.h', 'step.h', 'growth.h', 'link.h', 'completion.h', 'context.h', 'lane.h', 'sink.h',
              'program.h', 'turn.h', 'pace.h', 'disk.h', 'folio_wait.h'},
    'completion': {'completion.h', 'context.h', 'link.h', 'async.h', 'sink.h', 'turn.h'},
    'query': {'query.h', 'link.h', 'async.h', 'sink.h'},
    'context': {'context.h', 'memory.h', 'user.h', 'buffers.h'},
    'user': {'user.h'},
    'submit': {'submit.h', 'context.h', 'link.h', 'async.h', 'growth.h', 'program.h', 'sink_socket.h'},
    'express': {'express.h', 'accessed.h', 'async.h', 'cache.h', 'compat/fd.h', 'context.h', 'frags.h', 'lane.h', 'link.h', 'memory.h', 'program.h', 'query.h', 'sink_socket.h', 'submit.h', 'turn.h'},
}


@dataclass(frozen=True)
class Check:
    """A check, the kernel it is about, and what a pass proves; run() returns complaints."""
    name: str
    kernel: str
    proves: str
    run: Callable


def _series(series):
    return lambda check: lambda: check(kernels.stock(series))


# The module

def _warnings(kernel):
    return build.module(kernel)[1]


def _modinfo(kernel):
    ko, _ = build.module(kernel)
    text = run(['/sbin/modinfo', ko])
    problems = [f'modinfo says no {key}' for key in ('description', 'license', 'version', 'author')
                if not re.search(rf'^{key}:\s+\S', text, re.M)]
    params = dict(re.findall(r'^parm:\s+(\w+):(.*)$', text, re.M))
    sources = ''.join(path.read_text() for path in (build.TOP / 'module').glob('*.c'))
    for name in re.findall(r'module_param\w*\((\w+)', sources):
        if len(params.get(name, '')) < 40:
            problems.append(f'modinfo says little about the parameter {name}')
    if not params:
        problems.append('modinfo knows no parameter')
    return problems


def _checkpatch():
    tree, _ = kernels.source('6.12')
    ignore = [line.split()[0] for line in
              (build.TOP / 'tests/checkpatch.ignore').read_text().splitlines()
              if line and not line.startswith('#')]
    files = sorted(path for folder in ('module', 'uapi', 'tests/kunit')
                   for path in (build.TOP / folder).rglob('*.[ch]')
                   if not path.name.endswith('.mod.c'))
    out = run([tree / 'scripts/checkpatch.pl', '--no-tree', '--strict', '--terse', '--show-types',
               '--no-summary', '--ignore', ','.join(ignore), '--codespell', '-f', *files],
              check=False, timeout=300)
    return [line for line in out.splitlines() if re.search(r'(ERROR|WARNING|CHECK):', line)]


def _layering():
    problems = []
    for path in sorted((build.TOP / 'module').glob('*.c')):
        allowed = _MAY_INCLUDE.get(path.stem)
        text = path.read_text()
        own = set(re.findall(r'^#include "([^"]+)"', text, re.M)) - _LEAVES
        if allowed is not None and own - allowed:
            problems.append(f'{path.name} includes {", ".join(sorted(own - allowed))}')
        if path.stem.startswith('lane_') and re.search(r'#include <net/', text):
            problems.append(f'{path.name} includes a socket header')
        if path.stem == 'sink_socket' and re.search(r'#include <linux/(pagemap|splice|dax|iomap)\.h>', text):
            problems.append(f'{path.name} includes a page-cache header')
        if 'LINUX_VERSION_CODE' in text:
            problems.append(f'{path.name} tests the kernel version outside module/compat')
    return problems


# The ABI

def _header(compiler, *flags):
    """The uapi header alone, as a program of another language or width sees it."""
    def check():
        host.need_packages(['build-essential', 'gcc-multilib', 'linux-libc-dev'])
        work = build.OUT / 'header'
        work.mkdir(parents=True, exist_ok=True)
        source = work / f'{compiler}{"".join(flags)}.c'.replace('/', '_')
        asserts = ''.join(f'{_ASSERT[compiler]}(sizeof(struct {name}) == {size}, "{name}");\n'
                          for name, size in (('zcx_info', 64), ('zcx_segment', 40),
                                             ('zcx_link', 144), ('zcx_event', 80),
                                             ('zcx_control', 16), ('zcx_query', 56),
                                             ('zcx_submit', 32), ('zcx_probe', 128),
                                             ('zcx_uring_cmd', 16)))
        source.write_text(f'#include <linux/zcx.h>\n{asserts}int main(void) {{ return 0; }}\n')
        run([compiler, *flags, '-Wall', '-Wextra', '-Wpedantic', '-Wpadded', '-Werror',
             f'-I{build.TOP / "uapi"}', '-fsyntax-only', source])
        return []
    return check


_ASSERT = {'gcc': '_Static_assert', 'g++': 'static_assert'}


# User space

def _userspace():
    build.userspace()
    text = run(['make', '-C', build.TOP / 'userspace', f'OUT={build.OUT / "user"}', 'check'],
               log=build.OUT / 'logs/userspace-check.log', timeout=900, check=False,
               what='checking user space')
    if not re.search(r'^check: \d+ passed, 0 failed', text, re.M):
        return host.tail(text).splitlines() or ['make check printed nothing']
    return []


def _checks():
    for series in ('6.1', '6.12'):
        of = _series(series)
        stock = f'stock-{series}'
        yield Check('build/warnings', stock, 'W=1 has nothing to say', of(_warnings))
        yield Check('build/sparse', stock, 'sparse has nothing to say', of(build.sparse))
        yield Check('build/modinfo', stock, 'modinfo explains module and parameters',
                    of(_modinfo))
    yield Check('build/checkpatch', HOST, 'checkpatch --strict, but for reasons written down',
                _checkpatch)
    yield Check('build/layering', HOST, 'files include only what the architecture allows',
                _layering)
    yield Check('abi/c11', HOST, 'the header stands alone in C11, without holes',
                _header('gcc', '-std=c11', '-x', 'c'))
    yield Check('abi/cplusplus', HOST, 'the header stands alone in C++11',
                _header('g++', '-std=c++11', '-x', 'c++'))
    yield Check('abi/m32', HOST, 'the same layout for 32-bit programs',
                _header('gcc', '-m32', '-std=c11', '-x', 'c'))
    yield Check('user/check', HOST, 'libzcx and the command line tool, without the module',
                _userspace)


def checks():
    """All of them."""
    return list(_checks())


def perform(check):
    """Run one; a complaint, or an error on the way, is a failure."""
    begin = time.monotonic()
    try:
        problems = check.run()
    except RigError as error:
        problems = str(error).splitlines()
    seconds = time.monotonic() - begin
    if problems:
        return Result(check.name, check.kernel, FAIL, seconds, problems[0], '\n'.join(problems))
    return Result(check.name, check.kernel, PASS, seconds)
