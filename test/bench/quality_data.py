"""quality_data.py: what the parts of `make bench-quality` share: tables, a database, a report.

A *table* is a dict of numpy arrays by column name: numbers as float64 with NaN for missing, words as
object with None for missing. The files lie in ../shared/data beside the tree, or in HADVICE_DATA.

A part is a module quality_NAME.py with a function `run(bench)`; quality.py finds and runs it. It does
its work through bench.db, as a user would in SQL, with default options, and says what it found:

    bench.measure("wine", "mean error", value, bar="<= .064")        one call for each seed
    bench.tell("wine", "kNN 10", value)                               a figure without a bar
    bench.skip("wine", "no hivae_wine.csv")

The report has a row for each (group, name): mean over the seeds, their spread, the bar, and whether
the mean holds it.
"""

import csv
import gzip
import os
import sys
import time

import numpy as np
import psycopg2
from psycopg2.extras import execute_values

TOP = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
DATA = os.environ.get("HADVICE_DATA", os.path.join(TOP, "..", "shared", "data"))
OUT = os.path.join(TOP, "build", "bench")
CYCLES = ["2015-2016", "2017-2018"]
NHANES_NOT_FEATURES = ["respondent_id", "survey_cycle", "exam_weight"]


# ---- files -------------------------------------------------------------------------------------

def data_path(name):
    """The file of that name, plain or gzipped, or None."""
    for path in (os.path.join(DATA, name), os.path.join(DATA, name + ".gz")):
        if os.path.exists(path):
            return path
    return None


def open_data(name):
    path = data_path(name)
    return gzip.open(path, "rt") if path.endswith(".gz") else open(path)


def read_table(name, words=()):
    """A file as a table; columns in `words` stay words even when they look like numbers."""
    with open_data(name) as f:
        rows = list(csv.DictReader(f))
    table = {}
    for c in rows[0]:
        cells = [r[c] for r in rows]
        try:
            if c in words:
                raise ValueError
            table[c] = np.array([float(w) if w else np.nan for w in cells])
        except ValueError:
            table[c] = np.array([w or None for w in cells], dtype=object)
    return table


def is_number(column):
    return column.dtype != object


def observed(column):
    return ~np.isnan(column) if is_number(column) else np.array([v is not None for v in column])


def nrows(table):
    return len(next(iter(table.values())))


def subset(table, rows):
    return {c: v[rows] for c, v in table.items()}


def hide(table, hidden):
    """The table without the cells of `hidden`, a boolean array by column."""
    out = {}
    for c, v in table.items():
        out[c] = v.copy()
        if c in hidden:
            out[c][hidden[c]] = np.nan if is_number(v) else None
    return out


def hide_some(table, share, rng, columns=None):
    """Which of the observed cells to hide, each with probability `share`."""
    return {c: (rng.random(len(v)) < share) & observed(v) for c, v in table.items() if columns is None or c in columns}


def stacked(*tables):
    return {c: np.concatenate([t[c] for t in tables]) for c in tables[0]}


def nhanes(swap=False):
    """(people to train on, other people of another survey cycle), features only."""
    everybody = read_table("nhanes.csv")
    cycle = everybody["survey_cycle"]
    features = {c: v for c, v in everybody.items() if c not in NHANES_NOT_FEATURES}
    first, second = CYCLES[::-1] if swap else CYCLES
    return subset(features, cycle == first), subset(features, cycle == second)


# ---- database ----------------------------------------------------------------------------------

