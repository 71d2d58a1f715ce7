"""advice_measures.py: what is measured of advice (ANCHORS, section 5), whoever gave it.

People are a dict of columns (advice_judge.py), numbers as float arrays with NaN for missing; advice is
the same dict with the targets put in, so that hadvice and its peers are measured by the same functions:

    cases = Cases(people, intervals, real, judges)
    after = put_in(people, ids, items)
    cases.reduction(True, after)          # mean risk reduction by judges whose signs are the guidelines'

Where ANCHORS leaves room, this is how it is read:
  goals         the risks that are present: BP >= 130/80, HbA1c >= 5.7, BMI >= 30, PHQ-9 >= 10,
                total/HDL >= 5
  reduction     mean over people of the mean over their goals; nothing advised counts 0
  unsafe        targets outside the person's safe interval, which knows nothing of the catalogue
  kNN ratio     columns that are numbers, context and behaviour and weight, standardised and clipped
                at 4 sd, gaps at the median; the real records are those of the training
  own/other     what one's own advice is worth / what that of another person with a goal in common is,
                PARTNERS of them at random; OWN_OTHER below says how it is put in
  coverage      of the judge's difference of the outcome's expected value for the item alone;
                `named` is the outcome that the item names, `all` is every one in its effects;
                what weight does to BMI and waist is left out
  needless      an item without which the judges see 95 % of the plan's gain or more
"""

from collections import namedtuple

import numpy as np

from advice_judge import ACTIONS, HIDDEN, OUTCOMES, out_of_range, subset

Item = namedtuple("Item", "feature target change basis outcome effects kind probability")

# What of another person's plan is put in, its targets or its changes, and what becomes of those that are outside
# one's own safe interval: they are left out, moved to its end (and left out where that would turn them round),
# or put in as they are. Of these readings the first is the protocol's: targets are what ANCHORS puts in, and
# its greedy trees (own advice .083, another's .039, ratio 2.1) come out at .078 and .040 (1.95) with --swap.
OWN_OTHER = {f"{what}, {how}": (what == "changes", how) for how in ("safe ones", "made safe", "all")
             for what in ("targets", "changes")}
THE_READING = "targets, safe ones"
PARTNERS = 5


class Cases:
    """The people who are advised, what they miss, what is safe for them, and who judges."""

    def __init__(self, people, intervals, real, judges):
        self.people, self.intervals, self.real, self.judges = people, intervals, real, judges
        self.goals = out_of_range(people) == 1
        self.before = {}

    def gains(self, sign, after, rows=slice(None)):
        """Risk before less risk after, by judge and person, each the mean over the person's goals."""
        if sign not in self.before:
            self.before[sign] = [j.risk(self.people) for j in self.judges[sign]]
        goals = self.goals[rows]
        return np.array([np.where(goals, before[rows] - j.risk(after), 0).sum(1) / np.maximum(1, goals.sum(1))
                         for before, j in zip(self.before[sign], self.judges[sign])])

    def reduction(self, sign, after):
        return self.gains(sign, after).mean()


def copied(people):
    return {c: v.copy() for c, v in people.items()}


def put_in(people, ids, advice, by_change=False):
    """The people with the targets (or the changes) of their advice, {id: items}."""
    after = copied(people)
    for n, person in enumerate(ids):
        for item in advice.get(person, []):
            after[item.feature][n] = people[item.feature][n] + item.change if by_change else item.target
    return after


def changes(people, after):
    """{action: change of each person}, 0 where there is none."""
    return {f: np.nan_to_num(after[f] - people[f]) for f in ACTIONS}


def directions(people, after):
    """The (action, upwards) of each person."""
    change = changes(people, after)
    return [frozenset((f, d[n] > 0) for f, d in change.items() if d[n]) for n in range(len(people["age_years"]))]


def overlap(a, b):
    return len(a & b) / len(a | b) if a | b else 1.0


def jaccard(a, b):
    return float(np.mean([overlap(x, y) for x, y in zip(a, b)]))


def unsafe(cases, after):
    """How many targets are outside the safe interval, and how many there are."""
    bad = count = 0
    for f, d in changes(cases.people, after).items():
        low, high = cases.intervals[f]
        inside = (low - 1e-6 * abs(low) <= after[f]) & (after[f] <= high + 1e-6 * abs(high))
        given = (d != 0) | (np.isnan(cases.people[f]) & ~np.isnan(after[f]))  # no value, no advice on it
        bad += int((given & ~inside).sum())
        count += int(given.sum())
    return bad, count


def knn_ratio(cases, after):
    columns = [c for c, v in cases.real.items() if v.dtype != object and c not in HIDDEN]
    stack = lambda p: np.column_stack([p[c] for c in columns])  # noqa: E731
    r = stack(cases.real)
    center, sd = np.nanmedian(r, 0), np.nanstd(r, 0)
    scale = lambda x: np.clip(np.nan_to_num((x - center) / sd), -4, 4)  # noqa: E731
    r = scale(r)

    def distance(p):
        x = scale(stack(p))
        d2 = (x ** 2).sum(1)[:, None] + (r ** 2).sum(1) - 2 * x @ r.T
        return np.sqrt(np.maximum(0, np.sort(np.partition(d2, 5, 1)[:, :5], 1))).mean()

    return distance(after) / distance(cases.people)


