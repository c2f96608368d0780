"use strict";
// Filters the list of runs and fills in what is to be said of a run when it is opened. The filters stand in the address
// behind the #, so that what is seen can be linked: #verdict=timed%20out&chapter=10, #case=server:pm/delivered.
(() => {
  const form = document.getElementById("filters");
  const count = form.querySelector("output");
  const list = document.getElementById("list");
  const packed = JSON.parse(document.getElementById("packed").textContent);
  const groups = [...list.children].map((element) => ({ element, rows: [...element.querySelectorAll(".run")] }));
  const rows = groups.flatMap((group) => group.rows);
  const words = new Map(rows.map((row) => [row, row.textContent.toLowerCase()]));
  const unpacked = new Map();

  async function unpack(number) {
    const bytes = Uint8Array.from(atob(packed.parts[number]), (character) => character.charCodeAt(0));
    const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate"));
    return new Response(stream).json();
  }

  async function fill(row) {
    const body = row.lastElementChild;
    if (body.dataset.filled) return;
    body.dataset.filled = "yes";
    const number = Math.floor(row.dataset.n / packed.size);
    if (!unpacked.has(number)) unpacked.set(number, unpack(number));
    body.innerHTML = (await unpacked.get(number))[row.dataset.n % packed.size];
  }

  function state() {
    return Object.fromEntries([...new FormData(form)].filter(([, value]) => value));
  }

  const asked = {
    text: (row, value) => value.toLowerCase().split(/\s+/).every((word) => words.get(row).includes(word)),
    verdict: (row, value) => value === row.dataset.verdict || value === row.dataset.as,
    chapter: (row, value) => row.dataset.chapter.split(" ").includes(value),
    requirement: (row, value) => row.dataset.requirement.split(" ").includes(value),
    role: (row, value) => value === row.dataset.role,
    segmentation: (row, value) => value === row.dataset.segmentation,
  };

  function apply() {
    const wanted = Object.entries(state());
    let shown = 0;
    for (const { element, rows } of groups) {
      let here = 0;
      for (const row of rows) {
        row.hidden = !wanted.every(([name, value]) => asked[name](row, value));
        here += !row.hidden;
      }
      element.hidden = !here;
      if (wanted.length) element.open = here > 0;
      shown += here;
    }
    count.textContent = `${shown} of ${rows.length} runs`;
  }

  function remember() {
    const hash = new URLSearchParams(state()).toString().replaceAll("+", "%20");
    history.replaceState(null, "", hash ? `#${hash}` : location.pathname + location.search);
  }

  function follow() {
    const hash = location.hash.slice(1);
    if (!hash.includes("=")) return;
    const values = new URLSearchParams(hash);
    const row = values.has("case") && rows.find((row) => row.dataset.key === values.get("case"));
    for (const field of form.elements) if (field.name) field.value = values.get(field.name) ?? "";
    apply();
    if (row) {
      row.parentElement.open = row.open = true;
      row.scrollIntoView();
      row.firstElementChild.focus();
    } else {
      form.parentElement.scrollIntoView();
    }
  }

  // "toggle" does not bubble.
  list.addEventListener("toggle", (event) => event.target.matches(".run") && event.target.open && fill(event.target), true);
  form.addEventListener("input", () => { apply(); remember(); });
  form.addEventListener("reset", () => setTimeout(() => { apply(); remember(); }));
  form.addEventListener("submit", (event) => event.preventDefault());
  addEventListener("hashchange", follow);
  form.hidden = false;
  apply();
  follow();
})();
