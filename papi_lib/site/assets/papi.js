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
let index = null;

window.papiSearch = (content) => {
  const begins = (text) => ` ${plain(text)}`;
  index = content;
  index.texts = content.texts.map(([path, title]) => [path, title, begins(title)]);
  index.notebooks = content.notebooks.map(([stem, title]) => [stem, title, begins(title).replaceAll(".", " ")]);
  index.places = content.places.map(([folder, name, more, simulated]) => {
    const about = begins(name).replaceAll(",", " ");
    return [folder, name, simulated, `${about} ${about.replaceAll(" ", "")}${begins(more)}`, about.slice(1)];
  });
  index.findings = content.findings.map(([place, notebook, told]) => [place, notebook, told.map((one) => [one, begins(one)])]);
  find();
};

function loadIndex() {
  const script = document.createElement("script");
  script.nonce = nonce;
  script.src = `${root}assets/search.${lang}.js`;
  document.head.append(script);
}

// Every word typed must begin a word of the place, of the page's title, or be the beginning of its year.
function* hits(words) {
  const begin = (text) => words.map((word) => text.includes(` ${word}`));
  for (const [path, title, text] of index.texts) if (begin(text).every(Boolean)) yield [0, path, title];
  const titles = index.notebooks.map(([, , text]) => begin(text));
  const typed = words.join(" ");
  for (const [i, [folder, name, simulated, text, plainName]] of index.places.entries()) {
    const ofPlace = begin(text);
    const order = [plainName.startsWith(typed), text.includes(` ${typed}`), ofPlace[0], true].indexOf(true) + 1 + simulated / 2;
    for (const [late, [year, bits]] of index.pages.entries()) {
      const there = parseInt(bits[i], 16);
      const open = words.flatMap((word, k) => (ofPlace[k] || String(year).startsWith(word) ? [] : [k]));
      for (const [j, [stem, title]] of index.notebooks.entries()) {
        if (!((there >> j) & 1) || !open.every((k) => titles[j][k])) continue;
        const note = simulated ? ` ${search.dataset.simulated}` : "";
        yield [order + late / 100, `${year}/${index.lang}/${folder}/${stem}`, `${name} · ${title} · ${year}${note}`];
      }
    }
  }
  for (const [i, j, told] of index.findings) {
    const [folder, name, , text] = index.places[i];
    const ofPlace = begin(text);
    const open = words.filter((word, k) => !ofPlace[k] && !titles[j][k]);
    const finding = open.length && told.find(([, spelled]) => open.every((word) => spelled.includes(` ${word}`)));
    const [[year]] = index.pages;
    if (finding) yield [5, `${year}/${index.lang}/${folder}/${index.notebooks[j][0]}`, `${name} · ${index.notebooks[j][1]} · ${year}`, finding[0]];
  }
}

function find() {
  const words = plain(input.value).split(/\s+/).filter(Boolean);
  found.replaceChildren();
  count.textContent = "";
  if (!words.length || !index) return;
  const all = [...hits(words)].sort((a, b) => a[0] - b[0]);
  count.textContent = all.length ? search.dataset.some.replace("{n}", all.length) : search.dataset.none;
  for (const [, path, text, finding] of all.slice(0, MOST)) {
    const item = document.createElement("li");
    item.append(anchor(path, text));
    if (finding) item.append(Object.assign(document.createElement("small"), { textContent: finding }));
    found.append(item);
  }
}

search.hidden = false;
input.addEventListener("focus", loadIndex, { once: true });
input.addEventListener("input", find);
search.addEventListener("keydown", (event) => {
  const stops = [input, ...found.querySelectorAll("a")];
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (step) {
    event.preventDefault();
    stops[Math.max(0, Math.min(stops.length - 1, stops.indexOf(document.activeElement) + step))].focus();
  } else if (event.key === "Enter" && document.activeElement === input) {
    stops[1]?.click();
  } else if (event.key === "Escape") {
    input.value = "";
    find();
    input.focus();
  }
});

const save = (name, type, ...content) => {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob(content, { type }));
  link.download = name;
  link.click();
  URL.revokeObjectURL(link.href);
};
const fileName = (text) => plain(text).replace(/[^a-z0-9]+/g, "-").replace(/^-|-$/g, "").slice(0, 100);

