"""Test guests: boot one, have it run a list of tests, read its verdicts as they come."""

import time
from dataclasses import dataclass, field

from . import build, host, image, netns, qemu
from .host import progress
from .result import FAIL, PASS, SKIP, Result

_BOOT_TIMEOUT = 600         # seconds until the first test begins, on a loaded machine
_STOCK_FACTOR = 4           # as vmtest.c has them
_DEBUG_FACTOR = 12
_GRACE = 90                 # seconds beyond a test's own limit until the guest is given up
_SKIP_CODE = 77

# On a busy machine an emulated guest may measure its time stamp counter wrong as it
# boots. Then its seconds are over in no time, and so are the limits of its tests. So
# many times as fast as ours, and so many seconds more, are not believed, a few times.
_CLOCK_FACTOR = 3
_CLOCK_GRACE = 8
_CLOCK_BOOTS = 4
_POLL = 0.2

_MEMORY = {'std': (1024, 2560), 'lowmem': (256, 640), 'alone': (1024, 2560),
           'device': (1024, 2560), 'small': (512, 1280), 'clock': (512, 512)}

# Of a guest whose clock counts instructions. Whatever waits for a disk would make it
# skip any amount of time; and no watchdog is to take that for a hang.
_CLOCK = 'zcx.disks=none nowatchdog tsc=reliable'


@dataclass(frozen=True)
class VmTest:
    """One test of tests/vm, as `vmtest --list` or the head of a script tells it."""
    name: str
    tier: str
    debug_tier: str
    guest: str
    seconds: int
    proves: str


@dataclass
class Reader:
    """What came over the guest's second serial port so far."""
    results: dict = field(default_factory=dict)
    current: str = ''
    output: list = field(default_factory=list)
    done: bool = False
    clock_is_wrong: bool = False        # as the last test showed
    given_up: bool = False              # for that
    begun: float = field(default_factory=time.monotonic)

    def feed(self, line):
        """Take one line; returns (name, code, seconds, output) when a test has ended."""
        word, _, rest = line.partition(' ')
        if word == 'begin':
            self.current, self.output, self.begun = rest, [], time.monotonic()
        elif word == '|':
            self.output.append(rest)
        elif word == 'done':
            self.done = True
        elif word == 'end':
            name, code, *by_guest = rest.split()
            self.current = ''
            seconds = time.monotonic() - self.begun
            self.clock_is_wrong = bool(by_guest) and \
                int(by_guest[0]) > _CLOCK_FACTOR * seconds + _CLOCK_GRACE
            return name, int(code), seconds, '\n'.join(self.output)
        return None


def _lines(stream, rest):
    """Whole lines that have come since the last call; `rest` keeps what is not whole yet."""
    rest[0] += stream.read()
    *lines, rest[0] = rest[0].split('\n')
    return [line.rstrip('\r') for line in lines]


def _with_devices(cmd):
    """The command of a guest with two network devices, which are the ends of one cable.

    They are taps, not an emulated hub: only a tap lets packets keep their offloads.
    """
    wrapped = [*netns.unshare(), str(build.TOP / 'tests/vm/cable.sh'), *cmd]
    for number in range(2):
        wrapped += ['-netdev', f'tap,id=n{number},ifname=tap{number},script=no,downscript=no,'
                    'vhost=off', '-device', f'virtio-net-pci,netdev=n{number},romfile=,'
                    f'mac=52:54:00:00:53:0{number + 1}']
    return wrapped


