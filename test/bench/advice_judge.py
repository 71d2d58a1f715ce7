"""Judges of advice: gradient boosting on people whom no method has seen (ANCHORS, section 5).

A judge is, for each of five risks, MEMBERS boosted-tree classifiers, each trained on a bootstrap of
the judge's people and calibrated (Platt) on those the bootstrap left out; the risk is their mean. For
the intervals it has regressors of the outcomes themselves. Two variants: `free` has no constraint,
`sign` is monotone in the direction of the guidelines.

What a judge sees of a person is context and behaviour, and weight but for BMI, where weight would be
arithmetic. Sleep enters `sign` as the hours short of 7 and above 9, since its guideline has two sides.
"""

import hashlib
import os
import pickle

import numpy as np
import xgboost as xgb

MEMBERS = 15
TREES = 120
PARAMS = {
    "max_depth": 4, "eta": 0.06, "subsample": 0.8, "colsample_bytree": 0.5, "min_child_weight": 8,
    "lambda": 5, "tree_method": "hist", "nthread": 2, "verbosity": 0,
}

# Actions, and the sign of more of it on risk in the guidelines' eyes.
ACTIONS = {
    "energy_kcal": 1, "sugar_g": 1, "saturated_fat_g": 1, "sodium_mg": 1, "fiber_g": -1,
    "potassium_mg": -1, "caffeine_mg": 1, "fast_food_meals_week": 1, "alcohol_g": 1,
    "alcohol_days_year": 1, "drinks_per_drinking_day": 1, "cigarettes_per_day": 1,
    "walk_bike_min_week": -1, "moderate_exercise_min_week": -1, "vigorous_exercise_min_week": -1,
    "sedentary_min_day": 1, "sleep_hours": 0, "weight_kg": 1,
}
OUTCOMES = [
    "systolic_mmhg", "diastolic_mmhg", "hba1c_percent", "bmi_kg_m2", "waist_cm", "depression_phq9",
    "total_cholesterol_mg_dl", "hdl_mg_dl",
]
HIDDEN = set(OUTCOMES) | {
    "respondent_id", "survey_cycle", "exam_weight", "pulse_bpm", "ldl_mg_dl", "triglycerides_mg_dl",
    "fasting_glucose_mg_dl",
}
ORDERED = {
    "education": ["below_9th_grade", "9th_to_11th", "high_school", "some_college", "college"],
    "general_health": ["poor", "fair", "good", "very_good", "excellent"],
    "diet_self_rated": ["poor", "fair", "good", "very_good", "excellent"],
    "diabetes_diagnosed": ["no", "borderline", "yes"],
}
GOALS = ["bp", "hba1c", "bmi", "phq9", "ratio"]


def out_of_range(people):
    """The five risks as they are: 1, 0, or NaN where the record does not say."""
    def known(condition, *columns):
        missing = np.any([np.isnan(people[c]) for c in columns], axis=0)
        return np.where(missing, np.nan, condition.astype(float))

    p = people
    return np.column_stack([
        known((p["systolic_mmhg"] >= 130) | (p["diastolic_mmhg"] >= 80), "systolic_mmhg", "diastolic_mmhg"),
        known(p["hba1c_percent"] >= 5.7, "hba1c_percent"),
        known(p["bmi_kg_m2"] >= 30, "bmi_kg_m2"),
        known(p["depression_phq9"] >= 10, "depression_phq9"),
        known(p["total_cholesterol_mg_dl"] >= 5 * p["hdl_mg_dl"], "total_cholesterol_mg_dl", "hdl_mg_dl"),
    ])


class View:
    """From people (a dict of columns) to a judge's matrix."""

    def __init__(self, people, numeric):
        self.numeric = [c for c in numeric if c not in HIDDEN]
        self.words = {}
        for c, values in people.items():
            if c in HIDDEN or c in numeric:
                continue
            levels = ORDERED.get(c) or sorted({v for v in values if v is not None})
            self.words[c] = (levels, c in ORDERED or len(levels) == 2)

    def matrix(self, people, sign, weight):
        columns, signs = [], []
        for c in self.numeric:
            if c == "weight_kg" and not weight:
                continue
            if c == "sleep_hours" and sign:
                columns += [np.maximum(0, 7 - people[c]), np.maximum(0, people[c] - 9)]
                signs += [1, 1]
                continue
            columns.append(people[c])
            signs.append(ACTIONS.get(c, 0) if sign else 0)
        for c, (levels, ordered) in self.words.items():
            codes = np.array([levels.index(v) if v in levels else np.nan for v in people[c]])
            for i in [None] if ordered else range(len(levels)):
                columns.append(codes if i is None else np.where(np.isnan(codes), np.nan, codes == i))
                signs.append(0)
        return np.column_stack(columns).astype(np.float32), signs


