"""The cells of the benchmark, and the records that `zcx bench` makes of them.

A cell is one file on one filesystem, sent in one way of caching, with or without
a header. In each cell every method is measured; each gives a record.
"""

from dataclasses import dataclass
from typing import Optional

KIB, MIB = 1 << 10, 1 << 20

FILESYSTEMS = ('ext4', 'xfs', 'tmpfs')
SIZES = (4 * KIB, 16 * KIB, 128 * KIB, MIB, 32 * MIB)
HEADERS = (0, 256)
NETS = ('loopback', 'device')

# What is measured unless told otherwise, where it makes sense, in the order of tables.
# Of a cell that was lost these are the records that are missing.
METHODS = ('read_write', 'mmap_write', 'sendfile', 'splice', 'msg_zerocopy',
           'io_uring_splice', 'odirect_write', 'tcp_alone', 'zcx', 'zcx_async', 'zcx_submit',
           'zcx_direct')

# Where direct I/O can be relied on, and how much it takes at least; of a warm file
# there is nothing to read.
DIRECT_FILESYSTEMS = ('ext4', 'xfs')
_DIRECT_MIN = 64 * KIB

# For a cell's time: a run sends that much, at so many guest instructions per
# KiB, of which an emulating machine does so many in a second.
_RUN_BYTES = 2 * MIB
_LAPS = 3
_INSN_PER_KIB = 1000
_INSN_PER_KIB_SG_OFF = 8000     # a packet of a segment each, and an ACK
_INSN_PER_SECOND = 60e6
_CELL_SECONDS = 2           # files, start, serial port
_SETTLE_SECONDS = 0.1       # before each lap over a device, and in its waits
_PATIENCE = 8               # a machine may be that much slower
_GRACE = 60


@dataclass(frozen=True)
class Cell:
    """What is sent, and how; kernel and network are the guest's."""
    fs: str
    size: int
    cache: str                  # warm or cold
    header: int = 0             # bytes
    sg: Optional[str] = None    # on or off with a device, else None

    @property
    def name(self):
        """One word, for the guest."""
        sg = {'off': '-sgoff'}.get(self.sg, '')
        return f'{self.fs}-{self.size}-{self.cache}-{self.header}{sg}'

    @property
    def title(self):
        """The same for people."""
        header = f', header {self.header}' if self.header else ''
        return f'{self.fs} {size_name(self.size)} {self.cache}{header}' + \
            (', SG off' if self.sg == 'off' else '')

    def selector(self):
        """The members that all its records have."""
        return {'fs': self.fs, 'size_bytes': self.size, 'cache': self.cache,
                'header_bytes': self.header, 'sg': self.sg}


def size_name(size):
    """4096 as 4 KiB."""
    return f'{size // MIB} MiB' if size >= MIB else f'{size // KIB} KiB'


def everything(net):
    """All cells of a guest."""
    sg = 'on' if net == 'device' else None
    cells = [Cell(fs, size, cache, header, sg)
             for fs in FILESYSTEMS for size in SIZES
             for cache in ('warm', 'cold') for header in HEADERS
             if (fs, cache) != ('tmpfs', 'cold')]
    # What scatter-gather is worth: for the picture of copies.
    return cells + ([Cell('ext4', 32 * MIB, 'warm', 0, 'off')] if sg else [])


def makes_sense(method, cell):
    """Whether a method does in a cell what none of the others does."""
    return method != 'zcx_direct' or (cell.cache == 'cold' and cell.fs in DIRECT_FILESYSTEMS
                                      and cell.size >= _DIRECT_MIN)


def laps(cell):
    """How often `zcx bench` sends a file in a run, if each time takes a lap of its own."""
    return min(_LAPS, -(-_RUN_BYTES // cell.size)) if cell.sg and cell.cache == 'cold' else 1


def runs(cell, quick):
    """How many runs make a median.

    Over loopback it is chance who runs when, and shows with small files; large ones
    hardly scatter, and cost most of the time.
    """
    if cell.sg:
        return 3 if cell.sg == 'off' else 5
    if cell.size < 32 * MIB:
        return 9
    return 3 if quick else 5


def seconds(cell, methods, quick):
    """About how long a cell takes; more runs are for warming up and for counting."""
    kib = max(cell.size, _RUN_BYTES) / KIB
    number = runs(cell, quick) + (1 if quick else 2)
    settle = _SETTLE_SECONDS * laps(cell) if cell.sg else 0
    insn = kib * (_INSN_PER_KIB_SG_OFF if cell.sg == 'off' else _INSN_PER_KIB)
    return _CELL_SECONDS + methods * number * (settle + insn / _INSN_PER_SECOND)


def patience(cell, methods, quick):
    """After how long a cell is given up."""
    return _GRACE + _PATIENCE * seconds(cell, methods, quick)


# Records

def failed(record):
    """Whether it should have been measured and was not."""
    return bool(record.get('error'))


def measured(record):
    """Whether it has figures."""
    return not failed(record) and not record.get('skipped')


def find(records, **selector):
    """Records that have all these members."""
    return [record for record in records
            if all(record.get(key) == value for key, value in selector.items())]


def figure(records, member, **selector):
    """The one figure of the cell and method that are meant, or None."""
    found = [record for record in find(records, **selector) if measured(record)]
    return found[0].get(member) if len(found) == 1 else None


def ratio(records, member, method, to, **selector):
    """A method's figure as a multiple of another's, or None."""
    left = figure(records, member, method=method, **selector)
    right = figure(records, member, method=to, **selector)
    return left / right if left is not None and right else None


def _rank(method):
    return METHODS.index(method) if method in METHODS else len(METHODS), method


def in_order(methods):
    """Methods as tables have them; those nobody knows come last."""
    return sorted(methods, key=_rank)


def _place(record):
    guest = record['kernel_name'], NETS.index(record['net'])
    if 'fs' not in record:
        return *guest, len(FILESYSTEMS)
    if 'proof' in record:
        return *guest, len(FILESYSTEMS) + 1, record['proof']
    return (*guest, FILESYSTEMS.index(record['fs']), record.get('sg') == 'off',
            record['size_bytes'], record['cache'] == 'cold', record['header_bytes'],
            _rank(record['method']))


def sort(records):
    """From the order in which guests came to them to the order of tables."""
    records.sort(key=_place)
