"""What one test on one kernel came to."""

from dataclasses import dataclass

PASS, FAIL, SKIP = 'pass', 'fail', 'skip'


@dataclass
class Result:
    """One test on one kernel; `reason` is for people, `output` for the log."""
    name: str
    kernel: str
    status: str
    seconds: float
    reason: str = ''
    output: str = ''
