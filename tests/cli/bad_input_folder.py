"""The folder in which every command of ``bad_input.toml`` is typed: a good scenario, and files that are wrong in one way each."""

from __future__ import annotations

import gzip
from pathlib import Path

from nets import LEFT_THEN_STRAIGHT, tiny_net

ROUTES = '<routes><vehicle id="v" depart="1"><route edges="a b"/></vehicle></routes>'
PHASES = "".join(f'<phase duration="{s}" state="{state}"/>' for state, s in LEFT_THEN_STRAIGHT)
SPEC = 'scenarios = ["twin:1x1"]\npolicies = ["max-wave"]\nsensors = ["perfect"]\nseeds = 2\n'
CONFIG = (
    '<configuration><net-file value="{net}"/><route-files value="{routes}"/><end value="60"/>{more}</configuration>'
)


def config(net: str = "tiny.net.xml", routes: str = "tiny.rou.xml", more: str = "") -> str:
    return CONFIG.format(net=net, routes=routes, more=more)


def plans(signal: str = "C", phases: str = PHASES) -> str:
    return f'<additional><tlLogic id="{signal}" programID="p">{phases}</tlLogic></additional>'


FILES = {
    "tiny.net.xml": tiny_net(),
    "tiny.rou.xml": ROUTES,
    "tiny.sumocfg": config(),
    "plans.add.xml": plans(),
    "study.toml": SPEC,
    "text.txt": "precious",
    # nets
    "cut.net.xml": tiny_net()[:2000],
    "dark.net.xml": tiny_net(tl_logic=False),
    "lamps.net.xml": tiny_net((("GG", 30), ("rr", 9))),
    "routes.net.xml": ROUTES,
    "empty.net.xml": "",
    "cut.sumocfg": "<configuration><net-file",
    "netless.sumocfg": "<configuration/>",
    "gone.sumocfg": config(net="gone.net.xml"),
    "cut-net.sumocfg": config(net="cut.net.xml"),
    "dark.sumocfg": config(net="dark.net.xml"),
    "lamps.sumocfg": config(net="lamps.net.xml"),
    # demand
    "cut.rou.xml": "<routes><vehicle",
    "lost.rou.xml": ROUTES.replace("a b", "a zz"),
    "gone-routes.sumocfg": config(routes="gone.rou.xml"),
    "cut-routes.sumocfg": config(routes="cut.rou.xml"),
    "lost-routes.sumocfg": config(routes="lost.rou.xml"),
    # plans
    "cut.add.xml": plans()[:60],
    "none.add.xml": "<additional/>",
    "other.add.xml": plans(signal="Z"),
    "short.add.xml": plans(phases='<phase duration="9" state="GG"/>'),
    # studies
    "cut.toml": "scenarios = [",
    "empty.toml": "",
    "key.toml": SPEC.replace("policies", "polices"),
    "policy.toml": SPEC.replace("max-wave", "max-wav"),
    "sensors.toml": SPEC.replace("perfect", "perfekt"),
    "seeds.toml": SPEC.replace("seeds = 2", "seeds = 0"),
    "twice.toml": SPEC.replace('["max-wave"]', '["max-wave", "max-wave"]'),
    "demand.toml": f"{SPEC}demand = [-1.0]\n",
    "window.toml": f"{SPEC}begin_s = 60\nend_s = 60\n",
    "parameter.toml": f"{SPEC}[parameters.max-wave]\nsight = 5\n",
    "idle.toml": f"{SPEC}[parameters.greedy]\nsight_m = 5\n",
    "what-if.toml": f'{SPEC}[[what_if]]\nname = "x"\nclose = ["a"]\n',
    "scenario.toml": SPEC.replace("twin:1x1", "nowhere.sumocfg"),
    "grid.toml": SPEC.replace("twin:1x1", "twin:0x9"),
    "string.toml": SPEC.replace("seeds = 2", 'seeds = "two"'),
    # incidents
    "incident-key.toml": '[[incident]]\nkind = "crash"\nlanes = "a_1"\n',
    "incident-kind.toml": '[[incident]]\nkind = "meteor"\nedge = "a"\n',
    "incident-none.toml": "",
    # counts and speeds
    "counts.csv": "edge,begin_s,end_s,vehicles\na,0,60,5\n",
    "counts-column.csv": "edge,begin_s,vehicles\na,0,5\n",
    "counts-word.csv": "edge,begin_s,end_s,vehicles\na,0,60,many\n",
    "counts-span.csv": "edge,begin_s,end_s,vehicles\na,60,60,5\n",
    "counts-minus.csv": "edge,begin_s,end_s,vehicles\na,0,60,-5\n",
    "counts-edge.csv": "edge,begin_s,end_s,vehicles\nzz,0,60,5\n",
    "counts-late.csv": "edge,begin_s,end_s,vehicles\na,7200,9000,5\n",
    "counts-none.csv": "edge,begin_s,end_s,vehicles\n",
    "speeds-word.csv": "edge,begin_s,end_s,speed_kmh\na,0,60,fast\n",
    "speeds-column.csv": "edge,begin_s,end_s,speed\na,0,60,50\n",
    "loops.csv": "detector,time,volume\nnorth,07:00,60\nnorth,07:15,75\n",
    "loops-layout.csv": "colour,shape\nred,round\n",
    "loops-word.csv": "time,north\n07:00,many\n",
    "loops-time.csv": "time,north\nnoon,3\n",
    "loops-one.csv": "time,north\n07:00,3\n",
    "loops-row.csv": "time,north,east\n07:00,3\n",
    "loops-none.csv": "",
    "places.toml": 'south = "a"\n',
    "places-cut.toml": "south = ",
    "places-number.toml": "south = 5\n",
    "places-three.csv": "place,edge,more\nsouth,a,b\n",
    # OSM
    "text.osm": "hello",
    "empty.osm": '<osm version="0.6"></osm>',
    "cut.osm": '<osm version="0.6"><node id="1"',
    "text.osm.pbf": "hello",
    "text.zip": "hello",
    # GMNS
    "gmns/node.csv": "node_id,x_coord,y_coord\nA,0,0\nB,100,0\n",
    "gmns/link.csv": "link_id,from_node_id,to_node_id\nab,A,B\n",
    "gmns-linkless/node.csv": "node_id,x_coord,y_coord\nA,0,0\n",
    "gmns-empty/node.csv": "node_id,x_coord,y_coord\nA,0,0\n",
    "gmns-empty/link.csv": "link_id,from_node_id,to_node_id\n",
    "gmns-column/node.csv": "node_id,x_coord\nA,0\n",
    "gmns-word/node.csv": "node_id,x_coord,y_coord\nA,0,north\nB,100,0\n",
    "gmns-word/link.csv": "link_id,from_node_id,to_node_id\nab,A,B\n",
    "gmns-node/node.csv": "node_id,x_coord,y_coord\nA,0,0\n",
    "gmns-node/link.csv": "link_id,from_node_id,to_node_id\nab,A,B\n",
    "gmns-link/node.csv": "node_id,x_coord,y_coord\nA,0,0\nB,100,0\n",
    "gmns-link/link.csv": "link_id,from_node_id,to_node_id\nab,A,B\n",
    "gmns-link/movement.csv": "mvmt_id,node_id,ib_link_id,ob_link_id\nm,B,ab,bc\n",
    "gmns-lane/node.csv": "node_id,x_coord,y_coord\nA,0,0\nB,100,0\n",
    "gmns-lane/link.csv": "link_id,from_node_id,to_node_id\nab,A,B\nba,B,A\n",
    "gmns-lane/movement.csv": "mvmt_id,node_id,ib_link_id,start_ib_lane,ob_link_id,start_ob_lane\nm,B,ab,3,ba,1\n",
    # folders that hold what they must not lose
    "old/results.json": "{}",
    "old/results.parquet": "no table",
    "old/report.html": "old",
    "old/plans.add.xml": "old",
    "old/runs/x/run.json": "{}",
    "old/old.net.xml": tiny_net(),
    "old/node.csv": "old",
    "two/a.net.xml": tiny_net(),
    "two/b.net.xml": tiny_net(),
    "none/readme.txt": "no net here",
}


def make(folder: Path) -> None:
    """Write every file."""
    for name, text in FILES.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    (folder / "latin.csv").write_bytes("edge,begin_s,end_s,vehicles\nStraße,0,60,5\n".encode("latin-1"))
    (folder / "cut.net.xml.gz").write_bytes(gzip.compress(tiny_net().encode())[:400])
