"""Charts of costs, drawn by gnuplot."""

from . import bench_cells, host
from .bench_cells import MIB
from .host import run

# The cells of a chart: the large warm file, whatever the filesystem.
SHOWN = {'size_bytes': 32 * MIB, 'cache': 'warm', 'header_bytes': 0}

_COLOURS = {'read_write': '#8c8c8c', 'mmap_write': '#b5b5b5', 'sendfile': '#2f6690',
            'splice': '#6a9ec4', 'msg_zerocopy': '#b8a04a', 'io_uring_splice': '#7fb285',
            'odirect_write': '#d9d2b0', 'tcp_alone': '#444444', 'zcx': '#c0392b',
            'zcx_async': '#d9776c', 'zcx_submit': '#e8a89f', 'zcx_direct': '#7d251b'}
_OTHER = '#9467bd'

_HEAD = """\
set terminal svg size 960,440 dynamic font 'sans-serif,13' background '#ffffff'
set output '{output}'
set title '{title}' font ',15'
set ylabel 'guest instructions per KiB'
set yrange [0:{top}]
set grid ytics lc rgb '#dddddd' lt 1
set border 3
set xtics nomirror scale 0
set ytics nomirror
set key outside right top reverse Left spacing 1.2
set style fill solid noborder
set boxwidth 0.9
set xrange [-0.6:{right}]
unset colorbox
"""


def shown(records, kernel, net):
    """The records of one chart."""
    sg = 'on' if net == 'device' else None
    return [record for record in bench_cells.find(records, kernel_name=kernel, net=net, sg=sg,
                                                  **SHOWN) if bench_cells.measured(record)]


def _bars(records, methods, filesystems):
    """(method, place on the axis, figure): clusters of bars with a gap between them."""
    for cluster, fs in enumerate(filesystems):
        for place, method in enumerate(methods):
            figure = bench_cells.figure(records, 'total_insn_per_kib', fs=fs, method=method)
            if figure is not None:
                yield method, cluster * (len(methods) + 1) + place, figure


def _script(records, title, output):
    methods = bench_cells.in_order({record['method'] for record in records})
    filesystems = [fs for fs in bench_cells.FILESYSTEMS if bench_cells.find(records, fs=fs)]
    bars = list(_bars(records, methods, filesystems))
    width = len(methods) + 1
    ticks = ', '.join(f"'{fs}' {number * width + (len(methods) - 1) / 2}"
                      for number, fs in enumerate(filesystems))
    text = _HEAD.format(output=output, title=title, right=len(filesystems) * width - 1.4,
                        top=1.15 * max(figure for _, _, figure in bars))
    text += f'set xtics ({ticks})\n'
    plots = []
    for number, method in enumerate(methods):
        rows = ''.join(f'{place} {figure:.0f}\n' for m, place, figure in bars if m == method)
        text += f'$m{number} << EOD\n{rows}EOD\n'
        name = method.replace('_', '\\\\_')
        plots.append(f"$m{number} using 1:2 with boxes lc rgb '{_COLOURS.get(method, _OTHER)}' "
                     f'title "{name}"')
        plots.append(f"$m{number} using 1:2:(sprintf('%.0f', $2)) with labels rotate by 90 left "
                     "offset 0,0.4 font ',11' notitle")
    return text + 'plot ' + ', \\\n  '.join(plots) + '\n'


def costs(records, title, output):
    """Draw the chart of one kernel and network into an SVG file."""
    host.need_packages(['gnuplot-nox'])
    script = output.with_suffix('.gnuplot')
    script.write_text(_script(records, title, output))
    try:
        run(['gnuplot', script], timeout=120)
    finally:
        script.unlink()
