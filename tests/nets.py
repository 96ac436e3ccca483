"""A net small enough to check by hand, written as SUMO writes it.

::

                 n (out)
                 |
    a ──►  ──────C──────►  b        lamps: 0  a to b, straight
    e ◄──  ──────C◄──────  d               1  a to n, left; waits inside for 2
                 :                         2  d to e, straight
                 crossing w over the arm   3  pedestrians over b and d

Edge ``a`` has a footpath as lane 0 and the motor lane as lane 1.
"""

from __future__ import annotations

LEFT_THEN_STRAIGHT = (("GGrr", 20), ("yyrr", 3), ("rrrr", 2), ("GgGr", 30), ("yyyr", 3), ("rrrr", 1), ("rrrG", 8))


def tiny_net(
    phases: tuple[tuple[str, float], ...] = LEFT_THEN_STRAIGHT,
    *,
    attributes: str = "",
    signal: str = "C",
    tl_logic: bool = True,
) -> str:
    logic = "\n".join(f'    <phase duration="{s}" state="{state}"/>' for state, s in phases)
    program = f'  <tlLogic id="{signal}" type="static" programID="0" offset="7">\n{logic}\n  </tlLogic>'
    return f"""<?xml version="1.0" encoding="UTF-8"?>
<net version="1.20" {attributes}>
  <location netOffset="0.00,0.00" convBoundary="-200.00,-20.00,200.00,100.00" origBoundary="0,0,1,1" projParameter="!"/>
  <edge id=":C_0" function="internal">
    <lane id=":C_0_0" index="0" speed="13.90" length="20.00" shape="-10.00,-1.60 10.00,-1.60"/></edge>
  <edge id=":C_1" function="internal">
    <lane id=":C_1_0" index="0" speed="8.00" length="6.00" shape="-10.00,-1.60 -4.00,0.00"/></edge>
  <edge id=":C_4" function="internal">
    <lane id=":C_4_0" index="0" speed="8.00" length="9.50" shape="-4.00,0.00 1.60,10.00"/></edge>
  <edge id=":C_2" function="internal">
    <lane id=":C_2_0" index="0" speed="13.90" length="21.00" shape="10.00,1.60 -10.00,1.60"/></edge>
  <edge id=":C_c0" function="crossing" crossingEdges="b d">
    <lane id=":C_c0_0" index="0" allow="pedestrian" speed="2.78" length="12.80" width="4.00" shape="10.00,-6.00 10.00,6.00"/></edge>
  <edge id=":C_w0" function="walkingarea">
    <lane id=":C_w0_0" index="0" allow="pedestrian" speed="2.78" length="3.00" width="4.00" shape="8.00,-8.00 8.00,-4.00 12.00,-4.00"/></edge>
  <edge id=":C_w1" function="walkingarea">
    <lane id=":C_w1_0" index="0" allow="pedestrian" speed="2.78" length="3.00" width="4.00" shape="8.00,8.00 8.00,4.00 12.00,4.00"/></edge>
  <edge id="a" from="W" to="C" priority="3" name="High Street">
    <lane id="a_0" index="0" allow="pedestrian" speed="2.78" length="190.00" shape="-200.00,-4.80 -10.00,-4.80"/>
    <lane id="a_1" index="1" disallow="pedestrian" speed="13.90" length="190.00" shape="-200.00,-1.60 -10.00,-1.60"/></edge>
  <edge id="b" from="C" to="E" priority="3"><lane id="b_0" index="0" speed="13.90" length="190.00" shape="10.00,-1.60 200.00,-1.60"/></edge>
  <edge id="d" from="E" to="C" priority="3" name="Mill Road"><lane id="d_0" index="0" speed="16.67" length="190.00" shape="200.00,1.60 10.00,1.60"/></edge>
  <edge id="e" from="C" to="W" priority="3"><lane id="e_0" index="0" speed="13.90" length="190.00" shape="-10.00,1.60 -200.00,1.60"/></edge>
  <edge id="n" from="C" to="N" priority="2"><lane id="n_0" index="0" speed="8.33" length="90.00" shape="1.60,10.00 1.60,100.00"/></edge>
  <edge id="m" from="N" to="M" priority="2"><lane id="m_0" index="0" speed="8.33" length="50.00" shape="1.60,100.00 1.60,150.00"/></edge>
{program if tl_logic else ""}
  <junction id="C" type="traffic_light" x="0.00" y="0.00" incLanes="a_0 a_1 d_0 :C_w0_0" intLanes=":C_0_0 :C_4_0 :C_2_0 :C_c0_0" shape="-10.00,-6.40 10.00,-6.40 10.00,10.00 -10.00,10.00">
    <request index="0" response="0000" foes="1000" cont="0"/>
    <request index="1" response="0100" foes="0100" cont="1"/>
    <request index="2" response="0000" foes="1010" cont="0"/>
    <request index="3" response="0000" foes="0101" cont="0"/>
  </junction>
  <junction id=":C_4_0" type="internal" x="-4.00" y="0.00" incLanes=":C_1_0 d_0" intLanes=":C_2_0"/>
  <junction id="W" type="dead_end" x="-200.00" y="0.00" incLanes="e_0" intLanes="" shape="-200.00,0.00 -200.00,-3.20"/>
  <junction id="E" type="dead_end" x="200.00" y="0.00" incLanes="b_0" intLanes="" shape="200.00,0.00 200.00,3.20"/>
  <junction id="N" type="priority" x="0.00" y="100.00" incLanes="n_0" intLanes="" shape="0.00,100.00 3.20,100.00"/>
  <junction id="M" type="dead_end" x="0.00" y="150.00" incLanes="m_0" intLanes="" shape="0.00,150.00 3.20,150.00"/>
  <connection from="a" to="b" fromLane="1" toLane="0" via=":C_0_0" tl="{signal}" linkIndex="0" dir="s" state="o"/>
  <connection from="a" to="n" fromLane="1" toLane="0" via=":C_1_0" tl="{signal}" linkIndex="1" dir="l" state="o"/>
  <connection from="d" to="e" fromLane="0" toLane="0" via=":C_2_0" tl="{signal}" linkIndex="2" dir="s" state="o"/>
  <connection from="n" to="m" fromLane="0" toLane="0" dir="s" state="M"/>
  <connection from=":C_0" to="b" fromLane="0" toLane="0" dir="s" state="M"/>
  <connection from=":C_1" to="n" fromLane="0" toLane="0" via=":C_4_0" dir="l" state="m"/>
  <connection from=":C_4" to="n" fromLane="0" toLane="0" dir="l" state="M"/>
  <connection from=":C_2" to="e" fromLane="0" toLane="0" dir="s" state="M"/>
  <connection from=":C_w0" to=":C_c0" fromLane="0" toLane="0" tl="{signal}" linkIndex="3" dir="s" state="o"/>
  <connection from=":C_c0" to=":C_w1" fromLane="0" toLane="0" dir="s" state="M"/>
</net>
"""
