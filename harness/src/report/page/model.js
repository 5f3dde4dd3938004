// What the data means: verdicts as they are shown, and which cases a filter lets through.

const { results, turned } = JSON.parse(document.getElementById("data").textContent);

// In the order in which a reader wants them.
const WORDS = [
  { word: "failed", sign: "F", name: "failed" },
  { word: "errored", sign: "E", name: "errored" },
  { word: "new", sign: "N", name: "new" },
  { word: "not-run", sign: "–", name: "not run" },
  { word: "passed", sign: "P", name: "passed" },
];

function verdictOf(entry) {
  const isNew = entry.verdict === "failed" && (entry.findings || []).every((one) => one.kind === "new-snapshot");
  return isNew ? "new" : entry.verdict;
}

for (const entry of results.cases) entry.word = verdictOf(entry);

const rank = (entry) => WORDS.findIndex((one) => one.word === entry.word);
const ordered = [...results.cases].sort((a, b) => rank(a) - rank(b) || (a.id < b.id ? -1 : 1));

function sign(entry) {
  const { sign: letter } = WORDS[rank(entry)];
  return el("span", { class: "sign " + entry.word, "aria-hidden": "true" }, entry.cached_unix_s ? "C" : letter);
}

function wordOf(entry) {
  return WORDS[rank(entry)].name + (entry.cached_unix_s ? " (cached)" : "");
}

function axesOf(entry) {
  return entry.axes.map((axis) => axis.name + "=" + axis.value).join(", ");
}

function inputWords(name, input) {
  return name + " " + (input.address || "by its name") + (input.revision && !(input.address || "").includes(input.revision) ? " at " + input.revision.slice(0, 19) : "") + (input.replaced ? " (replaced)" : "");
}

// Groups in the order of their first member.
function grouped(entries, key) {
  const groups = new Map();
  for (const entry of entries) {
    const name = key(entry);
    if (!groups.has(name)) groups.set(name, []);
    groups.get(name).push(entry);
  }
  return groups;
}

// The address holds what is shown: v the verdict, q the text, c the case, s its step, t the tab.
function address() {
  const hash = new URLSearchParams(location.hash.slice(1));
  return Object.fromEntries(["v", "q", "c", "s", "t"].map((key) => [key, hash.get(key) || ""]));
}

function link(changes) {
  const hash = new URLSearchParams();
  for (const [key, value] of Object.entries({ ...address(), ...changes })) if (value) hash.set(key, value);
  return "#" + hash;
}

function go(changes) {
  location.hash = link(changes);
}

// Every word of the text is part of the id, the file, the description or an axis.
function admits(entry, { v, q }) {
  if (v && entry.word !== v) return false;
  const text = [entry.id, entry.file, entry.description, axesOf(entry)].join("\n").toLowerCase();
  return q.toLowerCase().split(/\s+/).every((word) => text.includes(word));
}