class Guest:
    """One kernel and one amount of memory, and the tests it is to run."""

    def __init__(self, kernel, kind, tests, part='', dkms_ko=None):
        self.kernel = kernel
        self.kind = kind
        self.tests = tests
        self.dkms_ko = dkms_ko
        self.name = '-'.join(filter(None, [kernel.name, kind if kind != 'std' else '', part]))
        self.logs = build.OUT / 'logs'

    def run(self, report):
        """Run all tests; each result goes to report() as it comes.

        A guest that dies or hangs fails the test it was at; a new one goes on
        with those behind it.
        """
        left = [(test.name, test.seconds) for test in self.tests]
        last = [(test.name, test.seconds) for test in last_tests(self.kernel.debug)]
        boots = 0
        while left or last:
            boots += 1
            reader = self._boot(left + last, report, boots)
            if reader.done:
                return
            seen = set(reader.results)
            if not reader.given_up:
                stuck = reader.current or self._first_not_seen(left + last, seen)
                report(self._dead(stuck, reader, boots))
                seen.add(stuck)
            left = [test for test in left if test[0] not in seen]
            last = [test for test in last if test[0] not in seen]

    @staticmethod
    def _first_not_seen(tests, seen):
        return next((name for name, _ in tests if name not in seen), 'boot')

    def _dead(self, name, reader, boots):
        console = self._console(boots)
        text = host.tail(console.read_text(errors='replace'), 80) if console.exists() else ''
        output = '\n'.join(reader.output)
        return Result(f'vm/{name}', self.kernel.name, FAIL,
                      time.monotonic() - reader.begun,
                      'the guest died or hung', f'{output}\nconsole:\n{text}')

    def _console(self, boots):
        return self.logs / f'{self.name}-{boots}.console'

    def _initrd(self, tests, boots):
        programs = build.vm_programs()
        ko, _ = build.module(self.kernel)
        files = {'/zcx.ko': ko, '/tests/vmtest': programs / 'vmtest',
                 '/tests/vmtest32': programs / 'vmtest32',
                 '/bin/zcx': build.userspace() / 'zcx',
                 '/runner.sh': build.TOP / 'tests/vm/runner.sh',
                 '/tests/splats': build.TOP / 'tests/vm/splats',
                 '/device.sh': build.TOP / 'tests/vm/device.sh'}
        for script in scripts():
            files[f'/tests/{script.name}'] = script
        if self.dkms_ko:
            files['/dkms/zcx.ko'] = self.dkms_ko
        text = ''.join(f'{name} {seconds}\n' for name, seconds in tests)
        return image.initrd(self.kernel, f'{self.name}-{boots}', files, {'/tests/list': text})

    def _command(self, initrd, serials):
        debug = int(self.kernel.debug)
        append = f'zcx.mode=tests zcx.debug={debug} zcx.kernel={self.kernel.series}'
        memory = _MEMORY[self.kind][debug]
        if self.kind == 'clock':
            return qemu.counting_command(self.kernel, initrd, f'{append} {_CLOCK}', (), memory,
                                         serials)
        cmd = qemu.command(self.kernel, initrd, append, image.disks(), memory, serials)
        return _with_devices(cmd) if self.kind == 'device' else cmd

    def _boot(self, tests, report, boots):
        self.logs.mkdir(parents=True, exist_ok=True)
        verdicts = self.logs / f'{self.name}-{boots}.verdicts'
        verdicts.write_text('')
        initrd = self._initrd(tests, boots)
        cmd = self._command(initrd, [f'file:{self._console(boots)}', f'file:{verdicts}'])
        progress(f'{self.name}: booting, {len(tests)} tests')
        with open(self.logs / f'{self.name}-{boots}.qemu', 'w', encoding='utf-8') as errors:
            child = host.start(cmd, errors)
        try:
            return self._follow(child, verdicts, dict(tests), report, boots)
        finally:
            host.stop(child)
            initrd.unlink()

    def _may_boot_again(self, boots):
        # That of a clock guest is meant to skip what is idle.
        return self.kind != 'clock' and boots < _CLOCK_BOOTS

    def _follow(self, child, verdicts, seconds, report, boots):
        reader, rest = Reader(), ['']
        with open(verdicts, encoding='utf-8', errors='replace') as stream:
            while True:
                alive = child.poll() is None
                for line in _lines(stream, rest):
                    ended = reader.feed(line)
                    if ended and reader.clock_is_wrong and self._may_boot_again(boots):
                        progress(f'{self.name}: its clock runs away, at {ended[0]}: once more')
                        reader.given_up = True
                        return reader
                    if ended:
                        self._ended(ended, reader, report)
                if reader.done or not alive:
                    return reader
                if time.monotonic() - reader.begun > self._patience(reader, seconds):
                    return reader
                time.sleep(_POLL)

    def _patience(self, reader, seconds):
        if not reader.current:
            return _BOOT_TIMEOUT
        factor = _DEBUG_FACTOR if self.kernel.debug else _STOCK_FACTOR
        return seconds.get(reader.current, 60) * factor + _GRACE

    def _ended(self, ended, reader, report):
        name, code, seconds, output = ended
        status = {0: PASS, _SKIP_CODE: SKIP}.get(code, FAIL)
        reason = '' if status == PASS else _reason(output, code, status)
        reader.results[name] = status
        reader.begun = time.monotonic()
        report(Result(f'vm/{name}', self.kernel.name, status, seconds, reason, output))


def _reason(output, code, status):
    """The line that says most: why it was skipped, or the first assertion that failed."""
    lines = output.splitlines()
    if status == SKIP:
        return next((line.removeprefix('SKIP: ') for line in lines if line.startswith('SKIP: ')),
                    'no reason given')
    for mark in ('the kernel complained', '[   LINE   ]', 'not done after', 'FAIL'):
        for line in lines:
            if mark in line:
                return line.strip()
    return lines[-1].strip() if lines else f'exit code {code}'


# What there is to run

def scripts():
    """Tests that are shell scripts."""
    return sorted((build.TOP / 'tests/vm/scripts').glob('*.sh'))


def _script_test(path):
    head = {}
    for line in path.read_text().splitlines():
        if line.startswith('# ') and ': ' in line:
            key, _, value = line[2:].partition(': ')
            head.setdefault(key, value)
    return VmTest(path.stem, head['tier'], head['debug-tier'], head['guest'],
                  int(head['timeout']), head['proves'])


# Run by the guest itself when all others are done.
_LAST_TESTS = [
    VmTest('instruments', 'never', 'test', 'std', 60, 'lockdep and kmemleak were on to the end'),
    VmTest('leaks', 'never', 'test', 'std', 60, 'kmemleak finds nothing when all is closed'),
    VmTest('unload', 'test', 'test', 'std', 60, 'the module leaves, comes back and leaves'),
]


def last_tests(debug):
    """What every guest of a kernel ends with."""
    return [test for test in _LAST_TESTS if debug or test.tier != 'never']


def all_tests():
    """Every VM test there is but those that end each guest."""
    text = host.run([build.vm_programs() / 'vmtest', '--list'])
    tests = []
    for line in text.splitlines():
        name, tier, debug_tier, kind, seconds, proves = line.split('\t')
        tests.append(VmTest(name, tier, debug_tier, kind, int(seconds), proves))
    return tests + [_script_test(path) for path in scripts()]
