"use strict";
// The search in the contents list, and the mark at the section that is being read. All of the text can be read without.
(() => {
  const box = document.getElementById("page-find"), input = box.querySelector("input");
  const found = document.getElementById("page-found"), list = found.querySelector("ol"), told = found.querySelector("p");
  const nav = document.querySelector("nav"), most = 40;

  // Everything that the document defines stands in the page with its name; the section around it says where.
  const all = [...document.querySelectorAll("[data-find][id]")].map((element) => {
    const section = element.matches("section"), around = section ? null : element.parentElement.closest("[data-find]");
    const parts = element.matches("tr") ? [...element.cells] : section ? [] : [element];
    const texts = parts.map((part) => part.textContent.replace(/\s+/g, " ").trim());
    const name = element.dataset.find, text = texts.filter((part) => part !== name).join(" · ");
    return { element, name, where: around ? around.dataset.find : "", text: text.startsWith(name) ? text.slice(name.length).replace(/^[:\s]+/, "") : text };
  });

  /** What is found, the best first: that name, names that begin so, names that hold it, texts that hold all of its words. */
  function search(query) {
    const wanted = query.toLowerCase().trim(), words = wanted.split(/\s+/), ranks = [[], [], [], []];
    for (const item of all) {
      const name = item.name.toLowerCase(), text = `${name} ${item.where} ${item.text}`.toLowerCase();
      const title = name.replace(/^[\d.]+ /, ""), number = name.slice(0, -title.length - 1);
      if (title === wanted || number === wanted) ranks[0].push(item);
      else if (title.startsWith(wanted) || name.startsWith(wanted)) ranks[1].push(item);
      else if (name.includes(wanted)) ranks[2].push(item);
      else if (words.every((word) => text.includes(word))) ranks[3].push(item);
    }
    return ranks.flat();
  }

  function show() {
    const query = input.value.trim(), hits = query ? search(query) : [];
    found.hidden = !query;
    nav.classList.toggle("behind", !!query);
    told.textContent = hits.length > most ? `${hits.length} found, the first ${most} shown` : `${hits.length} found`;
    list.replaceChildren(...hits.slice(0, most).map((item) => {
      const entry = document.createElement("li"), link = document.createElement("a");
      const name = document.createElement("b"), more = document.createElement("small");
      name.textContent = item.name;
      more.textContent = [item.where, item.text.slice(0, 120)].filter((part) => part.trim()).join(" · ");
      link.href = `#${encodeURIComponent(item.element.id)}`;
      link.append(name, " ", more);
      entry.append(link);
      return entry;
    }));
  }

  function leave() {
    input.value = "";
    show();
  }

  /** Move the focus through what is found; above the first stands the field. */
  function step(by) {
    const stops = [input, ...list.querySelectorAll("a")], next = stops.indexOf(document.activeElement) + by;
    if (stops[next]) stops[next].focus();
  }

  box.hidden = false;
  input.addEventListener("input", show);
  box.addEventListener("keydown", (event) => {
    if (event.key === "ArrowDown" || event.key === "ArrowUp") step(event.key === "ArrowDown" ? 1 : -1);
    else if (event.key === "Escape") { leave(); input.focus(); }
    else if (event.key === "Enter" && event.target === input && list.querySelector("a")) list.querySelector("a").click();
    else return;
    event.preventDefault();
  });
  list.addEventListener("click", (event) => {
    // On a phone, what is found lies over the text.
    if (event.target.closest("a") && matchMedia("(max-width: 62rem)").matches) { input.blur(); setTimeout(leave); }
  });
  document.addEventListener("keydown", (event) => {
    if (event.key !== "/" || event.ctrlKey || event.metaKey || event.altKey || event.target.matches("input")) return;
    event.preventDefault();
    input.focus();
    input.select();
  });

  // The bytes of an example and the row that explains them mark each other.
  document.addEventListener("mouseover", (event) => {
    document.querySelectorAll(".lit").forEach((element) => element.classList.remove("lit"));
    const part = event.target.closest("[data-part]");
    if (!part) return;
    const alike = part.closest(".frame").querySelectorAll(`[data-part="${part.dataset.part}"]`);
    alike.forEach((element) => element.classList.add("lit"));
  });

  const links = new Map([...nav.querySelectorAll("a")].map((link) => [decodeURIComponent(link.hash.slice(1)), link]));
  const seen = new Set();
  const watch = new IntersectionObserver((entries) => {
    for (const { target, isIntersecting } of entries) seen[isIntersecting ? "add" : "delete"](target);
    const inmost = [...seen].filter((section) => ![...seen].some((other) => other !== section && section.contains(other)));
    inmost.sort((one, other) => one.compareDocumentPosition(other) & Node.DOCUMENT_POSITION_FOLLOWING ? -1 : 1);
    nav.querySelector("[aria-current]")?.removeAttribute("aria-current");
    const link = inmost.length ? links.get(inmost[0].id) : null;
    if (!link) return;
    link.setAttribute("aria-current", "true");
    const pane = document.querySelector("aside"), top = link.offsetTop - pane.clientHeight / 3;
    if (getComputedStyle(pane).position === "sticky") pane.scrollTo({ top });
  }, { rootMargin: "-10% 0px -85% 0px" });
  for (const section of document.querySelectorAll("main section")) watch.observe(section);
})();
