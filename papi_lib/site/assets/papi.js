// Sorting, search and comfort. Everything is readable without this script.
"use strict";
const given = document.documentElement.dataset;
const root = given.root;
const { nonce } = document.currentScript; // by which the page knows its own scripts
const lang = document.documentElement.lang;
const collator = new Intl.Collator(lang, { numeric: true });
const plain = (text) => text.normalize("NFD").replace(/[\p{M}\p{Cf}]/gu, "").replace(/[đĐðÐ]/g, "d").toLowerCase();

for (const table of document.querySelectorAll("table.sortable")) {
  const heads = [...table.tHead.rows[0].cells];
  for (const [column, head] of heads.entries()) {
    const button = document.createElement("button");
    button.type = "button";
    button.append(...head.childNodes);
    head.append(button);
    button.addEventListener("click", () => {
      const down = head.getAttribute("aria-sort") === "ascending";
      for (const other of heads) other.removeAttribute("aria-sort");
      head.setAttribute("aria-sort", down ? "descending" : "ascending");
      const value = (row) => row.cells[column].dataset.value ?? row.cells[column].textContent;
      const rows = [...table.tBodies[0].rows].sort((a, b) => {
        const [x, y] = [value(a), value(b)];
        if (x === "" || y === "") return (x === "") - (y === ""); // missing ones stay last
        const difference = Number(x) - Number(y);
        return (down ? -1 : 1) * (Number.isNaN(difference) ? collator.compare(x, y) : difference);
      });
      table.tBodies[0].append(...rows);
    });
  }
}

// The way to other pages is built from the run's own list: a page stays as it is when the run grows.
const address = (path) => root + path.split("/").map(encodeURIComponent).join("/") + ".html";
const anchor = (path, text, more = {}) => Object.assign(document.createElement("a"), { href: address(path), textContent: text, ...more });
const fill = (selector, items) => {
  const nav = document.querySelector(selector);
  nav.replaceChildren(...items);
  nav.hidden = false;
};

window.papiNav = ({ notebooks, places, pages }) => {
  const [year, , ...rest] = given.path.split("/");
  const stem = rest.pop();
  const place = rest.join("/");
  const row = places.findIndex(([folder]) => folder === place);
  const column = notebooks.findIndex(([name]) => name === stem);
  const has = (folder, i, j) => (parseInt(pages[folder]?.[i] ?? "0", 16) >> j) & 1;
  const here = (text) => Object.assign(document.createElement("span"), { textContent: text, ariaCurrent: "page" });
  const folder = `${year}/${lang}`;

  // The place's other notebooks, around this one.
  const own = document.querySelector(".notebooks .pages > li");
  for (const [j, [name, titles]] of notebooks.entries()) {
    if (j === column || !has(folder, row, j)) continue;
    const item = document.createElement("li");
    item.append(anchor(`${folder}/${place}/${name}`, titles[lang]));
    if (j < column) own.before(item);
    else own.parentElement.append(item);
  }

  // The places before and after: districts of one province, or provinces.
  const parent = (path) => path.split("/").slice(0, -1).join("/");
  const beside = places.flatMap(([path], i) => (parent(path) === parent(place) && has(folder, i, column) ? [i] : []));
  const at = beside.indexOf(row);
  const to = (i, rel, text) => (i === undefined ? [] : [anchor(`${folder}/${places[i][0]}/${stem}`, text(places[i][1][lang]), { rel })]);
  const ways = [...to(beside[at - 1], "prev", (name) => `← ${name}`), ...to(beside[at + 1], "next", (name) => `${name} →`)];
  if (ways.length) fill(".neighbours", ways);

  const editions = Object.keys(pages).filter((other) => has(other, row, column)).map((other) => other.split("/"));
  const tongues = ["vi", "en"].filter((code) => editions.some(([y, l]) => y === year && l === code));
  const called = { vi: "Tiếng Việt", en: "English" };
  const tongue = (code) => anchor(`${year}/${code}/${place}/${stem}`, called[code], { lang: code, hreflang: code });
  if (tongues.length > 1) fill(".languages", tongues.map((code) => (code === lang ? here(called[code]) : tongue(code))));
  const years = editions.filter(([, l]) => l === lang).map(([y]) => y).reverse();
  if (years.length > 1) fill(".years", years.map((y) => (y === year ? here(y) : anchor(`${y}/${lang}/${place}/${stem}`, y))));
};