# ---- whose advice it is ------------------------------------------------------------------------

def partners(goals, rng, same_goals=False):
    """For each person another one with a goal in common, or with the same goals where there is one."""
    chosen = []
    for n in range(len(goals)):
        others = np.setdiff1d(np.flatnonzero((goals & goals[n]).any(1)), [n])
        same = np.setdiff1d(np.flatnonzero((goals == goals[n]).all(1)), [n])
        others = same if same_goals and len(same) else others
        chosen.append(rng.choice(others) if len(others) else n)
    return np.array(chosen)


def of_another(cases, after, other, by_change, how):
    """Everybody with the plan of person `other[n]`."""
    mine = copied(cases.people)
    for f, change in changes(cases.people, after).items():
        now, change = cases.people[f], change[other]
        target = now + change if by_change else after[f][other]
        taken = (change != 0) & ~np.isnan(now)
        low, high = cases.intervals[f]
        if how == "safe ones":
            taken &= (low <= target) & (target <= high)
        elif how == "made safe":
            taken &= (target - now) * change > 0
            target = np.clip(target, low, high)
        mine[f] = np.where(taken, target, now)
    return mine


def own_other(cases, after, seed, same_goals=False, readings=tuple(OWN_OTHER)):
    """{reading: what one's own advice is worth / what another's is}, sign, over PARTNERS partners each."""
    own = cases.reduction(True, after)
    others = [partners(cases.goals, np.random.default_rng((seed, k)), same_goals) for k in range(PARTNERS)]
    return {reading: own / np.mean([cases.reduction(True, of_another(cases, after, o, *OWN_OTHER[reading])) for o in others])
            for reading in readings}


# ---- intervals ---------------------------------------------------------------------------------

def single_items(people, ids, advice):
    """Every item that the model carries, alone: people before and after it, items."""
    found = [(n, item) for n, person in enumerate(ids) for item in advice.get(person, []) if item.effects]
    before = subset(people, np.array([n for n, _ in found], int))
    after = copied(before)
    for n, (_, item) in enumerate(found):
        after[item.feature][n] = item.target
    return before, after, [item for _, item in found]


def coverage(judges, people, ids, advice):
    """Share of intervals that hold the judge's difference: named, all; promised / judged; all by outcome."""
    before, after, items = single_items(people, ids, advice)
    named, by_outcome, promised, judged = [], {}, [], []
    for j in judges:
        truth = {o: j.expected(after, o) - j.expected(before, o) for o in OUTCOMES}
        for n, item in enumerate(items):
            for e in item.effects:
                o = e["outcome"]
                if o not in truth or (item.feature == "weight_kg" and o in ("bmi_kg_m2", "waist_cm")):
                    continue
                hit = e["low"] <= truth[o][n] <= e["high"]
                by_outcome.setdefault(o, []).append(hit)
                if o == item.outcome:
                    named.append(hit)
                    scale = np.sign(e["effect"]) / np.nanstd(people[o])
                    promised.append(scale * e["effect"])
                    judged.append(scale * truth[o][n])
    everything = np.concatenate(list(by_outcome.values()))
    return (np.mean(named), everything.mean(), np.mean(promised) / np.mean(judged),
            {o: np.mean(h) for o, h in sorted(by_outcome.items())})


# ---- plans -------------------------------------------------------------------------------------

def repeated(advice):
    """Items that repeat a feature of the same plan."""
    return sum(len(items) - len({i.feature for i in items}) for items in advice.values())


def needless(cases, after, sign, share=0.05):
    """Share of the items of plans of two or more without which the judges lose less than `share` of the gain."""
    people, change = cases.people, changes(cases.people, after)
    gain = cases.gains(sign, after).mean(0)
    count = sum((d != 0).astype(int) for d in change.values())
    found = [(n, f) for f, d in change.items() for n in np.flatnonzero((d != 0) & (count >= 2) & (gain > 0))]
    rows = np.array([n for n, _ in found], int)
    without = subset(after, rows)
    for k, (n, f) in enumerate(found):
        without[f][k] = people[f][n]
    return float(np.mean(cases.gains(sign, without, rows).mean(0) > (1 - share) * gain[rows]))


def alternatives(cases, plans, sign, most=3):
    """Of plans (people with the targets of each): the mean Jaccard distance of a person's plans by pairs,
    the gain of the worst in place of the first / that of the first, share of people with all of them."""
    sets = np.array([directions(cases.people, after) for after in plans], dtype=object).T
    there = [[p for p in range(len(plans)) if s[p]] for s in sets]
    pairs = [np.mean([1 - overlap(s[a], s[b]) for a in t for b in t if a < b]) for s, t in zip(sets, there) if len(t) > 1]
    gains = np.array([cases.gains(sign, after).mean(0) for after in plans])
    several = [n for n, t in enumerate(there) if len(t) > 1]
    worst = np.mean([gains[there[n], n].min() for n in several])
    return np.mean(pairs), worst / gains[0, several].mean(), np.mean([len(t) == most for t in there])
