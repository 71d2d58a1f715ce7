"""quality_baseline.py: simple imputers from scikit-learn, to see where the data's own figures stand.

Each is method(train, shown) → the table `shown` with its gaps filled, learned from `train` (which may be
the same table). Numbers are standardised, on the scale log(1 + v) where they are skewed; words are
one-hot as inputs, and as targets have a classifier of their own: a regression on one-hot columns would
spoil their error. The docstring is the name in the report.
"""

import warnings

import numpy as np
from sklearn.ensemble import RandomForestClassifier, RandomForestRegressor
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import BayesianRidge, LogisticRegression

from quality_data import is_number, nrows, observed

ROUNDS = 5
FOREST_ROUNDS = 3
MOST_ROWS = 6000  # of the training table, for what takes long


def skewed(v):
    """Whether a number is scored, and modelled, as log(1 + v)."""
    x = v[~np.isnan(v)]
    sd = x.std()
    return bool(len(x) and x.min() >= 0 and sd > 0 and np.mean(((x - x.mean()) / sd) ** 3) > 1)


def mean(train, shown):
    """mean, mode"""
    out = {}
    for c, v in shown.items():
        there = train[c][observed(train[c])]
        fill = there.mean() if is_number(v) else max(set(there), key=list(there).count)
        out[c] = np.where(observed(v), v, fill) if is_number(v) else np.array([fill if x is None else x for x in v], object)
    return out


class Coding:
    """Tables as matrices: a block of columns for each column of the table."""

    def __init__(self, train):
        self.number, self.words, self.at, width = {}, {}, {}, 0
        for c, v in train.items():
            if is_number(v):
                t = np.log1p(v) if skewed(v) else v
                self.number[c] = (skewed(v), np.nanmean(t), np.nanstd(t) or 1, np.nanmin(t), np.nanmax(t))
                n = 1
            else:
                self.words[c] = sorted(set(v[observed(v)]))
                n = len(self.words[c])
            self.at[c] = slice(width, width + n)
            width += n
        self.width = width

    def code(self, c, v):
        if c in self.number:
            log, center, sd, *_ = self.number[c]
            return (((np.log1p(np.maximum(v, 0)) if log else v) - center) / sd)[:, None]
        there = observed(v)
        return np.where(there[:, None], np.array([[x == w for w in self.words[c]] for x in v], float), np.nan)

    def matrix(self, table):
        return np.hstack([self.code(c, v) for c, v in table.items()])

    def decode(self, c, x):
        if c in self.number:
            log, center, sd, *ends = self.number[c]
            t = np.clip(x[:, 0] * sd + center, *ends)  # a line may leave the range, and expm1 the world
            return np.expm1(t) if log else t
        return np.array([self.words[c][k] for k in x.argmax(1)], dtype=object)

    def fill(self, shown, x):
        out = {}
        for c, v in shown.items():
            out[c] = v.copy()
            gap = ~observed(v)
            if gap.any():
                out[c][gap] = self.decode(c, x[gap, self.at[c]])
        return out


def thinned(train):
    n = nrows(train)
    rows = np.arange(n) if n <= MOST_ROWS else np.sort(np.random.default_rng(0).choice(n, MOST_ROWS, replace=False))
    return {c: v[rows] for c, v in train.items()}


def rounds(train, shown, regression, classifier, n):
    coding, train = Coding(train), thinned(train)
    parts = [coding.matrix(train), coding.matrix(shown)]
    gaps = [np.isnan(p) for p in parts]
    start = np.nanmean(parts[0], 0)
    for p, g in zip(parts, gaps):
        p[g] = np.broadcast_to(start, p.shape)[g]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        for _ in range(n):
            for c, at in coding.at.items():
                others = np.delete(np.arange(coding.width), np.arange(at.start, at.stop))
                known = ~gaps[0][:, at.start]
                if c in coding.number:
                    fit = regression().fit(parts[0][known][:, others], parts[0][known, at.start])
                else:
                    level = parts[0][known][:, at].argmax(1)
                    if len(set(level)) < 2:
                        continue
                    fit = classifier().fit(parts[0][known][:, others], level)
                for p, g in zip(parts, gaps):
                    rows = np.flatnonzero(g[:, at.start])
                    if not len(rows):
                        continue
                    if c in coding.number:
                        p[rows, at.start] = fit.predict(p[rows][:, others])
                    else:
                        p[np.ix_(rows, at.start + fit.classes_)] = fit.predict_proba(p[rows][:, others])
    return coding.fill(shown, parts[1])


def chained(train, shown):
    """chained Bayesian ridge and classifiers"""
    return rounds(train, shown, BayesianRidge, lambda: LogisticRegression(max_iter=40), ROUNDS)


def forests(train, shown):
    """chained random forests (missForest style)"""
    few = dict(n_estimators=30, max_features=1 / 3, random_state=0)
    return rounds(train, shown, lambda: RandomForestRegressor(min_samples_leaf=5, **few),
                  lambda: RandomForestClassifier(**few), FOREST_ROUNDS)


def neighbours(train, shown):
    """10 nearest neighbours"""
    coding = Coding(train)
    donors, x = coding.matrix(thinned(train)), coding.matrix(shown)
    for c, at in coding.at.items():  # two words that differ are one standard deviation apart, as it were
        if c in coding.words:
            donors[:, at] *= np.sqrt(0.5)
            x[:, at] *= np.sqrt(0.5)
    there, x0 = ~np.isnan(donors), np.nan_to_num(donors)
    out = x.copy()
    for first in range(0, len(x), 500):
        part = x[first:first + 500]
        m, p0 = ~np.isnan(part), np.nan_to_num(part)
        both = m.astype(float) @ there.T.astype(float)
        d = ((p0 ** 2) @ there.T + m @ (x0 ** 2).T - 2 * p0 @ x0.T) / np.maximum(both, 1)
        d[both == 0] = np.inf
        d[d <= 1e-12] = np.inf  # itself, when it is among them
        order = np.argsort(d, 1)[:, :200]
        for c, at in coding.at.items():
            for i in np.flatnonzero(~m[:, at.start]):
                near = [r for r in order[i] if there[r, at.start]][:10]
                if near:
                    out[first + i, at] = x0[near, at].mean(0)
                else:
                    out[first + i, at] = np.nanmean(donors[:, at], 0)
    return coding.fill(shown, out)


def baselines(rows, columns):
    """Those that end in minutes on such a table."""
    if rows >= 20000:
        return [mean, chained]
    return [mean, neighbours, chained] + ([forests] if columns < 20 else [])
