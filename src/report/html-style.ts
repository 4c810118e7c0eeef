/** Colours are chosen for at least 4.5:1 contrast of text in both schemes, and never carry meaning alone. */
export const pageStyle = `
:root{--ink:#1b1f24;--quiet:#57606a;--paper:#fff;--card:#f6f8fa;--rule:#d0d7de;--candidate:#0969da;--baseline:#6e7781;--band:#fff1cc;--band-ink:#6a4b00;
--good:#1a7f37;--good-bg:#dafbe1;--bad:#b3261e;--bad-bg:#ffebe9;--warn:#7d4e00;--warn-bg:#fff1cc;--alarm:#cf222e}
@media(prefers-color-scheme:dark){:root{--ink:#e6edf3;--quiet:#9da7b3;--paper:#0d1117;--card:#161b22;--rule:#30363d;--candidate:#58a6ff;--baseline:#9da7b3;--band:#2d2613;--band-ink:#e3b341;
--good:#56d364;--good-bg:#12261e;--bad:#ff8f87;--bad-bg:#2d1214;--warn:#e3b341;--warn-bg:#272115;--alarm:#ff7b72}}
*{box-sizing:border-box}
body{margin:0;background:var(--paper);color:var(--ink);font:16px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue",Arial,sans-serif}
main{max-width:908px;margin:0 auto;padding:24px}
h1{font-size:1.75rem;line-height:1.2;margin:.5rem 0}
h2{font-size:1.35rem;line-height:1.25;margin:0 0 .75rem}
h3{font-size:1rem;margin:1.25rem 0 .25rem}
p{margin:.25rem 0}
a{color:var(--candidate)}
code{font:.875em ui-monospace,SFMono-Regular,Menlo,Consolas,"DejaVu Sans Mono",monospace;overflow-wrap:anywhere}
section{border-top:1px solid var(--rule);margin-top:2.5rem;padding-top:2rem}
.quiet{color:var(--quiet)}
.scroll{overflow-x:auto}
table{border-collapse:collapse;width:100%;margin:1rem 0;font-size:.9375rem}
th,td{text-align:left;vertical-align:top;padding:.4rem .75rem .4rem 0;border-bottom:1px solid var(--rule)}
th{color:var(--quiet);font-weight:600}
@media(min-width:641px){.contents td:nth-child(2),.contents td:nth-child(3){white-space:nowrap}}
table.numbers td,table.numbers th{text-align:right;font-variant-numeric:tabular-nums}
table.numbers td:first-child,table.numbers th:first-child{text-align:left}
table.judged td:not(:first-child){white-space:nowrap}
.badge{display:inline-block;border-radius:1em;padding:.05em .7em;font-size:.875rem;font-weight:600;white-space:nowrap;color:var(--warn);background:var(--warn-bg);border:1px solid currentColor}
.badge.succeeded{color:var(--good);background:var(--good-bg)}
.badge.failed,.badge.rejected,.badge.rolled-back{color:var(--bad);background:var(--bad-bg)}
.verdict{background:var(--card);border-left:4px solid var(--warn);padding:.75rem 1rem;border-radius:0 6px 6px 0;overflow-wrap:anywhere}
.verdict.succeeded{border-color:var(--good)}
.verdict.failed,.verdict.rejected,.verdict.rolled-back{border-color:var(--bad)}
.legend{display:flex;flex-wrap:wrap;gap:.25rem .5rem;align-items:center;font-size:.875rem;margin-top:1.25rem}
.key{width:22px;height:0;border-top:3px solid var(--candidate)}
.key.worse{border-top-color:var(--alarm)}
.key.healthy{border-top:3px dashed var(--good);margin-left:.75rem}
.key.baseline{border-top:3px dashed var(--baseline);margin-left:.75rem}
figure{margin:.75rem 0 0}
figure .legend{margin-top:.125rem}
figcaption{font-size:.875rem;font-weight:600}
svg{display:block;width:100%;height:auto;font:11.5px system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue",Arial,sans-serif}
.narrow{display:none}
.grid{stroke:var(--rule);stroke-width:1}
.tick{fill:var(--quiet)}
.band{fill:var(--band)}
.band-label{fill:var(--band-ink);font-size:11px}
.line{fill:none;stroke-width:2;stroke-linejoin:round}
.line.candidate{stroke:var(--candidate)}
.line.baseline{stroke:var(--baseline);stroke-dasharray:5 3}
.line.worse{stroke:var(--alarm)}
.line.healthy{stroke:var(--good);stroke-dasharray:5 3}
.area{stroke:none}
.area.candidate{fill:var(--candidate);opacity:.22}
.area.baseline{fill:var(--baseline);opacity:.1}
.threshold{stroke:var(--alarm);stroke-width:1.25;stroke-dasharray:2 3}
.threshold-label{fill:var(--alarm);paint-order:stroke;stroke:var(--paper);stroke-width:3px}
.threshold.healthy{stroke:var(--good)}
.threshold-label.healthy{fill:var(--good)}
.mark-line{stroke:var(--ink);opacity:.35;stroke-dasharray:1 3}
.mark{fill:var(--ink)}
.mark-number{fill:var(--paper);font-size:10px;font-weight:700}
.columns{display:grid;grid-template-columns:1fr 1fr;gap:0 2rem}
.columns>*{min-width:0}
.happenings{list-style:none;margin:.5rem 0;padding:0;font-size:.9375rem}
.happenings li{display:grid;grid-template-columns:26px 64px 86px 1fr;gap:.25rem;padding:.15rem 0;align-items:baseline}
.happenings li>*{min-width:0;overflow-wrap:anywhere}
.happenings time{font-variant-numeric:tabular-nums;color:var(--quiet)}
.happenings .who{color:var(--quiet)}
.number{display:inline-block;width:18px;height:18px;line-height:18px;border-radius:9px;text-align:center;font-size:.6875rem;font-weight:700;background:var(--ink);color:var(--paper)}
.dot{display:inline-block;width:6px;height:6px;margin:0 6px 3px;border-radius:3px;background:var(--rule)}
dl{display:grid;grid-template-columns:max-content 1fr;gap:.15rem 1rem;margin:.25rem 0;font-size:.9375rem}
dt{color:var(--quiet)}
dd{margin:0;overflow-wrap:anywhere;min-width:0}
.alarms,.alarms ul{margin:.25rem 0;padding-left:1.1rem;font-size:.9375rem}
.state-ALARM{color:var(--alarm)}
.state-OK{color:var(--good)}
.badge.pass{color:var(--good);background:var(--good-bg)}
.badge.fail{color:var(--bad);background:var(--bad-bg)}
.verdict.pass{border-color:var(--good)}
.verdict.fail{border-color:var(--bad)}
table.cells td:nth-child(n+3):nth-child(-n+5){white-space:nowrap;font-variant-numeric:tabular-nums}
.decision{font-weight:600;color:var(--warn)}
.decision.pass{color:var(--good)}
.decision.fail{color:var(--bad)}
svg.sign{display:inline-block;width:14px;height:14px}
.row-label,.row-remark{paint-order:stroke;stroke:var(--paper);stroke-width:3px}
.row-label{fill:var(--ink)}
.row-remark{fill:var(--quiet)}
.zero{stroke:var(--quiet);stroke-width:1}
.zero-label{fill:var(--quiet);font-size:11px}
.limit{stroke:var(--alarm);stroke-width:2}
.whisker{fill:none;stroke-width:2;stroke:var(--warn)}
.whisker.pass{stroke:var(--good)}
.whisker.fail{stroke:var(--bad)}
.point.pass{fill:var(--good)}
.point.fail{fill:var(--bad)}
.point.inconclusive{fill:var(--paper);stroke:var(--warn);stroke-width:2}
.point.candidate{fill:var(--candidate)}
.point.baseline{fill:var(--paper);stroke:var(--baseline);stroke-width:2}
.change{stroke:var(--quiet);stroke-width:2}
table.confusion{width:auto;border-collapse:separate;border-spacing:2px}
table.confusion caption{caption-side:bottom;text-align:left;font-size:.875rem;color:var(--quiet)}
table.confusion td,table.confusion th{padding:.4rem .75rem;border:0;text-align:right;font-variant-numeric:tabular-nums}
table.confusion tbody td{background:var(--card)}
table.confusion td.better{background:color-mix(in srgb,var(--good) calc(var(--shade)*60%),var(--card))}
table.confusion td.worse{background:color-mix(in srgb,var(--bad) calc(var(--shade)*60%),var(--card))}
table.confusion td.right{outline:1px solid var(--rule)}
details{margin-top:1rem}
summary{cursor:pointer;color:var(--quiet)}
@media(max-width:640px){main{padding:16px}table.cells td:nth-child(2){min-width:9rem}table.cells td:last-child{min-width:12rem}.contents th:nth-child(4),.contents td:nth-child(4){display:none}.columns{grid-template-columns:1fr}.wide{display:none}.narrow{display:block}
.happenings li{grid-template-columns:26px 60px 1fr}.happenings li>:last-child{grid-column:3}.happenings .who{grid-column:3}
.key.baseline,.key.healthy{margin-left:0}.legend{display:grid;grid-template-columns:22px 1fr}}
@media print{section{break-inside:avoid-page}}
`;
