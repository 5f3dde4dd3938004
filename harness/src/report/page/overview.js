// The run as a whole: its header, the list of cases, the matrix, and what machines did when.

function headline() {
  const parts = WORDS.map(({ word, name }) => {
    const number = results.cases.filter((entry) => entry.word === word).length;
    return number ? el("span", { class: "badge " + word }, number + " " + name) : null;
  }).filter(Boolean);
  return parts.flatMap((part, at) => (at ? [", ", part] : [part]));
}

// What was switched to, of all cases: the first few inputs, and how many more there are.
function inputsOfAll() {
  const all = new Set(results.cases.flatMap((entry) => entry.steps.flatMap((step) => Object.entries(step.inputs || {}).map(([name, input]) => inputWords(name, input)))));
  const shown = [...all].slice(0, 4);
  return all.size > 4 ? [...shown, "and " + count(all.size - 4, "more input")] : shown;
}

function header(state) {
  const { run } = results;
  const host = run.host;
  const guests = Object.entries((host && host.guests) || {}).map(([name, guest]) => {
    const versions = Object.entries(guest.versions).map(([what, version]) => what + " " + version);
    return "guest " + name + (versions.length ? " (" + versions.join(", ") + ")" : "");
  });
  const kept = results.counts.cached;
  const ran = results.spans.filter((one) => one.step !== "prepare").length;
  const facts = [
    new Date(run.began_unix_s * 1000).toISOString().slice(0, 16).replace("T", " ") + " UTC",
    span(run.elapsed_s),
    count(ran, "step") + " run, " + count(kept, "case") + " kept",
    host && host.system + ", " + count(host.cores, "core"),
    host && "QEMU " + host.qemu + ", " + host.accelerator,
    ...guests,
    ...inputsOfAll(),
    "switchproof " + results.switchproof,
  ];
  const chip = (word, name, number) => el("button", {
    type: "button", "aria-pressed": String(state.v === word), onclick: () => go({ v: state.v === word ? "" : word, c: "" }),
  }, el("span", { class: "badge " + word }, number + " " + name));
  const chips = WORDS.map(({ word, name }) => {
    const number = results.cases.filter((entry) => entry.word === word).length;
    return number ? chip(word, name, number) : null;
  });
  return el("header", {},
    el("button", { class: "skip", type: "button", onclick: () => document.querySelector("main").focus() }, "skip to the results"),
    el("h1", {}, el("a", { href: link({ c: "", s: "", t: "" }) }, "switchproof: ", headline())),
    el("p", { class: "facts" }, facts.filter(Boolean).map((fact) => el("span", {}, fact))),
    run.cut_short && el("p", { class: "alert" }, "The run was cut short: " + run.cut_short),
    el("div", { class: "chips", role: "group", "aria-label": "show only cases with a verdict" },
      chips, state.v && el("button", { type: "button", onclick: () => go({ v: "" }) }, "show all")));
}

function list(state) {
  const shown = ordered.filter((entry) => admits(entry, state));
  const input = el("input", { type: "search", id: "search", placeholder: "name, file, axis=value", "aria-label": "search cases", value: state.q });
  input.addEventListener("input", () => {
    history.replaceState(null, "", link({ q: input.value }));
    refreshList();
  });
  return el("nav", { "aria-label": "cases" }, input, el("div", { id: "cases" }, listed(shown, state)));
}

function listed(shown, state) {
  if (!shown.length) return el("p", { class: "quiet" }, "No case is like this.");
  return [...grouped(shown, (entry) => entry.scenario)].map(([scenario, entries]) => [
    entries.length > 1 || entries[0].axes.length ? el("h2", {}, scenario) : null,
    el("ul", {}, entries.map((entry) => el("li", {}, el("a", {
      href: link({ c: entry.id, s: "", t: "" }), "aria-current": entry.id === state.c ? "page" : null,
    }, sign(entry), el("span", { title: entry.id }, entry.axes.map((axis) => axis.value).join(", ") || entry.id, el("span", { class: "skip" }, " " + wordOf(entry))))))),
  ]);
}

