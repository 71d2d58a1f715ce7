#!/usr/bin/python3
"""advice.py [--swap] [--peers] [--retrain] [--fail] [--people N] [--seed N]: how good the advice is.

The protocol of ANCHORS, section 5, on nhanes.csv (NHANES=path): the extension's model is trained on
the people of 2015-2016; 500 adults of 2017-2018 with at least one of five risks present are advised,
complete record or not; two independent judges (advice_judge.py), trained on the two halves of everybody
else of 2017-2018, give each person's risks before and after. --swap exchanges the cycles: that is where
tuning belongs, so that the 500 who are reported on are never looked at.

What is measured is defined in advice_measures.py, always as the mean over the two judges; `free` judges
have no constraint, `sign` judges are monotone as the guidelines are. All items of plan 1 count, whoever
carries them. --peers puts other methods beside it (advice_peers.py). Noise: every number of the record,
outcomes too, times 1 + 0.01 N(0, 1). Time of a batch is CPU time of the server's process (its wall time
where /proc does not tell), so that a busy machine does not show in it.

Prints the figures and, last, the bars that must hold; writes both to build/bench/advice.md. --fail makes
a missed bar an exit code of 1.
"""

import argparse
import glob
import os
import sys
import time

os.environ.setdefault("OMP_WAIT_POLICY", "passive")  # threads that spin slow each other on a busy machine
import numpy as np
from psycopg2.extras import execute_values

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from advice_judge import ACTIONS, View, judge, out_of_range, subset  # noqa: E402
from advice_measures import (THE_READING, Cases, Item, alternatives, copied, coverage, directions, jaccard,  # noqa: E402
                             knn_ratio, needless, own_other, put_in, repeated, unsafe)
from advice_peers import HEAD, compare, line  # noqa: E402
import quality_data  # noqa: E402
from quality_data import CYCLES, OUT, TOP, Bench, read_table  # noqa: E402

NAMES = {False: "free", True: "sign"}


class Database(quality_data.Database):
    """Tables keep the person's number as a column, all numbers as float8."""

    def __init__(self):
        super().__init__()
        self.pid = self.run("SELECT pg_backend_pid()")[0][0]
        self.run("SET max_parallel_workers_per_gather = 0; DROP SCHEMA IF EXISTS bench_rules CASCADE; CREATE SCHEMA bench_rules")
        with open(os.path.join(TOP, "test", "data", "safe_ranges.sql")) as f:
            self.run("SET search_path = bench_rules, public; " + f.read())
        self.run("SET search_path = public, bench_rules")

    def seconds(self):
        """CPU seconds of the server's process and its threads so far."""
        try:
            tasks = [open(p).read() for p in glob.glob(f"/proc/{self.pid}/task/*/schedstat")]
        except OSError:
            tasks = []
        return sum(int(t.split()[0]) for t in tasks) / 1e9 if tasks else time.time()

    def table(self, name, people):
        types = ", ".join(f'"{c}" {"text" if v.dtype == object else "float8"}' for c, v in people.items())
        self.run(f"DROP TABLE IF EXISTS {name}; CREATE TABLE {name} ({types})")
        rows = zip(*([None if v is None or v != v else v for v in column] for column in people.values()))
        execute_values(self.cursor, f"INSERT INTO {name} VALUES %s", list(rows), page_size=500)

    def model_of(self, cycle, people, again):
        model = f"advice_{cycle}"
        if again or not self.run("SELECT 1 FROM vae_models WHERE model = %s", model):
            table = "bench_" + cycle.replace("-", "_")
            self.table(table, people)
            start = time.time()
            self.run(f"SELECT vae_train('{table}', %s, exclude => '{{respondent_id,survey_cycle,exam_weight}}')", model)
            print(f"trained in {time.time() - start:.0f} s", file=sys.stderr)
        return model

    def advise(self, table, model, max_actions, plans=1):
        """The actions of each plan, [{person: items}], and CPU seconds."""
        start = self.seconds()
        rows = self.run(f"""SELECT t.respondent_id, a.plan, a.feature, a.target_value::float8, a.change, a.basis, a.outcome,
                                   a.effects, a.kind, a.probability
                            FROM {table} t, vae_advise(t, %s, max_actions => %s, alternatives => %s) a
                            ORDER BY t.respondent_id, a.plan, a.rank""", model, max_actions, plans)
        seconds = self.seconds() - start
        advice = [{} for _ in range(plans)]
        for person, plan, *item in rows:
            if Item(*item).kind == "action":
                advice[plan - 1].setdefault(person, []).append(Item(*item))
        return advice, seconds

    def single_call(self, table, model, calls):
        """Median milliseconds of a call of its own, as the client sees it, and of them CPU."""
        wall, cpu = [], []
        for n in range(calls):
            start = time.time(), self.seconds()
            self.run(f"SELECT a.* FROM (SELECT t FROM {table} t OFFSET {n} LIMIT 1) x, vae_advise(t, %s) a", model)
            wall.append(time.time() - start[0])
            cpu.append(self.seconds() - start[1])
        return 1000 * np.median(wall), 1000 * np.median(cpu)

    def intervals(self, table):
        """Safe intervals that know nothing of the catalogue: {feature: (low[], high[])}."""
        rows = self.run(f"""SELECT f, array_agg(low ORDER BY t.respondent_id), array_agg(high ORDER BY t.respondent_id)
                            FROM {table} t, unnest(%s) f, test_safe_interval(jsonb_strip_nulls(to_jsonb(t)), f) i (low, high)
                            GROUP BY f""", list(ACTIONS))
        return {f: (np.array(low, float), np.array(high, float)) for f, low, high in rows}

    def recommended(self):
        rows = self.run("""SELECT feature, coalesce(recommended_low, '-infinity'), coalesce(recommended_high, 'infinity')
                           FROM hadvice.features WHERE feature = ANY (%s)""", list(ACTIONS))
        return {f: (low, high) for f, low, high in rows}


