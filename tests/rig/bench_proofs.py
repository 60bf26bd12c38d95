"""What instructions cannot tell: tests of tests/vm that measure, run by the benchmark too.

Such a test prints what it found, a line each: "record" and a JSON object. They are
tests all the same: one that fails is a record that failed.
"""

import json
from dataclasses import dataclass

from . import guest, plan
from .bench_cells import MIB, find, measured
from .host import RigError
from .result import PASS

_MARK = 'record '

# What they have in common, so that every record says of which cell it is; the rest
# of it is the test's.
_CELL = {'fs': 'ext4', 'cache': 'cold', 'net': 'loopback', 'header_bytes': 0}

# Where a record of any of them can come from.
FILESYSTEM, METHOD = _CELL['fs'], 'zcx_direct'


@dataclass(frozen=True)
class Proof:
    """A test that measures."""
    name: str           # "proof" of its records
    test: str
    quick: bool         # part of QUICK=1
    seconds: int        # about how long it takes, with its guest


PROOFS = (Proof('overlap', 'direct_overlap', True, 150),
          Proof('hotset', 'hotset_kept', False, 400))


def is_proof(record):
    """Whether it is no cell's."""
    return 'proof' in record


def cells(records):
    """Those that are of cells."""
    return [record for record in records if not is_proof(record)]


def _test(name):
    found = [test for test in guest.all_tests() if test.name == name]
    if not found:
        raise RigError(f'tests/vm has no test {name}')
    return found[0]


class ProofGuest:
    """A guest that runs one of them."""

    def __init__(self, kernel, proof):
        self.kernel = kernel
        self.proof = proof
        self.seconds = proof.seconds

    def run(self, took):
        """took(records) gets what was found; a record with an error if the test failed."""
        found = []
        test = _test(self.proof.test)

        def report(result):
            if result.name == f'vm/{test.name}':
                found.append(result)

        try:
            guest.Guest(self.kernel, test.guest, [test], 'proof').run(report)
            why = 'it came to no end' if not found else found[-1].reason
        except RigError as error:
            why = str(error)
        for result in found:
            took(self._records(result))
        if not found or found[-1].status != PASS:
            took([{**self._identity(), 'method': test.name, 'error': why or 'it failed'}])

    def _identity(self):
        return {'kernel': self.kernel.release, 'kernel_name': self.kernel.name, **_CELL,
                'proof': self.proof.name}

    def _records(self, result):
        lines = [line.removeprefix(_MARK) for line in result.output.splitlines()
                 if line.startswith(_MARK)]
        return [{**self._identity(), **json.loads(line)} for line in lines]


def guests(choice):
    """One for each kernel and proof that is wanted, the longest first."""
    return [ProofGuest(plan.kernel_by_name(name), proof)
            for proof in PROOFS for name in choice.kernels
            if proof.name in choice.proofs]


# Tables: a title, the head and rows of text

def _methods(records):
    return list(dict.fromkeys(record['method'] for record in records if measured(record)))


def _overlap_text(found):
    if not found:
        return ''
    return f'{found[0]["elapsed_ns"] / 1e6:.1f} ms ({found[0]["of_slower"]:.2f})'


def _overlap(records):
    networks = list(dict.fromkeys(r['network'] for r in records if measured(r)))
    rows = [[method, *(_overlap_text(find(records, method=method, network=network))
                       for network in networks)] for method in _methods(records)]
    return ['method', *(f'network {network}' for network in networks)], rows


def _hotset(records):
    rows = [[record['method'], f'{record["hot_kept"]:.1%}', f'{record["hot_kept_mean"]:.1%}',
             f'{record["size_bytes"] // MIB} MiB', f'{record["hot_bytes"] // MIB} MiB']
            for record in records if measured(record)]
    return ['method', 'hot pages kept at worst', 'on average', 'file sent', 'hot files'], rows


_TABLES = {'overlap': _overlap, 'hotset': _hotset}


def tables(records):
    """(proof, kernel_name, head, rows) of all that was measured."""
    for proof in PROOFS:
        of = find(records, proof=proof.name)
        for kernel in sorted({record['kernel_name'] for record in of}):
            head, rows = _TABLES[proof.name](find(of, kernel_name=kernel))
            if rows:
                yield proof.name, kernel, head, rows
