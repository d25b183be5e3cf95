// Zoom of the picture, and arrow keys from node to node. Without it the picture scrolls and every node is a link.
(() => {
  "use strict";
  const scale = (svg, factor) => {
    const box = svg.viewBox.baseVal;
    const width = Math.min(8000, Math.max(320, svg.width.baseVal.value * factor));
    svg.setAttribute("width", width);
    svg.setAttribute("height", (width * box.height) / box.width);
  };
  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-zoom]");
    if (button) scale(button.closest(".topo").querySelector("svg.net"), Number(button.dataset.zoom));
  });
  const centre = (node) => {
    const box = node.getBoundingClientRect();
    return [box.left + box.width / 2, box.top + box.height / 2];
  };
  const ways = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
  document.addEventListener("keydown", (event) => {
    const here = event.target.closest && event.target.closest("svg.net a.nd");
    const way = ways[event.key];
    if (!here || !way) return;
    event.preventDefault();
    const [x, y] = centre(here);
    let best = null;
    let least = Infinity;
    for (const node of here.ownerSVGElement.querySelectorAll("a.nd")) {
      const [u, v] = centre(node);
      const along = (u - x) * way[0] + (v - y) * way[1];
      const aside = Math.abs((u - x) * way[1]) + Math.abs((v - y) * way[0]);
      if (node !== here && along > 1 && along + 2 * aside < least) {
        least = along + 2 * aside;
        best = node;
      }
    }
    if (best) best.focus();
  });
})();
