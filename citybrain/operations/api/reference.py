"""The OpenAPI page: drawn from ``/openapi.json`` by a few lines of our own, so that it works offline."""

from __future__ import annotations

PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>citybrain: API</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<style>
:root{color-scheme:light dark}body{font:15px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem}
details{border:1px solid #8886;border-radius:6px;margin:.4rem 0;padding:.4rem .8rem}summary{cursor:pointer}
code,pre{font:13px/1.45 ui-monospace,monospace}pre{overflow:auto;background:#8881;padding:.6rem;border-radius:6px}
.m{display:inline-block;min-width:4em;font-weight:700}.post{color:#b45309}.get{color:#15803d}
</style></head><body>
<h1>citybrain: API</h1><p id="about">Loading …</p>
<p>The machine-readable description is <a href="openapi.json">openapi.json</a>.</p><div id="all"></div>
<script>
const text=(tag,value,cls)=>{const e=document.createElement(tag);e.textContent=value;if(cls)e.className=cls;return e};
const named=(s,all)=>{if(!s)return s;if(s.$ref)return named(all[s.$ref.split("/").pop()],all);return s};
fetch("openapi.json").then(r=>r.json()).then(api=>{
  const known=(api.components||{}).schemas||{};
  document.getElementById("about").textContent=api.info.description||"";
  const all=document.getElementById("all");
  for(const [path,ways] of Object.entries(api.paths))for(const [method,one] of Object.entries(ways)){
    const d=document.createElement("details"),s=document.createElement("summary");
    s.append(text("span",method.toUpperCase(),"m "+method),text("code",path),text("span"," "+(one.summary||"")));d.append(s);
    if(one.description)d.append(text("p",one.description));
    for(const p of one.parameters||[])
      d.append(text("p",p.name+" ("+p.in+(p.required?", needed":"")+"): "+JSON.stringify(p.schema)));
    const body=one.requestBody&&Object.values(one.requestBody.content)[0];
    if(body){d.append(text("p","Body:"));d.append(text("pre",JSON.stringify(named(body.schema,known),null,1)))}
    d.append(text("p","Answers: "+Object.entries(one.responses).map(([c,r])=>c+" "+r.description).join("; ")));
    all.append(d)}
});
</script></body></html>
"""
