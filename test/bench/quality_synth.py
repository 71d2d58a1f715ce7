"""quality_synth.py: synthetic people beside the real ones that the model was trained on.

As many rows are sampled as were trained on, complete ones, and given the gaps of real rows (a random
training row's each), so that a judge cannot tell them by their completeness. `real` are the training
rows, `test` people of another survey cycle.

similarity    mean over columns of 1 - Kolmogorov-Smirnov distance (numbers), 1 - total variation (words)
correlation   mean over pairs of numbers of the absolute difference of their rank correlations
TSTR          trained on synthetic, tested on real people: AUC of XGBoost for diagnosed diabetes and
              hypertension, medicines left out
judge         AUC of XGBoost that tells real from synthetic rows, by two-fold cross-validation; .5 is best
neighbour     share of the synthetic rows that are nearer to a real row than to one of as many others;
              without a leak it is what independent columns have
copies        synthetic rows equal to a training row in every cell
Baselines: the real rows themselves; independent columns; a Gaussian copula of ranks.
"""

import numpy as np
from sklearn.metrics import roc_auc_score
from scipy.spatial.distance import cdist
from scipy.stats import norm, rankdata
from xgboost import XGBClassifier

from quality_data import hide, is_number, nhanes, nrows, observed, subset

TARGETS = {"diabetes": ("diabetes_diagnosed", ["diabetes_medication"]),
           "hypertension": ("hypertension_diagnosed", ["bp_medication"])}


# ---- measures ----------------------------------------------------------------------------------

def similarity(real, fake):
    out = []
    for c, v in real.items():
        a, b = v[observed(v)], fake[c][observed(fake[c])]
        if is_number(v):
            at = np.unique(np.concatenate([a, b]))
            out.append(1 - np.max(np.abs(np.searchsorted(np.sort(a), at, "right") / len(a)
                                         - np.searchsorted(np.sort(b), at, "right") / len(b))))
        else:
            out.append(1 - sum(abs(np.mean(a == x) - np.mean(b == x)) for x in set(a) | set(b)) / 2)
    return np.mean(out)


def ranks(v):
    out = np.full(len(v), np.nan)
    ok = observed(v)
    out[ok] = norm.ppf((rankdata(v[ok]) - .5) / ok.sum())
    return out


def correlations(table):
    m = np.ma.masked_invalid(np.array([ranks(v) for v in table.values() if is_number(v)]))
    return np.ma.corrcoef(m).filled(0)


def correlation_error(real, fake):
    a, b = correlations(real), correlations(fake)
    upper = np.triu_indices(len(a), 1)
    return np.mean(np.abs(a - b)[upper])


def features(table, like, without=()):
    """Numbers, and words as 0/1 columns; gaps stay gaps."""
    out = []
    for c, v in table.items():
        if c in without:
            continue
        if is_number(v):
            out.append(v)
        else:
            ok = observed(v)
            out += [np.where(ok, v == x, np.nan).astype(float) for x in sorted({x for x in like[c] if x is not None})]
    return np.array(out, float).T


def learner(seed):
    return XGBClassifier(n_estimators=150, max_depth=4, learning_rate=.1, subsample=.8, n_jobs=1, random_state=seed,
                         tree_method="hist", eval_metric="logloss")


def tstr(train, test, like, target, without, seed):
    def task(t):
        ok = observed(t[target])
        return features(subset(t, ok), like, (target, *without)), t[target][ok] == "yes"

    x, y = task(train)
    if y.all() or not y.any():
        return .5
    u, w = task(test)
    return roc_auc_score(w, learner(seed).fit(x, y).predict_proba(u)[:, 1])


def judge(real, fake, seed):
    x = np.concatenate([features(real, real), features(fake, real)])
    y = np.repeat([0, 1], [nrows(real), nrows(fake)])
    half = np.random.default_rng(seed).permutation(len(y)) % 2
    p = np.zeros(len(y))
    for k in (0, 1):
        p[half == k] = learner(seed).fit(x[half != k], y[half != k]).predict_proba(x[half == k])[:, 1]
    return roc_auc_score(y, p)


