// The whole home as it was seen: a tree that folds, programs, sessions, units, generations.

function tags(entry) {
  return [
    entry.leads_to && entry.leads_to.replace(/-/g, " "),
    entry.type !== "file" && entry.type !== "directory" && entry.type !== "symlink" && entry.type.replace(/-/g, " "),
    entry.mode && !["0644", "0755", "0444", "0555"].includes(entry.mode) && "mode " + entry.mode,
    entry.type !== "directory" && entry.mode && (parseInt(entry.mode, 8) & 0o100) !== 0 && "executable",
    entry.same_file_as && "same file as " + entry.same_file_as,
    entry.device,
    ...Object.entries(entry.attributes || {}).map(([name, value]) => name + "=" + value),
  ].filter(Boolean).map((tag) => el("span", { class: "tag" }, tag));
}

function contentOf(entry) {
  const { content } = entry;
  if (!content) return null;
  if (content.digest) return el("p", { class: "quiet" }, content.digest.size + " bytes, SHA-256 " + content.digest.sha256);
  const text = results.texts[content.text];
  if (text === undefined) return el("p", { class: "quiet" }, "This page has no room for the text; results.json has it.");
  return el("pre", { tabindex: "0" }, text || "(empty)");
}

// Folders hold what is below them; what is in a folder is made when it is opened.
function folders(home) {
  const root = { inner: new Map() };
  const add = (path, entry) => {
    let at = root;
    for (const part of path.split("/")) {
      if (!at.inner.has(part)) at.inner.set(part, { inner: new Map() });
      at = at.inner.get(part);
    }
    at.entry = entry;
  };
  for (const [path, entry] of Object.entries(home)) {
    if (path === ".") continue;
    add(path, entry);
    for (const [below, inside] of Object.entries(entry.tree || {})) add(path + "/" + below, inside);
  }
  return root;
}

function branch(node, open) {
  return el("ul", { class: open ? "tree" : null }, [...node.inner].sort().map(([name, one]) => {
    const entry = one.entry || { type: "directory" };
    const label = [el("span", { class: "mono" }, name + (one.inner.size || entry.type === "directory" ? "/" : "")),
      entry.target ? el("span", { class: "quiet mono" }, " → " + entry.target) : null, tags(entry)];
    if (!one.inner.size && !entry.content) return el("li", { class: "leaf" }, label);
    const details = el("details", {}, el("summary", {}, label));
    details.addEventListener("toggle", () => {
      if (details.open && details.children.length === 1) put(details, [contentOf(entry), one.inner.size ? branch(one, false) : null]);
    });
    if (open && one.inner.size) details.open = true;
    return el("li", {}, details);
  }));
}

function values(object) {
  return el("dl", { class: "values mono" }, Object.entries(object).map(([name, value]) => [el("dt", {}, name), el("dd", {}, value)]));
}

function packages(user) {
  return el("ul", { class: "mono" }, user.packages.map((one) => el("li", {}, one.package + (one.version ? " " + one.version : ""),
    el("span", { class: "quiet" }, "  (" + provider(one.profile) + "): "),
    one.programs.map((name) => name + (one.shadowed && one.shadowed[name] ? " (hidden by " + one.shadowed[name] + ")" : "")).join(", "))));
}

function homeOf(state) {
  const names = Object.keys(state.users || {});
  if (!names.length) return el("p", { class: "quiet" }, "The home was not looked at after this step.");
  return names.map((name) => {
    const user = state.users[name];
    const generations = user.generations;
    return [
      el("h3", {}, "Home of " + name + " ", el("span", { class: "quiet mono" }, user.home_directory), user.home["."] ? tags(user.home["."]) : null),
      branch(folders(user.home), true),
      user.home_left_out ? el("p", { class: "alert" }, count(user.home_left_out, "entry").replace("entrys", "entries") + " of this home found no room in this page; results.json has more.") : null,
      el("h3", {}, "Programs from profiles"), user.packages.length ? packages(user) : el("p", { class: "quiet" }, "none"),
      el("p", { class: "quiet" }, "and " + count(user.system_programs, "program") + " of the distribution"),
      el("h3", {}, "PATH of a login session"), el("ul", { class: "mono" }, user.path.map((one) => el("li", {}, one))),
      Object.entries(user.sessions).map(([kind, variables]) => el("details", {}, el("summary", {}, "Variables of a session: " + kind.replace("-", " ") + " (" + Object.keys(variables).length + ")"), values(variables))),
      user.units && Object.keys(user.units).length ? [el("h3", {}, "Units"), values(Object.fromEntries(Object.entries(user.units).map(([unit, one]) => [unit, one.state + ", " + one.systemd + (one.enabled ? ", " + one.enabled : "")])))] : null,
      (user.commands || []).map((one) => el("details", {}, el("summary", { class: "mono" }, one.command + "  (" + one.session + ", status " + one.status + ")"), el("pre", { tabindex: "0" }, one.stdout + one.stderr))),
      el("h3", {}, "Generations"), el("p", {}, "Home Manager: " + (generations.numbers.map((one) => (one === generations.current ? one + " (current)" : one)).join(", ") || "none")),
      Object.entries(user.profiles || {}).map(([profile, one]) => el("p", {}, provider(profile) + ": " + (one.numbers.join(", ") || "none of its own") + (one.current ? ", current " + one.current : ""))),
    ];
  });
}
