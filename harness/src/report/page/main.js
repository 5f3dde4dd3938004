"use strict";
const data = JSON.parse(document.getElementById("data").textContent);
const pre = document.createElement("pre");
pre.textContent = JSON.stringify(data.results.cases, null, 1);
document.getElementById("app").append(pre);