// The figures of a table as a file for a spreadsheet, in the page's own number format.
const sign = (1.5).toLocaleString(lang).charAt(1);
const grouping = sign === "," ? /\.(?=\d{3})/g : /,(?=\d{3})/g;
for (const table of document.querySelectorAll("main table.figures:not([hidden])")) {
  const button = Object.assign(document.createElement("button"), { type: "button", className: "csv", textContent: given.csv });
  button.addEventListener("click", () => {
    const separator = sign === "," ? ";" : ",";
    const formula = /(^|[;|\t\r\n])(?=[\s\p{Cf}]*[=+\-@＝＋－＠−])/gu; // where a spreadsheet begins to read one
    const cell = (element) => {
      const shown = (element.querySelector(".unseen") ?? element).textContent.trim();
      if (shown === "–") return "";
      if (/^[−+-]?\d[\d.,]*%?$/.test(shown)) return shown.replace("−", "-").replace("+", "").replace(grouping, "");
      return `"${shown.replace(formula, "$1'").replaceAll('"', '""')}"`;
    };
    const lines = [...table.rows].map((row) => [...row.cells].map(cell).join(separator));
    const name = fileName(`${document.title} ${table.caption?.textContent ?? ""}`);
    save(`${name}.csv`, "text/csv", "\ufeff", lines.join("\r\n"), "\r\n");
  });
  button.setAttribute("aria-label", `${given.csv}: ${table.caption?.textContent ?? ""}`);
  (table.closest(".drawing") ?? table).after(button);
}

// The page's code as a notebook that runs, so that nothing but the site need be handed over.
const keep = document.querySelector("button.notebook");
if (keep) {
  keep.hidden = false;
  keep.addEventListener("click", () => {
    const cells = [...document.querySelectorAll("details.code pre")].map((pre) => ({
      cell_type: "code", execution_count: null, metadata: {}, outputs: [], source: pre.textContent.trim(),
    })); // prettier-ignore
    const kernelspec = { display_name: "Python 3", language: "python", name: "python3" };
    const notebook = { cells, metadata: { kernelspec }, nbformat: 4, nbformat_minor: 4 };
    save(`${fileName(given.path)}.ipynb`, "application/x-ipynb+json", JSON.stringify(notebook, null, 1));
  });
}

// On a phone the list of pages is folded, and so is each question that would end beyond the fourth screen.
if (matchMedia("screen and (max-width: 63rem)").matches) {
  document.querySelector(".notebooks details")?.removeAttribute("open");
  const heads = [...document.querySelectorAll("main:not(.list) > h2")];
  const ends = [...heads.slice(1), document.querySelector("main").lastElementChild].map((next) => next.getBoundingClientRect().top + scrollY);
  const first = ends.findIndex((end) => end > 4 * innerHeight);
  for (const head of first < 0 ? [] : heads.slice(first)) {
    const [fold, summary] = [document.createElement("details"), document.createElement("summary")];
    fold.className = "fold";
    head.before(fold);
    summary.append(head);
    fold.append(summary);
    while (fold.nextElementSibling && !fold.nextElementSibling.matches("h2, .code")) fold.append(fold.nextElementSibling);
  }
  const open = () => document.getElementById(location.hash.slice(1))?.closest(".fold")?.setAttribute("open", "");
  addEventListener("hashchange", open);
  addEventListener("beforeprint", () => document.querySelectorAll(".fold").forEach((fold) => fold.setAttribute("open", "")));
  open();
}

// Frames that scroll say so and are a stop of the Tab key with a name, others are none.
const frames = document.querySelectorAll(".drawing");
const settle = () => {
  for (const frame of frames) {
    const scrolls = frame.scrollWidth > frame.clientWidth;
    const about = { "data-hint": given.scroll, tabindex: "0", role: "region", "aria-label": frame.querySelector("caption")?.textContent ?? `${given.scroll} (${[...frames].indexOf(frame) + 1})` };
    for (const [name, value] of Object.entries(about)) scrolls ? frame.setAttribute(name, value) : frame.removeAttribute(name);
  }
};
addEventListener("resize", settle);
document.addEventListener("toggle", settle, true);
settle();
