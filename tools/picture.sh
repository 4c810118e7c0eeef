#!/bin/sh
# Makes docs/images/rehearsal.png, the README's picture, from a rehearsal's report. It shows the upper part of the story's third release,
# a canary that its alarm rolls back.
#
#   npm run rehearse && tools/picture.sh          # needs chromium, or its name in CHROMIUM
set -eu
cd "$(dirname "$0")/.."
report=${1:-rehearsal/report.html}
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

{
  sed -n '1,/<body><main>/p' "$report" | sed 's/prefers-color-scheme:dark/prefers-color-scheme:light) and (width:0px/'
  # In the report a rule and some space separate it from the release above; here it stands alone.
  echo '<style>section{border:0;margin:0;padding:0}main{padding-top:20px}</style>'
  sed -n '/<section id="release-3">/,/<\/section>/p' "$report"
  echo '</main></body></html>'
} >"$folder/page.html"
grep -q 'class="verdict rolled-back"' "$folder/page.html" || { echo "$report: its third release was not rolled back" >&2; exit 1; }

mkdir -p docs/images
"${CHROMIUM:-chromium}" --headless --no-sandbox --disable-gpu --hide-scrollbars --user-data-dir="$folder/profile" \
  --force-device-scale-factor=1.5 --window-size=940,640 --screenshot="$PWD/docs/images/rehearsal.png" "file://$folder/page.html" 2>/dev/null
ls -l docs/images/rehearsal.png
