"""`make bench`, `make bench-check`: methods compared by the guest instructions they take."""

import datetime
import fnmatch
import json
import os
import shutil
import threading
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from pathlib import Path

from . import bench_bars, bench_cells, bench_proofs, bench_table, build, host, image, netns, plan
from .bench_guest import BenchGuest
from .host import RigError, progress, run

_NEED_GIB = 8


@dataclass(frozen=True)
class Wanted:
    """What the variables of `make` choose."""
    quick: bool
    kernels: tuple
    filesystems: tuple
    methods: tuple
    proofs: tuple

    def cells(self, kernel, net):
        """What one guest is to measure."""
        cells = bench_bars.cells(kernel, net, self.filesystems) if self.quick else \
            [cell for cell in bench_cells.everything(net) if cell.fs in self.filesystems]
        return [cell for cell in cells if self.methods_of(cell)]

    def options(self):
        """For `zcx bench`, the same in every cell."""
        return ['--no-counts'] if self.quick else []

    def methods_of(self, cell):
        """A cell must have a record of each of these."""
        return tuple(method for method in self.methods
                     if bench_cells.makes_sense(method, cell))


def _words(name):
    return os.environ.get(name, '').replace(',', ' ').split()


def _proofs(quick, filesystems, methods):
    """Names of those that go with what is measured."""
    if bench_proofs.FILESYSTEM not in filesystems or bench_proofs.METHOD not in methods:
        return ()
    return tuple(proof.name for proof in bench_proofs.PROOFS if proof.quick or not quick)


def wanted(quick, all_proofs=False):
    """Of K=, FS= and M=; RigError when they name what there is not."""
    globs = _words('K') or ['*']
    kernels = tuple(name for name in plan.STOCK
                    if any(fnmatch.fnmatchcase(name, glob) for glob in globs))
    filesystems = tuple(_words('FS') or bench_cells.FILESYSTEMS)
    if not kernels:
        raise RigError(f'K= matches none of {", ".join(plan.STOCK)}')
    if set(filesystems) - set(bench_cells.FILESYSTEMS):
        raise RigError(f'FS= takes some of {", ".join(bench_cells.FILESYSTEMS)}')
    methods = tuple(_words('M'))
    unknown = set(methods) - set(bench_cells.METHODS)
    if unknown:
        raise RigError(f'M= takes some of {", ".join(bench_cells.METHODS)}')
    methods = methods or bench_cells.METHODS
    return Wanted(quick, kernels, filesystems, methods,
                  _proofs(quick and not all_proofs, filesystems, methods))


# Measuring

def _guests(choice):
    """One for each kernel and network, ready to boot; the longest first."""
    host.check_disk(host.cache_dir(), _NEED_GIB, 'the benchmark')
    netns.check()
    build.userspace()
    image.disks()
    guests = []
    for net in reversed(bench_cells.NETS):
        for name in choice.kernels:
            cells = choice.cells(name, net)
            if cells:
                kernel = plan.kernel_by_name(name)
                build.module(kernel)
                image.base(kernel)
                guests.append(BenchGuest(kernel, net, cells, choice.methods_of,
                                         choice.quick, choice.options()))
    return guests


def _tell_time(guests, proofs):
    seconds = sum(guest.seconds for guest in guests + proofs) / host.jobs()
    cells = sum(len(guest.cells) for guest in guests)
    progress(f'{cells} cells in {len(guests)} guests, and {len(proofs)} that show something '
             f'else, {host.jobs()} side by side: some {max(1, round(seconds / 60))} minutes')


def _run_guests(guests, took):
    """Each keeps one CPU busy."""
    pool = ThreadPoolExecutor(max_workers=host.jobs())
    try:
        for future in as_completed([pool.submit(guest.run, took) for guest in guests]):
            future.result()
    except BaseException:               # Ctrl-C: the guests must not stay behind
        pool.shutdown(wait=False, cancel_futures=True)
        host.stop_all()
        raise