def measure_plans(bench, group, cases, noisy, ids, advice, again):
    """What holds for plans of any length; returns the largest reduction that a pair of judges sees."""
    after, targets = put_in(cases.people, ids, advice), put_in(noisy.people, ids, again)
    found = {}
    for sign, bar in ((False, ">= .070"), (True, ">= .092" if group == "5 actions" else ">= .065")):
        gains = cases.gains(sign, after)
        found[sign] = gains.mean()
        name = "risk reduction, " + NAMES[sign]
        bench.measure(group, name, gains.mean(), bar if sign or group == "5 actions" else "")
        bench.tell(group, f"… standard error over people, {NAMES[sign]}", gains.mean(0).std() / np.sqrt(len(ids)))
        for n, gain in enumerate(gains.mean(1)):
            bench.tell(group, f"… judge {n + 1}, {NAMES[sign]}", gain)
    by_model = {p: [i for i in items if i.basis != "guideline"] for p, items in advice.items()}
    for sign in (False, True):
        bench.tell(group, f"… by the model's items alone, {NAMES[sign]}",
                   cases.reduction(sign, put_in(cases.people, ids, by_model)))
    items = [i for person in advice.values() for i in person]
    bench.tell(group, "actions a person", len(items) / len(ids))
    bench.tell(group, "… share carried by the model", np.mean([i.basis != "guideline" for i in items]))
    bench.measure(group, "kNN ratio", knn_ratio(cases, after), "<= 1.17")
    sets = directions(cases.people, after)
    bench.measure(group, "Jaccard at 1 % noise", jaccard(sets, directions(noisy.people, targets)), ">= .95")
    bench.measure(group, "distinct sets", len(set(sets)), ">= 250" if group == "5 actions" else "")
    bench.measure(group, "unsafe items", max(unsafe(cases, a)[0] for a in (
        after, put_in(cases.people, ids, advice, by_change=True))), "<= 0")
    bench.measure(group, "redundancy: features repeated", repeated(advice), "<= 0")
    for sign in (False, True):
        bench.tell(group, f"needless: share of items, {NAMES[sign]}", needless(cases, after, sign))
    return max(found.values())


def measure_intervals(bench, cases, ids, advice):
    for sign in (False, True):
        named, everything, ratio, parts = coverage(cases.judges[sign], cases.people, ids, advice)
        bench.measure("intervals", f"held, the outcome named, {NAMES[sign]}", named, ".85-.95")
        bench.measure("intervals", f"held, all outcomes, {NAMES[sign]}", everything, ".85-.95")
        bench.tell("intervals", f"promised / judged, {NAMES[sign]}", ratio)
        for outcome, share in parts.items():
            bench.tell("intervals", f"… {outcome}, {NAMES[sign]}", share)


def measure_own(bench, cases, after, seed):
    for same, words in ((False, "a goal in common"), (True, "the same goals")):
        for reading, ratio in own_other(cases, after, seed, same_goals=same).items():
            bar = ">= 2" if not same and reading == THE_READING else ""
            bench.measure("own / other", f"{words}: {reading}", ratio, bar)


