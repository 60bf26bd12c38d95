"""`make bench-report`: docs/benchmarks.md and its pictures, from the records of a full run."""

from . import (bench, bench_bars, bench_cells, bench_chart, bench_picture, bench_proofs,
               bench_table, build)
from .bench_cells import find, measured
from .bench_table import marked, multiple, times
from .host import RigError, progress

_DOCS = build.TOP / 'docs'
_PAGE = _DOCS / 'benchmarks.md'

_HOW = """\
Cost is counted in **guest instructions**: each kernel runs in QEMU with one CPU,
`-accel tcg -icount shift=0,sleep=off -cpu qemu64`, and `nokaslr mitigations=off`. One
instruction is one nanosecond of the guest's time, so a clock in the guest counts
instructions, and the figures hardly depend on the machine. Time in which the guest is
idle does not count.

**Instructions are not cycles.** Cache misses, which copies cause more than anything
else, do not show in these figures, and neither do stalls, DMA or the speed of a disk.

* *loopback*: sender and receiver in the same guest, both counted. The receiver
  discards what comes (MSG_TRUNC). Below 1 MiB it does not preempt the sender
  (SCHED_BATCH), as on a machine with two CPUs; whether it otherwise would is decided
  once a run, by chance.
* *device*: virtio-net on a tap, with scatter-gather, checksum and segmentation
  offload; the receiver is outside, and acknowledges every packet as it comes. All
  that keeps the sending guest busy counts, interrupts and ACKs included; idle is what
  a child of the lowest priority could run (`zcx bench --soak`). A request is sent when
  all of the last one has been acknowledged; this wait does not count. zcx_submit alone
  sends 64 of them at a time.
* *warm*: the file is in the page cache, brought there by readahead. *cold*: nothing
  of it is; on a virtio disk.
* *tcp_alone* sends one resident page of 2 MiB again and again, in links of zcx as
  long as can be, over a device one for each request: what TCP costs if the file costs
  nothing.
* Figures are medians of {runs} runs. A star marks cells whose runs are further apart
  than {mark:.0%} of the median: with a device the number of packets, and of their ACKs,
  changes from run to run.

`zcx bench` is what measures; `make bench-report` repeats all of it.
"""


def _table(head, rows):
    """A Markdown table; the first column is text, the others are numbers."""
    lines = ['| ' + ' | '.join(head) + ' |', '|---' + '|---:' * (len(head) - 1) + '|']
    return lines + ['| ' + ' | '.join(row) + ' |' for row in rows] + ['']


def _series(kernel):
    return 'Linux ' + kernel.partition('-')[2]


def _net(net):
    return 'over loopback' if net == 'loopback' else 'over a network device'


# Where it comes from

def _origin(records):
    first = records[0]
    kernels = dict.fromkeys((r['kernel_name'], r['kernel'], r['kernel_package'])
                            for r in records)
    lines = [f'* date: {first["date"]}',
             f'* zcx {first["zcx_version"]}, commit {first["zcx_commit"]}']
    lines += [f'* {_series(name)}: linux-image-{release} {package}, Debian\'s, as packaged'
              for name, release, package in sorted(kernels)]
    return [*lines, '']


def _how(records):
    runs = sorted({record['runs'] for record in records if record.get('runs')})
    return _HOW.format(runs=' or '.join(map(str, runs)), mark=bench_table.MARK)


# Tables

def _number(record):
    if record is None:
        return ''
    if not measured(record):
        return 'failed' if bench_cells.failed(record) else '-'
    return f'{record["total_insn_per_kib"]:.0f}' + ('\\*' if marked(record) else '')


def _main_value(records, method, fs):
    found = find(records, method=method, fs=fs)
    if not found or not measured(found[0]):
        return _number(found[0] if found else None)
    return f'{_number(found[0])} ({times(multiple(records, found[0], "sendfile"))})'


def _main_table(records):
    """The large warm file: methods by filesystems."""
    methods = bench_cells.in_order({record['method'] for record in records})
    filesystems = [fs for fs in bench_cells.FILESYSTEMS if find(records, fs=fs)]
    return _table(['instructions per KiB (of sendfile)', *filesystems],
                  [[method, *(_main_value(records, method, fs) for fs in filesystems)]
                   for method in methods])


def _all_table(records):
    """A line for each cell, a column for each method."""
    methods = bench_cells.in_order({record['method'] for record in records})
    cells = {bench_table.cell_of(record): None for record in records}
    rows = []
    for cell in cells:
        row = {record['method']: record for record in find(records, **cell.selector())}
        rows.append([cell.title, *(_number(row.get(method)) for method in methods)])
    return _table(['cell', *methods], rows)


def _bars_table(records):
    verdicts = bench_bars.judge(records, {r['kernel_name'] for r in records},
                                bench_cells.FILESYSTEMS)
    word = {bench_bars.OK: 'kept', bench_bars.MISS: '**missed**'}
    return _table(['bar', 'figure', 'must be', 'measured', ''],
                  [[v.bar.says, v.bar.what, v.bar.limit,
                    times(v.ratio), word.get(v.status, v.why)] for v in verdicts])


