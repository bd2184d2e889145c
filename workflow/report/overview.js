// The overview of the page: plots of one dataset, drawn by Observable Plot as SVG. A point is a link: to a method, or to a pair.
"use strict";
const overviewOf = ({ $, data, methods, datasets, element, fill, digits, seconds, count, valuesOf, picture, nameOf }) => { // eslint-disable-line
  const MEAN = 0, MOST_CHOSEN = 6, FEW = 16, CASES = 3, ROW = 17, HEIGHT = 380;
  // Okabe and Ito: told apart by people who see few colours; on white and on black.
  const COLOURS = ["#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9"];
  const DASHES = ["", "7 3", "2 3", "9 3 2 3", "12 4", "4 2"];
  const RANK = "mean rank";
  let chosen = [];
  const dataset = () => datasets.get($("plot-dataset").value);
  const label = (name) => methods.get(name).label;
  const methodLink = (name) => `#method/${encodeURIComponent(name)}`;
  const pairLink = (name, pair, method) => `#pair/${encodeURIComponent(name)}/${pair}/${encodeURIComponent(method)}`;
  const colour = (name) => chosen.includes(name) ? COLOURS[chosen.indexOf(name)] : "var(--dot)";
  const good = (set) => set.methods.filter((name) => set.runs[name].state === "ok");
  const ranked = (set) => good(set).filter((name) => set.ranking.ranks[name] !== undefined).sort((a, b) => set.ranking.ranks[a] - set.ranking.ranks[b]);
  const directed = (set) => set.metrics.filter((metric) => metric.direction !== "none");
  const meanOf = (set, id, name) => set.means[id]?.[name]?.[MEAN] ?? null;

  const start = () => {
    fill($("plot-dataset"), data.datasets.map((set) => [set.name, set.title]));
    $("plot-dataset").addEventListener("change", chooseDataset);
    for (const id of ["quality", "speed", "plot-metric", "case-method"]) $(id).addEventListener("change", draw);
    document.querySelector("#overview form").addEventListener("submit", (event) => event.preventDefault());
    for (const figure of $("plots").children) watch.observe(figure);
    addEventListener("beforeprint", () => { for (const id of [...pending.keys()]) flush(id); });
    let width = 0;
    new ResizeObserver(([entry]) => { const now = Math.round(entry.contentRect.width); if (now && now !== width) { width = now; draw(); } }).observe($("plots"));
    chooseDataset();
  };
  const chooseDataset = () => {
    const set = dataset(), names = ranked(set).length ? ranked(set) : good(set);
    fill($("quality"), [RANK, ...directed(set).map((metric) => metric.id)].map((id) => [id, id]), $("quality").value || RANK);
    fill($("plot-metric"), set.metrics.map((metric) => [metric.id, metric.id]), $("plot-metric").value);
    fill($("case-method"), names.map((name) => [name, label(name)]), $("case-method").value);
    chosen = names.slice(0, 4);
    $("highlight").replaceChildren($("highlight").querySelector("legend"), ...names.map((name) => {
      const box = element("input", { type: "checkbox", checked: chosen.includes(name), onchange: () => choose(name, box) });
      return element("label", { className: "tick" }, box, ` ${label(name)}`);
    }));
    draw();
  };
  const choose = (name, box) => {
    if (box.checked && chosen.length >= MOST_CHOSEN) { box.checked = false; return; }
    chosen = box.checked ? [...chosen, name] : chosen.filter((other) => other !== name);
    draw();
  };
  const draw = () => {
    const set = dataset();
    $("plot-note").textContent = `${set.pairs.length} pairs; ${good(set).length} of ${set.methods.length} methods have results. A point opens its method or its pair; by keyboard, arrows go from point to point.`;
    show("plot-speed", () => qualityAndSpeed(set));
    show("plot-ranks", () => ranks(set));
    show("plot-heat", () => rankTable(set));
    show("plot-radar", () => radar(set));
    drawValues(set);
  };
  // A plot is drawn when it comes near the window: with many methods the first ones are there at once.
  const pending = new Map();
  const show = (id, make) => { pending.set(id, make); if (near.has(id)) flush(id); };
  const flush = (id) => { const make = pending.get(id); pending.delete(id); if (make) put(id, make()); };
  const near = new Set(), watch = new IntersectionObserver((entries) => {
    for (const { target, isIntersecting } of entries) {
      if (isIntersecting) near.add(target.id); else near.delete(target.id);
      if (isIntersecting) flush(target.id);
    }
  }, { rootMargin: "1200px 0px" });
  const put = (id, [svg, text]) => {
    $(id).replaceChildren(svg ?? element("p", { textContent: "nothing to draw" }), element("figcaption", {}, element("strong", { textContent: `${$(id).dataset.name}. ` }), text));
    if (svg) reach(svg, $(id).dataset.name);
  };
  const widthOf = (id) => Math.max(260, $(id).clientWidth);
  const longest = (names) => Math.min(150, 12 + 6.4 * Math.max(0, ...names.map((name) => label(name).length)));
  const short = (name) => label(name).length > 22 ? `${label(name).slice(0, 21)}…` : label(name);

  // A plot is one stop of the Tab key; arrows move between its links, Enter opens one.
  const reach = (svg, name) => {
    svg.setAttribute("role", "group");
    svg.setAttribute("aria-label", name);
    const links = [...svg.querySelectorAll("a")];
    links.forEach((link, index) => {
      link.setAttribute("tabindex", index ? "-1" : "0");
      link.setAttribute("role", "link");
      link.setAttribute("aria-label", link.querySelector("title")?.textContent ?? "");
    });
    svg.addEventListener("keydown", (event) => {
      const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
      const here = links.indexOf(document.activeElement);
      if (!step || here < 0) return;
      event.preventDefault();
      links[here].setAttribute("tabindex", "-1");
      const next = links[(here + step + links.length) % links.length];
      next.setAttribute("tabindex", "0");
      next.focus();
    });
    for (const part of svg.querySelectorAll("[aria-label]:not(a)")) if (!part.hasAttribute("role")) part.removeAttribute("aria-label");
  };
  const plot = (options) => Plot.plot({ style: { background: "transparent", color: "var(--ink)", fontSize: "12px", overflow: "visible" }, ...options });

  // Quality against speed ---------------------------------------------------------------------------------------------
  const qualityAndSpeed = (set) => {
    const quality = $("quality").value, field = $("speed").value;
    const values = good(set).map((name) => ({ name, x: set.runs[name][field], y: quality === RANK ? set.ranking.ranks[name] : meanOf(set, quality, name), size: set.runs[name].parameters, device: set.runs[name].device }));
    const timed = values.filter((point) => point.x > 0 && Number.isFinite(point.y));
    const devices = d3.rollups(timed, (group) => group.length, (point) => point.device).sort((a, b) => b[1] - a[1]);
    const points = timed.filter((point) => point.device === devices[0]?.[0]);
    if (!points.length) return [null, `No method has both a time and ${quality}.`];
    const down = quality === RANK || set.metrics.find((metric) => metric.id === quality)?.direction === "lower";
    const better = (a, b) => a.x <= b.x && (down ? a.y <= b.y : a.y >= b.y) && (a.x < b.x || a.y !== b.y);
    const front = points.filter((point) => !points.some((other) => better(other, point)));
    const largest = d3.max(points, (point) => point.size ?? 0), radius = (point) => point.size ? 4 + 12 * Math.sqrt(point.size / largest) : 5;
    const named = points.filter((point) => points.length <= FEW || front.includes(point) || chosen.includes(point.name));
    const width = widthOf("plot-speed"), places = placed(named, width);
    const svg = plot({
      width, height: HEIGHT, marginLeft: 56, marginRight: 16, marginBottom: 42, marginTop: 24,
      x: { type: "log", label: "seconds per image →", tickFormat: (value) => roundTick(value) ? String(value) : "", grid: true, inset: 44 }, y: { reverse: down, label: `↑ better: ${quality}`, grid: true, nice: true, inset: 16 }, r: { type: "identity" },
      marks: [
        Plot.line(front.slice().sort((a, b) => a.x - b.x), { x: "x", y: "y", stroke: "var(--accent)", strokeDasharray: "4 3", curve: "step-after" }),
        Plot.dot(points, { x: "x", y: "y", r: radius, fill: (point) => colour(point.name), stroke: "var(--paper)", href: (point) => methodLink(point.name), title: (point) => `${label(point.name)}: ${quality} ${digits(point.y)}, ${seconds(point.x)} s${point.size ? `, ${count(point.size)} parameters` : ""}` }),
        ...d3.groups(named, (point) => places.get(point)).map(([dy, group]) => Plot.text(group, { x: "x", y: "y", text: (point) => short(point.name), dy, fill: "var(--ink)", stroke: "var(--paper)", strokeWidth: 3, pointerEvents: "none" })),
      ],
    });
    const others = timed.length - points.length;
    return [svg, `Quality and speed on ${devices[0][0] || "the same device"}; the area of a point is its number of parameters, the dashed line joins what nothing else beats in both.${others ? ` ${others} methods ran on another device and are not drawn.` : ""}${named.length < points.length ? " Names of the chosen and of the best ones." : ""}`];
  };

  const roundTick = (value) => /^[125]/.test(Number(value).toExponential());
  // Names stand above their points, or where another name is, below them or further away.
  const placed = (points, width) => {
    const x = d3.scaleLog(d3.extent(points, (point) => point.x), [0, width - 160]), y = d3.scaleLinear(d3.extent(points, (point) => point.y), [0, HEIGHT - 100]), taken = [], places = new Map();
    for (const point of points) {
      const at = x(point.x) || 0, half = 3.4 * short(point.name).length, free = (dy) => !taken.some(([left, right, height]) => at - half < right && at + half > left && Math.abs(height - (y(point.y) || 0) - dy) < 13);
      const dy = [-13, 15, -26, 28].find(free) ?? -13;
      taken.push([at - half, at + half, (y(point.y) || 0) + dy]);
      places.set(point, dy);
    }
    return places;
  };

  // Mean ranks with the critical difference ---------------------------------------------------------------------------
  const ranks = (set) => {
    const names = ranked(set), half = (set.ranking.difference ?? 0) / 2;
    if (names.length < 2) return [null, "A ranking needs two methods with a value of every pair."];
    const points = names.map((name) => ({ name, rank: set.ranking.ranks[name] })), best = points[0].rank + half;
    const svg = plot({
      width: widthOf("plot-ranks"), height: 60 + ROW * names.length, marginLeft: longest(names), marginRight: 16, marginTop: 34,
      x: { label: "mean rank →", axis: "top", grid: true, nice: true }, y: { domain: names, label: null, tickFormat: short, tickSize: 0 },
      marks: [
        half ? Plot.rectX([0], { x1: points[0].rank - half, x2: best, fill: "var(--accent)", fillOpacity: 0.12 }) : null,
        half ? Plot.ruleY(points, { y: "name", x1: (point) => point.rank - half, x2: (point) => point.rank + half, stroke: (point) => colour(point.name), strokeWidth: 2 }) : null,
        Plot.dot(points, { y: "name", x: "rank", r: 5, fill: (point) => colour(point.name), stroke: "var(--paper)", href: (point) => methodLink(point.name), title: (point) => `${label(point.name)}: mean rank ${point.rank.toFixed(2)}` }),
      ],
    });
    const left = good(set).length - names.length, lacking = left ? ` Left out: ${left} methods without a value of every pair in every metric.` : "";
    const told = half ? ` Bars are as long as the critical difference, ${set.ranking.difference.toFixed(2)} (Nemenyi, 5 %): methods whose bars do not overlap differ.` : " Too few methods or pairs for a critical difference.";
    return [svg, `Mean rank over ${set.ranking.pairs} pairs; on each pair methods are ranked by their mean rank over the metrics.${told}${lacking}`];
  };

  // Rank of each method in each metric --------------------------------------------------------------------------------
  const rankTable = (set) => {
    const names = ranked(set).length ? ranked(set) : good(set), metrics = directed(set), cells = [];
    for (const metric of metrics) {
      const known = names.filter((name) => meanOf(set, metric.id, name) !== null);
      const values = known.map((name) => meanOf(set, metric.id, name) * (metric.direction === "lower" ? 1 : -1));
      known.forEach((name, index) => cells.push({ name, metric: metric.id, rank: 1 + values.filter((value) => value < values[index]).length, share: values.length > 1 ? values.filter((value) => value < values[index]).length / (values.length - 1) : 0 }));
    }
    if (!cells.length) return [null, "No metric with a direction has a value."];
    const svg = plot({
      width: widthOf("plot-heat"), height: 76 + ROW * names.length, marginLeft: longest(names), marginTop: 62, marginRight: 8, padding: 0.04,
      x: { domain: metrics.map((metric) => metric.id), axis: "top", label: null, tickRotate: -45, tickSize: 0 }, y: { domain: names, axis: null },
      marks: [
        Plot.text(names, { y: (name) => name, frameAnchor: "left", textAnchor: "end", dx: -6, text: short, href: methodLink, title: (name) => `${label(name)}: mean rank ${digits(set.ranking.ranks[name])}` }),
        Plot.cell(cells, { x: "metric", y: "name", fill: (cell) => d3.interpolateRgb("#0b5394", "#e9eef5")(Math.sqrt(cell.share)) }),
        Plot.text(cells, { x: "metric", y: "name", text: "rank", fontSize: 11, fill: (cell) => Math.sqrt(cell.share) < 0.5 ? "#ffffff" : "#111111", title: (cell) => `${label(cell.name)}: rank ${cell.rank} in ${cell.metric}, mean ${digits(meanOf(set, cell.metric, cell.name))}` }),
      ],
    });
    return [svg, "Rank of each method's mean in each metric; dark is best."];
  };

  // Radar of the chosen methods -----------------------------------------------------------------------------------------
  const radar = (set) => {
    const metrics = directed(set).filter((metric) => good(set).filter((name) => meanOf(set, metric.id, name) !== null).length > 1);
    const names = chosen.filter((name) => set.methods.includes(name));
    if (metrics.length < 3 || !names.length) return [null, "A radar needs three metrics and a chosen method."];
    const width = widthOf("plot-radar"), radius = Math.min(width / 2 - 70, 150), height = 2 * radius + 70 + 20 * Math.ceil(names.length / 2);
    const scale = new Map(metrics.map((metric) => { const values = good(set).map((name) => meanOf(set, metric.id, name)).filter((value) => value !== null); const [low, high] = d3.extent(values); return [metric.id, (value) => low === high ? 1 : metric.direction === "lower" ? (high - value) / (high - low) : (value - low) / (high - low)]; }));
    const at = (index, share) => { const angle = 2 * Math.PI * index / metrics.length; return [Math.sin(angle) * radius * (0.1 + 0.9 * share), -Math.cos(angle) * radius * (0.1 + 0.9 * share)]; };
    const svg = d3.create("svg").attr("width", width).attr("height", height).attr("viewBox", `0 0 ${width} ${height}`).attr("font-size", 12).attr("fill", "currentColor");
    const middle = svg.append("g").attr("transform", `translate(${width / 2},${radius + 34})`);
    for (const share of [0, 0.5, 1]) middle.append("path").attr("d", `${d3.line()(metrics.map((_, index) => at(index, share)))}Z`).attr("fill", "none").attr("stroke", "var(--line)");
    metrics.forEach((metric, index) => {
      const [x, y] = at(index, 1);
      middle.append("line").attr("x2", x).attr("y2", y).attr("stroke", "var(--line)");
      middle.append("text").attr("x", x * 1.1).attr("y", y * 1.1 + 4).attr("text-anchor", Math.abs(x) < 5 ? "middle" : x > 0 ? "start" : "end").text(metric.id);
    });
    names.forEach((name) => {
      const points = metrics.map((metric, index) => [index, meanOf(set, metric.id, name)]).filter(([, value]) => value !== null).map(([index, value]) => at(index, scale.get(metrics[index].id)(value)));
      const link = middle.append("a").attr("href", methodLink(name));
      link.append("title").text(label(name));
      link.append("path").attr("d", `${d3.line()(points)}Z`).attr("fill", colour(name)).attr("fill-opacity", 0.06).attr("stroke", colour(name)).attr("stroke-width", 2.2).attr("stroke-dasharray", DASHES[chosen.indexOf(name)]);
    });
    names.forEach((name, index) => {
      const entry = svg.append("g").attr("transform", `translate(${10 + (index % 2) * width / 2},${2 * radius + 66 + 20 * Math.floor(index / 2)})`);
      entry.append("line").attr("x2", 26).attr("stroke", colour(name)).attr("stroke-width", 3).attr("stroke-dasharray", DASHES[chosen.indexOf(name)]);
      entry.append("text").attr("x", 32).attr("y", 4).text(short(name));
    });
    return [svg.node(), "The chosen methods; outside is the best mean on this dataset, inside the worst."];
  };

  // Values of each pair: boxes, pairs, worst and best cases -------------------------------------------------------------
  const drawValues = async (set) => {
    const values = await valuesOf(set.name);
    if (dataset() !== set) return;
    const index = set.metrics.findIndex((metric) => metric.id === $("plot-metric").value), metric = set.metrics[index];
    if (!metric) { for (const id of ["plot-boxes", "plot-pairs"]) show(id, () => [null, "No metric."]); $("cases").replaceChildren(); return; }
    const height = set.methods.length, width = set.metrics.length;
    const valueOf = (name, pair) => values[(pair * height + set.methods.indexOf(name)) * width + index];
    show("plot-boxes", () => boxes(set, metric, valueOf));
    show("plot-pairs", () => pairs(set, metric, valueOf));
    drawCases(set, metric, valueOf);
  };
  const own = (set, valueOf, name) => set.pairs.map((_, pair) => valueOf(name, pair)).filter((value) => !Number.isNaN(value)).sort((a, b) => a - b);
  const boxes = (set, metric, valueOf) => {
    const down = metric.direction === "lower";
    const rows = good(set).map((name) => { const sorted = own(set, valueOf, name); const [low, first, middle, third, high] = [0.05, 0.25, 0.5, 0.75, 0.95].map((share) => d3.quantileSorted(sorted, share)); return { name, low, first, middle, third, high }; })
      .filter((row) => row.middle !== undefined).sort((a, b) => down ? a.middle - b.middle : b.middle - a.middle);
    if (!rows.length) return [null, "No method has a value."];
    const names = rows.map((row) => row.name);
    const svg = plot({
      width: widthOf("plot-boxes"), height: 60 + ROW * rows.length, marginLeft: longest(names), marginRight: 16, marginTop: 34,
      x: { label: `${metric.id}${metric.direction === "none" ? "" : down ? " (lower is better)" : " (higher is better)"} →`, axis: "top", grid: true, nice: true }, y: { domain: names, label: null, tickFormat: short, tickSize: 0 },
      marks: [
        Plot.ruleY(rows, { y: "name", x1: "low", x2: "high", stroke: "var(--dot)" }),
        Plot.barX(rows, { y: "name", x1: "first", x2: "third", fill: (row) => colour(row.name), fillOpacity: 0.75, insetTop: 2, insetBottom: 2, href: (row) => methodLink(row.name), title: (row) => `${label(row.name)}: median ${digits(row.middle)}, half of the pairs from ${digits(row.first)} to ${digits(row.third)}` }),
        Plot.tickX(rows, { y: "name", x: "middle", stroke: "var(--ink)", strokeWidth: 2, pointerEvents: "none" }),
      ],
    });
    return [svg, `${metric.id} over the pairs: a box holds the middle half, its line is the median, whiskers reach from 5 to 95 % of the pairs.`];
  };
  const pairs = (set, metric, valueOf) => {
    const points = chosen.filter((name) => set.methods.includes(name)).flatMap((name) => set.pairs.map((pair, number) => ({ name, pair, number, value: valueOf(name, number) }))).filter((point) => !Number.isNaN(point.value));
    if (!points.length) return [null, "No chosen method has a value."];
    const few = points.length <= 400;
    const svg = plot({
      width: widthOf("plot-pairs"), height: 300, marginLeft: 56, marginBottom: 40, marginTop: 24,
      x: { label: "pair →", tickFormat: (number) => (set.pairs[number] ?? "").slice(0, 14), ticks: pairTicks(set), inset: 24 }, y: { label: `↑ ${metric.id}`, grid: true, nice: true },
      marks: [
        Plot.line(points, { x: "number", y: "value", stroke: (point) => colour(point.name), z: "name", strokeOpacity: 0.4 }),
        Plot.dot(points, { x: "number", y: "value", r: few ? 4 : 2, fill: (point) => colour(point.name), href: (point) => pairLink(set.name, point.number, point.name), title: (point) => `${label(point.name)}, pair ${point.pair}: ${metric.id} ${digits(point.value)}` }),
      ],
    });
    return [svg, `${metric.id} of the chosen methods on each pair; a point opens the images of its pair.`];
  };
  const pairTicks = (set) => { const most = Math.max(2, Math.floor(widthOf("plot-pairs") / 110)), step = Math.ceil(set.pairs.length / most); return d3.range(0, set.pairs.length, step); };
  const drawCases = (set, metric, valueOf) => {
    const name = $("case-method").value, others = good(set), sign = metric.direction === "lower" ? -1 : 1;
    const found = !name ? [] : set.pairs.map((pair, number) => ({ pair, number, value: valueOf(name, number), middle: d3.median(others, (other) => valueOf(other, number)) }))
      .filter((one) => !Number.isNaN(one.value) && one.middle !== undefined).map((one) => ({ ...one, gain: sign * (one.value - one.middle) })).sort((a, b) => a.gain - b.gain);
    const half = Math.min(CASES, Math.floor(found.length / 2));
    const group = (title, list) => [element("h3", { textContent: title }), element("div", { className: "cases" }, ...list.map((one) => oneCase(set, metric, name, one)))];
    $("cases").replaceChildren(...(half ? [...group(`Worst pairs of ${label(name)} by ${metric.id}`, found.slice(0, half)), ...group(`Best pairs of ${label(name)} by ${metric.id}`, found.slice(-half).reverse())] : [element("p", { textContent: "Too few pairs have a value." })]),
      element("p", { className: "note", textContent: `By the distance of ${metric.id} from the median of all methods on the same pair${metric.direction === "none" ? "; this metric has no better end" : ""}. Shown: both sources, the result, and the difference of the result and source A, four times brighter.` }));
  };
  const oneCase = (set, metric, name, one) => {
    const difference = element("span", { className: "difference", role: "img" }, picture(set, name, one.number), picture(set, "a", one.number));
    difference.setAttribute("aria-label", `difference of ${label(name)} and ${nameOf(set, "a")}`);
    for (const image of difference.querySelectorAll("img")) image.alt = "";
    difference.style.filter = "brightness(4)";
    const text = `pair ${one.pair}: ${digits(one.value)}, median ${digits(one.middle)}`;
    const link = element("a", { href: pairLink(set.name, one.number, name), textContent: text });
    return element("figure", {}, element("div", { className: "four" }, picture(set, "a", one.number), picture(set, "b", one.number), picture(set, name, one.number), difference), element("figcaption", {}, link));
  };
  return { start };
};
