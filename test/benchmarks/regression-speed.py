"""The values of the same metrics, for both files, by pandas and scikit-learn: no interval and no verdict. Prints its processor seconds."""

import json
import resource
import sys

import pandas
from sklearn import metrics

label, score, prediction = "label", "score", "prediction"
candidate, baseline = (pandas.read_json(path, lines=True, dtype={"id": str}) for path in sys.argv[1:3])
joined = candidate.merge(baseline[["id", prediction, score]], on="id", suffixes=("", "_baseline"), validate="1:1")
values = {}
for side in ("", "_baseline"):
    y, p, s = joined[label], joined[prediction + side], joined[score + side]
    precision, recall, _ = metrics.precision_recall_curve(y, s)
    values[side or "_candidate"] = {
        "accuracy": metrics.accuracy_score(y, p),
        "balanced-accuracy": metrics.balanced_accuracy_score(y, p),
        "precision": metrics.precision_score(y, p),
        "recall": metrics.recall_score(y, p),
        "specificity": metrics.recall_score(y, p, pos_label=0),
        "f1": metrics.f1_score(y, p),
        "f-beta": metrics.fbeta_score(y, p, beta=2),
        "mcc": metrics.matthews_corrcoef(y, p),
        "kappa": metrics.cohen_kappa_score(y, p),
        "roc-auc": metrics.roc_auc_score(y, s),
        "average-precision": metrics.average_precision_score(y, s),
        "pr-auc": metrics.auc(recall, precision),
        "log-loss": metrics.log_loss(y, s),
        "brier": metrics.brier_score_loss(y, s),
    }
used = resource.getrusage(resource.RUSAGE_SELF)
print(
    json.dumps(
        {
            "processorSeconds": used.ru_utime + used.ru_stime,
            "mostMegabytes": used.ru_maxrss / 1024,
            "values": values,
        }
    )
)