def subset(people, rows):
    return {c: v[rows] for c, v in people.items()}


def boost(x, y, signs, objective, seed):
    params = dict(PARAMS, objective=objective, seed=seed)
    if any(signs):
        params["monotone_constraints"] = "(" + ",".join(map(str, signs)) + ")"
    return xgb.train(params, xgb.DMatrix(x, y), TREES)


def margin(booster, x):
    return booster.predict(xgb.DMatrix(x), output_margin=True)


def platt(m, y):
    """a, b of sigmoid(a m + b), by Newton's method with a weak pull towards 1, 0."""
    a, b = 1.0, 0.0
    for _ in range(30):
        p = 1 / (1 + np.exp(-(a * m + b)))
        g = np.array([np.sum((p - y) * m) + 2 * (a - 1), np.sum(p - y) + 2 * b])
        w = p * (1 - p)
        h = np.array([[np.sum(w * m * m) + 2, np.sum(w * m)], [np.sum(w * m), np.sum(w) + 2]])
        a, b = np.array([a, b]) - np.linalg.solve(h, g)
    return a, b


class Judge:
    def __init__(self, people, view, sign, seed):
        self.view, self.sign = view, sign
        rng = np.random.default_rng(seed)
        n = len(people["age_years"])
        y = out_of_range(people)
        self.risks = [[] for _ in GOALS]
        self.values = {o: [] for o in OUTCOMES}
        x = {w: view.matrix(people, sign, w) for w in (False, True)}
        for m in range(MEMBERS):
            inside = rng.integers(0, n, n)
            outside = np.setdiff1d(np.arange(n), inside)
            for g, goal in enumerate(GOALS):
                xs, signs = x[goal != "bmi"]
                rows, rest = inside[~np.isnan(y[inside, g])], outside[~np.isnan(y[outside, g])]
                booster = boost(xs[rows], y[rows, g], signs, "binary:logistic", m)
                self.risks[g].append((booster, *platt(margin(booster, xs[rest]), y[rest, g])))
            for o in OUTCOMES:
                xs, signs = x[o not in ("bmi_kg_m2", "waist_cm")]
                t = people[o]
                rows = inside[~np.isnan(t[inside])]
                # good cholesterol is the one outcome of which more is better
                signs = [-s for s in signs] if o == "hdl_mg_dl" else signs
                mean, sd = np.nanmean(t), np.nanstd(t)
                self.values[o].append((boost(xs[rows], (t[rows] - mean) / sd, signs, "reg:squarederror", m), sd))

    def matrices(self, people):
        return {w: self.view.matrix(people, self.sign, w)[0] for w in (False, True)}

    def risk(self, people):
        x = self.matrices(people)
        return np.column_stack([
            np.mean([1 / (1 + np.exp(-(a * margin(m, x[goal != "bmi"]) + b))) for m, a, b in self.risks[g]], axis=0)
            for g, goal in enumerate(GOALS)])

    def expected(self, people, outcome):
        """Expected outcome less its mean: only differences have a meaning."""
        x = self.matrices(people)[outcome not in ("bmi_kg_m2", "waist_cm")]
        return np.mean([sd * margin(m, x) for m, sd in self.values[outcome]], axis=0)


def judge(people, view, sign, seed, cache):
    """A trained judge, kept in a folder under what made it."""
    made = hashlib.sha256(pickle.dumps((
        sorted((c, [str(x) for x in v]) for c, v in people.items()), sign, seed, MEMBERS, TREES,
        sorted(PARAMS.items()), open(__file__, "rb").read()))).hexdigest()[:16]
    path = os.path.join(cache, f"judge-{made}.pickle")
    if os.path.exists(path):
        with open(path, "rb") as f:
            return pickle.load(f)
    made = Judge(people, view, sign, seed)
    os.makedirs(cache, exist_ok=True)
    with open(path + ".part", "wb") as f:
        pickle.dump(made, f)
    os.replace(path + ".part", path)
    return made
