// Drag over several bars of the histogram to search in their days. A click is a plain link.
"use strict";

for (const svg of document.querySelectorAll(".histogram svg")) {
  const bars = [...svg.querySelectorAll("a")];
  let first = null;
  let isDragged = false;

  const barAt = (event) => {
    const box = svg.getBoundingClientRect();
    const share = (event.clientX - box.left) / box.width;
    return Math.min(Math.max(Math.floor(share * bars.length), 0), bars.length - 1);
  };
  const mark = (from, to) => {
    bars.forEach((bar, place) => {
      bar.querySelector("rect").setAttribute("class", place >= from && place <= to ? "brush" : "room");
    });
  };

  svg.addEventListener("pointerdown", (event) => {
    first = barAt(event);
    isDragged = false;
  });
  svg.addEventListener("pointermove", (event) => {
    if (first === null) return;
    const other = barAt(event);
    isDragged = isDragged || other !== first;
    if (isDragged) mark(Math.min(first, other), Math.max(first, other));
  });
  window.addEventListener("pointerup", (event) => {
    if (first === null) return;
    const other = barAt(event);
    const [from, to] = [Math.min(first, other), Math.max(first, other)];
    first = null;
    if (!isDragged) return;
    const url = new URL(svg.dataset.url, location.href);
    url.searchParams.set("from", bars[from].dataset.since);
    url.searchParams.set("to", bars[to].dataset.until);
    location.assign(url);
  });
  svg.addEventListener("click", (event) => {
    if (isDragged) event.preventDefault();
  });
  svg.addEventListener("dragstart", (event) => event.preventDefault());
}