function cell(entry, state) {
  return el("a", {
    href: link({ c: entry.id, s: "", t: "" }), title: entry.id + ": " + wordOf(entry), "aria-label": entry.id + ": " + wordOf(entry),
    class: admits(entry, state) ? null : "dim",
  }, sign(entry));
}

function matrix(state) {
  const axes = results.cases.filter((entry) => entry.axes.length);
  const groups = [...grouped(axes, (entry) => entry.scenario)].filter(([, entries]) => entries.length > 1);
  const inTables = new Set(groups.flatMap(([, entries]) => entries));
  const single = results.cases.filter((entry) => !inTables.has(entry));
  const tables = groups.map(([scenario, entries]) => {
    const last = (entry) => entry.axes[entry.axes.length - 1].value;
    const first = (entry) => entry.axes.slice(0, -1).map((axis) => axis.value).join(", ");
    const columns = [...grouped(entries, last).keys()];
    const rows = [...grouped(entries, first)];
    return el("table", {},
      el("caption", {}, scenario),
      el("thead", {}, el("tr", {}, el("td", {}), columns.map((column) => el("th", { scope: "col" }, column)))),
      el("tbody", {}, rows.map(([row, members]) => el("tr", {}, row ? el("th", { scope: "row" }, row) : el("td", {}),
        columns.map((column) => {
          const entry = members.find((one) => last(one) === column);
          return el("td", {}, entry ? cell(entry, state) : null);
        })))));
  });
  return [
    el("h3", {}, "Matrix"),
    el("p", { class: "legend quiet" }, WORDS.map(({ word, sign: letter, name }) =>
      el("span", {}, el("span", { class: "sign " + word }, letter), " " + name)), el("span", {}, el("span", { class: "sign passed" }, "C"), " passed before, and still holds")),
    el("div", { class: "matrix" }, tables),
    single.length ? el("ul", { class: "cells" }, single.map((entry) => el("li", {}, cell(entry, state), " " + entry.id))) : null,
  ];
}

// Machines in lanes, as many as ran at once; each with the state that it was forked from, where a machine of this run made it.
function lanesOf(spans, total) {
  const machines = [...grouped(spans, (one) => one.machine)].map(([machine, steps]) => ({
    machine, steps, began: steps[0].began_s, ended: Math.max(...steps.map((one) => (one.elapsed_s === undefined ? total : one.began_s + one.elapsed_s))),
  })).sort((a, b) => a.began - b.began);
  const free = [];
  for (const one of machines) {
    let lane = free.findIndex((ended) => ended <= one.began + 0.01);
    if (lane < 0) lane = free.length;
    free[lane] = one.ended;
    one.lane = lane;
  }
  const made = new Map(machines.flatMap((one) => one.steps.filter((step) => step.elapsed_s !== undefined)
    .map((step) => [step.state, { lane: one.lane, at: step.began_s + step.elapsed_s, machine: one.machine }])));
  for (const one of machines) {
    one.parent = (results.states[one.steps[0].state] || {}).parent;
    one.from = made.get(one.parent);
  }
  return [machines, free.length];
}

const LANE_PX = 26;

// A line from the end of the step that made a state to the machine that was forked from it; a dot where an earlier run had made it.
function fork(one, total) {
  const mark = el("span", { class: one.from ? "fork" : "kept", "aria-hidden": "true" });
  const middle = (lane) => lane * LANE_PX + LANE_PX / 2;
  const [from, to] = [one.from ? one.from.at : one.began, one.began];
  mark.style.left = (100 * from) / total + "%";
  if (!one.from) {
    mark.style.top = middle(one.lane) - 4 + "px";
    return one.parent ? mark : null;
  }
  // Along the gap below the lane that it comes from, where it crosses no words.
  const gap = (one.from.lane + 1) * LANE_PX - 2;
  mark.style.width = Math.max(0, (100 * (to - from)) / total) + "%";
  mark.style.top = Math.min(gap, middle(one.lane)) + "px";
  mark.style.height = Math.abs(middle(one.lane) - gap) + "px";
  mark.classList.add(one.lane > one.from.lane ? "down" : "up");
  return mark;
}

