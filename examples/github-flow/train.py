#!/usr/bin/env python3
"""Trains the model from training.csv with the settings in params.json, and measures it on golden.csv, whose rows it never learns from:

    pip install -r requirements.txt
    python3 train.py

writes
    model.tar.gz        the artifact: model.json, as serving/serve.py reads it. Not committed; the workflow uploads it
    evaluation.json     SageMaker's model quality; committed, and registered with the version
    predictions.jsonl   the answer to each golden row; committed, so that a pull request shows which answers change

The same data, settings and versions give the same files.
"""
import csv
import gzip
import io
import json
import pathlib
import sys
import tarfile

from sklearn.metrics import accuracy_score, confusion_matrix, precision_recall_fscore_support
from sklearn.tree import DecisionTreeClassifier

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE / "serving"))
from serve import classify  # noqa: E402  what serves is what is measured


def read(name):
    """The columns' names, and of each row its id, its label and its numbers."""
    with open(HERE / name, newline="") as file:
        header, *rows = csv.reader(file)
    return header[2:], [(identity, label, [float(cell) for cell in cells]) for identity, label, *cells in rows]


def exported(tree, node=0):
    """The tree as JSON. scikit-learn sends a row below where a number is at most the threshold, in 32 bits; serve.py where it is less."""
    below, above = tree.children_left[node], tree.children_right[node]
    if below == above:
        return {"class": int(tree.value[node][0].argmax())}
    return {
        "feature": int(tree.feature[node]),
        # Between two neighbouring numbers of the data, so that rounding moves no row.
        "threshold": round(float(tree.threshold[node]), 4),
        "below": exported(tree, below),
        "above": exported(tree, above),
    }


def fit(features, rows, params):
    labels = [label for _, label, _ in rows]
    numbers = [row for _, _, row in rows]
    fitted = DecisionTreeClassifier(max_depth=params["max-depth"], random_state=0).fit(numbers, labels)
    model = {
        "kind": "tree",
        "features": features,
        "classes": [str(name) for name in fitted.classes_],
        "trees": [exported(fitted.tree_)],
    }
    if [classify(model, row) for row in numbers] != list(fitted.predict(numbers)):
        raise SystemExit("the exported tree answers otherwise than scikit-learn's")
    return model


def metric(value):
    # The deviation is not computed: SageMaker writes the string "NaN" then.
    return {"value": round(float(value), 6), "standard_deviation": "NaN"}


def evaluation(classes, actual, predicted):
    """AWS: "Model quality metrics", multiclass_classification_metrics."""
    matrix = confusion_matrix(actual, predicted, labels=classes).tolist()

    def weighted(beta):
        return precision_recall_fscore_support(actual, predicted, beta=beta, average="weighted", zero_division=0)

    precision, recall, f1, _ = weighted(1)
    return {
        "version": 0,
        "dataset": {"item_count": len(actual)},
        "multiclass_classification_metrics": {
            "confusion_matrix": {str(i): {str(j): count for j, count in enumerate(row)} for i, row in enumerate(matrix)},
            "accuracy": metric(accuracy_score(actual, predicted)),
            "weighted_recall": metric(recall),
            "weighted_precision": metric(precision),
            "weighted_f0_5": metric(weighted(0.5)[2]),
            "weighted_f1": metric(f1),
            "weighted_f2": metric(weighted(2)[2]),
            "accuracy_best_constant_classifier": metric(max(map(sum, matrix)) / len(actual)),
        },
    }


def packed(files):
    """A model.tar.gz with these files. No time and no owner: the same model has the same bytes."""
    archive = io.BytesIO()
    with gzip.GzipFile(fileobj=archive, mode="wb", filename="", mtime=0) as zipped:
        with tarfile.open(fileobj=zipped, mode="w", format=tarfile.USTAR_FORMAT) as tar:
            for name, content in files.items():
                entry = tarfile.TarInfo(name)
                entry.size = len(content)
                tar.addfile(entry, io.BytesIO(content))
    return archive.getvalue()


def main():
    features, training = read("training.csv")
    columns, golden = read("golden.csv")
    if columns != features:
        raise SystemExit(f"training.csv has the columns {features}, and golden.csv {columns}")
    model = fit(features, training, json.loads((HERE / "params.json").read_text()))
    actual = [label for _, label, _ in golden]
    predicted = [classify(model, row) for _, _, row in golden]
    files = {"model.json": json.dumps(model).encode()}
    (HERE / "model.tar.gz").write_bytes(packed(files))
    quality = evaluation(model["classes"], actual, predicted)
    (HERE / "evaluation.json").write_text(json.dumps(quality, indent=2) + "\n")
    (HERE / "predictions.jsonl").write_text(
        "".join(
            json.dumps({"id": identity, "label": label, "prediction": answer}) + "\n"
            for (identity, label, _), answer in zip(golden, predicted)
        )
    )
    right = sum(one == other for one, other in zip(actual, predicted))
    print(f"{right} of {len(golden)} golden rows are right")


main()
