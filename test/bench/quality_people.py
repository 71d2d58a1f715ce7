"""quality_people.py: people whom the model has not seen: imputation, intervals, calibration, density.

Trained on one survey cycle of nhanes.csv with default options, scored on the other one, 20 % of whose
observed cells are hidden (ANCHORS 4). The cycles differ by themselves (diastolic pressure by a KS distance
of .10, minutes of sitting .09), which no calibration can know: so that is measured on a random half of all
people, too, trained on the other half.

  imputation    numbers: RMSE / standard deviation of the column among the scored people, mean over
                columns; on the raw scale, and on t = log(1 + v) where the column is skewed; words: the
                share that is wrong, mean over columns
  intervals     share of hidden numbers within low … high of vae_impute_cells
  PIT           where a hidden number lies in its predicted distribution, read off the intervals of
                vae_impute_cells(coverage => c) for c = .02, .08, … .98, uniform within a step (and within
                a point of mass); KS is its largest distance from the uniform distribution; mean
                over columns, and of all cells together
  ECE           of the probability that vae_impute_cells gives the word it chose: mean of |share right -
                mean probability| over ten equal groups
  density       vae_log_likelihood(row, 100) of whole people, against independent columns that have the
                training people's own distribution, per block of columns of a kind: one cell at a time,
                given the rest of the person, as log p(person) - log p(person without the cell)
"""

import numpy as np

from quality_baseline import baselines, skewed
from quality_data import hide, hide_some, is_number, nhanes, nrows, observed, stacked, subset

LEVELS = [0.02 + 0.06 * i for i in range(17)]


def t_scale(truth, v):
    return np.log1p(np.maximum(v, 0)) if skewed(truth) else v


def imputation(truth, filled, hidden):
    raw, t, words = [], [], []
    for c, v in truth.items():
        rows = hidden[c]
        if not rows.any():
            continue
        if not is_number(v):
            words.append(np.mean(v[rows] != filled[c][rows]))
            continue
        for scale, into in ((lambda x: x, raw), (lambda x: t_scale(v, x), t)):
            into.append(np.sqrt(np.mean((scale(v[rows]) - scale(filled[c][rows])) ** 2)) / np.nanstd(scale(v)))
    return np.mean(raw), np.mean(t), np.mean(words)


def cells(bench, table, model, coverage=None):
    """{(id, column): (value, low, high, probability)} of vae_impute_cells."""
    more = f", coverage => {coverage}" if coverage else ""
    rows = bench.db.run(f"SELECT t.id, c.* FROM {table} t, vae_impute_cells(t, model => '{model}'{more}) c")
    return {(i, c): rest for i, c, *rest in rows}


def coverage(truth, hidden, guess):
    """Share of hidden numbers inside their interval: of all, and the farthest column from it."""
    shares = {}
    for c, v in truth.items():
        if is_number(v):
            held = [float(guess[i, c][1]) <= v[i] <= float(guess[i, c][2]) for i in np.flatnonzero(hidden[c])
                    if guess[i, c][1] is not None]
            shares[c] = (sum(held), len(held))
    total = np.sum(list(shares.values()), 0)
    return total[0] / total[1], min(h / n for h, n in shares.values() if n), max(h / n for h, n in shares.values() if n)


def pit(bench, table, model, truth, hidden, rng):
    """{column: PIT of its hidden numbers}"""
    asked = {c: cells(bench, table, model, c) for c in LEVELS}
    share = np.array([0.5 - c / 2 for c in LEVELS[::-1]] + [0.5 + c / 2 for c in LEVELS])
    out = {}
    for c, v in truth.items():
        if not is_number(v):
            continue
        out[c] = []
        for i in np.flatnonzero(hidden[c]):
            q = np.array([float(asked[l][i, c][1]) for l in LEVELS[::-1]] + [float(asked[l][i, c][2]) for l in LEVELS])
            below = share[q < v[i]].max(initial=0)
            upto = share[q > v[i]].min(initial=1)
            out[c].append(rng.uniform(below, upto))
    return out


def ks(u):
    u = np.sort(u)
    n = len(u)
    return max(np.max(np.arange(1, n + 1) / n - u), np.max(u - np.arange(n) / n))


def ece(truth, hidden, guess):
    sure, right = [], []
    for c, v in truth.items():
        if not is_number(v):
            for i in np.flatnonzero(hidden[c]):
                if (i, c) in guess:
                    sure.append(guess[i, c][3])
                    right.append(guess[i, c][0] == v[i])
    order = np.argsort(sure)
    return sum(len(g) * abs(np.mean(np.array(right)[g]) - np.mean(np.array(sure)[g]))
               for g in np.array_split(order, 10)) / len(order)


