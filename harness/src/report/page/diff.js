// Differences of texts: rows of a unified diff, with the words that changed marked.

// What two lines do not share, as [is it changed, text] pieces for each.
function wordPieces(before, after) {
  const cut = (line) => line.match(/\w+|\s+|[^\w\s]/gu) || [];
  const [a, b] = [cut(before), cut(after)];
  if (a.length * b.length > 40000) return null;
  const table = Array.from({ length: a.length + 1 }, () => new Uint16Array(b.length + 1));
  for (let i = a.length - 1; i >= 0; i -= 1) {
    for (let j = b.length - 1; j >= 0; j -= 1) {
      table[i][j] = a[i] === b[j] ? table[i + 1][j + 1] + 1 : Math.max(table[i + 1][j], table[i][j + 1]);
    }
  }
  // Lines that share little are two lines, not one that changed.
  if (table[0][0] * 3 < Math.max(a.length, b.length)) return null;
  const [left, right] = [[], []];
  let [i, j] = [0, 0];
  while (i < a.length || j < b.length) {
    if (i < a.length && j < b.length && a[i] === b[j]) {
      left.push([false, a[i++]]);
      right.push([false, b[j++]]);
    } else if (j >= b.length || (i < a.length && table[i + 1][j] >= table[i][j + 1])) left.push([true, a[i++]]);
    else right.push([true, b[j++]]);
  }
  return [left, right];
}

function pieces(parts, line) {
  if (!parts) return line;
  const joined = [];
  for (const [changed, text] of parts) {
    if (joined.length && joined[joined.length - 1][0] === changed) joined[joined.length - 1][1] += text;
    else joined.push([changed, text]);
  }
  return joined.map(([changed, text]) => (changed ? el("mark", {}, text) : text));
}

// The rows of a diff: kind, line, pieces. Removed lines are matched with the added ones that follow them.
function rows(lines) {
  const kinds = { "+": "add", "-": "del", "@": "at", "\\": "at" };
  const all = lines.map((line) => ({ kind: kinds[line[0]] || "same", line, parts: null }));
  for (let at = 0; at < all.length; at += 1) {
    if (all[at].kind !== "del") continue;
    let [end, next] = [at, at];
    while (end < all.length && all[end].kind === "del") end += 1;
    next = end;
    while (next < all.length && all[next].kind === "add") next += 1;
    for (let pair = 0; pair < Math.min(end - at, next - end); pair += 1) {
      const found = wordPieces(all[at + pair].line.slice(1), all[end + pair].line.slice(1));
      if (found) [all[at + pair].parts, all[end + pair].parts] = found;
    }
    at = next - 1;
  }
  return all;
}

function diff(lines, leftOut) {
  const shown = rows(lines).map(({ kind, line, parts }) => el("span", { class: "row " + (kind === "same" ? "" : kind) },
    parts ? [line[0], pieces(parts, "")] : line || " "));
  if (leftOut) shown.push(el("span", { class: "row at" }, "… " + count(leftOut, "more line")));
  if (!preferences.sides) return el("pre", { class: "diff", tabindex: "0" }, shown);
  return sides(lines, leftOut);
}

// The same with what was on the left and what is on the right.
function sides(lines, leftOut) {
  const [grid, left, right] = [el("div", { class: "diff sides mono" }), [], []];
  const flush = () => {
    for (let at = 0; at < Math.max(left.length, right.length); at += 1) {
      const side = (row, kind) => el("span", { class: row ? kind : "" }, row ? pieces(row.parts, row.line.slice(1)) || " " : " ");
      grid.append(side(left[at], "del"), side(right[at], "add"));
    }
    left.length = right.length = 0;
  };
  for (const row of rows(lines)) {
    if (row.kind === "del") left.push(row);
    else if (row.kind === "add") right.push(row);
    else {
      flush();
      const both = () => el("span", { class: row.kind === "at" ? "at" : "" }, row.kind === "same" ? row.line.slice(1) || " " : row.line);
      grid.append(both(), both());
    }
  }
  flush();
  if (leftOut) grid.append(el("span", { class: "at" }, "… " + count(leftOut, "more line")));
  return grid;
}

// A text that may be a unified diff.
function detail(text) {
  const lines = text.replace(/\n$/, "").split("\n");
  const isDiff = lines[0].startsWith("--- ") || lines[0].startsWith("@@ ");
  if (!isDiff) return el("pre", { tabindex: "0" }, text);
  return diff(lines.filter((line, at) => at > 1 || !/^(---|\+\+\+) /.test(line)), 0);
}
