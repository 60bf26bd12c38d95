"""What was measured, as tables: on the terminal and in docs/benchmarks.md."""

from . import bench_cells, bench_proofs
from .bench_cells import Cell, failed, find, measured, size_name

# Runs that are further apart than this share of their median.
MARK = 0.05

_FIGURE = 'total_insn_per_kib'
_CELL_WIDTH = 19


def marked(record):
    """Whether its runs scatter."""
    return measured(record) and (record.get('spread') or 0) > MARK


def _distinct(records, *members):
    """The combinations of values there are, as they come first."""
    return list(dict.fromkeys(tuple(record.get(m) for m in members) for record in records))


def guests(records):
    """(kernel_name, net) in the order of the plan."""
    return sorted(_distinct(records, 'kernel_name', 'net'),
                  key=lambda pair: (pair[0], bench_cells.NETS.index(pair[1])))


def _one(records, method, size):
    found = find(records, method=method, size_bytes=size)
    return found[0] if found else None


def times(ratio):
    """A multiple, or a dash."""
    return '-' if ratio is None else f'{ratio:.2f}'


def multiple(records, record, to):
    """A record's figure as a multiple of another method's in the same cell."""
    members = ('kernel_name', 'net', 'fs', 'size_bytes', 'cache', 'header_bytes', 'sg')
    return bench_cells.ratio(records, _FIGURE, record['method'], to,
                             **{m: record.get(m) for m in members})


def _text(records, record):
    """Instructions per KiB, then multiples of tcp_alone and of sendfile."""
    if record is None:
        return ''
    if not measured(record):
        return 'FAILED' if failed(record) else 'skipped'
    return f'{record[_FIGURE]:.0f}{"*" if marked(record) else " "}' \
           f'{times(multiple(records, record, "tcp_alone")):>6}' \
           f'{times(multiple(records, record, "sendfile")):>6}'


def _group(records, title):
    """One filesystem and way of caching: a line for each method, a column for each size."""
    sizes = sorted(size for size, in _distinct(records, 'size_bytes'))
    methods = bench_cells.in_order({record['method'] for record in records})
    lines = [f'{title:<22}' + ''.join(f'{size_name(size):>{_CELL_WIDTH}}' for size in sizes)]
    for method in methods:
        cells = (_text(records, _one(records, method, size)) for size in sizes)
        lines.append(f'  {method:<20}' + ''.join(f'{cell:>{_CELL_WIDTH}}' for cell in cells))
    return lines


def _title(fs, cache, header, sg):
    return f'{fs} {cache}' + (f' +{header} B' if header else '') + \
        (' SG off' if sg == 'off' else '')


def terminal(records):
    """All of it, grouped by guest, filesystem, cache and header."""
    cells = [record for record in bench_proofs.cells(records) if 'fs' in record]
    lines = []
    for kernel, net in guests(cells):
        guest = find(cells, kernel_name=kernel, net=net)
        lines += ['', f'{kernel} ({guest[0]["kernel"]}), {net}: guest instructions per KiB, '
                      'multiple of tcp_alone, of sendfile']
        for values in _distinct(guest, 'fs', 'cache', 'header_bytes', 'sg'):
            members = dict(zip(('fs', 'cache', 'header_bytes', 'sg'), values))
            lines += ['', *_group(find(guest, **members), _title(*values))]
    if any(map(marked, cells)):
        lines += ['', f'* spread of the runs above {MARK}']
    return '\n'.join(lines + _proofs(records))


def _proofs(records):
    lines = []
    for proof, kernel, head, rows in bench_proofs.tables(records):
        lines += ['', f'{kernel}, {proof}']
        lines += ['  ' + f'{first:<20}' + ''.join(f'{text:>26}' for text in rest)
                  for first, *rest in [head, *rows]]
    return lines


def totals(records):
    """The verdict's three numbers: measured, failed, skipped."""
    done = sum(map(measured, records))
    bad = sum(map(failed, records))
    return done, bad, len(records) - done - bad


def misses(records):
    """A line for each reason why something failed or was skipped."""
    reasons = {}
    for record in records:
        if not measured(record):
            word = 'failed' if failed(record) else 'skipped'
            why = record.get('error') or record['skipped']
            reasons.setdefault((word, record['method'], why), []).append(record)
    return [f'{word}: {method}, {_places(found)}: {why}'
            for (word, method, why), found in reasons.items()]


def _places(records):
    more = f' and {len(records) - 1} cells more' if len(records) > 1 else ''
    return where(records[0]) + more


def cell_of(record):
    """The cell that a record is of."""
    return Cell(record['fs'], record['size_bytes'], record['cache'], record['header_bytes'],
                record.get('sg'))


def where(record):
    """A record's place, for people."""
    guest = f'{record["kernel_name"]} {record["net"]}'
    if bench_proofs.is_proof(record):
        return f'{record["kernel_name"]}, {record["proof"]}'
    return f'{guest}, {cell_of(record).title}' if 'fs' in record else guest
