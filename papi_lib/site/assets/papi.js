// Sorting, search and comfort. Everything is readable without this script.
"use strict";
const root = document.documentElement.dataset.root;
const lang = document.documentElement.lang;
const collator = new Intl.Collator(lang, { numeric: true });
const plain = (text) => text.normalize("NFD").replace(/\p{M}/gu, "").replace(/[đĐ]/g, "d").toLowerCase();

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

// The index comes as a script when first needed: a page opened from a folder may not fetch.
const search = document.querySelector(".search");
const input = search.querySelector("input");
const count = search.querySelector(".count");
const found = search.querySelector(".found");
const MOST = 30;
let pages = null;

window.papiSearch = (rows) => {
  pages = rows.map(([href, place, title, year, findings]) => {
    const name = plain(place);
    const about = `${name} ${name.replaceAll(" ", "")} ${plain(title)} ${year}`;
    return { href, text: `${place} · ${title} · ${year}`, name, about, findings: findings.map((f) => [f, plain(f)]) };
  });
  find();
};

function loadIndex() {
  const script = document.createElement("script");
  script.src = `${root}assets/search.${lang}.js`;
  document.head.append(script);
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
    if (!missing.length || finding) hits.push([page, finding, page.name.startsWith(words[0]) ? 0 : missing.length ? 2 : 1]);
  }
  hits.sort((a, b) => a[2] - b[2]);
  count.textContent = hits.length ? search.dataset.some.replace("{n}", hits.length) : search.dataset.none;
  for (const [page, finding] of hits.slice(0, MOST)) {
    const link = document.createElement("a");
    link.href = root + page.href.split("/").map(encodeURIComponent).join("/");
    link.textContent = page.text;
    const item = document.createElement("li");
    item.append(link);
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
const saveAs = document.querySelector("main").dataset.csv;
for (const table of document.querySelectorAll("main table.figures")) {
  const button = Object.assign(document.createElement("button"), { type: "button", className: "csv", textContent: saveAs });
  button.addEventListener("click", () => {
    const separator = lang === "vi" ? ";" : ","; // where the decimal mark is a comma
    const cell = (element) => {
      const shown = (element.querySelector(".unseen") ?? element).textContent.trim();
      const number = /^[−+-]?[\d.,]+$/.test(shown);
      const text = number ? shown.replace("−", "-") : shown.replace(/^[=+@-]/, "'$&"); // no formulas
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

// On a phone the list of pages is folded; frames that need no scrolling are no stop of the Tab key.
if (matchMedia("(max-width: 52rem)").matches) document.querySelector(".notebooks details")?.removeAttribute("open");
const frames = document.querySelectorAll(".drawing");
const settle = () => frames.forEach((f) => (f.scrollWidth > f.clientWidth ? (f.tabIndex = 0) : f.removeAttribute("tabindex")));
addEventListener("resize", settle);
document.addEventListener("toggle", settle, true);
settle();
