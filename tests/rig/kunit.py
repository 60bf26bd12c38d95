"""KUnit: the suites of tests/kunit, run by the kernel's own kunit.py in QEMU.

The kernel is the debug kernel with the module built in: a copy of its build
folder is configured anew, so that only what changes is compiled.
"""

import json
import re
import shutil
import sys
import time
from dataclasses import dataclass

from . import build, host, kernels, qemu, splat
from .host import RigError, progress, run
from .result import FAIL, PASS, SKIP, Result

_BUILD_TIMEOUT = 3600
_RUN_TIMEOUT = 1800         # seconds until kunit.py gives the guest up
_STATUS = {'PASS': PASS, 'SKIP': SKIP}
_OPTIONS = 'CONFIG_ZCX=y\nCONFIG_ZCX_KUNIT_TEST=y\n'


@dataclass(frozen=True)
class Case:
    """One KUNIT_CASE of the sources."""
    suite: str
    case: str

    @property
    def name(self):
        """As results and T= have it."""
        return f'kunit/{self.suite}/{self.case}'

    @property
    def proves(self):
        """The function's name is a sentence, after the suite's noun."""
        return self.suite.removeprefix('zcx-') + ': ' + \
            self.case.partition('_')[2].replace('_', ' ')


def cases():
    """Every case that the sources name, whether or not it will run."""
    found = []
    for path in sorted((build.TOP / 'tests/kunit').glob('*_test.c')):
        text = path.read_text()
        suite = re.search(r'kunit_suite \w+ = \{[^}]*?\.name\s*=\s*"([^"]+)"', text)
        if not suite:
            raise RigError(f'{path.name} has no KUnit suite')
        found += [Case(suite.group(1), case)
                  for case in re.findall(r'KUNIT_CASE\w*\((\w+)', text)]
    return found


def _prepare(kernel, folder):
    """A build folder for kunit.py, with objects of the debug kernel to start from."""
    work = folder / 'kunit'
    if not (work / 'copied').exists():
        host.check_disk(work, 2, 'the KUnit kernel')
        progress('copying the debug kernel for KUnit')
        shutil.rmtree(work, ignore_errors=True)
        run(['cp', '-a', kernel.headers, work], what='copying')
        (work / 'copied').touch()
    # Another clone's objects may be younger than this one's sources.
    stamp = work / 'checkout'
    if not stamp.exists() or stamp.read_text() != str(build.TOP):
        shutil.rmtree(work / 'drivers/zcx', ignore_errors=True)
        stamp.write_text(str(build.TOP))
    options = folder / 'kunit.config'
    options.write_text(_OPTIONS)
    return work, [*kernels.fragments(), options]


def run_all(kernel, report, pattern='zcx*'):
    """Build the kernel with the suites in it, boot it, report each case."""
    host.need_packages(['qemu-system-x86'])
    tree, version = kernels.source(kernel.series)
    folder = kernels.debug_dir(version)
    begin = time.monotonic()
    with kernels.driver_lock(tree):
        work, fragments = _prepare(kernel, folder)
        kernels.link_driver(tree, build.TOP)
        try:
            output, groups = _kunit_py(tree, work, fragments, pattern)
        finally:
            kernels.link_driver(tree, None)
    _report(kernel, groups, output, (work / 'test.log'), time.monotonic() - begin, report)


def _kunit_py(tree, work, fragments, pattern):
    answer = build.OUT / 'kunit.json'
    answer.parent.mkdir(parents=True, exist_ok=True)
    answer.unlink(missing_ok=True)
    (work / 'test.log').unlink(missing_ok=True)
    progress('building the KUnit kernel and running it by kunit.py')
    output = run(
        [sys.executable, tree / 'tools/testing/kunit/kunit.py', 'run', '--arch=x86_64',
         f'--jobs={host.jobs()}', f'--timeout={_RUN_TIMEOUT}', f'--build_dir={work}',
         *[f'--kunitconfig={path}' for path in fragments], f'--json={answer}',
         '--kernel_args=no5lvl', f'--kernel_args={qemu.TCG_CLOCK}',     # see qemu.py
         f'--qemu_args=-smp 2 -cpu max -m 2048 -accel {qemu.TCG}', pattern],
        log=build.OUT / 'logs/kunit.log', cwd=tree, timeout=_BUILD_TIMEOUT, check=False,
        what='KUnit')
    groups = json.loads(answer.read_text()) if answer.exists() else {}
    return output, groups


def _leaves(group, path=()):
    """(suite, case, status) of a report in KernelCI's form; parameters join their case."""
    for sub in group.get('sub_groups', []):
        yield from _leaves(sub, (*path, sub['name']))
    for case in group.get('test_cases', []):
        names = (*path, case['name'])
        yield names[0], names[1], case['status']


def _report(kernel, groups, output, log, seconds, report):
    seen = {}
    for suite, case, status in _leaves(groups):
        status = _STATUS.get(status, FAIL)
        key = Case(suite, case)
        if seen.get(key) != FAIL:
            seen[key] = status
    for case, status in seen.items():
        report(Result(case.name, kernel.name, status, 0,
                      '' if status == PASS else 'see tests/out/logs/kunit.log',
                      host.tail(output) if status == FAIL else ''))
    report(_quiet(kernel, seen, log, output, seconds))


def _quiet(kernel, seen, log, output, seconds):
    """The verdict on the kernel itself: it ran some cases, and had nothing to say."""
    text = log.read_text(errors='replace') if log.exists() else ''
    found = splat.find(text)
    if found:
        return Result(QUIET, kernel.name, FAIL, seconds, 'the kernel complained: ' + found[0],
                      host.tail(text, 200))
    if not seen:
        return Result(QUIET, kernel.name, FAIL, seconds, 'kunit.py ran no case',
                      host.tail(output))
    return Result(QUIET, kernel.name, PASS, seconds)


QUIET = 'kunit/kernel-quiet'
