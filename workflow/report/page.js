// The page of results. Data: #data (JSON), [data-values] (per-image values, packed), [data-preview] (previews kept inside).
"use strict";
(() => {
  const $ = (id) => document.getElementById(id);
  const data = JSON.parse($("data").textContent);
  const methods = new Map(data.methods.map((method) => [method.name, method]));
  const datasets = new Map(data.datasets.map((dataset) => [dataset.name, dataset]));
  const ARROWS = { higher: " ↑", lower: " ↓", none: "" };
  const MEAN = 0, STD = 1, LOW = 3, HIGH = 4, MEASURED = 5, TIED = 6;
  const MOST_SIDE = 8, STEP = 40;
  const state = { dataset: data.datasets[0]?.name, view: data.datasets[0]?.name, side: new Set() };

  // Elements --------------------------------------------------------------------------------------------------------
  const element = (tag, attributes = {}, ...children) => {
    const made = Object.assign(document.createElement(tag), attributes);
    made.append(...children.filter((child) => child !== null && child !== undefined));
    return made;
  };
  const fill = (select, options, chosen) => {
    select.replaceChildren(...options.map(([value, text]) => element("option", { value, textContent: text })));
    if (chosen !== undefined && options.some(([value]) => value === chosen)) select.value = chosen;
  };
  const digits = (value) => value === null || value === undefined || Number.isNaN(value) ? "–" : Number(value).toPrecision(4).replace(/e\+?(-?\d+)/, "e$1");
  const seconds = (value) => value === undefined || value === null ? "–" : digits(value);
  const count = (value) => value === undefined || value === null ? "–"
    : [[1e9, " G"], [1e6, " M"], [1e3, " k"]].reduce((text, [size, unit]) => text ?? (value >= size ? Number((value / size).toPrecision(3)) + unit : null), null) ?? String(value);

  // Tabs ------------------------------------------------------------------------------------------------------------
  const tabs = [...document.querySelectorAll("[role=tab]")];
  const shown = { overview: false, results: false, images: false, methods: false };
  const open = (tab, focus = true) => {
    for (const other of tabs) {
      const chosen = other === tab;
      other.setAttribute("aria-selected", String(chosen));
      other.tabIndex = chosen ? 0 : -1;
      $(other.getAttribute("aria-controls")).hidden = !chosen;
    }
    if (focus) tab.focus();
    const name = tab.getAttribute("aria-controls");
    if (!shown[name]) { shown[name] = true; starts[name](); }
  };
  tabs.forEach((tab, index) => {
    tab.addEventListener("click", () => open(tab));
    tab.addEventListener("keydown", (event) => {
      const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
      if (step) { event.preventDefault(); open(tabs[(index + step + tabs.length) % tabs.length]); }
    });
  });

  // Dark mode -------------------------------------------------------------------------------------------------------
  const dress = (dark) => {
    document.documentElement.dataset.theme = dark ? "dark" : "light";
    $("theme").setAttribute("aria-pressed", String(dark));
  };
  dress(matchMedia("(prefers-color-scheme: dark)").matches);
  $("theme").addEventListener("click", () => dress(document.documentElement.dataset.theme !== "dark"));

  // Tables: Tabulator sorts and draws only the rows in sight; heads are reached and sorted by keyboard, too ----------------
  const table = (id, label, rows, columns, options = {}) => {
    const made = new Tabulator($(id), {
      data: rows, columns, index: "key", layout: "fitDataFill", maxHeight: "70vh", renderVerticalBuffer: 300, printAsHtml: true,
      columnDefaults: { headerHozAlign: "left", headerSortTristate: false, vertAlign: "middle" }, ...options,
    });
    const reach = () => {
      for (const head of $(id).querySelectorAll(".tabulator-col.tabulator-sortable")) {
        if (head.tabIndex === 0) continue;
        head.tabIndex = 0;
        head.addEventListener("keydown", (event) => {
          if (event.key !== "Enter" && event.key !== " ") return;
          event.preventDefault();
          const descends = head.getAttribute("aria-sort") === "descending";
          made.setSort(head.getAttribute("tabulator-field"), descends ? "asc" : "desc");
        });
      }
      $(id).setAttribute("aria-label", label);
      const holder = $(id).querySelector(".tabulator-tableholder");
      // A grid may hold rows only; the buttons in them are what the keyboard reaches and scrolls by.
      if (holder) holder.removeAttribute("tabindex");
    };
    made.on("tableBuilt", reach);
    made.on("dataProcessed", reach);
    return made;
  };
  const number = (title, field, more = {}) => ({ title, field, hozAlign: "right", headerHozAlign: "right", sorter: "number", sorterParams: { alignEmptyValues: "bottom" }, ...more });
  const methodLink = (cell) => element("button", { type: "button", className: "link", textContent: cell.getValue() + (cell.getData().mark ?? ""), onclick: () => showMethod(cell.getData().method) });

  // Results ---------------------------------------------------------------------------------------------------------
  let results = null;
  const startResults = () => {
    const tasks = [...new Set(data.datasets.map((dataset) => dataset.task))];
    fill($("task"), [["", "all"], ...tasks.map((task) => [task, task])], "");
    for (const id of ["task", "dataset", "definition"]) $(id).addEventListener("change", () => chooseResults(id));
    for (const id of ["year", "search", "verified"]) $(id).addEventListener("input", filterResults);
    document.querySelector("#results form").addEventListener("submit", (event) => event.preventDefault());
    chooseResults("task");
  };
  const chooseResults = (changed) => {
    if (changed === "task") {
      const found = data.datasets.filter((dataset) => !$("task").value || dataset.task === $("task").value);
      fill($("dataset"), found.map((dataset) => [dataset.name, dataset.title]), state.dataset);
    }
    const dataset = datasets.get($("dataset").value);
    state.dataset = dataset.name;
    if (changed !== "definition") {
      const definitions = [...new Set(dataset.metrics.map((metric) => metric.definition))];
      fill($("definition"), [["", "all"], ...definitions.map((name) => [name, name])], $("definition").value);
    }
    drawResults(dataset, dataset.metrics.filter((metric) => !$("definition").value || metric.definition === $("definition").value));
  };
  const drawResults = (dataset, metrics) => {
    const rows = dataset.methods.map((name) => resultRow(dataset, metrics, name));
    const devices = new Set(rows.map((row) => row.device).filter(Boolean)), some = (field) => rows.some((row) => row[field] !== undefined && row[field] !== null && row[field] !== "");
    const columns = [
      { title: "method", field: "label", frozen: innerWidth > 640, formatter: methodLink, minWidth: 130 },
      number("year", "year"), { title: "evidence", field: "evidence" },
      ...metrics.map((metric, index) => number(metric.id + ARROWS[metric.direction], `m${index}`, { formatter: (cell) => meanCell(cell, dataset, metric, index), headerTooltip: metric.source })),
      number("model s", "model", { formatter: (cell) => seconds(cell.getValue()) }),
      number("total s", "total", { formatter: (cell) => seconds(cell.getValue()) }),
      { title: "device", field: "device", visible: devices.size > 1 },
      number("params", "parameters", { formatter: (cell) => count(cell.getValue()) }),
    ].map((column) => ({ visible: ["year", "model", "total", "parameters"].includes(column.field) ? some(column.field) : true, ...column }));
    $("device").textContent = devices.size === 1 ? `Times on ${[...devices][0]}.` : "";
    drawCaveats(dataset);
    results?.destroy();
    results = table("results-table", `Mean values on ${dataset.title}`, rows, columns, { placeholder: "no method passes the filters" });
    results.on("dataFiltered", (filters, left) => { findBest(left.map((row) => row.getData()), dataset, metrics); $("count").textContent = `${left.length} of ${rows.length} methods, ${dataset.pairs.length} pairs`; });
    results.on("tableBuilt", filterResults);
  };
  const drawCaveats = (dataset) => $("caveats").replaceChildren(...dataset.methods.filter((name) => dataset.runs[name].caveat)
    .map((name) => element("li", { textContent: `† ${methods.get(name).label}: ${dataset.runs[name].caveat}` })));
  const resultRow = (dataset, metrics, name) => {
    const method = methods.get(name), run = dataset.runs[name];
    const row = { key: name, method: name, label: method.label, mark: run.caveat ? " †" : "", year: method.year ?? null, evidence: method.evidence, verified: method.verified, state: run.state, model: run.model_seconds, total: run.seconds_per_image, device: run.device ?? "", parameters: run.parameters };
    metrics.forEach((metric, index) => { row[`m${index}`] = dataset.means[metric.id]?.[name]?.[MEAN] ?? null; });
    return row;
  };
  let best = [];
  const findBest = (rows, dataset, metrics) => {
    best = metrics.map((metric, index) => {
      const values = rows.filter((row) => row.state === "ok" && row[`m${index}`] !== null && dataset.means[metric.id][row.method][MEASURED] === dataset.pairs.length).map((row) => digits(row[`m${index}`]));
      if (metric.direction === "none" || !values.length) return null;
      return values.reduce((a, b) => (metric.direction === "lower") === (Number(a) < Number(b)) ? a : b);
    });
  };
  const meanCell = (cell, dataset, metric, index) => {
    const row = cell.getData(), found = dataset.means[metric.id]?.[row.method];
    if (!found || found[MEAN] === null) return index === 0 && row.state !== "ok" ? row.state : "–";
    const text = digits(found[MEAN]), whole = found[MEASURED] === dataset.pairs.length;
    const shownText = text + (found[TIED] ? " ≈" : "") + (whole ? "" : ` (${found[MEASURED]})`);
    return element("span", { textContent: shownText, className: row.state === "ok" && whole && text === best[index] ? "best" : "" });
  };
  const findable = (name) => { const method = methods.get(name); return [name, method.label, method.title, method.venue, method.year ?? ""].join(" ").toLowerCase(); };
  const filterResults = () => {
    const year = Number($("year").value) || 0, part = $("search").value.trim().toLowerCase(), verified = $("verified").checked;
    results.setFilter((row) => (!year || (row.year ?? 0) >= year) && findable(row.method).includes(part) && (!verified || row.verified));
    results.redraw(true);
  };

  // Per-image values, unpacked when a dataset is first looked at -----------------------------------------------------------
  const unpacked = new Map();
  const valuesOf = async (name) => {
    if (!unpacked.has(name)) {
      const packed = document.querySelector(`script[data-values="${CSS.escape(name)}"]`).textContent;
      const bytes = Uint8Array.from(atob(packed), (letter) => letter.charCodeAt(0));
      const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
      unpacked.set(name, new Float32Array(await new Response(stream).arrayBuffer()));
    }
    return unpacked.get(name);
  };

  // Previews, made into addresses when they are first seen ------------------------------------------------------------------
  const addresses = new Map();
  const encoded = (path) => path.split("/").map(encodeURIComponent).join("/");
  const previewOf = (dataset, method, pair) => {
    const key = `${dataset}/${method}/${pair}`;
    if (data.previews) return data.previews + encoded(key) + ".webp";
    if (!addresses.has(key)) {
      const script = document.querySelector(`script[data-preview="${CSS.escape(key)}"]`);
      addresses.set(key, script ? `data:image/webp;base64,${script.textContent}` : null);
    }
    return addresses.get(key);
  };
  const originalOf = (dataset, method, pair) => {
    if (method === "a" || method === "b") return `../../${encoded(dataset.originals[pair][method === "a" ? 0 : 1])}`;
    const name = dataset.pairs[pair];
    return encoded(`../runs/${method}/${dataset.name}/fused/${dataset.files[method]?.[name] ?? `${name}.png`}`);
  };
  const nameOf = (dataset, method) => method === "a" || method === "b" ? dataset.modalities[method === "a" ? 0 : 1] : methods.get(method).label;
  const picture = (dataset, method, pair) => {
    const image = element("img", { alt: `${nameOf(dataset, method)}, pair ${dataset.pairs[pair]}`, decoding: "async", draggable: false });
    const address = previewOf(dataset.name, method, pair);
    if (address) image.src = address; else image.alt += ": no image";
    return image;
  };

  // Viewer ------------------------------------------------------------------------------------------------------------
  let pairTable = null, zooms = [];
  const startImages = () => {
    fill($("view-dataset"), data.datasets.map((dataset) => [dataset.name, dataset.title]), state.dataset);
    $("view-dataset").addEventListener("change", chooseDataset);
    for (const id of ["pair", "left", "right", "mode"]) $(id).addEventListener("change", drawViewer);
    $("gain").addEventListener("input", () => { for (const shownDifference of document.querySelectorAll(".difference")) shownDifference.style.filter = `brightness(${$("gain").value})`; });
    $("previous").addEventListener("click", () => stepPair(-1));
    $("next").addEventListener("click", () => stepPair(1));
    $("zoom-in").addEventListener("click", () => zoom(1));
    $("zoom-out").addEventListener("click", () => zoom(-1));
    $("zoom-reset").addEventListener("click", () => zoom(0));
    $("viewer").addEventListener("keydown", viewerKey);
    document.querySelector("#images form").addEventListener("submit", (event) => event.preventDefault());
    chooseDataset();
  };
  const current = () => datasets.get($("view-dataset").value);
  const withImages = (dataset) => dataset.methods.filter((name) => ["ok", "suspicious"].includes(dataset.runs[name].state));
  const chooseDataset = () => {
    const dataset = current(), good = withImages(dataset);
    const options = [...["a", "b"].map((side) => [side, `source: ${nameOf(dataset, side)}`]), ...good.map((name) => [name, methods.get(name).label])];
    fill($("pair"), dataset.pairs.map((name, index) => [String(index), name]));
    fill($("left"), options, $("left").value || "a");
    fill($("right"), options, good.includes($("right").value) ? $("right").value : good[0] ?? "b");
    state.side = new Set(good.slice(0, 4));
    $("choices").replaceChildren($("choices").querySelector("legend"), ...good.map((name) => {
      const box = element("input", { type: "checkbox", checked: state.side.has(name), onchange: () => { chooseSide(name, box); } });
      return element("label", { className: "tick" }, box, ` ${methods.get(name).label}`);
    }));
    drawViewer();
  };
  const chooseSide = (name, box) => {
    if (box.checked && state.side.size >= MOST_SIDE) { box.checked = false; return; }
    box.checked ? state.side.add(name) : state.side.delete(name);
    drawViewer();
  };
  const stepPair = (step) => {
    const select = $("pair"), length = select.options.length;
    if (!length) return;
    select.selectedIndex = (select.selectedIndex + step + length) % length;
    drawViewer();
  };
  const drawViewer = () => {
    const dataset = current(), pair = Number($("pair").value), mode = $("mode").value, viewer = $("viewer");
    for (const id of ["left-label", "right-label"]) $(id).hidden = mode === "side";
    $("gain-label").hidden = mode !== "difference";
    $("chosen").hidden = mode !== "side";
    viewer.className = mode === "side" ? "" : "single";
    if (!dataset.pairs.length) {
      viewer.replaceChildren("no images of this dataset");
      $("originals").replaceChildren();
      pairTable?.table.destroy();
      pairTable = null;
      return;
    }
    const sides = mode === "side" ? ["a", "b", ...state.side] : [$("left").value, $("right").value];
    const draw = { slider: drawSlider, difference: drawDifference, side: drawSide }[mode];
    viewer.replaceChildren(...draw(dataset, pair, sides));
    zooms = [...viewer.querySelectorAll(".zoomed")].map((part) => Panzoom(part, { maxScale: 16, minScale: 1, panOnlyWhenZoomed: true, step: 0.4, cursor: mode === "slider" ? "default" : "grab", disablePan: mode === "slider", noBind: mode === "slider" }));
    zooms.forEach((one, index) => follow(one, viewer.querySelectorAll(".zoomed")[index]));
    $("originals").replaceChildren("Originals: ", ...sides.flatMap((side, index) => [index ? ", " : "", element("a", { href: originalOf(dataset, side, pair), textContent: nameOf(dataset, side) })]));
    drawPair(dataset, pair);
  };
  const pane = (...children) => element("div", { className: "pane" }, element("div", { className: "zoomed" }, ...children));
  const slidTo = (value, key) => {
    const steps = { ArrowRight: 2, ArrowUp: 2, ArrowLeft: -2, ArrowDown: -2, PageUp: 10, PageDown: -10, Home: -100, End: 100 };
    return key in steps ? Math.min(100, Math.max(0, value + steps[key])) : undefined;
  };
  const drawSlider = (dataset, pair, [left, right]) => {
    const slider = document.createElement("img-comparison-slider");
    const images = [picture(dataset, left, pair), picture(dataset, right, pair)];
    images[0].slot = "first"; images[1].slot = "second";
    slider.append(...images);
    const say = () => slider.setAttribute("aria-valuenow", String(Math.round(slider.value)));
    // Its own keys move it only as long as one is held down.
    for (const [name, value] of [["keyboard", "disabled"], ["role", "slider"], ["aria-label", `${nameOf(dataset, left)} against ${nameOf(dataset, right)}`], ["aria-valuemin", "0"], ["aria-valuemax", "100"], ["aria-valuenow", "50"], ["tabindex", "0"]]) slider.setAttribute(name, value);
    slider.addEventListener("slide", say);
    slider.addEventListener("keydown", (event) => {
      const to = slidTo(slider.value, event.key);
      if (to === undefined) return;
      event.preventDefault();
      slider.value = to;
      say();
    });
    return [pane(slider), caption(`left: ${nameOf(dataset, left)}; right: ${nameOf(dataset, right)}`)];
  };
  const caption = (text) => element("p", { className: "note", textContent: text });
  const drawDifference = (dataset, pair, [left, right]) => {
    const both = element("div", { className: "difference" }, picture(dataset, left, pair), picture(dataset, right, pair));
    both.style.filter = `brightness(${$("gain").value})`;
    return [pane(both), caption(`absolute difference of ${nameOf(dataset, left)} and ${nameOf(dataset, right)}, times the gain (previews: compression adds a few levels)`)];
  };
  const drawSide = (dataset, pair, sides) => sides.map((side) => element("figure", {}, pane(picture(dataset, side, pair)), element("figcaption", { textContent: nameOf(dataset, side) })));

  // Zoom and pan in step --------------------------------------------------------------------------------------------------
  const follow = (one, part) => {
    part.parentElement.addEventListener("wheel", (event) => { if (event.ctrlKey || event.shiftKey || one.getScale() > 1) one.zoomWithWheel(event); }, { passive: false });
    part.addEventListener("panzoomchange", (event) => {
      for (const other of zooms) if (other !== one) { other.zoom(event.detail.scale, { animate: false, silent: true }); other.pan(event.detail.x, event.detail.y, { animate: false, force: true, silent: true }); }
    });
  };
  const zoom = (direction) => {
    const [first] = zooms;
    if (direction > 0) first?.zoomIn({ animate: false });
    else if (direction < 0 && first?.getScale() > 1.5) first.zoomOut({ animate: false });
    else first?.reset({ animate: false });
  };
  const viewerKey = (event) => {
    if (event.target.localName === "img-comparison-slider" && event.key.startsWith("Arrow")) return;
    const moves = { ArrowLeft: [STEP, 0], ArrowRight: [-STEP, 0], ArrowUp: [0, STEP], ArrowDown: [0, -STEP] }[event.key];
    const acts = { "+": () => zoom(1), "=": () => zoom(1), "-": () => zoom(-1), 0: () => zoom(0), n: () => stepPair(1), p: () => stepPair(-1) }[event.key];
    if (moves && zooms[0]?.getScale() > 1) { event.preventDefault(); zooms[0].pan(...moves, { relative: true, force: true }); }
    if (acts) { event.preventDefault(); acts(); }
  };

  // Values of one pair ------------------------------------------------------------------------------------------------------
  const drawPair = async (dataset, pair) => {
    const values = await valuesOf(dataset.name), width = dataset.metrics.length, height = dataset.methods.length;
    if (current() !== dataset || Number($("pair").value) !== pair) return;
    const rows = dataset.methods.map((name, run) => {
      const row = { key: name, method: name, label: methods.get(name).label, state: dataset.runs[name].state };
      dataset.metrics.forEach((metric, index) => { const value = values[(pair * height + run) * width + index]; row[`m${index}`] = Number.isNaN(value) ? null : value; });
      return row;
    });
    if (pairTable?.dataset === dataset) { pairTable.table.replaceData(rows); return; }
    pairTable?.table.destroy();
    pairTable = { dataset, table: table("pair-table", `Values of one pair of ${dataset.title}`, rows, [
      { title: "method", field: "label", formatter: methodLink, frozen: innerWidth > 640, minWidth: 130 },
      ...dataset.metrics.map((metric, index) => number(metric.id + ARROWS[metric.direction], `m${index}`, { formatter: (cell) => digits(cell.getValue()) })),
      { title: "state", field: "state" },
    ], { maxHeight: "50vh" }) };
  };

  // Addresses: #method/NAME and #pair/DATASET/NUMBER/METHOD, so that links, the back button and a copied address work -------------
  const follows = { method: ([name]) => methods.has(name) && showMethod(name), pair: ([name, pair, method]) => datasets.has(name) && showPair(name, pair, method) };
  const route = () => {
    const [kind, ...parts] = location.hash.slice(1).split("/").map(decodeURIComponent);
    follows[kind]?.(parts);
  };
  const showPair = (name, pair, method) => {
    open($("tab-images"), false);
    $("view-dataset").value = name;
    chooseDataset();
    if (datasets.get(name).pairs[pair] === undefined) return;
    $("pair").value = pair;
    if ([...$("right").options].some((option) => option.value === method)) $("right").value = method;
    drawViewer();
    $("viewer").focus();
  };

  // Methods -----------------------------------------------------------------------------------------------------------------
  const startMethods = () => {
    const rows = data.methods.map((method) => ({ ...method, key: method.name, method: method.name, task: method.tasks.join(", "), done: data.datasets.filter((dataset) => dataset.runs[method.name]?.state === "ok").length }));
    const made = table("methods-table", "Methods", rows, [
      { title: "method", field: "label", formatter: methodLink, minWidth: 130 }, number("year", "year"), { title: "venue", field: "venue" },
      { title: "task", field: "task", formatter: "textarea", width: 190 }, { title: "status", field: "status" }, { title: "evidence", field: "evidence" },
      number("datasets done", "done"), { title: "licence", field: "licence" }, { title: "environment", field: "env" },
    ], { maxHeight: "45vh", placeholder: "no method passes the filter" });
    $("find-method").addEventListener("input", () => made.setFilter((row) => findable(row.method).includes($("find-method").value.trim().toLowerCase())));
    document.querySelector("#methods form").addEventListener("submit", (event) => event.preventDefault());
  };
  const facts = (pairs) => element("dl", { className: "facts" }, ...pairs.filter(([, value]) => value !== "" && value !== undefined && value !== null).flatMap(([name, value]) => [element("dt", { textContent: name }), element("dd", {}, value)]));
  const link = (address) => /^https?:/.test(address) ? element("a", { href: address, textContent: address, rel: "noreferrer" }) : address;
  const showMethod = (name) => {
    const method = methods.get(name);
    open($("tab-methods"), false);
    const runs = data.datasets.filter((dataset) => dataset.runs[name]).flatMap((dataset) => [element("h3", { textContent: dataset.title }), runFacts(dataset, name)]);
    $("method").replaceChildren(element("h2", { textContent: method.label }), facts([
      ["title", method.title], ["published", [method.venue, method.year].filter(Boolean).join(" ")], ["paper", method.paper && link(method.paper)],
      ["code", link(method.code)], ["commit", method.commit], ["licence", method.licence], ["environment", method.env], ["status", [method.status, method.reason].filter(Boolean).join(": ")],
      ["evidence", method.checked ? element("a", { href: `../evidence/${name}.md`, textContent: method.evidence }) : method.evidence], ["self-check", method.selfcheck], ["notes", method.notes],
    ]), ...claimsOf(method), ...runs);
    $("method").focus();
    $("method").scrollIntoView({ block: "start" });
  };
  const claimsOf = (method) => {
    if (!method.claims.length) return [];
    const row = (tag, texts) => element("tr", {}, ...texts.map((text) => element(tag, tag === "th" ? { textContent: text, scope: "col" } : { textContent: text })));
    const body = method.claims.map((claim) => row("td", [claim.dataset, claim.metric, claim.published, digits(claim.measured), [claim.verdict, claim.reason].filter(Boolean).join(": "), claim.where]));
    return [element("h3", { textContent: "Published numbers" }), element("table", { className: "claims", tabIndex: 0 }, element("thead", {}, row("th", ["dataset", "metric", "published", "measured here", "verdict", "from"])), element("tbody", {}, ...body))];
  };
  const runFacts = (dataset, name) => {
    const run = dataset.runs[name], plain = (value) => value === undefined ? "" : typeof value === "string" ? value : JSON.stringify(value);
    const means = dataset.metrics.map((metric) => [metric.id, dataset.means[metric.id]?.[name]]).filter(([, found]) => found && found[MEAN] !== null)
      .map(([id, found]) => `${id} ${digits(found[MEAN])}${found[LOW] === null ? "" : ` [${digits(found[LOW])}, ${digits(found[HIGH])}]`} ± ${digits(found[STD])}`);
    return facts([["state", [run.state, run.reason].filter(Boolean).join(": ")], ["what to change", plain(run.remedy)], ["results", plain(run.caveat)], ["mean [95 %] ± std", means.join("; ")], ["model, total s", `${seconds(run.model_seconds)}, ${seconds(run.seconds_per_image)}`], ["device", plain(run.device)], ["parameters", count(run.parameters)], ["FLOPs", run.flops ? count(run.flops) : ""], ["threads, seed", `${plain(run.threads)}, ${plain(run.seed)}`], ["environment", run.environment], ["commit", run.commit], ["shims named", plain(run.compat)], ["shims fired", plain(run.shims)], ["edits", plain(run.edits)], ["notes", plain(run.notes)], ["log", plain(run.log)]]);
  };

  const overview = overviewOf({ $, data, methods, datasets, element, fill, digits, seconds, count, valuesOf, picture, nameOf });
  const starts = { overview: overview.start, results: startResults, images: startImages, methods: startMethods };
  open($("tab-overview"), false);
  addEventListener("hashchange", route);
  route();
})();
