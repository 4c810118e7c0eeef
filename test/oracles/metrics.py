#!/usr/bin/env python3
"""Writes test/oracles/metrics.generated.json: rows, and the values that scikit-learn gives for them. `npm test` compares the metrics of
src/regression with them.

    pip install scikit-learn==1.9.1 && python3 test/oracles/metrics.py [--check]

`--check` writes nothing, and fails when the file has other rows, or values that differ by more than rounding.
A value is null where scikit-learn warns that it is undefined. What scikit-learn lacks (expected calibration error, reciprocal rank, hit
rate, symmetric relative error) is computed here by its definition, in another way than the TypeScript does it.
"""
import itertools
import json
import math
import pathlib
import sys
import warnings

import numpy as np
import sklearn
from sklearn import metrics as sk
from sklearn.exceptions import UndefinedMetricWarning

FILE = pathlib.Path(__file__).resolve().parent / "metrics.generated.json"
SKLEARN = "1.9.1"

warnings.simplefilter("error", UndefinedMetricWarning)


def value(compute):
    try:
        found = float(compute())
    except UndefinedMetricWarning:
        return None
    return found if math.isfinite(found) else None


# --- classification


def table_metrics(y, p, w, of_binary):
    """Metrics of predictions. `p` may have a code above all classes: an answer that is no class."""
    if of_binary:
        one = dict(labels=[1], average="macro", sample_weight=w)
        negative = dict(labels=[0], average="macro", sample_weight=w)
        return {
            "precision": lambda: sk.precision_score(y, p, **one),
            "recall": lambda: sk.recall_score(y, p, **one),
            "specificity": lambda: sk.recall_score(y, p, **negative),
            "false-positive-rate": lambda: 1 - sk.recall_score(y, p, **negative),
            "false-negative-rate": lambda: 1 - sk.recall_score(y, p, **one),
            "f1": lambda: sk.f1_score(y, p, **one),
            **{f"f-beta beta={b}": (lambda b=b: sk.fbeta_score(y, p, beta=b, **one)) for b in (0.5, 2)},
        }
    classes = sorted(set(y) | {code for code in p if code <= max(y)})
    found = {}
    for name, score in {
        "precision": sk.precision_score,
        "recall": sk.recall_score,
        "f1": sk.f1_score,
        "f-beta beta=2": lambda *given, **more: sk.fbeta_score(*given, beta=2, **more),
    }.items():
        for average in ("macro", "micro", "weighted"):
            found[f"{name} average={average}"] = lambda score=score, average=average: score(
                y, p, labels=sorted(set(y)) if average == "weighted" else classes, average=average, sample_weight=w
            )
        for code in classes:
            found[f"{name} class={code}"] = lambda score=score, code=code: score(
                y, p, labels=[code], average="macro", sample_weight=w
            )
    return found


def classification(y, p, scores, w=None, positive=None):
    """`scores`: of the positive class 1, or one column a class; None without."""
    of_binary = positive is not None
    found = {
        "accuracy": lambda: sk.accuracy_score(y, p, sample_weight=w),
        "balanced-accuracy": lambda: np.average(
            sk.recall_score(y, p, labels=sorted(set(y)), average=None, sample_weight=w)
        ),
        "mcc": lambda: correlation(y, p, w),
        "kappa": lambda: sk.cohen_kappa_score(y, p, sample_weight=w),
        **table_metrics(y, p, w, of_binary),
    }
    if scores is None:
        return found
    if of_binary:
        precision, recall, _ = sk.precision_recall_curve(y, scores, sample_weight=w)
        return found | {
            "roc-auc": lambda: sk.roc_auc_score(y, scores, sample_weight=w),
            "average-precision": lambda: sk.average_precision_score(y, scores, sample_weight=w),
            "pr-auc": lambda: sk.auc(recall, precision),
            "log-loss": lambda: sk.log_loss(y, scores, sample_weight=w),
            "brier": lambda: sk.brier_score_loss(y, scores, sample_weight=w),
            "ece": lambda: calibration_error(y, np.column_stack([1 - scores, scores]), w),
        }
    codes = list(range(scores.shape[1]))
    found |= {
        "log-loss": lambda: sk.log_loss(y, scores, labels=codes, sample_weight=w),
        "brier": lambda: sk.brier_score_loss(y, scores, labels=codes, sample_weight=w, scale_by_half=False),
        "ece": lambda: calibration_error(y, scores, w),
        **{
            f"top-k k={k}": (lambda k=k: sk.top_k_accuracy_score(y, scores, k=k, labels=codes, sample_weight=w))
            for k in codes[1:]
        },
        **{
            f"roc-auc class={c}": (lambda c=c: sk.roc_auc_score(y == c, scores[:, c], sample_weight=w))
            for c in codes
        },
    }
    for average in ("macro", "weighted", "micro"):
        found[f"roc-auc average={average} pairs=one-vs-rest"] = lambda average=average: sk.roc_auc_score(
            y, scores, multi_class="ovr", average=average, sample_weight=w
        )
        if w is None and average != "micro":
            found[f"roc-auc average={average} pairs=one-vs-one"] = lambda average=average: sk.roc_auc_score(
                y, scores, multi_class="ovo", average=average
            )
    return found


