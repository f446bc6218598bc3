// Notes, inside the page, when the last key went down and when an edge was on a frame.
(() => {
  const bench = { key: 0, frame: 0, edge: null };
  window.bench = bench;
  let painted = () => {};
  bench.expect = (edge) => {
    Object.assign(bench, { key: 0, frame: 0, edge });
    bench.painted = new Promise((resolve) => {
      painted = () => resolve(null);
    });
  };
  addEventListener(
    "keydown",
    (event) => {
      bench.key = event.timeStamp;
    },
    true,
  );
  const look = () => {
    if (bench.edge === null || bench.key === 0) return;
    const found = document.querySelector(`.react-flow__edge[data-id="${bench.edge}"] path`);
    if (found === null) return;
    bench.edge = null;
    requestAnimationFrame(() => {
      const channel = new MessageChannel();
      channel.port1.onmessage = () => {
        bench.frame = performance.now();
        painted();
      };
      channel.port2.postMessage(null);
    });
  };
  addEventListener("DOMContentLoaded", () => {
    new MutationObserver(look).observe(document, { subtree: true, childList: true });
  });
})();