def measure_alternatives(bench, cases, ids, plans):
    plans = [put_in(cases.people, ids, p) for p in plans]
    for sign in (False, True):
        distance, worst, share = alternatives(cases, plans, sign)
        bench.tell("alternatives => 3", f"worst plan's gain / plan 1's, {NAMES[sign]}", worst)
    bench.tell("alternatives => 3", "Jaccard distance of a person's plans", distance)
    bench.tell("alternatives => 3", "share of people with three", share)


def protocol(options):
    """Training people, the cases and the same with noise, their numbers, and what a judge sees."""
    everybody = read_table(os.path.abspath(os.environ["NHANES"]) if "NHANES" in os.environ else "nhanes.csv")
    numeric = [c for c, v in everybody.items() if v.dtype != object]
    cycles = CYCLES[::-1] if options.swap else CYCLES
    rng = np.random.default_rng(options.seed)
    train, test = (subset(everybody, everybody["survey_cycle"] == cycle) for cycle in cycles)
    ill = np.flatnonzero((out_of_range(test) == 1).any(1))
    chosen = np.sort(rng.choice(ill, options.people, replace=False))
    people = subset(test, chosen)
    rest = rng.permutation(np.setdiff1d(np.arange(len(test["age_years"])), chosen))
    halves = [subset(test, np.sort(h)) for h in np.array_split(rest, 2)]
    view = View(everybody, numeric)
    judges = {sign: [judge(h, view, sign, n, OUT) for n, h in enumerate(halves)] for sign in (False, True)}
    noise = copied(people)
    for c in numeric:
        if c != "respondent_id":
            noise[c] = people[c] * (1 + 0.01 * rng.standard_normal(len(people[c])))
    return cycles, train, people, noise, view, judges


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--swap", action="store_true", help="train on 2017-2018, advise people of 2015-2016")
    parser.add_argument("--peers", action="store_true", help="other methods beside it, some minutes")
    parser.add_argument("--retrain", action="store_true", help="even if the model is there")
    parser.add_argument("--fail", action="store_true", help="exit code 1 when a bar is missed")
    parser.add_argument("--people", type=int, default=500)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()

    cycles, train, people, noise, view, judges = protocol(options)
    ids = list(people["respondent_id"])
    db = Database()
    model = db.model_of(cycles[0], train, options.retrain)
    db.table("bench_cases", people)
    db.table("bench_noisy", noise)
    cases = Cases(people, db.intervals("bench_cases"), train, judges)
    noisy = Cases(noise, db.intervals("bench_noisy"), train, judges)
    bench = Bench(db, [options.seed], options.swap)

    db.advise("bench_cases", model, 1)  # the first call of a session decodes the model
    largest, table = [], []
    for actions in (5, 3):
        (advice,), seconds = db.advise("bench_cases", model, actions)
        (again,), _ = db.advise("bench_noisy", model, actions)
        group = f"{actions} actions"
        largest.append(measure_plans(bench, group, cases, noisy, ids, advice, again))
        bench.measure(group, "batch, people a second and core", len(ids) / seconds, ">= 1000" if actions == 3 else "")
        after = put_in(people, ids, advice)
        table.append(line(f"**hadvice**, {group}", cases, after, directions(noise, put_in(noise, ids, again)),
                          1000 * seconds / len(ids), options.seed))
        if actions == 5:
            measure_intervals(bench, cases, ids, advice)
            measure_own(bench, cases, after, options.seed)
    bench.measure("all", "largest risk reduction (more is a leak)", max(largest), "<= .11")
    measure_alternatives(bench, cases, ids, db.advise("bench_cases", model, 3, plans=3)[0])
    wall, cpu = db.single_call("bench_cases", model, 100)
    bench.measure("all", "single call, ms, p50", wall, "<= 5")
    bench.tell("all", "… of them CPU", cpu)
    if options.peers:
        for row in compare(cases, noisy, view, OUT, db.recommended(), options.seed):
            print(row, file=sys.stderr, flush=True)
            table.append(row)

    report = (f"Trained on {cycles[0]}, {len(ids)} people of {cycles[1]} advised.\n\n" + "\n".join([HEAD, *table]) +
              f"\n\n{bench.markdown(bars=False)}\nMust hold:\n\n{bench.markdown(bars=True)}")
    print(report)
    os.makedirs(OUT, exist_ok=True)
    with open(os.path.join(OUT, "advice.md"), "w") as f:
        f.write(report)
    sys.exit(bool(options.fail and bench.failures()))


if __name__ == "__main__":
    main()