def correlation(y, p, w):
    if len(set(y)) == 1 or len(set(p)) == 1:
        # 0/0, of which scikit-learn does not warn.
        raise UndefinedMetricWarning
    return sk.matthews_corrcoef(y, p, sample_weight=w)


def calibration_error(y, scores, w, bins=15):
    """After Guo et al., "On calibration of modern neural networks"."""
    w = np.ones(len(y)) if w is None else w
    confidences, right = scores.max(axis=1), scores.argmax(axis=1) == y
    edges = np.linspace(0, 1, bins + 1)
    error = 0.0
    for low, high in itertools.pairwise(edges):
        inside = (confidences > low) & (confidences <= high)
        if inside.any():
            weight = w[inside].sum() / w.sum()
            gap = np.average(right[inside], weights=w[inside]) - np.average(confidences[inside], weights=w[inside])
            error += weight * abs(gap)
    return error


# --- regression


def regression(y, p, w=None):
    repeats = np.ones(len(y), dtype=int) if w is None else w.astype(int)
    e = np.abs(y - p)
    return {
        "mae": lambda: sk.mean_absolute_error(y, p, sample_weight=w),
        "mse": lambda: sk.mean_squared_error(y, p, sample_weight=w),
        "rmse": lambda: sk.root_mean_squared_error(y, p, sample_weight=w),
        **({"mape": lambda: sk.mean_absolute_percentage_error(y, p, sample_weight=w)} if (y != 0).all() else {}),
        "smape": lambda: np.average(2 * e / (np.abs(y) + np.abs(p)), weights=w),
        "wape": lambda: np.average(e, weights=w) / np.average(np.abs(y), weights=w),
        "r2": lambda: sk.r2_score(y, p, sample_weight=w),
        "explained-variance": lambda: sk.explained_variance_score(y, p, sample_weight=w),
        # scikit-learn's weighted median is another one than that of repeated rows in some versions; repeated rows are the definition.
        "median-absolute-error": lambda: sk.median_absolute_error(np.repeat(y, repeats), np.repeat(p, repeats)),
        "max-error": lambda: sk.max_error(y, p),
        **{
            f"pinball quantile={q}": (lambda q=q: sk.mean_pinball_loss(y, p, alpha=q, sample_weight=w))
            for q in (0.1, 0.5, 0.9)
        },
        "quantile-coverage quantile=0.9": lambda: np.average(y <= p, weights=w),
        "bias": lambda: np.average(p - y, weights=w),
    }


# --- ranking


def over_queries(groups, relevance, scores, w, of_query):
    values, weights = [], []
    for group in sorted(set(groups)):
        inside = groups == group
        if (relevance[inside] > 0).any():
            values.append(of_query(relevance[inside], scores[inside]))
            weights.append(1 if w is None else w[inside].max())
    return np.average(values, weights=weights)


def mean_over_orders(relevance, scores, of_order):
    """By brute force: the mean over all orders in which no row stands above one of higher score."""
    found = [
        of_order(relevance[list(order)] > 0)
        for order in itertools.permutations(range(len(scores)))
        if (np.diff(scores[list(order)]) <= 0).all()
    ]
    return np.mean(found)


def average_precision(relevant):
    at = np.flatnonzero(relevant)
    return np.mean(np.arange(1, len(at) + 1) / (at + 1))


def query_average_precision(relevance, scores):
    found = mean_over_orders(relevance, scores, average_precision)
    if len(set(scores)) == len(scores):
        assert math.isclose(found, sk.average_precision_score(relevance > 0, scores), rel_tol=1e-12)
    return found


