"""Results as they come, and the verdict at the end."""

import json
import threading

from . import build
from .host import progress
from .result import FAIL, PASS, SKIP

_WORST = [PASS, SKIP, FAIL]
_WORD = {PASS: 'ok  ', FAIL: 'FAIL', SKIP: 'skip'}
_SHOWN_LINES = 60
_REASON_CHARS = 200


class Report:
    """Collects results from several threads; every test on every kernel counts once."""

    def __init__(self, planned):
        """`planned` holds the (name, kernel) that must have a result in the end."""
        self._planned = set(planned)
        self._results = {}
        self._lock = threading.Lock()

    def __call__(self, result):
        """Take a result; of several for one test the worst stays."""
        with self._lock:
            key = result.name, result.kernel
            old = self._results.get(key)
            if old and _WORST.index(old.status) >= _WORST.index(result.status):
                return
            self._results[key] = result
            self._show(result)

    def _show(self, result):
        text = f'{_WORD[result.status]} {result.name} [{result.kernel}]'
        if result.seconds >= 1:
            text += f' {result.seconds:.0f} s'
        if result.reason:
            text += f': {result.reason}'
        progress(text)
        if result.status == FAIL and result.output:
            lines = result.output.rstrip().splitlines()
            if len(lines) > _SHOWN_LINES:
                lines = [*lines[:_SHOWN_LINES], f'... {len(lines) - _SHOWN_LINES} lines more in '
                         'tests/out/results.json']
            print('\n'.join(f'    | {line}' for line in lines), flush=True)

    def has(self, name, kernel):
        """Whether there is a result for it already."""
        with self._lock:
            return (name, kernel) in self._results

    def missing(self):
        """Planned, but nobody said how it went."""
        with self._lock:
            return sorted(self._planned - set(self._results))

    def _by_status(self, status):
        return sorted((r for r in self._results.values() if r.status == status),
                      key=lambda r: (r.name, r.kernel))

    def finish(self):
        """Write results.json, print the verdict; the exit code of the run."""
        self._write()
        skips, fails = self._by_status(SKIP), self._by_status(FAIL)
        print()
        for result in [*skips, *fails]:
            word = 'skipped' if result.status == SKIP else 'failed'
            print(f'{word}: {result.name} [{result.kernel}]: {result.reason[:_REASON_CHARS]}')
        passed = len(self._by_status(PASS))
        print(f'{passed} passed, {len(fails)} failed, {len(skips)} skipped', flush=True)
        return 0 if passed and not fails else 1

    def _write(self):
        build.OUT.mkdir(parents=True, exist_ok=True)
        rows = [vars(r) for r in sorted(self._results.values(), key=lambda r: (r.kernel, r.name))]
        (build.OUT / 'results.json').write_text(json.dumps(rows, indent=1) + '\n')
