// Two to five places side by side; which ones stands in the address, so that it can be sent on.
"use strict";
window.papiCompare = ({ parts, places }) => {
  const form = document.querySelector("form.compare");
  const table = document.querySelector("#compared");
  const number = new Intl.NumberFormat(lang, { minimumFractionDigits: 2, maximumFractionDigits: 2 });
  const make = (tag, more, ...inside) => {
    const element = Object.assign(document.createElement(tag), more);
    element.append(...inside);
    return element;
  };
  const choices = [1, 2, 3, 4, 5].map((at) => {
    const options = places.map(([folder, name]) => new Option(name, folder));
    const select = make("select", { ariaLabel: `${form.dataset.place} ${at}` }, new Option("–", ""), ...options);
    form.append(select, " ");
    return select;
  });
  const cell = (figures) => {
    if (!figures || figures[0] === null) return make("td", { className: "number" }, "–");
    const [score, rank, group] = figures;
    return make("td", { className: `number group-${group}` }, `${number.format(score)} (${rank})`);
  };
  const show = () => {
    const chosen = choices.flatMap((select) => places.filter(([folder]) => folder === select.value));
    const head = chosen.map(([folder, name]) => make("th", { scope: "col", className: "number" }, make("a", { href: `${encodeURIComponent(folder)}/index.html` }, name)));
    const rows = parts.map(([part, below], i) =>
      make("tr", {}, make("th", { scope: "row", className: below ? "below" : "" }, part), ...chosen.map(([, , own]) => cell(own[i]))),
    );
    table.replaceChildren(
      make("caption", {}, form.dataset.caption),
      make("thead", {}, make("tr", {}, make("th", { scope: "col" }, form.dataset.part), ...head)),
      make("tbody", {}, ...rows),
    );
    table.hidden = chosen.length === 0;
  };
  const read = () => {
    const asked = decodeURIComponent(location.hash.slice(1)).split(",");
    for (const [i, select] of choices.entries()) select.value = places.some(([folder]) => folder === asked[i]) ? asked[i] : "";
    show();
  };
  form.addEventListener("change", () => {
    const chosen = choices.map((select) => select.value).filter(Boolean);
    history.replaceState(null, "", `#${[...new Set(chosen)].join(",")}`);
    show();
  });
  addEventListener("hashchange", read);
  form.hidden = false;
  read();
};