def ranking(groups, relevance, scores, w=None):
    def mean(of_query):
        return lambda: over_queries(groups, relevance, scores, w, of_query)

    return {
        "ndcg": mean(lambda r, s: sk.ndcg_score([r], [s])),
        **{f"ndcg k={k}": mean(lambda r, s, k=k: sk.ndcg_score([r], [s], k=k)) for k in (1, 3, 10)},
        "mrr": mean(lambda r, s: mean_over_orders(r, s, lambda relevant: 1 / (np.argmax(relevant) + 1))),
        "map": mean(query_average_precision),
        **{
            f"hit-rate k={k}": mean(
                lambda r, s, k=k: mean_over_orders(r, s, lambda relevant: float(relevant[:k].any()))
            )
            for k in (1, 2, 4)
        },
    }


# --- the service


def service(latency, sizes):
    return {
        **{
            f"latency-p{q}": (lambda q=q: np.quantile(latency, q / 100, method="averaged_inverted_cdf"))
            for q in (50, 95, 99)
        },
        "payload-bytes": lambda: np.mean(sizes),
    }


# --- cases


def listed(column):
    return None if column is None else np.asarray(column).tolist()


def case(name, task, found, **columns):
    return {
        "name": name,
        "task": task,
        **{key: listed(column) for key, column in columns.items() if column is not None},
        "expected": {metric: value(compute) for metric, compute in found.items()},
    }


def classified(name, y, p, scores=None, w=None, positive=None):
    y, p = np.array(y), np.array(p)
    scores = None if scores is None else np.array(scores, dtype=float)
    w = None if w is None else np.array(w, dtype=float)
    task = "multiclass-classification" if positive is None else "binary-classification"
    found = classification(y, p, scores, w, positive)
    return case(name, task, found, labels=y, predictions=p, scores=scores, weights=w)


def regressed(name, y, p, w=None):
    y, p = np.array(y, dtype=float), np.array(p, dtype=float)
    w = None if w is None else np.array(w, dtype=float)
    return case(name, "regression", regression(y, p, w), labels=y, predictions=p, weights=w)


def ranked(name, groups, relevance, scores, w=None):
    groups, relevance, scores = np.array(groups), np.array(relevance, dtype=float), np.array(scores, dtype=float)
    w = None if w is None else np.array(w, dtype=float)
    found = ranking(groups, relevance, scores, w)
    return case(name, "ranking", found, groups=groups, labels=relevance, scores=scores, weights=w)


def served(name, latency, sizes):
    found = service(latency, sizes)
    return case(name, "text", found, labels=np.zeros(len(latency)), latencyMs=latency, bytes=sizes)


def random_binary(seed, rows, digits, weighted, share):
    random = np.random.default_rng(seed)
    y = (random.random(rows) < share).astype(int)
    # 0.5 itself is an answer of either class.
    scores = np.clip(np.round(random.normal(0.37 + 0.25 * y, 0.25), digits), 0.0, 1.0)
    scores[scores == 0.5] = 0.51
    w = np.round(random.uniform(0.1, 4, rows), 2) if weighted else None
    return classified(f"binary, seed {seed}", y, (scores > 0.5).astype(int), scores, w, positive=1)


def random_multiclass(seed, rows, classes, weighted, failures=0.0):
    random = np.random.default_rng(seed)
    y = random.integers(0, classes, rows)
    logits = random.normal(0, 1, (rows, classes)) + 1.2 * np.eye(classes)[y]
    # The last bit of `exp` is another one on another processor.
    scores = np.round(np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True), 9)
    w = np.round(random.uniform(0.1, 4, rows), 2) if weighted else None
    p = scores.argmax(axis=1)
    if failures:
        return classified(f"multiclass with errors, seed {seed}", y, np.where(random.random(rows) < failures, classes, p), w=w)
    return classified(f"multiclass, seed {seed}", y, p, scores, w)


def random_regression(seed, rows, weighted, offset=0.0):
    random = np.random.default_rng(seed)
    y = np.round(random.normal(5, 3, rows), 3) + offset
    p = np.round(y + random.normal(0.3, 1, rows), 3)
    w = random.integers(1, 5, rows) if weighted else None
    return regressed(f"regression, seed {seed}", y, p, w)


def random_ranking(seed, queries, digits, weighted):
    random = np.random.default_rng(seed)
    sizes = random.integers(2, 8, queries)
    groups = np.repeat(np.arange(queries), sizes)
    relevance = random.choice([0, 0, 0, 1, 2, 3], len(groups))
    scores = np.round(random.normal(0.2 * relevance, 0.4), digits)
    w = np.repeat(np.round(random.uniform(0.1, 4, queries), 2), sizes) if weighted else None
    return ranked(f"ranking, seed {seed}", groups, relevance, scores, w)