// The index comes as a script when first needed: a page opened from a folder may not fetch.
const search = document.querySelector(".search");
const input = search.querySelector("input");
const count = search.querySelector(".count");
const found = search.querySelector(".found");
const MOST = 30;
let pages = null;

window.papiSearch = (rows) => {
  pages = rows.map(([path, place, title, year, findings]) => {
    const name = plain(place);
    const about = `${name} ${name.replaceAll(" ", "")} ${plain(title)} ${year}`;
    return { path, text: `${place} · ${title} · ${year}`, name, about, findings: findings.map((f) => [f, plain(f)]) };
  });
  find();
};

function loadIndex() {
  const script = document.createElement("script");
  script.nonce = nonce;
  script.src = `${root}assets/search.${lang}.js`;
  document.head.append(script);
}

// Names that begin with all that was typed come first, then those with a word that does (Quận Ba Đình).
function rank(name, words, missing) {
  const typed = words.join(" ");
  const order = [name.startsWith(typed), ` ${name}`.includes(` ${typed}`), name.startsWith(words[0]), !missing, true];
  return order.indexOf(true);
}

function find() {
  const words = plain(input.value).split(/\s+/).filter(Boolean);
  found.replaceChildren();
  count.textContent = "";
  if (!words.length || !pages) return;
  const hits = [];
  for (const page of pages) {
    const missing = words.filter((word) => !page.about.includes(word));
    const finding = missing.length ? page.findings.find(([, text]) => missing.every((word) => text.includes(word))) : null;
    if (!missing.length || finding) hits.push([page, finding, rank(page.name, words, missing.length)]);
  }
  hits.sort((a, b) => a[2] - b[2]);
  count.textContent = hits.length ? search.dataset.some.replace("{n}", hits.length) : search.dataset.none;
  for (const [page, finding] of hits.slice(0, MOST)) {
    const item = document.createElement("li");
    item.append(anchor(page.path, page.text));
    if (finding) item.append(Object.assign(document.createElement("small"), { textContent: finding[0] }));
    found.append(item);
  }
}

search.hidden = false;
input.addEventListener("focus", loadIndex, { once: true });
input.addEventListener("input", find);
search.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  input.value = "";
  find();
  input.focus();
});

// The figures of a table as a file for a spreadsheet, in the page's own number format.
for (const table of document.querySelectorAll("main table.figures")) {
  const button = Object.assign(document.createElement("button"), { type: "button", className: "csv", textContent: given.csv });
  button.addEventListener("click", () => {
    const separator = lang === "vi" ? ";" : ","; // where the decimal mark is a comma
    const formula = /(^|[;|\t\r\n])(?=[\s\p{Cf}]*[=+\-@＝＋－＠−])/gu; // where a spreadsheet begins to read one
    const cell = (element) => {
      const shown = (element.querySelector(".unseen") ?? element).textContent.trim();
      const number = /^[−+-]?[\d.,]+$/.test(shown);
      const text = number ? shown.replace("−", "-") : shown.replace(formula, "$1'");
      return `"${text.replaceAll('"', '""')}"`;
    };
    const lines = [...table.rows].map((row) => [...row.cells].map(cell).join(separator));
    const link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob(["\ufeff", lines.join("\r\n"), "\r\n"], { type: "text/csv" }));
    link.download = `${plain(document.title).replace(/[^a-z0-9]+/g, "-")}.csv`;
    link.click();
    URL.revokeObjectURL(link.href);
  });
  (table.closest(".drawing") ?? table).after(button);
}

// On a phone the list of pages is folded; frames that scroll say so, others are no stop of the Tab key.
if (matchMedia("(max-width: 52rem)").matches) document.querySelector(".notebooks details")?.removeAttribute("open");
const frames = document.querySelectorAll(".drawing");
const settle = () => {
  for (const frame of frames) {
    const scrolls = frame.scrollWidth > frame.clientWidth;
    frame.toggleAttribute("data-hint", scrolls);
    frame.toggleAttribute("tabindex", scrolls);
    if (scrolls) Object.assign(frame, { tabIndex: 0 }).dataset.hint = given.scroll;
  }
};
addEventListener("resize", settle);
document.addEventListener("toggle", settle, true);
settle();
