"""What was measured, beside what it is compared with, and whether it is within its limit."""

import dataclasses


@dataclasses.dataclass
class Row:
    measure: str
    measured: str
    compared: str     # with what, and how long or much that was
    ratio: float      # of the two; the rest is about this number
    limit: float = None  # beyond it the run fails
    aim: float = None
    at_least: bool = False  # the ratio must be at least the limit, not at most

    def fails(self):
        if self.limit is None:
            return False
        return self.ratio < self.limit if self.at_least else self.ratio > self.limit

    def misses_aim(self):
        return self.aim is not None and not self.at_least and self.ratio > self.aim

    def verdict(self):
        return "FAILS" if self.fails() else "misses aim" if self.misses_aim() else "good"

    def cells(self):
        sign = ">=" if self.at_least else "<="
        aim = "" if self.aim is None else f"{sign} {self.aim:g}"
        limit = "" if self.limit is None else f"{sign} {self.limit:g}"
        return [self.measure, self.measured, self.compared, f"{self.ratio:.3g}", aim, limit, self.verdict()]

    def to_json(self):
        return dataclasses.asdict(self) | {"verdict": self.verdict()}


HEADINGS = ["measure", "measured", "compared with", "ratio", "aim", "limit", "verdict"]


def print_table(rows):
    lines = [HEADINGS] + [row.cells() for row in rows]
    widths = [max(len(line[column]) for line in lines) for column in range(len(HEADINGS))]
    lines.insert(1, ["-" * width for width in widths])
    for line in lines:
        print("| " + " | ".join(cell.ljust(width) for cell, width in zip(line, widths)) + " |")
