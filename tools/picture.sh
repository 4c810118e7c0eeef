#!/bin/sh
# Makes the pictures of a rehearsal. docs/images/rehearsal.png is the upper part of the story's third release in the report, a canary that its
# alarm rolls back; docs/images/summary.png is the upper part of the job summary of the same delivery.
#
#   npm run site && npm run rehearse && tools/picture.sh          # needs chromium, or its name in CHROMIUM
set -eu
cd "$(dirname "$0")/.."
rehearsal=${1:-rehearsal}
report=$rehearsal/report.html
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

{
  sed -n '1,/<body><main>/p' "$report" | sed 's/prefers-color-scheme:dark/prefers-color-scheme:light) and (width:0px/'
  # In the report a rule and some space separate it from the release above; here it stands alone.
  echo '<style>section{border:0;margin:0;padding:0}main{padding-top:20px}</style>'
  sed -n '/<section id="release-3">/,/<\/section>/p' "$report"
  echo '</main></body></html>'
} >"$folder/rehearsal.html"
grep -q 'class="verdict rolled-back"' "$folder/rehearsal.html" || { echo "$report: its third release was not rolled back" >&2; exit 1; }

npx --no node tools/site/summary.ts "$(ls "$rehearsal"/3.*-deploy-endpoint-*.md)" >"$folder/summary.html"
grep -q 'rolled-back' "$folder/summary.html" || { echo "$rehearsal: the summary of the third release is not of a rollback" >&2; exit 1; }

mkdir -p docs/images
picture() { # its name, and the height of its part of the page
  "${CHROMIUM:-chromium}" --headless --no-sandbox --disable-gpu --hide-scrollbars --user-data-dir="$folder/profile" \
    --force-device-scale-factor=1.5 --window-size="940,$2" --screenshot="$PWD/docs/images/$1.png" "file://$folder/$1.html" 2>/dev/null
  ls -l "docs/images/$1.png"
}
picture rehearsal 670
picture summary 1205
