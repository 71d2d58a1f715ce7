#!/usr/bin/python3
"""advice.py [--swap] [--anchors] [--retrain] [--people N]: how good the advice is, by independent judges.

The protocol of ANCHORS, section 5, on nhanes.csv (NHANES=path): the extension's model is trained on
the people of 2015-2016; 500 adults of 2017-2018 with at least one of five risks present are advised;
two judges, trained on the two halves of everybody else of 2017-2018, give each person's risks before
and after the targets are put in. --swap exchanges the cycles: that is where tuning belongs, so that
the 500 who are reported on are never looked at. Prints one table and writes build/bench/advice.md.

Where ANCHORS leaves room, this is how it is read:
  goals         the risks that are present: BP >= 130/80, HbA1c >= 5.7, BMI >= 30, PHQ-9 >= 10,
                total/HDL >= 5; a person is chosen for having one, complete record or not
  reduction     mean over people of the mean over their goals; all items of plan 1 count, whoever
                carries them; nothing advised counts 0
  kNN ratio     columns that are numbers, context and behaviour and weight, standardised and clipped
                at 4 sd, gaps at the median; the real records are those of the training
  noise         every number of the record, outcomes too, times 1 + 0.01 N(0, 1)
  other's       the targets of another person who misses the same goals (or else the first of them),
                as far as one's own safe interval allows; `by change` puts in changes, not targets
  coverage      of the judge's difference of the outcome's expected value for the item alone;
                `named` is the outcome that the item names, `all` is every one in its effects;
                what weight does to BMI and waist is left out
"""

import argparse
import csv
import os
import sys
import time

import numpy as np
import psycopg2
from psycopg2.extras import execute_values

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from advice_judge import (ACTIONS, GOALS, HIDDEN, OUTCOMES, View, judge, out_of_range, subset)  # noqa: E402

TOP = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
CACHE = os.path.join(TOP, "build", "bench")
CYCLES = ["2015-2016", "2017-2018"]


def read_people(path):
    """Columns of the file: arrays of numbers (NaN: missing) or of words (None: missing)."""
    with open(path) as f:
        rows = list(csv.DictReader(f))
    people, numeric = {}, []
    for c in rows[0]:
        words = [r[c] for r in rows]
        try:
            people[c] = np.array([float(w) if w else np.nan for w in words])
            numeric.append(c)
        except ValueError:
            people[c] = np.array([w or None for w in words], dtype=object)
    return people, numeric


class Database:
    def __init__(self, people, numeric):
        self.numeric = numeric
        self.columns = list(people)
        self.db = psycopg2.connect("")
        self.db.autocommit = True
        self.cursor = self.db.cursor()
        self.run("CREATE EXTENSION IF NOT EXISTS hadvice")
        self.run("DROP FUNCTION IF EXISTS test_num, test_safe_interval, test_catalogue_intervals")
        with open(os.path.join(TOP, "test", "data", "safe_ranges.sql")) as f:
            self.run(f.read())

    def run(self, sql, *arguments):
        self.cursor.execute(sql, arguments)
        return self.cursor.fetchall() if self.cursor.description else None

    def table(self, name, people):
        types = ", ".join(f'"{c}" {"float8" if c in self.numeric else "text"}' for c in self.columns)
        self.run(f"DROP TABLE IF EXISTS {name}; CREATE TABLE {name} ({types})")
        rows = zip(*([None if v is None or v != v else v for v in people[c]] for c in self.columns))
        execute_values(self.cursor, f"INSERT INTO {name} VALUES %s", [tuple(r) for r in rows], page_size=500)

    def train(self, cycle, people, again):
        model = f"advice_{cycle}"
        if again or not self.run("SELECT 1 FROM vae_models WHERE model = %s", model):
            table = "bench_" + cycle.replace("-", "_")
            self.table(table, people)
            start = time.time()
            self.run(f"SELECT vae_train('{table}', %s, exclude => '{{respondent_id,survey_cycle,exam_weight}}')", model)
            print(f"trained in {time.time() - start:.0f} s", file=sys.stderr)
        return model

    def advise(self, table, model, max_actions):
        """Items of plan 1 by person: {id: [(feature, target, change, basis, outcome, effects, kind)]}."""
        start = time.time()
        rows = self.run(f"""SELECT t.respondent_id, a.feature, a.target_value::float8, a.change, a.basis, a.outcome,
                                   a.effects, a.kind, a.probability
                            FROM {table} t, vae_advise(t, %s, max_actions => %s) a ORDER BY t.respondent_id, a.rank""",
                        model, max_actions)
        seconds = time.time() - start
        advice = {}
        for person, *item in rows:
            advice.setdefault(person, []).append(item)
        return {p: [i for i in items if i[6] == "action"] for p, items in advice.items()}, seconds

    def single_call(self, table, model, calls):
        times = []
        for n in range(calls):
            start = time.time()
            self.run(f"SELECT a.* FROM (SELECT t FROM {table} t OFFSET {n} LIMIT 1) x, vae_advise(t, %s) a", model)
            times.append(time.time() - start)
        return 1000 * float(np.median(times))

    def intervals(self, table):
        """Safe intervals that know nothing of the catalogue: {feature: (low[], high[])}."""
        rows = self.run(f"""SELECT f, array_agg(low ORDER BY t.respondent_id), array_agg(high ORDER BY t.respondent_id)
                            FROM {table} t, unnest(%s) f, test_safe_interval(jsonb_strip_nulls(to_jsonb(t)), f) i (low, high)
                            GROUP BY f""", list(ACTIONS))
        return {f: (np.array(low, float), np.array(high, float)) for f, low, high in rows}


