#!/usr/bin/env bash
# Other people's tools that check our work, at fixed versions, into .cache/verifiers/bin:
#   actionlint, zizmor   the workflow files
#   botocore             AWS's service model as Python reads it: what the simulator's answers are validated with
# Quick when they are there already.
set -euo pipefail
cd "$(dirname "$0")/.."

actionlint=1.7.12
zizmor=1.29.0
botocore=1.44.5

into="$PWD/.cache/verifiers"
stamp="actionlint $actionlint, zizmor $zizmor, botocore $botocore"
[[ -f $into/stamp && $(<"$into/stamp") == "$stamp" ]] && exit 0

rm -rf "$into"
python3 -m venv "$into"
"$into/bin/pip" install --quiet --disable-pip-version-check "zizmor==$zizmor" "botocore==$botocore"
GOBIN="$into/bin" GOFLAGS=-mod=mod go install "github.com/rhysd/actionlint/cmd/actionlint@v$actionlint"
echo "$stamp" >"$into/stamp"
