#!/usr/bin/env python3
"""Writes test/oracles/statistics.generated.json: values of SciPy and statsmodels. `npm test` compares src/regression/statistics with them.

    pip install scipy==1.17.1 statsmodels==0.15.0 && python3 test/oracles/statistics.py [--check]

`--check` writes nothing, and fails when the file has other cases, or values that differ by more than rounding.
Neither package has Tango's interval or DeLong's variance. They are computed here by their definitions: the likelihood is maximised
numerically, and every positive row is compared with every negative one.
"""
import json
import math
import pathlib
import sys

import numpy as np
from scipy import optimize, stats
from scipy.spatial import distance
from statsmodels.stats.contingency_tables import mcnemar
from statsmodels.stats.multitest import multipletests
from statsmodels.stats.proportion import proportion_confint

FILE = pathlib.Path(__file__).resolve().parent / "statistics.generated.json"


def likely(gained, lost, rows, difference):
    """Variance of the difference by the most likely proportions that have it."""

    def against(only_baseline):
        only_candidate = only_baseline + difference
        same = 1 - only_baseline - only_candidate
        terms = ((gained, only_candidate), (lost, only_baseline), (rows - gained - lost, same))
        if any(count > 0 and p <= 0 for count, p in terms):
            return 1e300
        return -sum(count * math.log(p) for count, p in terms if count > 0)

    low, high = max(0, -difference), (1 - difference) / 2
    found = optimize.minimize_scalar(against, bounds=(low, high), method="bounded", options={"xatol": 1e-13})
    q = min((low, found.x, high), key=against)
    return (2 * q + difference - difference**2) / rows


def tango(gained, lost, rows, z):
    def score(difference):
        return ((gained - lost) / rows - difference) / math.sqrt(max(1e-300, likely(gained, lost, rows, difference))) - z

    return optimize.brentq(score, -1 + 1e-9, 1 - 1e-9, xtol=1e-12)


def delong(labels, first, second):
    y = np.array(labels) == 1

    def structure(scores):
        scores = np.array(scores)
        won = (scores[y][:, None] > scores[~y][None, :]) + 0.5 * (scores[y][:, None] == scores[~y][None, :])
        return won.mean(), won.mean(axis=1), won.mean(axis=0)

    a, b = structure(first), structure(second)
    variance = np.var(a[1] - b[1], ddof=1) / y.sum() + np.var(a[2] - b[2], ddof=1) / (~y).sum()
    return {"areas": [float(a[0]), float(b[0])], "standardError": math.sqrt(variance)}


def stability_index(one, other):
    """Both relative entropies; half a row is added to each bin that one of them has."""
    pairs = np.array([pair for pair in zip(one, other) if sum(pair) > 0], dtype=float) + 0.5
    p, q = pairs[:, 0], pairs[:, 1]
    return float(stats.entropy(p, q) + stats.entropy(q, p))


def cases():
    xs = [-38, -12, -6, -3.5, -3, -2.9, -1.6448536269514722, -1, -0.1, 0, 0.3, 1.96, 2.999, 3.001, 5, 8]
    ps = [1e-300, 1e-20, 1e-9, 1e-4, 0.005, 0.02425, 0.05, 0.3, 0.5, 0.8, 0.95, 0.9999]
    rng = np.random.default_rng(20260105)
    labels = (rng.random(60) < 0.35).astype(int)
    first = np.round(labels + rng.normal(0, 0.8, 60), 1)
    second = np.round(first + rng.normal(0, 0.4, 60), 1)
    skewed = np.round(rng.exponential(1, 120), 6)
    bca = stats.bootstrap(
        (skewed,), np.mean, n_resamples=200_000, confidence_level=0.9, method="BCa", random_state=1, batch=2000
    ).confidence_interval
    counts = [
        [[30, 50, 20], [30, 50, 20]],
        [[30, 50, 20, 0], [25, 40, 30, 5]],
        [[10, 0], [0, 10]],
        [[1, 2, 3, 4, 5, 6, 7, 8, 9, 10], [10, 9, 8, 7, 6, 5, 4, 3, 2, 1]],
        [[1000, 0, 0, 12.5], [990, 0, 10, 12.5]],
    ]
    fractions = [0.001, 0.04, 0.011, 0.5, 0.039, 0.9]
    return {
        "normalBelow": [[x, stats.norm.cdf(x)] for x in xs],
        "normalQuantile": [[p, stats.norm.ppf(p)] for p in ps],
        "studentAbove": [[t, f, stats.t.sf(t, f)] for t in (-2, 0, 0.5, 1.7, 4, 30) for f in (1, 2.5, 9, 63, 255)],
        "studentQuantile": [[p, f, stats.t.ppf(p, f)] for p in (0.05, 0.6, 0.95, 0.999) for f in (1, 9, 63, 255)],
        "binomialAtLeast": [
            [k, n, p, stats.binom.sf(k - 1, n, p)]
            for k, n, p in ((0, 10, 0.5), (1, 10, 0.1), (15, 20, 0.5), (300, 1000, 0.3), (5300, 10000, 0.5), (10, 10, 0.2))
        ],
        "mcnemar": [
            [b, c, mcnemar([[0, b], [c, 0]], exact=True).pvalue] for b, c in ((5, 15), (15, 5), (0, 6), (7, 7), (120, 90))
        ],
        "wilson": [
            [k, n, level, *proportion_confint(k, n, alpha=2 * (1 - level), method="wilson")]
            for k, n in ((45, 50), (0, 30), (30, 30), (912, 1000))
            for level in (0.95, 0.99)
        ],
        "tango": [
            [g, l, n, level, tango(g, l, n, stats.norm.ppf(level)), tango(g, l, n, -stats.norm.ppf(level))]
            for g, l, n in ((5, 15, 200), (15, 5, 200), (0, 7, 100), (7, 0, 100), (3, 3, 40), (28, 40, 2000), (1, 0, 30))
            for level in (0.95, 0.99)
        ],
        "holm": [fractions, [float(p) for p in multipletests(fractions, method="holm")[1]]],
        "delong": {
            "labels": labels.tolist(),
            "first": first.tolist(),
            "second": second.tolist(),
            **delong(labels, first, second),
        },
        "bca": {"values": skewed.tolist(), "interval": [float(bca.low), float(bca.high)]},
        "stabilityIndex": [[*pair, stability_index(*pair)] for pair in counts],
        "jensenShannonBits": [
            [p, q, float(distance.jensenshannon(np.array(p) / sum(p), np.array(q) / sum(q), base=2) ** 2)]
            for p, q in counts
        ],
        "logGamma": [[x, math.lgamma(x)] for x in (0.5, 1, 3.25, 11.9, 12, 100, 1e6)],
    }


def differ(a, b):
    if isinstance(a, dict):
        return not isinstance(b, dict) or a.keys() != b.keys() or any(differ(a[key], b[key]) for key in a)
    if isinstance(a, list):
        return not isinstance(b, list) or len(a) != len(b) or any(map(differ, a, b))
    return not math.isclose(a, b, rel_tol=1e-9, abs_tol=1e-11)


def main():
    made = json.loads(json.dumps(cases(), default=float))
    if "--check" in sys.argv[1:]:
        if differ(made, json.loads(FILE.read_text())):
            sys.exit(f"{FILE.name} is not what this script makes")
        return
    FILE.write_text(json.dumps(made, indent=None, separators=(",", ":")) + "\n")


main()
