"""What a kernel's log must not contain."""

import re

# tests/vm/runner.sh looks for the same, in the guest: one list for both.
from .build import TOP

_LIST = TOP / 'tests/vm/splats'


def pattern():
    """One extended regular expression that matches any complaint of a kernel."""
    lines = _LIST.read_text().splitlines()
    return '|'.join(line for line in lines if line and not line.startswith('#'))


def find(text):
    """The lines of a kernel's log that complain."""
    bad = re.compile(pattern())
    return [line.strip() for line in text.splitlines() if bad.search(line)]