def put_in(people, ids, advice):
    """The people with the targets of their advice."""
    after = {c: v.copy() for c, v in people.items()}
    for n, person in enumerate(ids):
        for item in advice.get(person, []):
            after[item[0]][n] = item[1]
    return after


def reduction(judges, people, after, goals):
    """Mean risk reduction by judge: its mean over people, each the mean over the person's goals."""
    out = []
    for j in judges:
        gain = np.where(goals, j.risk(people) - j.risk(after), 0).sum(1) / goals.sum(1)
        out.append(float(gain.mean()))
    return out


def unsafe(people, ids, advice, intervals):
    count = 0
    for n, person in enumerate(ids):
        for item in advice.get(person, []):
            low, high = intervals[item[0]]
            for target in (item[1], people[item[0]][n] + item[2]):
                bad = not low[n] - 1e-6 * abs(low[n]) <= target <= high[n] + 1e-6 * abs(high[n])
                count += bool(bad)
    return count


def knn_ratio(people, after, real, numeric):
    columns = [c for c in numeric if c not in HIDDEN]
    stack = lambda p: np.column_stack([p[c] for c in columns])  # noqa: E731
    r = stack(real)
    center, sd = np.nanmedian(r, 0), np.nanstd(r, 0)
    scale = lambda x: np.clip(np.nan_to_num((x - center) / sd), -4, 4)  # noqa: E731
    r = scale(r)

    def distance(p):
        x = scale(stack(p))
        d2 = (x ** 2).sum(1)[:, None] + (r ** 2).sum(1) - 2 * x @ r.T
        return np.sqrt(np.maximum(0, np.sort(np.partition(d2, 5, 1)[:, :5], 1))).mean()

    return distance(after) / distance(people)


def directions(advice, ids):
    return [frozenset((i[0], i[2] > 0) for i in advice.get(p, [])) for p in ids]


def jaccard(a, b):
    return float(np.mean([len(x & y) / len(x | y) if x | y else 1 for x, y in zip(a, b)]))


def others(ids, goals, rng):
    """For each person another one with the same goals, else with the first goal in common."""
    chosen = []
    for n in range(len(ids)):
        same = [m for m in range(len(ids)) if m != n and (goals[m] == goals[n]).all()]
        if not same:
            first = np.argmax(goals[n])
            same = [m for m in range(len(ids)) if m != n and goals[m, first]]
        chosen.append(rng.choice(same) if same else n)
    return chosen


def of_another(people, ids, advice, other, intervals, by_change):
    after = {c: v.copy() for c, v in people.items()}
    for n in range(len(ids)):
        for item in advice.get(ids[other[n]], []):
            c = people[item[0]][n]
            low, high = (bound[n] for bound in intervals[item[0]])
            target = c + item[2] if by_change else item[1]
            if np.isnan(c) or (target - c) * item[2] <= 0:
                continue
            after[item[0]][n] = min(max(target, low), high)
    return after


def single_items(people, ids, advice):
    """Every item that the model carries, alone: row numbers, changed people, items."""
    rows, items = [], []
    for n, person in enumerate(ids):
        for item in advice.get(person, []):
            if item[5]:
                rows.append(n)
                items.append(item)
    before = subset(people, np.array(rows, int))
    after = {c: v.copy() for c, v in before.items()}
    for n, item in enumerate(items):
        after[item[0]][n] = item[1]
    return before, after, items


