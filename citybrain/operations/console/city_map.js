// The map of the city on one canvas: roads by congestion, signals, incidents, vehicles on a call.
// Coordinates are metres of the net; it needs no tiles and no network beyond this page.

const SCALES = { least: 0.004, most: 6 };
const LAMPS_FROM = 0.3; // px per metre from which lamps are drawn
const NAMES_FROM = 0.5;
const WORST = { G: 0, g: 0, y: 1, Y: 1, o: 2, O: 2, s: 3, r: 4, u: 4, R: 4 };

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
      fitted: false, blink: false, trail: [], late: [], // late: ms from a tick to its picture
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
      if (message.when) this.late.push(Date.now() - Date.parse(message.when));
      if (this.late.length > 600) this.late.shift();
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
      if (!this.fitted) this.fit(); else this.dirty();
    },
    fit() {
      if (!this.bounds || !this.width) return;
      const [x0, y0, x1, y1] = this.bounds, margin = 36, foot = this.height > 500 ? 44 : 0; // the legend stands at the foot
      const wide = this.width - 2 * margin, high = this.height - 2 * margin - foot;
      const scale = Math.min(Math.max(Math.min(wide / Math.max(x1 - x0, 1), high / Math.max(y1 - y0, 1)), SCALES.least), 2);
      this.at = { x: (x0 + x1) / 2, y: (y0 + y1) / 2 - foot / 2 / scale, scale };
      this.fitted = true;
      this.dirty();
    },
    keep() {
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
      this.keep();
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
    },
    line(g, points, offset) {
      // beside the centre line on the driving side, so that both directions can be seen
      g.beginPath();
      const n = points.length / 2;
      for (let k = 0; k < n; k += 1) {
        const a = Math.max(k - 1, 0), b = Math.min(k + 1, n - 1);
        const dx = points[2 * b] - points[2 * a], dy = points[2 * b + 1] - points[2 * a + 1], d = Math.hypot(dx, dy) || 1;
        const [x, y] = this.toScreen(points[2 * k], points[2 * k + 1]);
        const px = x + (offset * dy) / d, py = y + (offset * dx) / d;
        if (k) g.lineTo(px, py); else g.moveTo(px, py);
      }
    },
    inView(points) {
      const [x0, y1] = this.toNet(-20, -20), [x1, y0] = this.toNet(this.width + 20, this.height + 20);
      let lx = Infinity, ly = Infinity, hx = -Infinity, hy = -Infinity;
      for (let k = 0; k < points.length; k += 2) {
        lx = Math.min(lx, points[k]); hx = Math.max(hx, points[k]);
        ly = Math.min(ly, points[k + 1]); hy = Math.max(hy, points[k + 1]);
      }
      return hx >= x0 && lx <= x1 && hy >= y0 && ly <= y1;
    },
    drawRoads(g) {
      const s = this.at.scale, thin = Math.min(Math.max(1.3, 3.1 * s), 9);
      const classes = [["unseen", -1, 0.8], ["free", 0, 1], ["slow", 1, 1.5], ["dense", 2, 1.9], ["jam", 3, 2.3]];
      const trail = new Set(this.trail);
      for (const [name, value, wide] of classes) {
        g.strokeStyle = this.ink[name];
        this.edges.forEach((edge, i) => {
          if (this.congestion[i] !== value || !this.inView(edge.p)) return;
          const width = s > 0.25 ? Math.max(thin, edge.w * 2.4 * s) : thin * wide;
          g.lineWidth = width;
          this.line(g, edge.p, this.left * (width / 2 + 0.4));
          g.stroke();
        });
      }
      this.edges.forEach((edge, i) => {
        const chosen = this.chosen.kind === "edge" && this.chosen.id === edge.id;
        const hovered = this.over === "edge" + edge.id;
        if (this.closed.has(edge.id)) {
          g.strokeStyle = this.ink.closed; g.lineWidth = 4; g.setLineDash([5, 5]);
          this.line(g, edge.p, this.left * 2); g.stroke(); g.setLineDash([]);
        }
        if (chosen || hovered || trail.has(edge.id)) {
          g.strokeStyle = this.ink.accent; g.globalAlpha = chosen ? 0.95 : trail.has(edge.id) ? 0.5 : 0.6;
          g.lineWidth = chosen ? 3 : 2; this.line(g, edge.p, this.left * (thin + 3)); g.stroke(); g.globalAlpha = 1;
        }
      });
    },
    drawRoutes(g) {
      for (const vehicle of this.emergencies) {
        g.strokeStyle = this.ink.call; g.lineWidth = 5; g.globalAlpha = 0.85;
        for (const id of vehicle.route) {
          const edge = this.edges[this.byEdge.get(id)];
          if (edge) { this.line(g, edge.p, this.left * 4); g.stroke(); }
        }
        g.globalAlpha = 1;
      }
    },
    drawJunctions(g) {
      const s = this.at.scale, r = Math.min(Math.max(2.4, 5.5 * Math.sqrt(s)), 7);
      const held = new Set(this.emergencies.flatMap((vehicle) => vehicle.held));
      this.junctions.forEach((j, i) => {
        const [x, y] = this.toScreen(j.x, j.y);
        if (x < -30 || y < -30 || x > this.width + 30 || y > this.height + 30) return;
        const [lamps, queue, level, flags] = this.cells[i];
        if (s >= LAMPS_FROM) this.drawLamps(g, j, lamps);
        if (queue >= 6) { // a halo as large as the queue
          g.fillStyle = this.ink.text; g.globalAlpha = 0.12;
          circle(g, x, y, r + Math.min(Math.sqrt(queue) * 1.6, 20)); g.fill(); g.globalAlpha = 1;
        }
        g.fillStyle = level === "flash" && this.blink ? this.ink.map : this.ink[level] || this.ink.junction;
        shape(g, level, x, y, level === "adaptive" ? r : r + 2);
        g.fill();
        g.lineWidth = 1.2; g.strokeStyle = level === "flash" ? this.ink.flash : this.ink.map; g.stroke();
        const rings = [];
        if (flags.includes("A")) rings.push([this.ink.critical, 1.8]);
        if (flags.includes("L")) rings.push([this.ink.accent, 2.6]);
        if (held.has(j.id) || flags.includes("E")) rings.push([this.ink.call, 3]);
        if (this.chosen.kind === "junction" && this.chosen.id === j.id) rings.push([this.ink.text, 2]);
        else if (this.over === "junction" + j.id) rings.push([this.ink.muted, 1.5]);
        rings.forEach(([colour, width], k) => {
          g.strokeStyle = colour; g.lineWidth = width; circle(g, x, y, r + 4 + 3.5 * k); g.stroke();
        });
        if (s >= NAMES_FROM || (this.chosen.kind === "junction" && this.chosen.id === j.id))
          label(g, j.n, x + r + 8, y - r - 4, this.ink);
      });
    },
    drawLamps(g, j, lamps) {
      const width = Math.min(Math.max(2.2, 3 * this.at.scale), 5);
      for (const [ax, ay, heading, links] of j.arms) {
        const best = links.map((link) => lamps[link]).reduce((a, b) => ((WORST[b] ?? 4) < (WORST[a] ?? 4) ? b : a), "r");
        const rank = WORST[best] ?? 4;
        if (rank === 2 && this.blink) continue;
        g.strokeStyle = rank === 0 ? this.ink.go : rank <= 2 ? this.ink.caution : this.ink.stop;
        const [x, y] = this.toScreen(ax, ay), a = (heading * Math.PI) / 180, half = Math.max(4, 4.5 * this.at.scale);
        const side = this.left * half;
        const cx = x + side * Math.cos(a), cy = y + side * Math.sin(a);
        g.lineWidth = width;
        g.beginPath();
        g.moveTo(cx - half * Math.cos(a), cy - half * Math.sin(a));
        g.lineTo(cx + half * Math.cos(a), cy + half * Math.sin(a));
        g.stroke();
      }
    },
    drawIncidents(g) {
      for (const incident of this.incidents) {
        const [x, y] = this.toScreen(incident.x, incident.y), accepted = incident.state === "accepted";
        g.beginPath();
        g.moveTo(x, y - 12); g.lineTo(x + 11, y + 8); g.lineTo(x - 11, y + 8); g.closePath();
        g.fillStyle = accepted ? this.ink.critical : this.ink.map;
        g.strokeStyle = this.ink.critical; g.lineWidth = 2.2;
        g.fill(); g.stroke();
        g.fillStyle = accepted ? this.ink.map : this.ink.critical;
        g.font = "bold 12px Roboto, sans-serif"; g.textAlign = "center"; g.fillText("!", x, y + 5); g.textAlign = "left";
        label(g, `${Math.round(100 * incident.confidence)} %`, x + 14, y + 4, this.ink);
        if (this.chosen.kind === "incident" && this.chosen.id === incident.id) {
          g.strokeStyle = this.ink.text; g.lineWidth = 1.5; circle(g, x, y, 17); g.stroke();
        }
      }
    },
    drawEmergencies(g) {
      for (const vehicle of this.emergencies) {
        const [x, y] = this.toScreen(vehicle.x, vehicle.y);
        g.fillStyle = this.ink.call; g.globalAlpha = this.blink ? 0.28 : 0.12; circle(g, x, y, 16); g.fill();
        g.globalAlpha = 1; circle(g, x, y, 8); g.fill();
        g.strokeStyle = this.ink.map; g.lineWidth = 2.4;
        g.beginPath(); g.moveTo(x - 4, y); g.lineTo(x + 4, y); g.moveTo(x, y - 4); g.lineTo(x, y + 4); g.stroke();
        label(g, vehicle.id, x + 14, y + 17, this.ink);
      }
    },
    drawCross(g) {
      const x = this.width / 2, y = this.height / 2;
      g.strokeStyle = this.ink.accent; g.lineWidth = 1.5; g.beginPath();
      for (const [dx, dy] of [[1, 0], [-1, 0], [0, 1], [0, -1]]) {
        g.moveTo(x + 6 * dx, y + 6 * dy); g.lineTo(x + 16 * dx, y + 16 * dy);
      }
      g.stroke();
    },
  },
};

function circle(g, x, y, r) { g.beginPath(); g.arc(x, y, r, 0, 2 * Math.PI); }

function shape(g, level, x, y, r) { // a shape for every level, so that nobody needs the colour
  g.beginPath();
  if (level === "plan") g.rect(x - r, y - r, 2 * r, 2 * r);
  else if (level === "isolated") { g.moveTo(x, y - r - 1); g.lineTo(x + r, y + r); g.lineTo(x - r, y + r); g.closePath(); }
  else if (level === "flash" || level === "lost") {
    g.moveTo(x, y - r - 1); g.lineTo(x + r + 1, y); g.lineTo(x, y + r + 1); g.lineTo(x - r - 1, y); g.closePath();
  } else g.arc(x, y, r, 0, 2 * Math.PI);
}

function label(g, text, x, y, ink) {
  if (text.length > 26) text = text.slice(0, 25) + "…";
  g.font = "500 12px Roboto, sans-serif";
  g.lineWidth = 3.5; g.strokeStyle = ink.map; g.strokeText(text, x, y);
  g.fillStyle = ink.text; g.fillText(text, x, y);
}

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
