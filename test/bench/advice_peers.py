"""advice_peers.py: other ways to advise the same people, for comparison (`make bench-advice BENCH_FLAGS=--peers`).

A peer is a function of Cases that says, for each action, what it wants of each person (NaN: nothing). Up
to MOST actions a person are taken, the largest in standard deviations, either as they are or after they
were cut back to the person's safe interval. Nobody is advised on a value that is missing.

  random safe            three actions, anywhere in the safe interval
  guideline only         to the recommended range of the catalogue, as far as is safe
  healthy neighbour      the actions of the most similar real person who meets all of the goals, alike in
                         age, sex, height and what is known of their past (FACE, Poyiadzi et al. 2020,
                         without its path)
  greedy on trees        one action after the other, whichever a boosted-tree model of the risks, made as
                         the judges are but of the training rows, likes best; within the 5 and 95 % of
                         people (free) or within the safe interval; `signs`: monotone as guidelines are
  revise, cchvae         search in the latent space of a VAE: advice_peers_vae.py

All of them see the training rows only.
"""

import sys
import time

import numpy as np

from advice_judge import ACTIONS, HIDDEN, ORDERED, judge, out_of_range, subset
from advice_measures import THE_READING, Cases, copied, directions, jaccard, knn_ratio, own_other, unsafe

MOST = 5
SMALL = 0.05  # sd: what is less is no advice


def spread(cases):
    return {f: np.nanstd(cases.real[f]) for f in ACTIONS}


def cut_back(cases, wanted):
    return {f: np.clip(v, *cases.intervals[f]) for f, v in wanted.items()}


def largest(cases, wanted):
    """The people with the MOST largest changes that are wanted."""
    after, sd = copied(cases.people), spread(cases)
    names = list(wanted)
    size = np.array([np.nan_to_num(abs(wanted[f] - cases.people[f]) / sd[f]) for f in names])
    order = np.argsort(-size, axis=0, kind="stable")[:MOST]
    for n, best in enumerate(order.T):
        for i in best:
            if size[i, n] > SMALL:
                after[names[i]][n] = wanted[names[i]][n]
    return after


# ---- the peers ---------------------------------------------------------------------------------

def random_safe(cases):
    wanted = {f: np.full(len(cases.goals), np.nan) for f in ACTIONS}
    for n in range(len(cases.goals)):
        rng = np.random.default_rng((0, n))
        room = [f for f in ACTIONS if cases.intervals[f][0][n] < cases.intervals[f][1][n]]
        for f in rng.permutation(room)[:3]:
            wanted[f][n] = rng.uniform(cases.intervals[f][0][n], cases.intervals[f][1][n])
    return wanted


def guideline(recommended):
    """recommended: {action: (low, high)}, infinite where the guideline has no number."""
    return lambda cases: {f: np.clip(cases.people[f], *recommended[f]) for f in ACTIONS if f in recommended}


def similar_in(cases, words):
    """Matrices of what cannot be changed, of the people and of the real ones, standardised, gaps at the mean."""
    columns = []
    for c, real in cases.real.items():
        if c in HIDDEN or c in ACTIONS:
            continue
        if real.dtype == object:
            for level in words[c]:
                columns.append([np.array([v == level for v in p[c]], float) for p in (cases.people, cases.real)])
        else:
            columns.append([(p[c] - np.nanmean(real)) / np.nanstd(real) for p in (cases.people, cases.real)])
    return [np.nan_to_num(np.column_stack(m)) for m in zip(*columns)]


def levels(people):
    """{column of words: its words}, of the training rows."""
    return {c: ORDERED.get(c) or sorted({x for x in v if x is not None}) for c, v in people.items()
            if v.dtype == object and c not in HIDDEN}


def neighbour(cases):
    mine, theirs = similar_in(cases, levels(cases.real))
    healthy = out_of_range(cases.real) == 0
    distance = (mine ** 2).sum(1)[:, None] + (theirs ** 2).sum(1) - 2 * mine @ theirs.T
    nearest = [np.argmin(np.where(healthy[:, g].all(1), d, np.inf)) for d, g in zip(distance, cases.goals)]
    return {f: cases.real[f][nearest] for f in ACTIONS}


