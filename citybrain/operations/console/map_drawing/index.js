// What the map's canvas shows; methods of the map component, which says where things are and how they stand.

const LAMPS_FROM = 0.3; // px per metre from which lamps are drawn
const NAMES_FROM = 0.5;
const WORST = { G: 0, g: 0, y: 1, Y: 1, o: 2, O: 2, s: 3, r: 4, u: 4, R: 4 };

export const drawing = {
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
    const s = this.at.scale, r = Math.min(Math.max(3.2, 5.5 * Math.sqrt(s)), 7);
    const held = new Set(this.emergencies.flatMap((vehicle) => vehicle.held)), names = [];
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
      g.lineWidth = 1; g.strokeStyle = level === "flash" ? this.ink.flash : this.ink.map; g.stroke();
      const rings = [];
      if (flags.includes("A")) rings.push([this.ink.critical, 1.8]);
      if (flags.includes("L")) rings.push([this.ink.accent, 2.6]);
      if (held.has(j.id) || flags.includes("E")) rings.push([this.ink.call, 3]);
      if (this.chosen.kind === "junction" && this.chosen.id === j.id) rings.push([this.ink.text, 2]);
      else if (this.over === "junction" + j.id) rings.push([this.ink.muted, 1.5]);
      rings.forEach(([colour, width], k) => {
        g.strokeStyle = colour; g.lineWidth = width; circle(g, x, y, r + 4 + 3.5 * k); g.stroke();
      });
      const chosen = this.chosen.kind === "junction" && this.chosen.id === j.id;
      if (s >= NAMES_FROM || chosen) names.push({ text: j.n, x: x + r + 8, y: y - r - 4, rank: chosen ? Infinity : queue });
    });
    this.drawNames(g, names);
  },
  drawNames(g, names) { // where two would overlap, the one of the longer queue is shown
    const taken = [];
    for (const { text, x, y } of names.sort((a, b) => b.rank - a.rank)) {
      const right = x + labelWidth(g, text), top = y - 12, bottom = y + 4;
      if (taken.some((t) => x < t.right && right > t.x && top < t.bottom && bottom > t.top)) continue;
      taken.push({ x, right, top, bottom });
      label(g, text, x, y, this.ink);
    }
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

const LABEL_FONT = "500 12px Roboto, sans-serif";

function shortened(text) { return text.length > 42 ? text.slice(0, 41) + "…" : text; }

function labelWidth(g, text) { g.font = LABEL_FONT; return g.measureText(shortened(text)).width; }

function label(g, text, x, y, ink) {
  text = shortened(text);
  g.font = LABEL_FONT;
  g.lineWidth = 3.5; g.strokeStyle = ink.map; g.strokeText(text, x, y);
  g.fillStyle = ink.text; g.fillText(text, x, y);
}
