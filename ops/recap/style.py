"""The look of the page: the floor's own dark colours and type, light where it is printed."""

STYLE = """
:root{--bg:#0f1216;--panel:#161a1f;--line:#272c33;--hair:#1e2329;--ink:#dbdfe4;--soft:#99a1ab;
--faint:#6d7580;--buy:#43b79d;--sell:#e4766e;--buy-wash:67 183 157;--sell-wash:228 118 110;
--green:#4fbf7a;--yellow:#dba53c;--red:#ef6a63;--accent:#8fafe6;--accent-wash:143 175 230;
--badge-bg:#4a3a12;--badge-ink:#f0d38a;--trend:#6d93cf;--range:#7d7f7e;--volatile:#cf9748;
--none:#3a4149;--rth:#1b2027;color-scheme:dark}
*{box-sizing:border-box}
body{margin:0;background:var(--bg);color:var(--ink);font:12.5px/1.45 "Inter","Segoe UI",system-ui,
"Helvetica Neue",Arial,sans-serif;font-variant-numeric:tabular-nums}
main,header,footer{max-width:1280px;margin:0 auto;padding:0 16px}
header{display:flex;flex-wrap:wrap;align-items:center;gap:6px 14px;padding-top:18px}
.mark{display:flex;align-items:center;gap:7px;font-weight:600;font-size:14px}
.mark svg{width:18px;height:18px;stroke:var(--buy);stroke-width:2.4;stroke-linecap:round;fill:none}
h1{font-size:15px;margin:0;font-weight:600}
h1 small{font-weight:400;color:var(--soft);font-size:12.5px;margin-left:6px}
.badge,.status{font-weight:700;font-size:10.5px;letter-spacing:.08em;padding:2px 7px;
border-radius:3px;background:var(--badge-bg);color:var(--badge-ink);white-space:nowrap}
.badge.plain{background:var(--line);color:var(--soft)}
.status{margin-left:auto;font-size:11.5px;padding:4px 10px;background:none;border:1px solid}
.status.COMPLETED{color:var(--green)}.status.HALTED{color:var(--red)}
.status.NO_SESSION{color:var(--soft)}
.hero{display:grid;grid-template-columns:auto 1fr;gap:10px 40px;align-items:end;padding:22px 0 16px}
.net{font-size:46px;line-height:1;font-weight:650;letter-spacing:-.02em;white-space:nowrap}
.net small{display:block;font-size:12.5px;font-weight:400;letter-spacing:0;color:var(--soft);
margin-top:9px}
.facts{display:flex;flex-wrap:wrap;gap:10px 30px;margin:0;justify-content:flex-end}
.facts dt{color:var(--faint);font-size:10.5px;line-height:1.3}
.facts dd{margin:0;font-size:15px;font-weight:550;white-space:nowrap;line-height:1.4}
.facts dd small{display:block;font-size:11px;font-weight:400;color:var(--soft)}
.note{margin:0 0 10px;padding:7px 12px;border-radius:5px;background:var(--panel);
border:1px solid var(--line);color:var(--soft)}
.note b{color:var(--ink);font-weight:600}
.note.loud{background:var(--badge-bg);color:var(--badge-ink);border-color:transparent}
.note.loud b{color:inherit}
.note.halted{background:rgb(var(--sell-wash)/.14);border-color:var(--red);color:var(--ink)}
.panel{background:var(--panel);border:1px solid var(--line);border-radius:5px;margin:0 0 10px;
min-width:0;overflow:hidden}
.panel h2{margin:0;padding:8px 12px 7px;font-size:12.5px;font-weight:600;
border-bottom:1px solid var(--hair)}
.panel h2 small{font-weight:400;font-size:11.5px;color:var(--soft);margin-left:9px}
.panel p{margin:0;padding:9px 12px;color:var(--soft)}
.pair{display:grid;grid-template-columns:minmax(0,4fr) minmax(0,6fr);gap:10px;align-items:start}
.scroll{overflow-x:auto;scrollbar-width:thin;scrollbar-color:var(--line) transparent}
table{border-collapse:collapse;width:100%}
th{text-align:right;font-weight:400;font-size:10.5px;color:var(--faint);padding:6px 7px 4px;
white-space:nowrap;vertical-align:bottom}
td{text-align:right;padding:3px 7px;border-top:1px solid var(--hair);white-space:nowrap}
th:first-child,td:first-child{text-align:left;padding-left:12px}
th:last-child,td:last-child{padding-right:12px}
.l{text-align:left}
td.why{white-space:normal;text-align:left;color:var(--soft);font-size:11.5px;min-width:250px}
tfoot td{border-top:1px solid var(--line);font-weight:600}
tr.sub td{color:var(--faint);font-size:10.5px;padding-top:9px;border-top:0}
tr.sub+tr td{border-top:0}
.soft{color:var(--soft)}.faint{color:var(--faint)}.buy{color:var(--buy)}.sell{color:var(--sell)}
.low{color:var(--yellow);font-size:10px;margin-left:5px;white-space:nowrap}
td.heat{text-align:center;min-width:82px;border-left:2px solid var(--panel)}
td.heat b{font-weight:600;color:var(--buy);margin-left:5px}
details summary{cursor:pointer;padding:8px 12px;color:var(--accent);font-size:11.5px}
details[open] summary{border-bottom:1px solid var(--hair)}
svg.chart{display:block;width:100%;height:auto;min-width:760px}
.chart text{fill:var(--soft);font-size:10.5px}
.chart .pane{fill:var(--ink);font-size:11px;font-weight:550}
.chart .faint{fill:var(--faint)}
.chart .lane{font-size:9.5px}
.chart .rth{fill:var(--rth)}
.chart .grid{stroke:var(--hair)}.chart .rule{stroke:var(--line)}
.chart .start{stroke:var(--faint);stroke-dasharray:3 4}
.chart .wick{stroke-width:1;fill:none}
.chart .up{stroke:var(--buy)}.chart .down{stroke:var(--sell)}
.chart .body{stroke-width:.8}
.chart .up .body{fill:var(--panel)}.chart .down .body{fill:var(--sell)}
.chart .up text,.chart .down text{stroke:none}
.chart .trip .way{stroke-width:1.6;stroke-dasharray:4 3}
.chart .trip .entry{stroke:var(--bg);stroke-width:1.6;paint-order:stroke}
.chart .trip .exit{fill:none;stroke-width:2}
.chart .won .way,.chart .won .exit{stroke:var(--buy)}
.chart .lost .way,.chart .lost .exit{stroke:var(--sell)}
.chart .won .entry,.chart .won text{fill:var(--buy)}
.chart .lost .entry,.chart .lost text{fill:var(--sell)}
.chart .on-chart{font-size:11.5px;font-weight:650;paint-order:stroke;stroke:var(--bg);
stroke-width:4px;stroke-linejoin:round}
.chart .marked{fill:none;stroke:var(--faint);stroke-width:1}
.chart .closed{fill:none;stroke:var(--accent);stroke-width:2}
.chart .raised.long{fill:rgb(var(--buy-wash)/.34)}
.chart .raised.short{fill:rgb(var(--sell-wash)/.34)}
.chart .approved.long{fill:var(--buy)}.chart .approved.short{fill:var(--sell)}
.regime-trending_up,.regime-trending_down{fill:var(--trend)}.regime-ranging{fill:var(--range)}
.regime-volatile{fill:var(--volatile)}.regime-no_trade{fill:var(--none)}
.chart .gap{fill:rgb(var(--sell-wash)/.4);stroke:var(--sell)}
.chart .alarm{fill:var(--yellow)}
.funnel{display:grid;grid-template-columns:max-content 1fr max-content;gap:5px 10px;
padding:11px 12px;align-items:center}
.funnel i{display:block;height:9px;border-radius:2px;background:var(--accent);min-width:2px}
.funnel b{text-align:right;font-weight:600}
footer{color:var(--faint);font-size:11px;padding-top:6px;padding-bottom:26px}
@media (max-width:900px){.pair,.hero{grid-template-columns:minmax(0,1fr)}
.facts{justify-content:flex-start}.status{margin-left:0}}
@media (max-width:560px){main,header,footer{padding-left:8px;padding-right:8px}
.net{font-size:38px}.facts{gap:9px 22px}}
@media print{@page{size:A4 landscape;margin:10mm}
:root{--bg:#fff;--panel:#fff;--line:#c9c6bd;--hair:#e6e3dc;--ink:#16181b;--soft:#4c5158;
--faint:#777b82;--buy:#0f6d5c;--sell:#b0372f;--buy-wash:19 128 109;--sell-wash:192 68 60;
--green:#1f7a42;--yellow:#8a5d00;--red:#b02c27;--accent:#2c5290;--accent-wash:54 95 156;
--badge-bg:#f3e2b5;--badge-ink:#6b4a00;--trend:#4e78b6;--range:#8d8a80;--volatile:#b3762a;
--none:#c3c0b6;--rth:#f5f3ee;color-scheme:light}
body{font-size:10.5px;-webkit-print-color-adjust:exact;print-color-adjust:exact}
main,header,footer{max-width:none;padding-left:0;padding-right:0}
.panel,.note{break-inside:avoid}.panel.long{break-inside:auto}tr{break-inside:avoid}
.scroll{overflow:visible}svg.chart{min-width:0}}
"""