def _commit():
    """What is measured, if git can say."""
    if not shutil.which('git'):
        return 'unknown'
    text = run(['git', '-C', build.TOP, 'describe', '--always', '--dirty', '--abbrev=12'],
               check=False).strip()
    return text if ' ' not in text else 'unknown'


def _origin(guests):
    """What every record says of where it comes from, by kernel."""
    today = datetime.date.today().isoformat()
    common = {'date': today, 'zcx_version': build.version(), 'zcx_commit': _commit()}
    return {guest.kernel.name: {**common, 'kernel_package': guest.kernel.package_version}
            for guest in guests}


def _write(path, records):
    path.parent.mkdir(parents=True, exist_ok=True)
    new = path.with_suffix('.new')
    new.write_text(json.dumps(records, indent=1) + '\n')
    new.rename(path)


def measure(choice):
    """All records, also in the file of OUT=, whatever happened on the way."""
    path = build.TOP / (os.environ.get('OUT') or build.OUT / 'bench.json')
    guests, proofs = _guests(choice), bench_proofs.guests(choice)
    _tell_time(guests, proofs)
    origin = _origin(guests + proofs)
    records, lock = [], threading.Lock()

    def took(found):
        with lock:
            records.extend({**record, **origin[record['kernel_name']]} for record in found)
            _write(path, records)

    # What most people wait for comes first.
    _run_guests(guests + proofs, took)
    bench_cells.sort(records)
    _write(path, records)
    progress(f'all records: {path}')
    return records


def read(path):
    """The records of an earlier run."""
    try:
        records = json.loads((build.TOP / path).read_text())
    except (OSError, ValueError) as error:
        raise RigError(f'IN={path}: {error}') from error
    if not isinstance(records, list) or not records or \
            not all(isinstance(r, dict) and 'kernel_name' in r for r in records):
        raise RigError(f'IN={path}: this is not what `make bench OUT={Path(path).name}` writes')
    return records


def records_for(choice):
    """Of IN=, else measured now."""
    path = os.environ.get('IN')
    return read(path) if path else measure(choice)


# The verbs

def verdict(records):
    """The last lines of a run; its exit code."""
    for line in bench_table.misses(records):
        print(line)
    done, bad, skipped = bench_table.totals(records)
    print(f'bench: {done} cells measured, {bad} failed, {skipped} skipped', flush=True)
    return 0 if done and not bad else 1


def bench():
    """Measure, show it; the exit code."""
    records = measure(wanted(os.environ.get('QUICK', '') not in ('', '0')))
    print(bench_table.terminal(records) + '\n')
    return verdict(records)


def _show_bars(verdicts):
    print(f'{"measured":>9}  {"the bar":<14}')
    for verdict in verdicts:
        bar = verdict.bar
        print(f'{bench_table.times(verdict.ratio):>9}  {bar.limit:<14}'
              f'{verdict.status:<8}{bar.what}, {bar.says}'
              + (f': {verdict.why}' if verdict.why else ''))


def _show_behind(records):
    """Whether the rule of never being behind holds."""
    found, compared = bench_bars.behind(records)
    limit = bench_bars.behind_limit()
    for record, ratio in found:
        print(f'{ratio:9.4f}  {limit:<14}MISS    zcx is behind sendfile: '
              f'{bench_table.where(record)}')
    print(f'zcx is behind sendfile in {len(found)} of {compared} cells')
    return compared > 0 and not found


def check():
    """A quick run against the bars; the exit code."""
    choice = wanted(True, all_proofs=True)
    records = records_for(choice)
    print(bench_table.terminal(records) + '\n')
    verdicts = bench_bars.judge(records, choice.kernels, choice.filesystems)
    _show_bars(verdicts)
    never_behind = _show_behind(records)
    code = verdict(records)
    count = {status: sum(v.status == status for v in verdicts)
             for status in (bench_bars.OK, bench_bars.MISS, bench_bars.NOT_YET)}
    print(f'bench-check: {count["ok"]} bars kept, {count["MISS"]} missed, '
          f'{count["not yet"]} not yet measurable', flush=True)
    return code or int(count['MISS'] > 0 or not count['ok'] or not never_behind)
