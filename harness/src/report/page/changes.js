// What a step changed, as `switchproof diff` tells it: one card a file, then programs, variables, units and the rest.

const PROFILES = { user: "the user's profile", "per-user": "the user's packages", system: "the system's profile", default: "the default profile" };

const only = (object) => Object.entries(object)[0] || ["", {}];
const told = (value) => (value === null || value === undefined || value === "" ? "nothing" : typeof value === "object" ? JSON.stringify(value) : String(value));
const turn = (one) => told(one.before) + " → " + told(one.after);
const provider = (one) => (one === "store" || !one ? "the store" : PROFILES[one.profile || one] || told(one));

function difference(one) {
  const [what, change] = only(one);
  if (what === "other") return change.what + " " + turn(change.turn);
  return what.replace(/-/g, " ") + " " + turn(change);
}

function fileCard(change) {
  const [what, value] = only(change.turn);
  const look = value.look;
  const notes = [
    value.from && "from " + value.from,
    look && look["file_type"] !== "file" && look["file_type"],
    look && look.link && "→ " + look.link,
    look && look.mode && "mode " + look.mode,
    look && look.digest && look.digest.size + " bytes",
    ...(value.differences || []).map(difference),
  ].filter(Boolean);
  const hunk = value.text;
  return el("div", { class: "card" },
    el("div", { class: "head" }, el("h4", { class: "mono" }, change.path), el("span", { class: "badge" }, what),
      notes.length ? el("span", { class: "quiet" }, notes.join(", ")) : null,
      hunk ? el("span", { class: "quiet push" }, "+" + hunk.added + " −" + hunk.removed) : null),
    hunk && hunk.lines.length ? diff(hunk.lines, hunk.left_out) : null);
}

function packageLine(change) {
  const [what, value] = only(change.turn);
  const letters = { appeared: "A", gone: "R", version: "U", moved: "M", programs: "~" };
  const versions = value.versions ? turn(value.versions) : value.version;
  const programs = Array.isArray(value.programs) ? value.programs.join(", ")
    : value.programs && [...value.programs.new.map((one) => "+" + one), ...value.programs.gone.map((one) => "−" + one)].join(", ");
  return "[" + (letters[what] || what) + "] " + change.package + (versions ? " " + versions : "") + "  (" + (value.from ? provider(value.from) + " → " : "")
    + provider(change.profile) + ")" + (programs ? ": " + programs : "");
}

function lines(title, all) {
  return all.length ? [el("h3", {}, title), el("ul", { class: "mono" }, all.map((one) => el("li", {}, one)))] : null;
}

const came = ({ new: added, gone }) => [...added.map((one) => "+ " + one), ...gone.map((one) => "− " + one)];

function unitPart(unit) {
  const state = unit.state && turn({ before: unit.state.before && unit.state.before.state, after: unit.state.after && unit.state.after.state });
  return [el("p", { class: "mono" }, unit.name + (state ? ": " + state : "")), unit.files.map(fileCard)];
}

function commandPart(one) {
  return el("div", { class: "card" }, el("div", { class: "head" }, el("h4", { class: "mono" }, one.command), el("span", { class: "quiet" }, one.session, one.status ? ", status " + turn(one.status) : "")),
    [one.stdout, one.stderr].map((hunk) => hunk && diff(hunk.lines, hunk.left_out)));
}

function userPart(name, user, isOne) {
  const known = new Set(["presence", "packages", "files", "variables", "units", "generations", "left_behind", "links", "rebuilt", "system_programs", "commands", "profiles", "shadowed", "runs", "own_programs"]);
  const rest = Object.entries(user).filter(([key, value]) => !known.has(key) && value && Object.keys(value).length);
  const rebuilt = user.rebuilt.filter((one) => !one.is_product);
  return [
    isOne ? null : el("h3", {}, "of " + name),
    user.files.length + user.own_programs.length ? [el("h3", {}, "Files"), [...user.files, ...user.own_programs].map(fileCard)] : null,
    lines("Programs", user.packages.map(packageLine)),
    lines("Hidden programs", user.shadowed.map((one) => one.program + " of " + one.directory + ", hidden by: " + turn(one.by))),
    lines("Programs from another directory", user.runs.map((one) => one.program + ": " + turn(one.directory))),
    lines("Programs of the distribution", came(user.system_programs)),
    lines("Variables", user.variables.map((one) => one.name + ": " + turn(one.value) + "  (" + one.sessions.join(", ") + ")")),
    user.units.length ? [el("h3", {}, "Units"), user.units.map(unitPart)] : null,
    user.commands.length ? [el("h3", {}, "Commands"), user.commands.map(commandPart)] : null,
    lines("Left behind", user.left_behind.map((one) => one.path + ": named in " + one.named_in + " before; the configuration now points to " + (one.now || "no other place"))),
    lines("Generations", [
      ...(user.generations ? ["Home Manager: " + turn({ before: user.generations.before.current, after: user.generations.after.current })] : []),
      ...Object.entries(user.profiles).map(([profile, one]) => profile + ": " + turn({ before: one.before && one.before.current, after: one.after && one.after.current })),
    ]),
    user.links.length ? el("details", {}, el("summary", {}, count(user.links.length, "link") + " to generations"), user.links.map(fileCard)) : null,
    rebuilt.length ? el("details", {}, el("summary", {}, count(rebuilt.length, "package") + " rebuilt under the same name"), el("ul", { class: "mono" }, rebuilt.map((one) => el("li", {}, turn(one.store_path))))) : null,
    rest.map(([key, value]) => [el("h3", {}, key.replace(/_/g, " ")), el("pre", { tabindex: "0" }, JSON.stringify(value, null, 1))]),
  ];
}

function changeOf(entry, state) {
  const change = state.change;
  if (!change) {
    return el("p", { class: "quiet" }, Object.keys(state.users || {}).length
      ? "Nothing was looked at before this step; the whole home shows what was seen."
      : "The home was not looked at after this step: it has no snapshot and no expectation.");
  }
  const { details } = change;
  const names = Object.keys(details.users);
  const before = (results.states[change.since] || {}).step || "an earlier step";
  return [
    el("p", { class: "quiet" }, "since " + before + ": " + (change.line || "no difference")),
    details.status ? el("p", {}, "exit status " + turn(details.status)) : null,
    names.map((name) => userPart(name, details.users[name], names.length === 1)),
    lines("Warnings", came(details.warnings)), lines("Messages", came(details.messages)),
    details.system ? el("p", {}, "generation of the system: " + turn({ before: details.system.before && details.system.before.current, after: details.system.after && details.system.after.current })) : null,
  ];
}