def cases():
    y, s = [0, 0, 1, 1, 0, 1, 1, 0, 1, 0], [0.10, 0.40, 0.35, 0.80, 0.40, 0.70, 0.40, 0.20, 0.90, 0.55]
    p = [int(score >= 0.5) for score in s]
    yield classified("binary fixture", y, p, s, positive=1)
    yield classified("binary fixture with weights", y, p, s, [1, 2, 1, 1, 3, 1, 1, 1, 2, 1], positive=1)
    yield classified(
        "multiclass fixture",
        [0, 1, 2, 2, 1, 0, 2, 1, 0, 2],
        [0, 2, 2, 2, 1, 0, 0, 1, 1, 2],
        [
            [0.7, 0.2, 0.1], [0.1, 0.4, 0.5], [0.1, 0.2, 0.7], [0.2, 0.2, 0.6], [0.2, 0.6, 0.2],
            [0.8, 0.1, 0.1], [0.5, 0.1, 0.4], [0.1, 0.8, 0.1], [0.3, 0.5, 0.2], [0.1, 0.1, 0.8],
        ],
    )  # fmt: skip
    yield regressed("regression fixture", [3, -0.5, 2, 7, 4.2], [2.5, 0, 2, 8, 4.0])
    yield ranked("ranking fixture", [0] * 6, [3, 2, 3, 0, 1, 2], [0.9, 0.8, 0.7, 0.6, 0.5, 0.4])
    yield ranked("ranking fixture with ties", [0] * 4, [1, 0, 0, 1], [0.5, 0.5, 0.5, 0.1])
    yield random_binary(1, 200, 6, False, 0.5)
    yield random_binary(2, 200, 2, True, 0.3)
    yield random_binary(3, 150, 1, True, 0.08)
    yield random_multiclass(4, 150, 3, False)
    yield random_multiclass(5, 200, 5, True)
    yield random_multiclass(6, 120, 4, True, failures=0.1)
    yield random_multiclass(7, 120, 3, False, failures=0.3)
    yield classified("binary, never positive", [0, 1, 0, 1, 1], [0, 0, 0, 0, 0], positive=1)
    yield classified("binary with errors", [0, 1, 0, 1, 1, 0], [0, 2, 2, 1, 0, 0], positive=1)
    yield classified("a class without answers", [0, 1, 2, 2, 1, 0], [0, 1, 1, 0, 1, 0])
    yield classified("a class without labels", [0, 1, 1, 0, 3, 3], [0, 1, 2, 0, 3, 1])
    yield classified("a class with neither", [0, 1, 1, 0, 3, 3], [0, 1, 0, 0, 3, 1])
    yield random_regression(8, 101, False)
    yield random_regression(9, 80, True)
    yield random_regression(10, 60, True, offset=1e6)
    yield regressed("regression with a label of 0", [0, 1, 2, -3], [0.5, 1, 2.5, -2])
    yield random_ranking(11, 40, 6, False)
    yield random_ranking(12, 40, 1, True)
    random = np.random.default_rng(13)
    yield served("latency", np.round(random.lognormal(3, 0.6, 500), 2), random.integers(10, 900, 500))
    yield served("latency of few", np.round(random.lognormal(3, 0.6, 20), 2), random.integers(10, 900, 20))


def rendered(found):
    lines = ",\n".join(json.dumps(one, separators=(",", ":"), allow_nan=False) for one in found)
    return f"[\n{lines}\n]\n"


def differences(committed, found):
    if [one["name"] for one in committed] != [one["name"] for one in found]:
        yield "the cases are others"
        return
    for old, new in zip(committed, found):
        if {**old, "expected": 0} != {**new, "expected": 0} or old["expected"].keys() != new["expected"].keys():
            yield f"{old['name']}: rows or metrics are others"
            continue
        for metric, now in new["expected"].items():
            was = old["expected"][metric]
            same = now == was if None in (was, now) else math.isclose(was, now, rel_tol=1e-12, abs_tol=1e-14)
            if not same:
                yield f"{old['name']}: {metric} was {was}, is {now}"


def main():
    if sklearn.__version__ != SKLEARN:
        sys.exit(f"scikit-learn is {sklearn.__version__}; the values are those of {SKLEARN}")
    found = list(cases())
    if "--check" not in sys.argv[1:]:
        FILE.write_text(rendered(found))
        return
    problems = list(differences(json.loads(FILE.read_text()), found))
    print("\n".join(problems) or f"{sum(len(one['expected']) for one in found)} values of {len(found)} cases are as committed")
    sys.exit(1 if problems else 0)


main()
