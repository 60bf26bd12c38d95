"""What tests/run starts: test, all, list, demo, vm, bench, bench-check, bench-report."""

import os
import signal
import sys

from . import bench, bench_report, build, demo, host, plan
from .host import RigError, progress
from .report import Report

_NEED_GIB = 16          # kernels, build folders and images, from nothing


def _test(tier):
    os.umask(0o022)
    host.check_disk(host.cache_dir(), _NEED_GIB if not any(host.cache_dir().iterdir()) else 2,
                    'the test rig')
    progress(f'cache: {host.cache_dir()}; results: {build.OUT}')
    chosen = plan.select(tier, os.environ.get('T', ''), os.environ.get('K', ''))
    if not chosen:
        raise RigError('no test matches; `make test-list` names them')
    names = {test.name for test in chosen}
    on = sorted({test.kernel for test in chosen})
    progress(f'{len(names)} tests, {len(chosen)} with every kernel counted: {", ".join(on)}')
    report = Report((test.name, test.kernel) for test in chosen)
    try:
        plan.run(chosen, report)
    finally:
        code = report.finish()
    return code


def _list():
    rows = {}
    for test in plan.select('all', os.environ.get('T', ''), os.environ.get('K', '')):
        tier = 'test' if 'test' in (test.tier, rows.get(test.name, ('',))[0]) else 'all'
        rows[test.name] = tier, test.proves
    for name, (tier, proves) in rows.items():
        print(f'{name}\t{tier}\t{proves}')
    return 0


_VERBS = {
    'test': lambda: _test('test'),
    'all': lambda: _test('all'),
    'list': _list,
    'demo': demo.demo,
    'vm': demo.shell,
    'bench': bench.bench,
    'bench-check': bench.check,
    'bench-report': bench_report.report,
}


def _stop(*_):
    raise KeyboardInterrupt


def main(argv):
    """The exit code: 0 good, 1 failed, 2 wrong usage."""
    if len(argv) != 2 or argv[1] not in _VERBS:
        print(f'usage: tests/run {"|".join(_VERBS)}    (T=glob and K=glob choose tests and '
              'kernels)', file=sys.stderr)
        return 2
    signal.signal(signal.SIGTERM, _stop)
    try:
        return _VERBS[argv[1]]()
    except RigError as error:
        print(f'\nzcx rig: {error}', file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        host.stop_all()
        print('\nzcx rig: interrupted', file=sys.stderr)
        os._exit(130)


if __name__ == '__main__':
    sys.exit(main(sys.argv))
