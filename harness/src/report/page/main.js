// Shows what the address says, and again whenever that changes.

const app = document.getElementById("app");
let focusNext = null;
let shownCase = null;

function refreshList() {
  const state = address();
  document.getElementById("cases").replaceChildren();
  put(document.getElementById("cases"), [listed(ordered.filter((entry) => admits(entry, state)), state)]);
  if (!state.c) showMain(state);
}

function showMain(state) {
  const main = document.querySelector("main");
  const entry = results.cases.find((one) => one.id === state.c);
  main.replaceChildren();
  put(main, [entry ? caseView(entry, state) : state.c ? el("p", {}, "No case is called " + state.c + ".") : overview(state)]);
}

function show() {
  const state = address();
  const counts = WORDS.map(({ word, name }) => [results.cases.filter((entry) => entry.word === word).length, name]).filter(([number]) => number);
  document.title = "switchproof: " + counts.map(([number, name]) => number + " " + name).join(", ");
  const scrolled = document.querySelector("nav") ? document.querySelector("nav").scrollTop : 0;
  app.className = state.c ? "in-case" : "";
  app.replaceChildren(header(state), el("div", { class: "layout" }, list(state), el("main", { tabindex: "-1" })));
  showMain(state);
  document.querySelector("nav").scrollTop = scrolled;
  if (focusNext) document.getElementById(focusNext).focus();
  else if (state.c !== shownCase && shownCase !== null) { document.querySelector("main").focus(); window.scrollTo(0, 0); }
  focusNext = null;
  shownCase = state.c;
}

window.addEventListener("hashchange", show);
show();
