// Notes, inside the page, when a key went down, when a block finished, when what was asked for is on
// a frame, and how far frames are from each other.
(() => {
  const bench = { key: 0, finished: 0, frame: null };
  window.bench = bench;
  const text = (row, column) => {
    const grid = document.querySelector("[aria-label=Data] [role=grid]");
    if (grid === null || grid.getAttribute("aria-busy") === "true") return "";
    const head = grid.querySelector(`[role=columnheader][data-name="${column}"]`);
    const line = grid.querySelector(`[role=row][aria-rowindex="${row + 1}"]`);
    const at = head?.getAttribute("aria-colindex");
    return line?.querySelector(`[role=gridcell][aria-colindex="${at}"]`)?.textContent ?? "";
  };
  bench.text = text;
  // Wait for a cell to have a text other than `before`.
  bench.expect = (row, column, before) => {
    bench.frame = new Promise((resolve) => {
      const look = () => {
        const now = text(row, column);
        if (now === "" || now === before) return;
        watching.disconnect();
        requestAnimationFrame(() => {
          const channel = new MessageChannel();
          channel.port1.onmessage = () => resolve(performance.now());
          channel.port2.postMessage(null);
        });
      };
      const watching = new MutationObserver(look);
      const all = { subtree: true, childList: true, characterData: true, attributes: true };
      watching.observe(document, all);
      look();
    });
  };
  bench.countFrames = () => {
    const times = [];
    let going = true;
    const note = (now) => {
      times.push(now);
      if (going) requestAnimationFrame(note);
    };
    requestAnimationFrame(note);
    bench.frames = () => {
      going = false;
      return times.slice(1).map((now, at) => now - times[at]);
    };
  };
  addEventListener("keydown", (event) => (bench.key = event.timeStamp), true);
  const Socket = window.WebSocket;
  window.WebSocket = class extends Socket {
    constructor(...given) {
      super(...given);
      this.addEventListener("message", (event) => {
        const now = performance.now();
        const parsed = JSON.parse(event.data);
        const all = Array.isArray(parsed) ? parsed : [parsed];
        if (all.some((message) => message.op === "block-finished")) bench.finished = now;
      });
    }
  };
})();
