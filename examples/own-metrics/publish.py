"""Counts of a model's answers, in CloudWatch's embedded metric format (EMF): one line of JSON on standard output for each answer.

SageMaker writes a container's output to CloudWatch Logs, and CloudWatch makes metrics of such lines. The container needs no permission
and no SDK. It knows neither its endpoint nor its variant; its version is in its environment, from the registration:

    model-delivery register-model ... --container-environment MODEL_VERSION=1.4.0

examples/own-metrics.yml has the metrics for the judge.
"""

import json
import os
import sys
import time

NAMESPACE = "Acme/Churn"
VERSION = os.environ.get("MODEL_VERSION", "unknown")


def publish(predicted_class, score, out=sys.stdout):
    """Counts one answer. predicted_class is None for an empty answer."""
    metrics = {"Answers": 1, "EmptyAnswers": 0 if predicted_class is not None else 1}
    directives = [directive(["ModelVersion"], metrics)]
    line = {"ModelVersion": VERSION, **metrics}
    if predicted_class is not None:
        line.update({"Class": predicted_class, "Predictions": 1, "Score": score})
        directives += [directive(["ModelVersion", "Class"], ["Predictions"]), directive(["ModelVersion"], ["Score"])]
    line["_aws"] = {"Timestamp": int(time.time() * 1000), "CloudWatchMetrics": directives}
    print(json.dumps(line), file=out, flush=True)


def directive(dimensions, names):
    return {"Namespace": NAMESPACE, "Dimensions": [dimensions], "Metrics": [{"Name": name} for name in names]}


def predict(model, rows):
    """The serving code's own function, with one line more."""
    answers = model(rows)
    for predicted_class, score in answers:
        publish(predicted_class, score)
    return answers


if __name__ == "__main__":
    # Two answers of a model that is none, to see the lines.
    predict(lambda rows: [("stays", 0.83), (None, 0.0)], [[1, 2], [3, 4]])