class Database:
    """SQL as a user would write it. Tables have a column `id` 0, 1, … that models leave out."""

    def __init__(self):
        self.db = psycopg2.connect("")
        self.db.autocommit = True
        self.cursor = self.db.cursor()
        self.run("SET client_min_messages = warning")
        self.run("CREATE EXTENSION IF NOT EXISTS hadvice")

    def run(self, sql, *arguments):
        self.cursor.execute(sql, arguments or None)
        return self.cursor.fetchall() if self.cursor.description else None

    def load(self, name, table, like=None):
        """Numbers without decimals (in `like`, if given) become int, the others float8, words text."""
        types = {}
        for c, v in (like or table).items():
            whole = is_number(v) and np.all(np.isnan(v) | (np.round(v) == v)) and np.nanmax(np.abs(v), initial=0) < 2e9
            types[c] = "text" if not is_number(v) else "int" if whole else "float8"
        columns = "".join(f', "{c}" {t}' for c, t in types.items())
        self.run(f'DROP TABLE IF EXISTS "{name}" CASCADE')
        self.run(f'CREATE TABLE "{name}" (id int PRIMARY KEY{columns})')

        def cell(v, t):
            return None if v is None or v != v else int(v) if t == "int" else v

        rows = zip(range(nrows(table)), *([cell(x, types[c]) for x in v] for c, v in table.items()))
        execute_values(self.cursor, f'INSERT INTO "{name}" VALUES %s', list(rows), page_size=1000)

    def train(self, name, model=None, seed=0, **options):
        """vae_train with default options; returns its row as a dict, and the seconds of the call."""
        more = "".join(f", {o} => {v}" for o, v in options.items())
        start = time.time()
        row = self.run(f"SELECT to_jsonb(x) FROM vae_train(%s, %s, exclude => '{{id}}', seed => %s{more}) x",
                       f'"{name}"', model or name, seed)[0][0]
        row["call_seconds"] = time.time() - start
        return row

    def column(self, sql, *arguments):
        """The first column of a query as an array of numbers."""
        return np.array([np.nan if r[0] is None else r[0] for r in self.run(sql, *arguments)], float)

    def fetch(self, sql, like, *arguments):
        """Rows of a query as a table with the columns (and kinds) of `like`."""
        names = ", ".join(f'"{c}"' for c in like)
        rows = self.run(f"SELECT {names} FROM ({sql}) x", *arguments)
        out = {}
        for i, (c, v) in enumerate(like.items()):
            cells = [r[i] for r in rows]
            out[c] = (np.array([np.nan if x is None else float(x) for x in cells]) if is_number(v)
                      else np.array(cells, dtype=object))
        return out

    def impute(self, name, model, like):
        return self.fetch(f'SELECT i.* FROM "{name}" t, vae_impute(t, model => %s) i ORDER BY i.id', like, model)


# ---- report ------------------------------------------------------------------------------------

def holds(value, bar):
    """Whether a value holds a bar written "<= .064", ">= -10.4" or ".87-.93"; None without a bar."""
    if not bar:
        return None
    if bar.startswith("<="):
        return bool(value <= float(bar[2:]))
    if bar.startswith(">="):
        return bool(value >= float(bar[2:]))
    low, high = bar.split("-")
    return bool(float(low) <= value <= float(high))


class Bench:
    def __init__(self, db, seeds, swap):
        self.db = db
        self.seeds = seeds
        self.swap = swap
        self.rows = {}

    def measure(self, group, name, value, bar=""):
        values, _ = self.rows.setdefault((group, name), ([], bar))
        values.append(float(value))
        print(f"  {group}: {name} {value:.4f}   {bar}", file=sys.stderr, flush=True)

    def tell(self, group, name, value):
        self.measure(group, name, value)

    def skip(self, group, why):
        self.rows[(group, "skipped: " + why)] = ([], "")
        print(f"  {group}: skipped, {why}", file=sys.stderr, flush=True)

    def has(self, group, *files):
        """Whether the files are there; says so when they are not."""
        missing = [f for f in files if data_path(f) is None]
        if missing:
            self.skip(group, "no " + ", ".join(missing))
        return not missing

    def markdown(self, bars=None):
        """The table; with `bars` only the measures that have a bar (True) or have none (False)."""
        out = ["| data | measure | mean | spread | bar | |", "|---|---|---|---|---|---|"]
        for (group, name), (values, bar) in self.rows.items():
            if bars is not None and bars != bool(bar):
                continue
            if not values:
                out.append(f"| {group} | {name} | | | | |")
                continue
            mean = np.mean(values)
            spread = f"± {np.std(values, ddof=1):.2g}" if len(values) > 1 else ""
            verdict = {None: "", True: "holds", False: "**missed**"}[holds(mean, bar)]
            out.append(f"| {group} | {name} | {mean:.4g} | {spread} | {bar} | {verdict} |")
        return "\n".join(out) + "\n"

    def failures(self):
        return [k for k, (v, bar) in self.rows.items() if v and holds(np.mean(v), bar) is False]
