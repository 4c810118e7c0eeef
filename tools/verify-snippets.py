#!/usr/bin/env python3
"""Judges the CloudFormation and Terraform snippets of the docs by other people's tools: pip install cfn-lint python-hcl2, then

    python3 tools/verify-snippets.py

A `yaml` block that names a type of AWS becomes the resources of a template, and cfn-lint compares it with AWS's resource schemas. An `hcl`
block must parse as HCL; its arguments are not compared with the schema of a provider. The script proves on every run that it can fail: it
must notice damage in copies of the snippets. Prints `N snippets, N wrong`; exit 1 after a failure.
"""
import pathlib
import re
import sys
import textwrap

import hcl2
from cfnlint.api import ManualArgs, lint

ROOT = pathlib.Path(__file__).resolve().parent.parent
BLOCK = re.compile(r"^```(hcl|yaml)\n(.*?)^```$", re.S | re.M)


def faults_of_template(text):
    template = "Resources:\n" + textwrap.indent(text, "  ")
    return [f"{one.rule.id} {one.message}" for one in lint(template, config=ManualArgs(regions=["eu-west-1"]))]


def faults_of_hcl(text):
    try:
        hcl2.loads(text)
        return []
    except Exception as error:  # the parser has no common class for its refusals
        return [f"not HCL: {str(error).splitlines()[0]}"]


# The check of a snippet, and damage that it must notice.
KINDS = {
    "yaml": (faults_of_template, lambda text: text.replace("DeletionPolicy: Retain", "DeletionPolicy: Keep")),
    "hcl": (faults_of_hcl, lambda text: text.replace("}", "", 1)),
}


def main():
    found = [
        (path, *block)
        for path in sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("codebuild/**/*.md")])
        if "node_modules" not in path.parts  # codebuild/infrastructure
        for block in BLOCK.findall(path.read_text())
        if block[0] == "hcl" or re.search(r"^\s+Type: AWS::", block[1], re.M)
    ]
    wrong = [f"there is no {kind} snippet" for kind in KINDS if kind not in {one for _, one, _ in found}]
    for path, kind, text in found:
        faults, damage = KINDS[kind]
        where = f"{path.relative_to(ROOT)}, {text.splitlines()[0]}"
        wrong += [f"{where}: {fault}" for fault in faults(text)]
        if not faults(damage(text)):
            wrong.append(f"{where}: damage in a copy went unnoticed")
    for line in wrong:
        print(line, file=sys.stderr)
    print(f"{len(found)} snippets, {len(wrong)} wrong")
    sys.exit(1 if wrong else 0)


main()