def coverage(judges, people, ids, advice):
    """Share of intervals that hold the judge's difference: named, all, and promised / judged (named)."""
    before, after, items = single_items(people, ids, advice)
    held = {True: [], False: []}
    promised, judged, by_outcome = [], [], {}
    for j in judges:
        truth = {o: j.expected(after, o) - j.expected(before, o) for o in OUTCOMES}
        for n, item in enumerate(items):
            for e in item[5]:
                o = e["outcome"]
                if o not in truth or (item[0] == "weight_kg" and o in ("bmi_kg_m2", "waist_cm")):
                    continue
                hit = e["low"] <= truth[o][n] <= e["high"]
                held[False].append(hit)
                by_outcome.setdefault(o, []).append(hit)
                if o == item[4]:
                    held[True].append(hit)
                    sd = np.nanstd(people[o])
                    sign = np.sign(e["effect"])
                    promised.append(sign * e["effect"] / sd)
                    judged.append(sign * truth[o][n] / sd)
    parts = ", ".join(f"{o} {np.mean(h):.2f}" for o, h in sorted(by_outcome.items()))
    return np.mean(held[True]), np.mean(held[False]), np.mean(promised) / np.mean(judged), parts


def redundant(advice):
    """Items that repeat a feature of the same plan."""
    return sum(len(items) - len({i[0] for i in items}) for items in advice.values())


def greedy(searcher, people, goals, intervals, actions, fractions=(0.25, 0.5, 0.75, 1)):
    """The anchor of ANCHORS: greedy on boosted trees within the safe intervals."""
    n = len(goals)
    now = {c: v.copy() for c, v in people.items()}
    changed = [set() for _ in range(n)]
    value = lambda p, g: np.where(g, searcher.risk(p), 0).sum(1) / g.sum(1)  # noqa: E731
    for _ in range(actions):
        best, pick = value(now, goals) - 1e-3, [None] * n
        rows, changes = [], []
        for f in intervals:
            for end in (0, 1):
                for part in fractions:
                    target = people[f] + part * (intervals[f][end] - people[f])
                    for i in range(n):
                        if f not in changed[i] and target[i] != people[f][i] and not np.isnan(target[i]):
                            rows.append(i)
                            changes.append((f, target[i]))
        trial = subset(now, np.array(rows, int))
        for r, (f, target) in enumerate(changes):
            trial[f][r] = target
        for i, change, v in zip(rows, changes, value(trial, goals[np.array(rows, int)])):
            if v < best[i]:
                best[i], pick[i] = v, change
        for i, p in enumerate(pick):
            if p:
                now[p[0]][i] = p[1]
                changed[i].add(p[0])
    return now


