"""A guest that measures: boots, sends what it measured, cell by cell."""

import contextlib
import json
import random
import time

from . import bench_cells, build, host, image, netns, qemu, slow_disk
from .bench_cells import failed, measured
from .guest import Reader
from .host import RigError, progress

_MEMORY = 1536              # MiB; the largest files many times over
_BOOT_TIMEOUT = 300
_POLL = 0.2
_SEED_BYTES = 2 << 20       # one huge page: the floor file is the seed itself
_SCRIPTS = build.TOP / 'tests/bench'

_REASON_CHARS = 200

# How idle time is to be measured, see guest.sh.
_CLOCKS = {'loopback': 'busy', 'device': 'soaked'}

# No watchdogs: their timers would fall into the measurement.
_QUIET = 'nowatchdog tsc=reliable'


def _seed():
    """Bytes that look random and are the same every time."""
    path = build.OUT / 'bench/seed'
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(random.Random(1).randbytes(_SEED_BYTES))
    return path


def _messages(output):
    """What a step had to say beside its figures, in one line."""
    lines = [line[1:].strip() for line in output.splitlines() if line.startswith('#')]
    return '; '.join(filter(None, lines))[:_REASON_CHARS]


class BenchGuest:
    """One kernel with one network, and the cells it measures."""

    def __init__(self, kernel, net, cells, methods_of, quick, options):
        """`methods_of(cell)` are expected of it; `options` are for `zcx bench`."""
        self.kernel = kernel
        self.net = net
        self.cells = cells
        self.quick = quick
        self.methods_of = methods_of
        self.options = options
        self.name = f'bench-{kernel.name}-{net}'
        self._logs = build.OUT / 'logs'
        self._left = {cell.name: cell for cell in cells}
        self.seconds = sum(bench_cells.seconds(cell, len(methods_of(cell)), quick)
                           for cell in cells)

    def run(self, took):
        """Measure all cells; took(records) gets those of each, also of those that were lost."""
        try:
            why = self._boot(took)
        except RigError as error:
            why = str(error)
        if why and not self._left:
            took([{**self._guest(), 'method': 'the guest itself', 'error': why}])
        for cell in self._left.values():
            took(self._lost(cell, self.methods_of(cell), why))

    def _initrd(self):
        ko, _ = build.module(self.kernel)
        files = {'/zcx.ko': ko, '/bin/zcx': build.userspace() / 'zcx', '/bench/seed': _seed(),
                 '/bench/guest.sh': _SCRIPTS / 'guest.sh',
                 '/bench/splats': build.TOP / 'tests/vm/splats'}
        lines = ''.join(self._line(cell) + '\n' for cell in self.cells)
        return image.initrd(self.kernel, self.name, files, {'/bench/list': lines})

    def _line(self, cell):
        return ' '.join(map(str, [cell.name, cell.fs, cell.size, cell.cache, cell.header,
                                  cell.sg or '-', '-n', bench_cells.runs(cell, self.quick),
                                  '-m', ','.join(self.methods_of(cell)), *self.options]))

    @contextlib.contextmanager
    def _disks(self, out):
        """Over loopback nobody wants to know whether a disk was waited for."""
        paths = image.disks()[:2]
        if self.net == 'device':
            with slow_disk.serve(paths, out) as drives:
                yield drives
        else:
            yield paths

    def _command(self, initrd, disks, console, port):
        tap = netns.TAP if self.net == 'device' else None
        cmd = qemu.counting_command(
            self.kernel, initrd, f'zcx.mode=bench zcx.net={self.net} {_QUIET}',
            disks, _MEMORY, [f'file:{console}', f'file:{port}'], tap)
        return netns.wrap(cmd, build.userspace() / 'zcx') if tap else cmd

    def _boot(self, took):
        """Run the guest to its end; why something may be missing."""
        self._logs.mkdir(parents=True, exist_ok=True)
        console, port, errors = (self._logs / f'{self.name}.{kind}'
                                 for kind in ('console', 'port', 'qemu'))
        port.write_text('')
        console.unlink(missing_ok=True)
        initrd = self._initrd()
        progress(f'{self.name}: booting, {len(self.cells)} cells')
        try:
            with open(errors, 'w', encoding='utf-8') as out, self._disks(out) as disks:
                why = self._guest_runs(self._command(initrd, disks, console, port), out,
                                       port, took)
        finally:
            initrd.unlink()
        if why:
            progress(f'{self.name}: {why}')
            self._show_logs(errors, console)
        return why

    def _guest_runs(self, cmd, out, port, took):
        child = host.start(cmd, out)
        try:
            return self._follow(child, port, took)
        finally:
            host.stop(child)

    @staticmethod
    def _show_logs(*paths):
        """What may say more of a guest that failed."""
        for path in paths:
            text = host.tail(path.read_text(errors='replace'), 30) if path.exists() else ''
            if text:
                print(f'    {path.name}:\n' + '\n'.join(f'    | {t}' for t in text.splitlines()),
                      flush=True)

    def _follow(self, child, port, took):
        reader, rest = Reader(), ''
        with open(port, encoding='utf-8', errors='replace') as stream:
            while True:
                alive = child.poll() is None
                rest += stream.read()
                *lines, rest = rest.split('\n')
                for line in lines:
                    ended = reader.feed(line.rstrip('\r'))
                    why = self._ended(ended, took) if ended else None
                    if why:
                        return why
                if reader.done:
                    return None
                if not alive:
                    return f'the guest died at {reader.current or "boot"}'
                if time.monotonic() - reader.begun > self._patience(reader.current):
                    return f'the guest hung at {reader.current or "boot"}'
                time.sleep(_POLL)

    def _patience(self, current):
        if current not in self._left:
            return _BOOT_TIMEOUT
        cell = self._left[current]
        return bench_cells.patience(cell, len(self.methods_of(cell)), self.quick)

    def _ended(self, ended, took):
        """Take what one step gave; a text if the guest cannot go on."""
        name, code, taken, output = ended
        if name in self._left:
            cell = self._left.pop(name)
            records = self._records(cell, code, output)
            took(records)
            self._progress(cell, records, taken)
        elif code:
            return f'{name} failed in the guest: {_messages(output) or output}'
        return None

    def _progress(self, cell, records, taken):
        done = len(self.cells) - len(self._left)
        bad = [record for record in records if failed(record)]
        text = f'{self.name} {done}/{len(self.cells)}: {cell.title}: ' \
               f'{sum(map(measured, records))} of {len(records)}, {taken:.0f} s'
        progress(text + ''.join(f'\n    FAILED {r["method"]}: {r["error"]}' for r in bad))

    # What `zcx bench` said

    def _records(self, cell, code, output):
        """The records of a cell: each as it should be, or failed."""
        lines = output.splitlines()
        messages = _messages(output)
        try:
            records = json.loads('\n'.join(line for line in lines if not line.startswith('#')))
        except ValueError:
            return self._lost(cell, self.methods_of(cell), f'exit status {code}: {messages}')
        for record in records:
            self._check(cell, record)
        missing = [name for name in self.methods_of(cell)
                   if name not in {record['method'] for record in records}]
        records += self._lost(cell, missing, f'not measured: {messages}')
        if code and not any(map(failed, records)):
            records += self._lost(cell, ['zcx bench'], f'exit status {code}: {messages}')
        return records

    def _check(self, cell, record):
        """A record must be of the cell that was asked for, and have its figures."""
        wrong = [f'{key} is {record.get(key)}, not {value}'
                 for key, value in self._identity(cell).items()
                 if key in record and record[key] != value]
        record.update(self._identity(cell))
        if measured(record) and not (record.get('total_insn_per_kib') or 0) > 0:
            wrong.append('it has no figures')
        if measured(record) and record.get('clock') != _CLOCKS[self.net]:
            wrong.append('idle time was not taken off')
        if measured(record) and record.get('method') == 'zcx_direct' and \
                not (record.get('zcx') or {}).get('bytes_direct'):
            wrong.append('nothing went by direct I/O')
        if wrong:
            record['error'] = '; '.join(wrong)

    def _guest(self):
        return {'kernel': self.kernel.release, 'kernel_name': self.kernel.name, 'net': self.net}

    def _identity(self, cell):
        return {**self._guest(), **cell.selector()}

    def _lost(self, cell, methods, why):
        return [{**self._identity(cell), 'method': name, 'error': why or 'not measured'}
                for name in methods]