def marginal(train, c, v):
    """Log density or probability of the values v of a column under its own distribution in training:
    words and numbers of at most 20 values by their shares (one more person imagined for each), other
    numbers by a histogram of 50 equally filled bins, where points of mass are bins one unit wide."""
    seen = train[c][observed(train[c])]
    values, counts = np.unique(seen.astype(str) if not is_number(seen) else seen, return_counts=True)
    if not is_number(seen) or len(values) <= 20:
        share = dict(zip(values, np.log((counts + 1) / (counts.sum() + len(values) + 1))))
        floor = -np.log(counts.sum() + len(values) + 1)
        return np.array([share.get(str(x) if not is_number(seen) else x, floor) for x in v])
    edges = np.unique(np.quantile(seen, np.linspace(0, 1, 51)))
    bins = np.clip(np.searchsorted(edges, seen, side="right") - 1, 0, len(edges) - 2)
    count = np.bincount(bins, minlength=len(edges) - 1) + 0.5
    log_density = np.log(count / count.sum() / np.diff(edges))
    return log_density[np.clip(np.searchsorted(edges, v, side="right") - 1, 0, len(edges) - 2)]


def density(bench, people, train, model, rng, most=300):
    """{kind: gain in nats a cell over independent columns}, for one cell of each of `most` people a column."""
    kinds = dict(bench.db.run("SELECT column_name::text, kind FROM vae_profile('people_train') WHERE kind IS NOT NULL"))
    gains = {}
    for c, v in people.items():
        if c not in kinds:
            continue
        rows = rng.permutation(np.flatnonzero(observed(v)))[:most]
        ids = [int(i) for i in rows]
        nats = bench.db.column(
            f"""SELECT vae_log_likelihood(t, 100, '{model}') - vae_log_likelihood(to_jsonb(t) - '{c}', 100, '{model}')
                FROM unnest(%s) WITH ORDINALITY u (id, n) JOIN people t USING (id) ORDER BY n""", ids)
        gains.setdefault(kinds[c], []).append(np.nanmean(nats - marginal(train, c, v[rows])))
    return {k: np.mean(g) for k, g in gains.items()}


def calibration(bench, group, people, hidden, rng):
    """ECE and PIT of the model `people` on the table people_shown."""
    bench.measure(group, "ECE of words", ece(people, hidden, cells(bench, "people_shown", "people")), "<= .03")
    u = pit(bench, "people_shown", "people", people, hidden, rng)
    bench.measure(group, "PIT KS of a number, mean", np.mean([ks(x) for x in u.values()]), "<= .05")
    bench.tell(group, "… worst column", max(ks(x) for x in u.values()))
    bench.tell(group, "… all cells together", ks(np.concatenate(list(u.values()))))


def halves(bench, everybody):
    """The same on people of the same surveys: a random half is trained on, the other one asked."""
    for seed in bench.seeds:
        rng = np.random.default_rng(100 + seed)
        order = rng.permutation(nrows(everybody))
        train, people = (subset(everybody, np.sort(h)) for h in np.array_split(order, 2))
        hidden = hide_some(people, 0.2, rng)
        bench.db.load("people_train", train, everybody)
        bench.db.load("people_shown", hide(people, hidden), everybody)
        bench.db.train("people_train", "people", seed=seed)
        calibration(bench, "people's other half", people, hidden, rng)


def run(bench):
    if not bench.has("people", "nhanes.csv"):
        return
    train, people = nhanes(bench.swap)
    everybody = stacked(train, people)
    bench.db.load("people_train", train, everybody)
    bench.db.load("people", people, everybody)
    for seed in bench.seeds:
        rng = np.random.default_rng(seed)
        hidden = hide_some(people, 0.2, rng)
        shown = hide(people, hidden)
        bench.db.load("people_shown", shown, everybody)
        trained = bench.db.train("people_train", "people", seed=seed)
        bench.tell("people", "seconds of training", trained["call_seconds"])
        for name, value, bar in zip(("raw", "t", "words"), imputation(people, bench.db.impute("people_shown", "people", people), hidden),
                                    ("<= .720", "<= .672", "<= .273")):
            bench.measure("people", "imputation error, " + name, value, bar)
        guess = cells(bench, "people_shown", "people")
        share, least, most = coverage(people, hidden, guess)
        bench.measure("people", "held by 90 % intervals", share, ".87-.93")
        bench.tell("people", "… least of a column", least)
        bench.tell("people", "… most of a column", most)
        calibration(bench, "people", people, hidden, rng)
        for kind, gain in density(bench, people, train, "people", rng).items():
            bench.measure("people", f"nats a cell over independent columns, {kind}", gain, ">= 0")
    hidden = hide_some(people, 0.2, np.random.default_rng(0))
    shown = hide(people, hidden)
    for method in baselines(nrows(train), len(train)):
        for name, value in zip(("raw", "t", "words"), imputation(people, method(train, shown), hidden)):
            bench.tell("people", f"… {name}, {method.__doc__}", value)
    halves(bench, everybody)
