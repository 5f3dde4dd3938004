// A case: its way through states, and of one step what it changed, what was expected, what it printed, what was seen.

const TABS = ["Changes", "Expectations", "Warnings", "Log", "Whole home"];
const preferences = { wrap: true, sides: false };

const stateOf = (step) => results.states[step.state] || {};
const findingsAt = (entry, step) => (entry.findings || []).filter((one) => one.step === step.name);

function stoppedAt(entry) {
  const name = entry.findings && entry.findings.length ? entry.findings[0].step : entry.error && entry.error.during;
  return entry.steps.find((step) => step.name === name);
}

function way(entry, chosen) {
  const first = stateOf(entry.steps[0] || {});
  const prepare = results.states[first.parent];
  return el("ol", { class: "way", "aria-label": "the way of this case through states" },
    prepare ? el("li", {}, el("span", {}, "prepare", el("small", { class: "quiet" }, shared(prepare)))) : null,
    entry.steps.map((step) => {
      const state = stateOf(step);
      const bad = findingsAt(entry, step).length > 0 || (entry.error && entry.error.during === step.name);
      const generations = Object.values(state.users || {}).map((user) => user.generations.current).filter(Boolean);
      return el("li", {}, el("button", {
        type: "button", class: bad ? "stopped" : null, "aria-pressed": String(step === chosen), onclick: () => go({ s: step.name, t: "" }),
      }, bad ? "✗ " : state.output ? "✓ " : "", step.name, el("small", {}, [
        state.output ? (state.ran ? span(state.took_s || 0) : "kept") : "not reached",
        shared(state), generations.length ? "generation " + generations.join(", ") : "",
      ].filter(Boolean).join(", "))));
    }));
}

// Where other cases leave this one's way, and which generations were there after each step.
function around(entry) {
  const path = (one) => [(stateOf(one.steps[0] || {}).parent), ...one.steps.map((step) => step.state)].filter(Boolean);
  const own = path(entry);
  const others = results.cases.filter((one) => one !== entry).map((one) => ({ one, path: path(one) }));
  const leaves = (at) => others.filter((other) => other.path[at] === own[at] && other.path[at + 1] !== own[at + 1]);
  const branch_ = ({ one, path: its }, at) => el("li", {}, el("a", { href: link({ c: one.id, s: "", t: "" }) }, one.id),
    el("span", { class: "quiet" }, its[at + 1] ? " goes on with " + ((results.states[its[at + 1]] || {}).step || "another step") : " ends here"));
  const node = (at) => {
    const state = results.states[own[at]] || {};
    const away = leaves(at);
    return el("li", {}, el("strong", {}, state.step || "?"), state.shared_by > 1 ? el("span", { class: "tag" }, shared(state)) : null,
      el("ul", {}, at + 1 < own.length ? node(at + 1) : null, away.slice(0, 12).map((other) => branch_(other, at)),
        away.length > 12 ? el("li", { class: "quiet" }, "and " + count(away.length - 12, "more case")) : null));
  };
  const lines_ = generationLines(entry);
  if (!lines_ && !own.some((key) => (results.states[key] || {}).shared_by > 1)) return null;
  return el("details", { class: "around" }, el("summary", {}, "States and generations"),
    el("div", { class: "chips" }, own.length ? el("ul", { class: "states" }, node(0)) : null, lines_));
}

// A line a step: the generations that were there, the current one filled.
function generationLines(entry) {
  const seen = entry.steps.flatMap((step) => Object.entries(stateOf(step).users || {}).map(([user, it]) => ({ step, user, it: it.generations })));
  const numbers = [...new Set(seen.flatMap(({ it }) => it.numbers))].sort((a, b) => a - b);
  if (!numbers.length) return null;
  const several = new Set(seen.map(({ user }) => user)).size > 1;
  const told_ = (it, number) => (it.current === number ? "current" : it.numbers.includes(number) ? "kept" : "not there");
  return el("table", { class: "generations" }, el("caption", {}, "Generations of Home Manager"),
    el("thead", {}, el("tr", {}, el("td", {}), numbers.map((number) => el("th", { scope: "col" }, String(number))))),
    el("tbody", {}, seen.map(({ step, user, it }) => el("tr", {}, el("th", { scope: "row" }, step.name + (several ? ", " + user : "")),
      numbers.map((number) => el("td", {}, el("span", { "aria-hidden": "true" }, { current: "●", kept: "○", "not there": "" }[told_(it, number)]), el("span", { class: "skip" }, told_(it, number))))))));
}

function inputsOf(step) {
  const all = Object.entries(step.inputs || {});
  return all.length ? el("p", { class: "quiet" }, step.name + " is with: ", el("span", { class: "mono" }, all.map(([name, input]) => inputWords(name, input)).join(", "))) : null;
}

function shared(state) {
  return state.shared_by > 1 ? "shared by " + state.shared_by + " cases" : "";
}

function commandsOf(entry) {
  const all = [["look into it", entry.commands.shell], ["run it alone", entry.commands.run], ["accept what was seen", entry.commands.accept]];
  return el("div", { class: "commands" }, all.filter(([, command]) => command).map(([what, command]) => [
    el("span", { class: "quiet" }, what), el("code", { tabindex: "0" }, command), copyButton(command, "the command: " + what)]));
}

function finding(one) {
  return el("section", { class: "finding" + (one.kind === "new-snapshot" ? " new" : "") },
    el("p", {}, el("strong", {}, one.message)),
    el("p", { class: "quiet mono" }, (one.file ? one.file + ":" + one.line + ", " : "") + "after " + one.step, one.snapshot ? ", " + one.snapshot : ""),
    one.detail ? detail(one.detail) : null);
}