function bar(one, step, total) {
  const name = (results.states[one.parent] || {}).step;
  const from = one.from ? ", forked from machine " + one.from.machine + " after " + name : name ? ", forked from the kept state after " + name : "";
  const ends = step.elapsed_s === undefined;
  const told_ = "machine " + one.machine + from + ": " + step.step + " of " + step.case + ", " + (ends ? "it did not end" : span(step.elapsed_s));
  const shown = el("a", { href: link({ c: step.case, s: step.step === "prepare" ? "" : step.step, t: "" }), title: told_, class: ends ? "open" : null },
    step === one.steps[0] ? el("b", {}, String(one.machine)) : null, step.step, el("span", { class: "skip" }, " " + told_));
  shown.style.left = (100 * step.began_s) / total + "%";
  shown.style.width = (100 * (ends ? total - step.began_s : step.elapsed_s)) / total + "%";
  shown.style.top = one.lane * LANE_PX + 2 + "px";
  return shown;
}

function time() {
  const { spans, run } = results;
  if (!spans.length) return el("p", { class: "quiet" }, "No machine ran: all that is shown was known from earlier runs.");
  const total = Math.max(run.elapsed_s, ...spans.map((one) => one.began_s + (one.elapsed_s || 0)), 0.1);
  const [machines, lanes] = lanesOf(spans, total);
  const plot = el("div", { class: "plot" }, machines.map((one) => [one.steps.map((step) => bar(one, step, total)), fork(one, total)]));
  plot.style.height = lanes * LANE_PX + "px";
  return [
    el("h3", {}, "Machines over time"),
    el("p", { class: "quiet" }, count(machines.length, "machine") + ", at most " + lanes + " at once. A line leads from the state that a machine was forked from; a dot marks one that an earlier run had kept."),
    el("div", { class: "time" }, plot,
      el("div", { class: "scale", "aria-hidden": "true" }, [0, 0.25, 0.5, 0.75, 1].map((part) => el("span", {}, span(total * part))))),
  ];
}

function since() {
  if (!turned) return null;
  const line = (one, text) => el("li", {}, el("a", { href: link({ c: one.case, s: one.step || "", t: "" }) }, one.case), text);
  return [
    el("h3", {}, "Since the earlier run"),
    turned.verdicts.length || turned.changes.length ? null : el("p", {}, "Nothing turned."),
    el("ul", {}, turned.verdicts.map((one) => line(one, ": " + (one.before || "not there") + " → " + (one.after || "gone")))),
    turned.changes.length ? [el("p", {}, "Steps that change other things than before:"), el("ul", {}, turned.changes.map((one) => line(one, " " + one.step + ": " + one.line)))] : null,
  ];
}

function overview(state) {
  const wrong = ordered.filter((entry) => ["failed", "errored", "new"].includes(entry.word) && admits(entry, state));
  return [
    wrong.length ? [el("h3", {}, "What needs a look"), el("ul", {}, wrong.slice(0, 30).map((entry) => el("li", {},
      el("span", { class: "badge " + entry.word }, wordOf(entry)), " ", el("a", { href: link({ c: entry.id, s: "", t: "" }) }, entry.id),
      el("span", { class: "quiet" }, " " + firstWords(entry))))), wrong.length > 30 ? el("p", { class: "quiet" }, "and " + (wrong.length - 30) + " more in the list") : null] : null,
    since(), matrix(state), time(),
  ];
}

function firstWords(entry) {
  if (entry.findings && entry.findings.length) return entry.findings[0].message;
  return entry.error ? entry.error.message : entry.reason || "";
}
