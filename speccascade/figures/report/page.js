"use strict";

// Values of points: by pointer, touch and arrow keys.
for (const chart of document.querySelectorAll(".chart")) {
  const plot = chart.querySelector(".plot");
  const value = chart.querySelector(".value");
  const reach = 40; // CSS pixels from the pointer, about the width of a thumb
  let shown = null;

  const points = () => [...plot.querySelectorAll(".point:not(.off)")];
  const box = () => plot.getBoundingClientRect();
  const place = (point) => [
    (point.dataset.x / 100) * box().width,
    (point.dataset.y / 100) * box().height,
  ];

  function show(point) {
    shown?.classList.remove("shown");
    shown = point;
    value.hidden = !point;
    if (!point) return;
    point.classList.add("shown");
    value.textContent = point.dataset.text;
    const frame = chart.getBoundingClientRect();
    const x = place(point)[0] + box().left - frame.left;
    const y = place(point)[1] + box().top - frame.top;
    const room = frame.width - value.offsetWidth;
    const above = y - value.offsetHeight - 14;
    value.style.left = `${Math.max(0, Math.min(room, x - value.offsetWidth / 2))}px`;
    value.style.top = `${above < 0 ? y + 14 : above}px`;
  }

  function nearest(event) {
    let found = null; // of several at one place, the one on top
    let least = reach;
    for (const point of points()) {
      const [x, y] = place(point);
      const across = event.clientX - box().left - x;
      const far = Math.hypot(across, event.clientY - box().top - y);
      if (far <= least) [found, least] = [point, far];
    }
    show(found);
  }

  // Left and right: along the curve. Up and down: to the same place of another curve.
  function step(key) {
    const all = points();
    if (!all.includes(shown)) return all[0] ?? null;
    const curves = [...new Set(all.map((point) => point.dataset.method))];
    const of = (method) => all.filter((point) => point.dataset.method === method);
    const own = of(shown.dataset.method);
    const at = own.indexOf(shown);
    if (key === "ArrowLeft") return own[Math.max(0, at - 1)];
    if (key === "ArrowRight") return own[Math.min(own.length - 1, at + 1)];
    const turn = curves.indexOf(shown.dataset.method) + (key === "ArrowDown" ? 1 : -1);
    const next = of(curves[(turn + curves.length) % curves.length]);
    return next[Math.min(at, next.length - 1)];
  }

  plot.addEventListener("pointermove", nearest);
  plot.addEventListener("pointerdown", nearest);
  plot.addEventListener("pointerleave", (event) => {
    if (event.pointerType === "mouse") show(null);
  });
  plot.addEventListener("focus", () => {
    if (!shown && plot.matches(":focus-visible")) show(points()[0] ?? null);
  });
  plot.addEventListener("blur", () => show(null));
  plot.addEventListener("keydown", (event) => {
    if (event.key === "Escape") show(null);
    if (!event.key.startsWith("Arrow")) return;
    event.preventDefault();
    show(step(event.key));
  });
}

// The legend shows and hides a method in the charts and answers of its setting.
for (const legend of document.querySelectorAll(".legend")) {
  const setting = legend.closest(".setting");
  const buttons = [...legend.querySelectorAll("[data-method]")];

  function press(button, on) {
    button.setAttribute("aria-pressed", on);
    for (const one of setting.querySelectorAll("[data-method]"))
      if (one.dataset.method === button.dataset.method) one.classList.toggle("off", !on);
  }

  for (const button of buttons)
    button.addEventListener("click", () =>
      press(button, button.getAttribute("aria-pressed") === "false"));
  for (const every of legend.querySelectorAll("[data-all]"))
    every.addEventListener("click", () =>
      buttons.forEach((button) => press(button, every.dataset.all === "true")));
}

// Tables: a click on a head sorts, another one turns the order round. Cells without a
// number stay last.
for (const table of document.querySelectorAll(".sortable")) {
  const heads = [...table.tHead.rows[0].cells];
  heads.forEach((head, column) =>
    head.addEventListener("click", () => {
      const first = column === 0 ? "ascending" : "descending";
      const now = head.getAttribute("aria-sort");
      const other = { ascending: "descending", descending: "ascending" };
      heads.forEach((one) => one.removeAttribute("aria-sort"));
      head.setAttribute("aria-sort", now ? other[now] : first);
      const sign = head.getAttribute("aria-sort") === "ascending" ? 1 : -1;
      const rows = [...table.tBodies[0].rows];
      rows.sort((a, b) => {
        const [one, two] = [a, b].map((row) => row.cells[column]);
        if (column === 0) return sign * one.textContent.localeCompare(two.textContent);
        const [x, y] = [one, two].map((cell) => parseFloat(cell.dataset.value));
        if (isNaN(x) || isNaN(y)) return isNaN(x) - isNaN(y);
        return x === y ? 0 : sign * (x < y ? -1 : 1);
      });
      table.tBodies[0].append(...rows);
    }));
}
