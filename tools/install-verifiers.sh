#!/usr/bin/env bash
# Other people's tools that check our work, at fixed versions, into .cache/verifiers/bin:
#   actionlint, zizmor   the workflow files
#   act                  runs the reusable workflow without GitHub (tools/act.ts)
#   botocore             AWS's service model as Python reads it: what the simulator's answers are validated with
# Quick when they are there already.
set -euo pipefail
cd "$(dirname "$0")/.."

actionlint=1.7.12
zizmor=1.29.0
act=0.2.87
botocore=1.44.5

into="$PWD/.cache/verifiers"
stamp="actionlint $actionlint, zizmor $zizmor, act $act, botocore $botocore"
[[ -f $into/stamp && $(<"$into/stamp") == "$stamp" ]] && exit 0

rm -rf "$into"
python3 -m venv "$into"
"$into/bin/pip" install --quiet --disable-pip-version-check "zizmor==$zizmor" "botocore==$botocore"
for tool in "github.com/rhysd/actionlint/cmd/actionlint@v$actionlint" "github.com/nektos/act@v$act"; do
  GOBIN="$into/bin" GOFLAGS=-mod=mod go install "$tool"
done
echo "$stamp" >"$into/stamp"
