"use strict";
// Everything that is shown goes through here, as text and never as markup.

// Characters that steer a terminal, hide, or turn the direction of writing are shown by their numbers.
const HIDDEN = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u061c\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff]/g;

function visible(text) {
  return String(text).replace(HIDDEN, (one) => "\\u{" + one.codePointAt(0).toString(16) + "}");
}

// An element: its attributes (`class`, `on…` for listeners), and what is in it: elements, texts, lists of both, nothing.
function el(tag, attributes, ...inside) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes || {})) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else element.setAttribute(name, value === true ? "" : visible(value));
  }
  put(element, inside);
  return element;
}

function put(element, inside) {
  for (const one of inside) {
    if (one === null || one === undefined || one === false || one === "") continue;
    if (Array.isArray(one)) put(element, one);
    else element.append(one instanceof Node ? one : document.createTextNode(visible(one)));
  }
}

function count(number, what) {
  return number + " " + what + (number === 1 ? "" : "s");
}

function span(seconds) {
  if (seconds < 60) return seconds.toFixed(1) + " s";
  return Math.floor(seconds / 60) + " min " + String(Math.floor(seconds % 60)).padStart(2, "0") + " s";
}

function copyButton(text, what) {
  const button = el("button", { type: "button", "aria-label": "copy " + what }, "copy");
  button.addEventListener("click", () => {
    const told = (word) => {
      button.textContent = word;
      setTimeout(() => { button.textContent = "copy"; }, 1500);
    };
    const area = el("textarea", { "aria-hidden": "true" });
    area.value = text;
    document.body.append(area);
    area.select();
    told(document.execCommand("copy") ? "copied" : "not copied");
    area.remove();
    button.focus();
  });
  return button;
}