def neighbour(real, others, fake, seed):
    n = min(nrows(real), nrows(others))
    rng = np.random.default_rng(seed)
    a, b = (features(subset(t, rng.permutation(nrows(t))[:n]), real) for t in (real, others))
    mean, sd = np.nanmean(a, 0), np.nanstd(a, 0) + 1e-9
    a, b, f = (np.nan_to_num((x - mean) / sd) for x in (a, b, features(fake, real)))
    near = [np.concatenate([cdist(some, x).min(1) for some in np.array_split(f, 20)]) for x in (a, b)]
    return np.mean(near[0] < near[1])


def copies(real, fake):
    def rows(t):
        return list(zip(*([None if x is None or x != x else x for x in v] for v in t.values())))

    known = set(rows(real))
    return sum(r in known for r in rows(fake))


def with_gaps(fake, real, rng):
    rows = rng.integers(nrows(real), size=nrows(fake))
    return hide(fake, {c: ~observed(v)[rows] for c, v in real.items()})


# ---- baselines ---------------------------------------------------------------------------------

def independent(real, rng):
    return {c: rng.choice(v[observed(v)], len(v)) for c, v in real.items()}


def gaussian_copula(real, rng):
    """Ranks as normal numbers, words by their shares in the order of their frequency."""
    sorted_, codes = {}, []
    for c, v in real.items():
        ok = observed(v)
        if is_number(v):
            sorted_[c] = np.sort(v[ok])
            codes.append(ranks(v))
        else:
            words, counts = np.unique(v[ok].astype(str), return_counts=True)
            order = {w: i for i, w in enumerate(words[np.argsort(-counts)])}
            sorted_[c] = np.array(sorted(v[ok], key=order.get), object)
            codes.append(ranks(np.array([order.get(x, np.nan) for x in v], float)))
    m = np.ma.masked_invalid(np.array(codes))
    value, vector = np.linalg.eigh(np.ma.corrcoef(m).filled(0))
    root = vector * np.sqrt(np.maximum(value, 1e-6))
    z = rng.standard_normal((nrows(real), len(codes))) @ root.T
    z /= np.sqrt((root ** 2).sum(1))
    return {c: s[np.minimum((norm.cdf(z[:, i]) * len(s)).astype(int), len(s) - 1)] for i, (c, s) in enumerate(sorted_.items())}


# ---- the part ----------------------------------------------------------------------------------

BARS = {"similarity": ">= .975", "correlation error": "<= .030", "TSTR diabetes": ">= .935",
        "TSTR hypertension": ">= .820", "judge": "<= .82", "neighbour": "<= .545", "copies": "<= 0"}


def figures(real, test, fake, seed):
    yield "similarity", similarity(real, fake)
    yield "correlation error", correlation_error(real, fake)
    for name, (target, without) in TARGETS.items():
        yield "TSTR " + name, tstr(fake, test, real, target, without, seed)
    yield "judge", judge(real, fake, seed)
    yield "neighbour", neighbour(real, test, fake, seed)
    yield "copies", copies(real, fake)


def run(bench):
    if not bench.has("synthetic", "nhanes.csv"):
        return
    train, test = nhanes(bench.swap)
    bench.db.load("quality_train", train)
    for seed in bench.seeds:
        rng = np.random.default_rng(seed)
        bench.db.train("quality_train", "quality_synth", seed)
        fake = bench.db.fetch("SELECT * FROM vae_sample(NULL::quality_train, %s, seed => %s, model => %s)", train,
                              nrows(train), seed, "quality_synth")
        gaps = bench.db.fetch("SELECT * FROM vae_sample(NULL::quality_train, %s, seed => %s, model => %s, "
                              "missing => true)", train, nrows(train), seed, "quality_synth")
        for name, value in figures(train, test, with_gaps(fake, train, rng), seed):
            bench.measure("synthetic", name, value, BARS[name])
        bench.tell("synthetic, own gaps", "judge", judge(train, gaps, seed))
        for name, (target, without) in TARGETS.items():
            bench.tell("real", "TSTR " + name, tstr(train, test, train, target, without, seed))
        for group, baseline in (("independent columns", independent), ("Gaussian copula", gaussian_copula)):
            for name, value in figures(train, test, with_gaps(baseline(train, rng), train, rng), seed):
                bench.tell(group, name, value)
