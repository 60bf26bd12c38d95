"""The picture of copies and mode switches: what was counted, one column a method."""

from html import escape

from . import bench_cells
from .bench_cells import MIB

# The cells it shows: a device, with scatter-gather and without.
SHOWN = {'net': 'device', 'fs': 'ext4', 'size_bytes': 32 * MIB, 'cache': 'warm',
         'header_bytes': 0}

_LEFT, _COLUMN, _PANEL, _TOP = 110, 104, 330, 84
_CAPTION = ('Grey: changes between user and kernel mode for each MiB, two for each system call.',
            'Red: copies of each byte by the CPU. Green: by reference.')
_STYLE = ('.u{fill:#f6f3ea;stroke:#b3a475}.k{fill:#eef4fb;stroke:#5a7fa8}'
          '.d{fill:#f0f0f0;stroke:#888}.b{fill:#fff;stroke:#333}'
          '.s{stroke:#555;stroke-width:1.5;marker-start:url(#s);marker-end:url(#s)}'
          '.c{stroke:#c0392b;marker-end:url(#c)}'
          '.r{stroke:#2e7d4f;stroke-width:2;stroke-dasharray:5 4;marker-end:url(#r)}'
          '.p{stroke:#555;stroke-width:1.5;marker-end:url(#s)}'
          '.red{fill:#c0392b}.green{fill:#2e7d4f}.grey{fill:#555}')


def counted(records, sg):
    """Records with both counts, in the order of methods."""
    found = [record for record in bench_cells.find(records, sg=sg, **SHOWN)
             if bench_cells.measured(record) and record.get('syscalls') is not None]
    methods = bench_cells.in_order({record['method'] for record in found})
    return sorted(found, key=lambda record: methods.index(record['method']))


def copies(record):
    """Copies of each byte by the CPU, or None where nothing could count them."""
    copied = record.get('copied_bytes')
    return None if copied is None else copied / record['size_bytes']


def switches(record):
    """Changes between user and kernel mode for each MiB: two for each system call."""
    return 2 * record['syscalls'] / (record['size_bytes'] / MIB)


def _marker(name, colour, size):
    # "auto-start-reverse" lets one arrow head serve both ends of a line.
    return (f'<marker id="{name}" viewBox="0 0 8 8" markerWidth="{size}" markerHeight="{size}" '
            f'refX="6" refY="4" orient="auto-start-reverse" markerUnits="userSpaceOnUse">'
            f'<path d="M0 0L8 4L0 8z" fill="{colour}"/></marker>')


def _text(x, y, text, more='', anchor='middle'):
    return f'<text x="{x}" y="{y}" text-anchor="{anchor}" {more}>{escape(text)}</text>'


def _box(x, y, width, height, kind):
    return f'<rect class="{kind}" x="{x}" y="{y}" width="{width}" height="{height}" rx="4"/>'


def _bands(y, width, title):
    """The three places: user space, kernel, device."""
    rows = [('u', 'user space', 24, 60), ('k', 'kernel', 92, 160), ('d', 'device', 260, 44)]
    out = [_text(8, y + 14, title, 'font-weight="bold"', 'start')]
    for kind, name, top, height in rows:
        out += [_box(5, y + top, width - 10, height, kind),
                _text(14, y + top + 20, name, anchor='start')]
    return out


def _copy_arrow(x, y, number):
    """From file to socket: as thick as bytes are copied, or dashed by reference."""
    if number is None:
        return [_text(x, y + 36, 'not counted', 'class="grey"')]
    if number < 0.005:
        return [f'<path class="r" d="M{x} {y}V{y + 28}"/>',
                _text(x, y + 44, 'by reference', 'class="green"')]
    return [f'<path class="c" stroke-width="{1.5 + 1.5 * number:.1f}" d="M{x} {y}V{y + 28}"/>',
            _text(x, y + 44, f'{number:.2f} copies', 'class="red"')]


def _column(record, x, y):
    """One method: system calls on top, the bytes' way below."""
    middle = x + _COLUMN / 2
    left = x + 8
    return [
        _text(middle, y + 44, record['method'], 'font-weight="bold" font-size="11.5"'),
        f'<path class="s" d="M{middle} {y + 72}V{y + 100}"/>',
        _text(middle, y + 62, f'{switches(record):,.1f} / MiB', 'class="grey"'),
        _box(left, y + 104, _COLUMN - 16, 26, 'b'), _text(middle, y + 121, 'file'),
        *_copy_arrow(middle, y + 134, copies(record)),
        _box(left, y + 190, _COLUMN - 16, 26, 'b'), _text(middle, y + 207, 'packets'),
        f'<path class="p" d="M{middle} {y + 218}V{y + 262}"/>',
        _text(middle, y + 284, f'{record["total_insn_per_kib"]:.0f} insn/KiB'),
    ]


def draw(records, title):
    """The SVG's text: one panel with scatter-gather, one without."""
    panels = [('on', counted(records, 'on')), ('off', counted(records, 'off'))]
    width = _LEFT + _COLUMN * max(len(found) for _, found in panels) + 10
    height = _TOP + _PANEL * len(panels)
    out = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" '
           'font-family="sans-serif" font-size="12">', f'<title>{escape(title)}</title>',
           f'<style>{_STYLE}</style>', '<defs>', _marker('s', '#555', 9),
           _marker('c', '#c0392b', 16), _marker('r', '#2e7d4f', 9), '</defs>',
           f'<rect width="{width}" height="{height}" fill="#fff"/>',
           _text(8, 22, title, 'font-size="15" font-weight="bold"', 'start'),
           *(_text(8, 44 + 18 * line, text, anchor='start')
             for line, text in enumerate(_CAPTION))]
    for number, (sg, found) in enumerate(panels):
        y = _TOP + number * _PANEL
        out += _bands(y, width, f'scatter-gather {sg}')
        for place, record in enumerate(found):
            out += _column(record, _LEFT + place * _COLUMN, y)
    return '\n'.join([*out, '</svg>', ''])
