"""quality_hivae.py: imputation and density on the data sets and masks of HI-VAE.

Imputation (SCIENCE 2.1; masks 1-3, 20 % of the cells hidden): a model is trained on the table with its
hidden cells missing and fills that same table; error of a column over its hidden cells: words, the
share that is wrong; ordinals, the mean absolute difference / number of levels; numbers, RMSE /
(largest - smallest); the mean over columns, then over masks. Categories are loaded as words, everything
else as numbers.

Density: vae_log_likelihood(row, 100) of Wine's observed cells under mask 1 is a density in the columns'
own units. The published scale has numbers as t = (log(1 + v) - mean) / sd of the observed cells: the
Jacobian dv/dt = sd (1 + v) of every observed number is multiplied in. `quality`, whole numbers from 3 to
9, may be a probability of levels here, which is the density of a step one wide: the same factor.
Independent columns beside it: each number a normal distribution of t, each word its share.
"""

import numpy as np

from quality_baseline import baselines
from quality_data import hide, is_number, nrows, observed, open_data, read_table

BARS = {"wine": "<= .064", "breast": "<= .097", "adult": "<= .211"}
MASKS = (1, 2, 3)


def types_of(name):
    with open_data("hivae_types.csv") as f:
        lines = [line.rstrip("\n").split(",") for line in f][1:]
    return {column: (kind, int(classes or 0)) for data, column, kind, _, classes in lines if data == "hivae_" + name}


def load(name):
    """The table with categories as words, and the kinds {column: (kind, classes)}."""
    kinds = types_of(name)
    table = read_table(f"hivae_{name}.csv", [c for c, k in kinds.items() if k[0] == "cat"])
    for c, (kind, _) in kinds.items():
        if kind == "cat":
            table[c] = np.array([None if v is None else "c" + v for v in table[c]], dtype=object)
    return table, kinds


def masks(name, table):
    """{mask: {column: hidden}} of 20 %; only cells that are there."""
    columns = list(table)
    out = {m: {c: np.zeros(nrows(table), bool) for c in columns} for m in MASKS}
    with open_data("hivae_masks.csv") as f:
        for line in f:
            if line.startswith(f"hivae_{name},20,"):
                mask, row, column = (int(x) for x in line.split(",")[2:5])
                if mask in out:
                    out[mask][columns[column - 1]][row - 1] = True
    for hidden in out.values():
        for c in columns:
            hidden[c] &= observed(table[c])
    return out


def error(table, filled, hidden, kinds):
    """Mean over columns, of numbers alone, and of words alone."""
    errors = {}
    for c, (kind, classes) in kinds.items():
        truth, guess = table[c][hidden[c]], filled[c][hidden[c]]
        if kind == "cat":
            errors[c] = np.mean(truth != guess)
        elif kind == "ordinal":
            errors[c] = np.mean(np.abs(truth - guess)) / classes
        else:
            errors[c] = np.sqrt(np.mean((truth - guess) ** 2)) / (np.nanmax(table[c]) - np.nanmin(table[c]))
    return (np.mean(list(errors.values())), np.mean([e for c, e in errors.items() if kinds[c][0] != "cat"]),
            np.mean([e for c, e in errors.items() if kinds[c][0] == "cat"]))


def log_scale(column):
    """t of every cell, and the log of dv/dt there; zeros for missing cells."""
    there = observed(column)
    t = np.log1p(np.where(there, column, 0))
    mean, sd = t[there].mean(), t[there].std()
    return np.where(there, (t - mean) / sd, 0), np.where(there, np.log(sd) + t, 0)


def independent(shown):
    """Nats a row of independent columns on the t scale."""
    total = np.zeros(nrows(shown))
    for v in shown.values():
        if is_number(v):
            total += np.where(observed(v), -0.5 * np.log(2 * np.pi) - 0.5 * log_scale(v)[0] ** 2, 0)
        else:
            words, counts = np.unique(v[observed(v)].astype(str), return_counts=True)
            log_share = dict(zip(words, np.log(counts / counts.sum())))
            total += np.array([0 if x is None else log_share[x] for x in v])
    return total.mean()


def density(bench, shown, model):
    nats = bench.db.column(f"SELECT vae_log_likelihood(t, 100, '{model}') FROM {model} t ORDER BY id")
    jacobian = sum(log_scale(v)[1] for v in shown.values() if is_number(v))
    return np.nanmean(nats + jacobian)


def run(bench):
    for name, bar in BARS.items():
        if not bench.has(name, f"hivae_{name}.csv", "hivae_masks.csv", "hivae_types.csv"):
            continue
        table, kinds = load(name)
        hidden = masks(name, table)
        for seed in bench.seeds:
            errors, seconds, nats = [], [], None
            for m in MASKS:
                shown, model = hide(table, hidden[m]), f"{name}_{m}"
                bench.db.load(model, shown)
                seconds.append(bench.db.train(model, seed=seed)["call_seconds"])
                errors.append(error(table, bench.db.impute(model, model, table), hidden[m], kinds))
                if name == "wine" and m == 1:
                    nats = density(bench, shown, model)
            both, numbers, words = np.mean(errors, 0)
            bench.measure(name, "imputation error", both, bar)
            bench.tell(name, "… of numbers and ordinals", numbers)
            bench.tell(name, "… of words", words)
            bench.tell(name, "seconds a training", np.mean(seconds))
            if nats is not None:
                bench.measure(name, "IWAE 100, nats a row", nats, ">= -10.4")
        if name == "wine":
            bench.tell(name, "… of independent columns", independent(hide(table, hidden[1])))
        for method in baselines(nrows(table), len(table)):
            errors = []
            for m in MASKS:
                shown = hide(table, hidden[m])
                errors.append(error(table, method(shown, shown), hidden[m], kinds)[0])
            bench.tell(name, "… error of " + method.__doc__, np.mean(errors))