def _behind(records):
    found, compared = bench_bars.behind(records)
    lines = [f'zcx costs more than sendfile in {len(found)} of {compared} cells'
             + (':' if found else '.'), '']
    lines += [f'* {bench_table.where(record)}: {value:.4f}' for record, value in found]
    return [*lines, ''] if found else lines


# The page

def _guest(records, kernel, net):
    """Chart and table of one kernel and network."""
    shown = bench_chart.shown(records, kernel, net)
    title = f'{_series(kernel)}, {_net(net)}: a warm file of 32 MiB'
    picture = _DOCS / f'bench-{kernel.removeprefix("stock-")}-{net}.svg'
    bench_chart.costs(shown, title, picture)
    where = {**bench_chart.SHOWN, 'kernel_name': kernel, 'net': net,
             'sg': 'on' if net == 'device' else None}
    return [f'### {_series(kernel)}, {_net(net)}', '', f'![{title}]({picture.name})', '',
            *_main_table(find(records, **where))]


def _copies(records, kernel):
    """The picture of copies, where they were counted."""
    of = find(records, kernel_name=kernel)
    picture = _DOCS / f'bench-{kernel.removeprefix("stock-")}-copies.svg'
    title = f'{_series(kernel)}: copies and mode switches, a warm file of 32 MiB on ext4'
    picture.write_text(bench_picture.draw(of, title))
    how = {}
    for record in bench_picture.counted(of, 'on') + bench_picture.counted(of, 'off'):
        methods = how.setdefault(record.get('copied_how') or 'not counted', {})
        methods[record['method']] = None
    return [f'![{title}]({picture.name})', '',
            *(f'* {", ".join(methods)}: {text}' for text, methods in how.items()), '']


# What each proof shows, above its tables.
_PROOF_TEXTS = {
    'overlap': """\
## Disk and network at the same time

A cold file from a disk that answers after 2 ms (dm-delay), sent over loopback, once as
fast as it can be and once paced (SO_MAX_PACING_RATE) to what the disk gives at best. The
time until all has arrived, by the guest's clock; in brackets the speed as a share of
what the slower of disk and network has alone. *disk_alone* reads directly, 4 MiB ahead;
*network_alone* sends the file from the page cache.
""",
    'hotset': """\
## A large cold file beside small hot ones

A guest with 512 MiB of memory. All hot files are read every eight seconds; which of their
pages are in the page cache is looked at each second while the large file is sent.
""",
}


def _proofs(records):
    lines, last = [], None
    for proof, kernel, head, rows in bench_proofs.tables(records):
        if proof != last:
            lines += [_PROOF_TEXTS[proof]]
        lines += [f'### {_series(kernel)}: {proof}', '', *_table(head, rows)]
        last = proof
    return lines


def _marked(records):
    cells = {}
    for record in filter(marked, records):
        cells.setdefault(bench_table.where(record), []).append(
            f'{record["method"]} {record["spread"]:.0%}')
    lines = [f'* {where}: {", ".join(methods)}' for where, methods in cells.items()]
    return [*(lines or ['None.']), '']


def _missing(records):
    return [*(f'* {line}' for line in bench_table.misses(records) or ['Nothing.']), '']


def _page(everything):
    records = bench_proofs.cells(everything)
    kernels = list(dict.fromkeys(kernel for kernel, _ in bench_table.guests(records)))
    lines = ['<!-- Written by `make bench-report`; change tests/rig/bench_report.py instead. -->',
             '# Benchmarks', '', *_origin(records), '## How it is measured', '', _how(records),
             '## A large warm file', '']
    for kernel, net in bench_table.guests(records):
        lines += _guest(records, kernel, net)
    lines += ['## Copies and mode switches', '',
              'Over the device, once with scatter-gather and once without (`ethtool -K eth0 sg '
              'off`). How the copies of each method were counted stands below each picture.', '']
    for kernel in kernels:
        lines += _copies(records, kernel)
    lines += [*_proofs(everything), '## What zcx has to keep', '', *_bars_table(everything), *_behind(records),
              '## All cells', '', 'Guest instructions per KiB, of all parties that are counted.',
              '']
    for kernel, net in bench_table.guests(records):
        lines += [f'### {_series(kernel)}, {_net(net)}: all cells', '',
                  *_all_table(find(records, kernel_name=kernel, net=net))]
    lines += ['## Marked cells', '', *_marked(records), '## Skipped or failed', '',
              *_missing(everything)]
    return '\n'.join(lines)


def _check(records):
    """A page without its charts is none."""
    for kernel, net in bench_table.guests(records):
        if not bench_chart.shown(records, kernel, net):
            raise RigError(f'no figures of a warm file of 32 MiB on {kernel}, {net}: the report '
                           'is made of a full run (make bench, without QUICK)')
    if not all(bench_picture.counted(records, sg) for sg in ('on', 'off')):
        raise RigError('nothing was counted with scatter-gather on and off: the report is made '
                       'of a full run (make bench, without QUICK)')


def report():
    """Write the page; the exit code says whether every cell was measured."""
    records = bench.records_for(bench.wanted(False))
    cells = [record for record in records if 'fs' in record]
    _check(bench_proofs.cells(cells))
    _PAGE.write_text(_page(cells))
    progress(f'written: {_PAGE}')
    return bench.verdict(records)
