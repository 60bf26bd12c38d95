"""Which tests there are, on which kernels, and who runs them."""

import fnmatch
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass, field

from . import build, dkms, guest, host, hostchecks, image, kernels, kunit, qemu
from .host import RigError, progress
from .result import FAIL, Result

STOCK = ['stock-6.1', 'stock-6.12']
DEBUG = ['debug-6.12']

# The debug kernel's tests are spread over this many guests, since each is
# busy on about one CPU.
_DEBUG_PARTS = 2


@dataclass(frozen=True)
class Planned:
    """One test on one kernel."""
    name: str
    kernel: str
    tier: str
    proves: str
    source: object = field(compare=False, default=None)     # VmTest, Case, Check or None


def _vm_tests():
    for test in guest.all_tests():
        name = f'vm/{test.name}'
        for kernel in STOCK:
            yield Planned(name, kernel, test.tier, test.proves, test)
        yield Planned(name, 'debug-6.12', test.debug_tier, test.proves, test)
    for kernel in STOCK + DEBUG:
        for test in guest.last_tests(kernel in DEBUG):
            yield Planned(f'vm/{test.name}', kernel, 'test', test.proves)


def _all_tests():
    for check in hostchecks.checks():
        yield Planned(check.name, check.kernel, 'test', check.proves, check)
    for kernel in STOCK:
        yield Planned(dkms.NAME, kernel, 'test', 'dkms add, build, install, remove')
    for case in kunit.cases():
        yield Planned(case.name, 'debug-6.12', 'test', case.proves, case)
    yield Planned(kunit.QUIET, 'debug-6.12', 'test', 'the kernel has nothing to say during KUnit')
    yield from _vm_tests()


def _names(text):
    """A test by its whole name, without its kind, and the last part alone."""
    return {text, text.partition('/')[2], text.rpartition('/')[2]}


def _matches(text, globs):
    return any(fnmatch.fnmatchcase(name, glob) for name in _names(text) for glob in globs)


def select(tier, tests='', on_kernels=''):
    """The tests of a tier ('test' or 'all') that match the globs, all of them if there is none.

    A slow test that is asked for by its very name runs in any tier.
    """
    words = tests.split()
    chosen = []
    for test in _all_tests():
        named = test.tier != 'never' and _names(test.name) & set(words)
        in_tier = test.tier == 'test' or (tier == 'all' and test.tier == 'all')
        if ((in_tier or named) and (not words or _matches(test.name, words))
                and (not on_kernels or _matches(test.kernel, on_kernels.split()))):
            chosen.append(test)
    return chosen


def kernel_by_name(name):
    """Fetch or build it."""
    kind, _, series = name.partition('-')
    if name not in STOCK + DEBUG:
        raise RigError(f'no kernel is called {name}; there are {", ".join(STOCK + DEBUG)}')
    return kernels.debug(series) if kind == 'debug' else kernels.stock(series)


# Who runs what

def _of(chosen, kind):
    return [test for test in chosen if test.name.startswith(kind)]


def _part_tests(tests, parts):
    """Deal the tests out, so that slow neighbours end up in different guests."""
    return [part for part in (tests[i::parts] for i in range(parts)) if part]


def _guest_tasks(chosen, kernel, report):
    """One task for each guest that this kernel needs."""
    by_kind = {}
    for test in _of(chosen, 'vm/'):
        if test.kernel == kernel.name and test.source:
            by_kind.setdefault(test.source.guest, []).append(test.source)
    if not by_kind and any(test.kernel == kernel.name for test in _of(chosen, 'vm/')):
        by_kind['std'] = []
    for kind, tests in by_kind.items():
        split = kernel.debug and kind == 'std' and len(tests) > 10
        parts = _part_tests(tests, _DEBUG_PARTS) if split else [tests]
        for number, part in enumerate(parts, 1):
            name = str(number) if len(parts) > 1 else ''
            yield _guest_task(kernel, kind, part, name, report)


def _guest_task(kernel, kind, tests, part, report):
    def task():
        ko = None
        if any(test.name == 'module_dkms' for test in tests) and not kernel.debug:
            ko = dkms.install(kernel)[1]
        guest.Guest(kernel, kind, tests, part, ko).run(report)
    return task


def _dkms_task(kernel, report):
    return lambda: report(dkms.install(kernel)[0])


def _checks_task(checks, report):
    def task():
        for check in checks:
            report(hostchecks.perform(check))
    return task


def _prepare(chosen):
    """Fetch and build what several tasks share; the kernels by their names."""
    names = {test.kernel for test in chosen} - {hostchecks.HOST}
    # The quick ones first: what is wrong shows early.
    by_name = {name: kernel_by_name(name) for name in sorted(names, reverse=True)}
    if _of(chosen, 'vm/'):
        build.vm_programs()
        build.userspace()
        image.disks()
        for name in sorted({test.kernel for test in _of(chosen, 'vm/')}):
            build.module(by_name[name])
            image.base(by_name[name])
            qemu.accelerator(by_name[name])
    return by_name


def _tasks(chosen, by_name, report):
    """The longest first, so that both ends of the run are busy."""
    tasks = []
    if _of(chosen, 'kunit/'):
        tasks.append(lambda: kunit.run_all(by_name['debug-6.12'], report))
    checks = [test.source for test in chosen if isinstance(test.source, hostchecks.Check)]
    if checks:
        tasks.append(_checks_task(checks, report))
    for test in _of(chosen, dkms.NAME):
        tasks.append(_dkms_task(by_name[test.kernel], report))
    for name in sorted(by_name):                # debug before stock
        tasks += _guest_tasks(chosen, by_name[name], report)
    return tasks


def _run_tasks(tasks):
    """Run them side by side; what the rig itself failed at."""
    errors = []
    pool = ThreadPoolExecutor(max_workers=host.jobs())
    try:
        for future in as_completed([pool.submit(task) for task in tasks]):
            error = future.exception()
            if error:
                text = str(error) if isinstance(error, RigError) else repr(error)
                progress(f'the rig failed: {text}')
                errors.append(text)
    except BaseException:               # Ctrl-C: the guests must not stay behind
        pool.shutdown(wait=False, cancel_futures=True)
        host.stop_all()
        raise
    return errors


def run(chosen, report):
    """Run the tests; whatever never came to a result has failed."""
    try:
        errors = _run_tasks(_tasks(chosen, _prepare(chosen), report))
    except RigError as error:
        progress(f'the rig failed: {error}')
        errors = [str(error)]
    why = errors[0].splitlines()[0] if errors else 'nobody ran it'
    for name, kernel in report.missing():
        report(Result(name, kernel, FAIL, 0, f'did not run: {why}'))
