// The map of the city on one canvas: roads by congestion, signals, incidents, vehicles on a call.
// Coordinates are metres of the net; it needs no tiles and no network beyond this page.

import { drawing } from "citybrain-map-drawing";

const SCALES = { least: 0.004, most: 6 };

export default {
  template: `
    <div class="map" :data-revision="revision">
      <canvas ref="canvas" tabindex="0" role="application" :aria-label="words.map"
        @pointerdown="down" @pointermove="move" @pointerup="up" @pointercancel="up" @pointerleave="leave"
        @wheel.prevent="wheel" @keydown="key" @dblclick.prevent="twice" @focus="dirty" @blur="dirty"></canvas>
      <div class="map-tip" v-show="tip.text" :style="{left: tip.x + 'px', top: tip.y + 'px'}">
        <b>{{ tip.text }}</b><span v-if="tip.more">{{ tip.more }}</span></div>
      <div class="map-tools" role="toolbar" :aria-label="words.tools">
        <button type="button" :aria-label="words.zoom_in" :title="words.zoom_in + ' (+)'" @click="zoom(1.5)">+</button>
        <button type="button" :aria-label="words.zoom_out" :title="words.zoom_out + ' (−)'" @click="zoom(1 / 1.5)">−</button>
        <button type="button" :aria-label="words.fit" :title="words.fit + ' (0)'" @click="fit()">⤢</button>
      </div>
      <div class="map-hint" v-if="hint" role="status">{{ hint }}</div>
    </div>`,
  props: { words: Object, levels: Object },
  data() {
    return { revision: 0, tip: { text: "", more: "", x: 0, y: 0 }, hint: "" };
  },
  created() {
    // plain fields, so that Vue does not watch thousands of points
    Object.assign(this, {
      edges: [], junctions: [], congestion: [], cells: [], emergencies: [], incidents: [], closed: new Set(),
      at: { x: 0, y: 0, scale: 0.1 }, pointers: new Map(), moved: 0, chosen: { kind: "", id: "" }, over: null, waiting: 0,
      fitted: false, whole: true, blink: false, trail: [], undrawn: [], late: [], // late: ms from a tick to its picture
    });
  },
  mounted() {
    this.observer = new ResizeObserver(() => this.resize());
    this.observer.observe(this.$el);
    this.blinking = setInterval(() => { this.blink = !this.blink; if (this.needsBlink()) this.dirty(); }, 600);
    this.theme();
    this.resize();
    this.$emit("ready");
  },
  unmounted() {
    this.observer.disconnect();
    clearInterval(this.blinking);
  },
  methods: {
    theme() {
      const style = getComputedStyle(document.documentElement);
      const get = (name) => style.getPropertyValue("--" + name).trim();
      this.ink = {};
      for (const name of ["map", "free", "slow", "dense", "jam", "unseen", "closed", "junction", "text", "muted", "accent",
        "critical", "warning", "call", "go", "caution", "stop", "panel", "adaptive", "plan", "isolated", "flash", "lost"])
        this.ink[name] = get(name);
      this.dirty();
    },
    geometry(message) {
      this.bounds = message.bounds;
      this.left = message.left_hand ? -1 : 1;
      this.edges = message.edges;
      this.junctions = message.junctions;
      this.byEdge = new Map(this.edges.map((edge, i) => [edge.id, i]));
      this.byJunction = new Map(this.junctions.map((junction, i) => [junction.id, i]));
      this.congestion = this.edges.map(() => -1);
      this.cells = this.junctions.map(() => ["", 0, "adaptive", ""]);
      this.trail = message.corridor || [];
      this.fit();
    },
    update(message) {
      for (const [i, value] of message.edges || []) this.congestion[i] = value;
      for (const [i, ...cell] of message.junctions || []) this.cells[i] = cell;
      if (message.emergencies) this.emergencies = message.emergencies;
      if (message.incidents) this.incidents = message.incidents;
      if (message.closed) this.closed = new Set(message.closed);
      if (message.when) this.undrawn.push(Date.parse(message.when));
      this.revision += 1;
      this.dirty();
    },
    highlight(edges) { this.trail = edges; this.dirty(); },
    ask(text) { this.hint = text; },
    choose(kind, id, go) {
      this.chosen = { kind, id };
      const place = this.placeOf(kind, id);
      if (go && place) {
        this.at = { x: place[0], y: place[1], scale: Math.max(this.at.scale, 0.7) };
        this.keep();
      }
      this.dirty();
    },
    placeOf(kind, id) {
      if (kind === "junction") { const j = this.junctions[this.byJunction.get(id)]; return j && [j.x, j.y]; }
      if (kind === "edge") { const e = this.edges[this.byEdge.get(id)]; return e && middle(e.p); }
      const list = kind === "incident" ? this.incidents : this.emergencies;
      const found = list.find((item) => item.id === id);
      return found && [found.x, found.y];
    },
    summary() { // what is drawn, for those who cannot see it, and for tests
      const counts = [0, 0, 0, 0];
      for (const c of this.congestion) if (c >= 0) counts[c] += 1;
      return { congestion: counts, incidents: this.incidents.map((i) => i.id), emergencies: this.emergencies,
        locked: this.junctions.filter((_, i) => this.cells[i][3].includes("L")).map((j) => j.id),
        lamps: Object.fromEntries(this.junctions.map((j, i) => [j.id, this.cells[i][0]])),
        at: this.at, revision: this.revision, late: this.late };
    },
    screenOf(kind, id) {
      const place = this.placeOf(kind, id), box = this.$refs.canvas.getBoundingClientRect();
      if (!place) return null;
      const [x, y] = this.toScreen(place[0], place[1]);
      return [x + box.left, y + box.top];
    },

    // where things are
    resize() {
      const box = this.$el.getBoundingClientRect(), ratio = window.devicePixelRatio || 1, canvas = this.$refs.canvas;
      this.width = box.width; this.height = box.height;
      canvas.width = Math.round(box.width * ratio); canvas.height = Math.round(box.height * ratio);
      this.ratio = ratio;
      if (!this.fitted || this.whole) this.fit(); else this.dirty(); // who has not moved the map sees the whole city
    },
    fit() {
      if (!this.bounds || !this.width) return;
      const [x0, y0, x1, y1] = this.bounds, margin = 36, foot = this.height > 500 ? 44 : 0; // the legend stands at the foot
      const wide = this.width - 2 * margin, high = this.height - 2 * margin - foot;
      const scale = Math.min(Math.max(Math.min(wide / Math.max(x1 - x0, 1), high / Math.max(y1 - y0, 1)), SCALES.least), 2);
      this.at = { x: (x0 + x1) / 2, y: (y0 + y1) / 2 - foot / 2 / scale, scale };
      this.fitted = this.whole = true;
      this.dirty();
    },
    keep() {
      this.whole = false;
      const [x0, y0, x1, y1] = this.bounds;
      this.at.x = Math.min(Math.max(this.at.x, x0), x1);
      this.at.y = Math.min(Math.max(this.at.y, y0), y1);
      this.at.scale = Math.min(Math.max(this.at.scale, SCALES.least), SCALES.most);
    },
    toScreen(x, y) {
      return [this.width / 2 + (x - this.at.x) * this.at.scale, this.height / 2 - (y - this.at.y) * this.at.scale];
    },
    toNet(px, py) {
      return [this.at.x + (px - this.width / 2) / this.at.scale, this.at.y - (py - this.height / 2) / this.at.scale];
    },
    zoom(factor, px = this.width / 2, py = this.height / 2) {
      if (!this.bounds) return;
      const [x, y] = this.toNet(px, py);
      this.at.scale = Math.min(Math.max(this.at.scale * factor, SCALES.least), SCALES.most);
      this.at.x = x - (px - this.width / 2) / this.at.scale;
      this.at.y = y + (py - this.height / 2) / this.at.scale;
      this.keep();
      this.dirty();
    },

    // hands
    point(event) {
      const box = this.$refs.canvas.getBoundingClientRect();
      return [event.clientX - box.left, event.clientY - box.top];
    },
    down(event) {
      this.$refs.canvas.setPointerCapture(event.pointerId);
      this.pointers.set(event.pointerId, this.point(event));
      if (this.pointers.size === 1) this.moved = 0;
    },
    move(event) {
      const now = this.point(event), before = this.pointers.get(event.pointerId);
      if (!before) { this.look(now); return; }
      if (this.pointers.size === 2) {
        const other = [...this.pointers].find(([id]) => id !== event.pointerId)[1];
        const was = Math.hypot(before[0] - other[0], before[1] - other[1]);
        const is = Math.hypot(now[0] - other[0], now[1] - other[1]);
        if (was > 0) this.zoom(is / was, (now[0] + other[0]) / 2, (now[1] + other[1]) / 2);
        this.moved = 99;
      } else {
        this.at.x -= (now[0] - before[0]) / this.at.scale;
        this.at.y += (now[1] - before[1]) / this.at.scale;
        this.moved += Math.abs(now[0] - before[0]) + Math.abs(now[1] - before[1]);
        if (this.bounds) this.keep();
        this.dirty();
      }
      this.pointers.set(event.pointerId, now);
    },
    up(event) {
      const now = this.point(event), pressed = this.pointers.delete(event.pointerId);
      if (!pressed || this.moved > 6 || event.type === "pointercancel") return;
      const hit = this.hit(now[0], now[1]);
      if (hit) this.$emit("pick", { kind: hit.kind, id: hit.id });
    },
    leave() { this.tip.text = ""; if (this.over) { this.over = null; this.dirty(); } },
    wheel(event) { this.zoom(Math.exp(-event.deltaY * 0.0015), ...this.point(event)); },
    twice(event) { this.zoom(2, ...this.point(event)); },
    key(event) {
      const step = 80 / this.at.scale;
      const act = {
        ArrowLeft: () => { this.at.x -= step; }, ArrowRight: () => { this.at.x += step; },
        ArrowUp: () => { this.at.y += step; }, ArrowDown: () => { this.at.y -= step; },
        "+": () => this.zoom(1.3), "=": () => this.zoom(1.3), "-": () => this.zoom(1 / 1.3), "0": () => this.fit(),
        Enter: () => { const j = this.nearest(); if (j) this.$emit("pick", { kind: "junction", id: j.id }); },
      }[event.key];
      if (!act || event.ctrlKey || event.altKey || event.metaKey || !this.bounds) return;
      event.preventDefault();
      act();
      if (event.key !== "0") this.keep();
      this.dirty();
    },
    nearest() {
      let best = null, least = Infinity;
      for (const j of this.junctions) {
        const d = Math.hypot(j.x - this.at.x, j.y - this.at.y);
        if (d < least) { least = d; best = j; }
      }
      return best;
    },
    hit(px, py) {
      for (const [kind, list] of [["incident", this.incidents], ["emergency", this.emergencies]])
        for (const item of list) {
          const [x, y] = this.toScreen(item.x, item.y);
          if (Math.hypot(x - px, y - py) < 14) return { kind, id: item.id };
        }
      let best = null, least = Math.max(11, Math.min(22, 14 * this.at.scale));
      this.junctions.forEach((j, i) => {
        const [x, y] = this.toScreen(j.x, j.y), d = Math.hypot(x - px, y - py);
        if (d < least) { least = d; best = { kind: "junction", id: j.id, index: i }; }
      });
      if (best) return best;
      least = 7;
      this.edges.forEach((edge, i) => {
        const d = distance(edge.p, ...this.toNet(px, py)) * this.at.scale;
        if (d < least) { least = d; best = { kind: "edge", id: edge.id, index: i }; }
      });
      return best;
    },
    look([px, py]) {
      const hit = this.hit(px, py), key = hit ? hit.kind + hit.id : "";
      this.$refs.canvas.style.cursor = hit ? "pointer" : "grab";
      this.tip.text = "";
      if (hit && hit.kind === "junction") {
        const [, queue, level] = this.cells[hit.index];
        this.tip.text = this.junctions[hit.index].n;
        this.tip.more = `${this.levels[level] || level} · ${this.words.queue} ${queue}`;
      } else if (hit && hit.kind === "edge") {
        this.tip.text = this.edges[hit.index].n || hit.id;
        this.tip.more = this.words["congestion" + this.congestion[hit.index]];
      } else if (hit) { this.tip.text = hit.id; this.tip.more = ""; }
      this.tip.x = Math.min(px + 14, this.width - 200); this.tip.y = py + 14;
      if (key !== this.over) { this.over = key; this.dirty(); }
    },

    // drawing
    needsBlink() { return this.cells.some((cell) => cell[2] === "flash") || this.emergencies.length > 0; },
    dirty() {
      if (this.waiting) return;
      this.waiting = requestAnimationFrame(() => { this.waiting = 0; this.draw(); });
    },
    draw() {
      const canvas = this.$refs.canvas;
      if (!canvas || !this.ink) return;
      const g = canvas.getContext("2d");
      g.setTransform(this.ratio, 0, 0, this.ratio, 0, 0);
      g.fillStyle = this.ink.map;
      g.fillRect(0, 0, this.width, this.height);
      if (!this.bounds) return;
      g.lineJoin = g.lineCap = "round";
      this.drawRoads(g);
      this.drawRoutes(g);
      this.drawJunctions(g);
      this.drawIncidents(g);
      this.drawEmergencies(g);
      if (document.activeElement === canvas && canvas.matches(":focus-visible")) this.drawCross(g);
      const now = Date.now();
      for (const when of this.undrawn.splice(0)) this.late.push(now - when);
      if (this.late.length > 600) this.late.splice(0, this.late.length - 600);
    },
    ...drawing,
  },
};

function middle(points) {
  const k = 2 * Math.floor((points.length / 2 - 1) / 2);
  return [(points[k] + points[k + 2]) / 2, (points[k + 1] + points[k + 3]) / 2];
}

function distance(points, x, y) {
  let least = Infinity;
  for (let k = 0; k + 3 < points.length; k += 2) {
    const ax = points[k], ay = points[k + 1], dx = points[k + 2] - ax, dy = points[k + 3] - ay;
    const t = Math.min(Math.max(((x - ax) * dx + (y - ay) * dy) / (dx * dx + dy * dy || 1), 0), 1);
    least = Math.min(least, Math.hypot(x - ax - t * dx, y - ay - t * dy));
  }
  return least;
}
