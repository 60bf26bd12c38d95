"""The bars of tests/bench/bars.json, and whether what was measured keeps below them."""

import json
from dataclasses import dataclass
from typing import Optional

from . import bench_cells, bench_proofs, build
from .bench_cells import Cell
from .host import RigError

_FILE = build.TOP / 'tests/bench/bars.json'

OK, MISS, NOT_YET = 'ok', 'MISS', 'not yet'


@dataclass(frozen=True)
class Bar:
    """How much of another method's figure a method may cost, in one cell."""
    says: str
    cell: dict
    method: str
    of: str
    figure: str
    at_most: float
    needs: Optional[str] = None     # a method that may not exist yet

    @property
    def limit(self):
        """For people."""
        return f'at most {self.at_most:.2f}'

    @property
    def what(self):
        """The figure, for people."""
        return f'{self.method}/{self.of}'

    def kernel_and_net(self):
        """The guest that measures it."""
        return self.cell['kernel_name'], self.cell['net']

    def where(self):
        """The cell itself; where there is a device, with what the device can do."""
        return Cell(self.cell['fs'], self.cell['size_bytes'], self.cell['cache'],
                    self.cell['header_bytes'],
                    'on' if self.cell['net'] == 'device' else None)


@dataclass(frozen=True)
class Floor:
    """What a figure of a proof must come to at least."""
    says: str
    proof: dict             # what its record says
    figure: str
    at_least: float

    @property
    def limit(self):
        """For people."""
        return f'at least {self.at_least:.2f}'

    @property
    def what(self):
        """The figure, for people."""
        return f'{self.proof["method"]}, {self.figure}'


@dataclass(frozen=True)
class Verdict:
    """What a bar came to."""
    bar: object             # Bar or Floor
    ratio: Optional[float]
    status: str
    why: str = ''


def _load():
    try:
        return json.loads(_FILE.read_text())
    except ValueError as error:
        raise RigError(f'{_FILE.name}: {error}') from error


def bars(kernels, filesystems):
    """Those of the bars that are about these kernels and filesystems."""
    found = [Bar(**entry) for entry in _load()['bars']]
    return [bar for bar in found
            if bar.cell['kernel_name'] in kernels and bar.cell['fs'] in filesystems]


def cells(kernel, net, filesystems):
    """The cells of one guest that have a bar."""
    found = {bar.where(): None for bar in bars([kernel], filesystems)
             if bar.kernel_and_net() == (kernel, net)}
    return list(found)


def _why_not(bar, records, selector):
    """Why there is no ratio."""
    for method in (bar.method, bar.of):
        found = bench_cells.find(records, method=method, **selector)
        if not found:
            return f'{method} was not measured'
        if not bench_cells.measured(found[0]):
            return f'{method}: {found[0].get("error") or found[0].get("skipped")}'
    return f'no {bar.figure}'


def _judge(bar, records):
    if bar.needs and not bench_cells.find(records, method=bar.needs):
        return Verdict(bar, None, NOT_YET, f'not yet measurable: no {bar.needs}')
    selector = {**bar.cell, **bar.where().selector()}
    ratio = bench_cells.ratio(records, bar.figure, bar.method, bar.of, **selector)
    if ratio is None:
        return Verdict(bar, None, MISS, _why_not(bar, records, selector))
    return Verdict(bar, ratio, OK if ratio <= bar.at_most else MISS)


def _judge_floor(floor, records):
    found = bench_cells.find(records, **floor.proof)
    if not found:
        return Verdict(floor, None, MISS, f'{floor.proof["proof"]} was not measured')
    value = found[0].get(floor.figure)
    if value is None:
        return Verdict(floor, None, MISS, f'no {floor.figure}')
    return Verdict(floor, value, OK if value >= floor.at_least else MISS)


def _floors(kernels, filesystems):
    if bench_proofs.FILESYSTEM not in filesystems:
        return []
    found = [Floor(**entry) for entry in _load()['floors']]
    return [floor for floor in found if floor.proof['kernel_name'] in kernels]


def judge(records, kernels, filesystems):
    """A verdict on each bar."""
    cells = bench_proofs.cells(records)
    return [_judge(bar, cells) for bar in bars(kernels, filesystems)] + \
        [_judge_floor(floor, records) for floor in _floors(kernels, filesystems)]


def behind_limit():
    """What zcx may cost of sendfile anywhere; for people."""
    return f'at most {_load()["never_behind"]["at_most"]:.2f}'


def behind(records):
    """(record, ratio) of every cell in which zcx is behind; and how many were compared."""
    rule = _load()['never_behind']
    found, compared = [], 0
    records = bench_proofs.cells(records)
    for record in bench_cells.find(records, method=rule['method']):
        cell = {key: record.get(key) for key in ('kernel_name', 'net', 'fs', 'size_bytes',
                                                 'cache', 'header_bytes', 'sg')}
        ratio = bench_cells.ratio(records, rule['figure'], rule['method'], rule['of'], **cell)
        if ratio is not None:
            compared += 1
            if ratio > rule['at_most']:
                found.append((record, ratio))
    return found, compared