def greedy(searcher, cases, intervals, fractions=(0.25, 0.5, 0.75, 1)):
    people, goals = cases.people, cases.goals
    n = len(goals)
    now = copied(people)
    changed = [set() for _ in range(n)]
    value = lambda p, g: np.where(g, searcher.risk(p), 0).sum(1) / np.maximum(1, g.sum(1))  # noqa: E731
    for _ in range(MOST):
        best, pick = value(now, goals) - 1e-3, [None] * n
        rows, tried = [], []
        for f in intervals:
            for end in (0, 1):
                for part in fractions:
                    target = people[f] + part * (intervals[f][end] - people[f])
                    for i in np.flatnonzero(~np.isnan(target) & (target != people[f])):
                        if f not in changed[i]:
                            rows.append(i)
                            tried.append((f, target[i]))
        trial = subset(now, np.array(rows, int))
        for r, (f, target) in enumerate(tried):
            trial[f][r] = target
        for i, change, v in zip(rows, tried, value(trial, goals[np.array(rows, int)])):
            if v < best[i]:
                best[i], pick[i] = v, change
        for i, p in enumerate(pick):
            if p:
                now[p[0]][i] = p[1]
                changed[i].add(p[0])
    return {f: np.where(now[f] == people[f], np.nan, now[f]) for f in ACTIONS}


def trees(cases, view, cache, signs, free=False):
    searcher = judge(cases.real, view, signs, 3, cache)
    searcher.risks = [r[:5] for r in searcher.risks]
    usual = {f: [np.full(len(cases.goals), q) for q in np.nanquantile(cases.real[f], (0.05, 0.95))] for f in ACTIONS}
    return lambda c: greedy(searcher, c, usual if free else c.intervals)


def peers(cases, view, cache, recommended):
    """Yields (name, peer, how it is taken): `as it is`, `cut back`, or both."""
    both = ("as it is", "cut back")
    yield "random safe", random_safe, both[1:]
    yield "guideline only", guideline(recommended), both[1:]
    yield "healthy neighbour", neighbour, both
    try:
        import advice_peers_vae
        space = advice_peers_vae.Space(cases.real, levels(cases.real))
        yield "revise", space.revise, both
        yield "cchvae", space.cchvae, both
    except ImportError as missing:
        print(f"revise, cchvae skipped: {missing} (apt-get install python3-torch)", file=sys.stderr)
    yield "greedy on trees, free", trees(cases, view, cache, False, free=True), both
    yield "greedy on trees, safe", trees(cases, view, cache, False), both[1:]
    yield "greedy on trees, safe, signs", trees(cases, view, cache, True), both[1:]


# ---- the comparison ----------------------------------------------------------------------------

HEAD = ("| method | risk reduction free / sign | actions | unsafe | kNN ratio | Jaccard at 1 % noise | distinct sets "
        "| own / other | ms of CPU a person |\n|---|---|---|---|---|---|---|---|---|")


def line(name, cases, after, again, milliseconds, seed):
    """A row of the table: advice for the cases and, `again`, for the same with noise (directions)."""
    sets = directions(cases.people, after)
    bad, count = unsafe(cases, after)
    own = own_other(cases, after, seed, readings=(THE_READING,))[THE_READING]
    return (f"| {name} | {cases.reduction(False, after):.3f} / {cases.reduction(True, after):.3f} "
            f"| {count / len(sets):.1f} | {100 * bad / max(1, count):.0f} % | {knn_ratio(cases, after):.2f} "
            f"| {jaccard(sets, again):.3f} | {len(set(sets))} "
            f"| {own:.2f} | {milliseconds:.1f} |")


def compare(cases: Cases, noisy: Cases, view, cache, recommended, seed):
    """Yields the peers' rows of the table."""
    for name, peer, ways in peers(cases, view, cache, recommended):
        start = time.process_time()
        wanted = peer(cases)
        milliseconds = 1000 * (time.process_time() - start) / len(cases.goals)
        wanted_again = peer(noisy)
        for way in ways:
            taken = [largest(c, w if way == "as it is" else cut_back(c, w)) for c, w in ((cases, wanted), (noisy, wanted_again))]
            title = name + (", " + way if len(ways) > 1 else "")
            yield line(title, cases, taken[0], directions(noisy.people, taken[1]), milliseconds, seed)