def anchors(people, train, goals, intervals, view, judges, numeric, rng):
    """Yields (name, people after) of simple methods, to see where this run's judges stand."""
    after = {c: v.copy() for c, v in people.items()}
    for i in range(len(goals)):
        room = [f for f in intervals if intervals[f][0][i] < intervals[f][1][i]]
        for f in rng.permutation(room)[:3]:
            after[f][i] = rng.uniform(intervals[f][0][i], intervals[f][1][i])
    yield "random safe", after
    for sign in (False, True):
        searcher = judge(train, view, sign, 3, CACHE)
        searcher.risks = [r[:5] for r in searcher.risks]
        for actions in (3, 5):
            yield f"greedy{', signs' if sign else ''}, {actions}", greedy(searcher, people, goals, intervals, actions)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--swap", action="store_true", help="train on 2017-2018, advise people of 2015-2016")
    parser.add_argument("--anchors", action="store_true", help="judge simple methods, too")
    parser.add_argument("--retrain", action="store_true", help="even if the model is there")
    parser.add_argument("--people", type=int, default=500)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()

    everybody, numeric = read_people(os.environ.get("NHANES", os.path.join(TOP, "..", "shared", "data", "nhanes.csv")))
    cycles = CYCLES[::-1] if options.swap else CYCLES
    rng = np.random.default_rng(options.seed)
    train = subset(everybody, everybody["survey_cycle"] == cycles[0])
    test = subset(everybody, everybody["survey_cycle"] == cycles[1])
    ill = np.flatnonzero((out_of_range(test) == 1).any(1))
    chosen = np.sort(rng.choice(ill, options.people, replace=False))
    people = subset(test, chosen)
    rest = rng.permutation(np.setdiff1d(np.arange(len(test["age_years"])), chosen))
    halves = [subset(test, np.sort(h)) for h in np.array_split(rest, 2)]
    view = View(everybody, numeric)
    judges = {sign: [judge(h, view, sign, n, CACHE) for n, h in enumerate(halves)] for sign in (False, True)}
    goals = out_of_range(people) == 1
    ids = list(people["respondent_id"])

    db = Database(people, numeric)
    model = db.train(cycles[0], train, options.retrain)
    db.table("bench_cases", people)
    noisy = {c: v * (1 + 0.01 * rng.standard_normal(len(v))) if c in numeric and c != "respondent_id" else v
             for c, v in people.items()}
    db.table("bench_noisy", noisy)
    intervals = db.intervals("bench_cases")

    lines = []

    def show(name, value, bar=""):
        print(f"{name:58} {value:>28}   {bar}")
        lines.append(f"| {name} | {value} | {bar} |")

    def risks(after):
        return [reduction(judges[s], people, after, goals) for s in (False, True)]

    def show_risks(name, after, bar=""):
        free, sign = risks(after)
        show(name, f"{np.mean(free):.3f} / {np.mean(sign):.3f}", bar)
        return sign

    if options.anchors:
        for name, after in anchors(people, train, goals, intervals, view, judges, numeric, rng):
            show_risks("anchor: " + name, after, f"kNN {knn_ratio(people, after, train, numeric):.2f}")

    advice = {}
    for n, bar in ((5, ">= .070 / .092"), (3, "- / >= .065")):
        advice[n], seconds = db.advise("bench_cases", model, n)
        after = put_in(people, ids, advice[n])
        sign = show_risks(f"risk reduction, {n} actions, free / sign", after, bar)
        show(f"  by judge, sign; kNN ratio", f"{sign[0]:.3f}, {sign[1]:.3f}; {knn_ratio(people, after, train, numeric):.2f}",
             "kNN <= 1.17")
        carried = [i for items in advice[n].values() for i in items]
        show("  actions a person; of them carried by the model",
             f"{len(carried) / len(ids):.1f}; {np.mean([i[3] != 'guideline' for i in carried]):.2f}")
        by_model = {p: [i for i in items if i[3] != "guideline"] for p, items in advice[n].items()}
        show_risks("  by the model's items alone", put_in(people, ids, by_model))
        sets = directions(advice[n], ids)
        again = directions(db.advise("bench_noisy", model, n)[0], ids)
        show("  Jaccard at 1 % noise; distinct sets", f"{jaccard(sets, again):.3f}; {len(set(sets))}", ">= .95; >= 250")
        show("  unsafe; repeated", f"{unsafe(people, ids, advice[n], intervals)}; {redundant(advice[n])}", "0; 0")
        show("  ms a person in a batch", f"{1000 * seconds / len(ids):.1f}")
    own = np.mean(reduction(judges[True], people, put_in(people, ids, advice[5]), goals))
    other = others(ids, goals, rng)
    worth = [np.mean(reduction(judges[True], people, of_another(people, ids, advice[5], other, intervals, c), goals))
             for c in (False, True)]
    show("own / another's advice, sign; by change", f"{own / worth[0]:.2f}; {own / worth[1]:.2f}", ">= 2")
    for sign in (False, True):
        named, every, ratio, parts = coverage(judges[sign], people, ids, advice[5])
        show(f"coverage, {'sign' if sign else 'free'}: named, all; promised / judged",
             f"{named:.2f}, {every:.2f}; {ratio:.2f}", ".85-.95")
        print("   ", parts)
    show("ms a single call, p50", f"{db.single_call('bench_cases', model, 60):.1f}", "<= 5")
    features = {}
    for items in advice[5].values():
        for i in items:
            features[i[0]] = features.get(i[0], 0) + 1
    print("   ", ", ".join(f"{f} {n}" for f, n in sorted(features.items(), key=lambda x: -x[1])))

    os.makedirs(CACHE, exist_ok=True)
    with open(os.path.join(CACHE, "advice.md"), "w") as f:
        f.write(f"Trained on {cycles[0]}, {len(ids)} people of {cycles[1]} advised.\n\n| measure | value | bar |\n|---|---|---|\n")
        f.write("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