function errorPart(entry) {
  const { error } = entry;
  return el("section", { class: "finding" }, el("p", {}, el("strong", {}, error.message)),
    error.hint ? el("p", {}, "hint: " + error.hint) : null);
}

function logOf(entry, step, state) {
  const { output } = state;
  const parts = [];
  if (output) {
    parts.push(el("p", { class: "quiet" }, "exit status " + output.status + (output.truncated ? "; the middle of a stream is left out" : "")));
    for (const [name, text] of [["Standard output", output.stdout], ["Standard error", output.stderr]]) {
      if (text) parts.push(el("h3", {}, name), el("pre", { tabindex: "0" }, text));
    }
    if (!output.stdout && !output.stderr) parts.push(el("p", { class: "quiet" }, "It printed nothing."));
  } else if ((state.last_lines || []).length) {
    parts.push(el("p", {}, "The step did not end. It printed last:"), el("pre", { tabindex: "0" }, state.last_lines.join("\n")));
  } else parts.push(el("p", { class: "quiet" }, "Nothing is known of this step."));
  return parts;
}

function panel(tab, entry, step, state) {
  const found = findingsAt(entry, step);
  const snapshots = found.filter((one) => one.kind !== "unmet");
  const warnings = state.warnings || [];
  switch (tab) {
    case "Changes": return [snapshots.length ? [el("h3", {}, "Against the reviewed snapshot"), snapshots.map(finding), el("h3", {}, "Against the step before")] : null, changeOf(entry, state)];
    case "Expectations": return [
      found.map(finding), entry.error && entry.error.during === step.name ? errorPart(entry) : null,
      found.length ? null : el("p", {}, state.output ? "All that is expected after this step is so." : "Nothing was judged here."),
    ];
    case "Warnings": return warnings.length ? el("ul", {}, warnings.map((one) => el("li", {}, el("pre", { tabindex: "0" }, one)))) : el("p", { class: "quiet" }, "The evaluation warned of nothing.");
    case "Log": return logOf(entry, step, state);
    default: return homeOf(state);
  }
}

function tabsOf(entry, step, state, chosen) {
  const found = findingsAt(entry, step);
  const numbers = { Expectations: found.length, Warnings: (state.warnings || []).length };
  const tab = (name) => el("button", {
    type: "button", role: "tab", id: "tab-" + name.replace(" ", "-"), "aria-selected": String(name === chosen), "aria-controls": "panel", tabindex: name === chosen ? "0" : "-1", onclick: () => go({ t: name }),
  }, name + (numbers[name] ? " (" + numbers[name] + ")" : ""));
  const bar = el("div", { role: "tablist", "aria-label": "of the step " + step.name }, TABS.map(tab));
  bar.addEventListener("keydown", (event) => {
    const by = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!by) return;
    const next = TABS[(TABS.indexOf(chosen) + by + TABS.length) % TABS.length];
    go({ t: next });
    focusNext = "tab-" + next.replace(" ", "-");
  });
  return bar;
}

function caseView(entry, address_) {
  const step = entry.steps.find((one) => one.name === address_.s) || stoppedAt(entry) || entry.steps[entry.steps.length - 1];
  const head = [
    el("a", { class: "back", href: link({ c: "", s: "", t: "" }) }, "← all cases"),
    el("h2", {}, sign(entry), " ", entry.id),
    el("p", {}, el("span", { class: "badge " + entry.word }, wordOf(entry)), entry.verdict === "not-run" ? "" : " in " + span(entry.elapsed_s),
      entry.only_built ? ", built only, never switched" : "", entry.network !== "off" ? ", network: " + entry.network.replace(/-/g, " ") : "",
      el("span", { class: "quiet" }, "  " + entry.file)),
    entry.description ? el("p", { class: "quiet" }, entry.description) : null,
    Object.entries(entry.laws_off || {}).map(([law, because]) => el("p", { class: "quiet" }, "law " + law + " is not tried: " + because)),
    ...(entry.sources || []).map((one) => el("p", { class: "quiet" }, "channel " + one.channel + ": " + one.project + " of " + one.folder +
      (one.release ? ", release " + one.release : "") + (one.revision ? ", revision " + one.revision.slice(0, 12) : "") + (one.changed ? " with changes" : ""))),
    entry.reason ? el("p", { class: "alert" }, entry.reason) : null,
    (entry.not_tested || []).length ? el("details", {}, el("summary", {}, "What this verdict says nothing about (" + entry.not_tested.length + ")"), el("ul", {}, entry.not_tested.map((one) => el("li", {}, one)))) : null,
    entry.error && !entry.error.during ? errorPart(entry) : null,
  ];
  if (!step) return [head, commandsOf(entry)];
  const state = stateOf(step);
  const found = findingsAt(entry, step);
  const first = found.length || (entry.error && entry.error.during === step.name)
    ? (found.some((one) => one.kind === "unmet") || !found.length ? "Expectations" : "Changes") : "Changes";
  const tab = TABS.includes(address_.t) ? address_.t : first;
  const toggle = (name, label) => el("button", { type: "button", "aria-pressed": String(preferences[name]), onclick: () => { preferences[name] = !preferences[name]; show(); } }, label);
  return [
    head, way(entry, step), around(entry), inputsOf(step), commandsOf(entry),
    tabsOf(entry, step, state, tab),
    el("div", { class: "chips" }, toggle("wrap", "wrap long lines"), ["Changes", "Expectations"].includes(tab) ? toggle("sides", "side by side") : null),
    el("div", { role: "tabpanel", id: "panel", "aria-labelledby": "tab-" + tab.replace(" ", "-"), class: preferences.wrap ? "wrap" : null }, panel(tab, entry, step, state)),
  ];
}
