// Notes, inside the page, when a key went down, what went over the websocket, and when the awaited
// text stood in the page and was on a frame.
(() => {
  const bench = { key: 0, text: 0, frame: 0, wire: [], awaited: null };
  window.bench = bench;
  let painted = () => {};
  let heard = () => {};
  bench.expect = (text) => {
    Object.assign(bench, { key: 0, text: 0, frame: 0, wire: [], awaited: text });
    bench.painted = new Promise((resolve) => {
      painted = () => resolve(null);
    });
    bench.saved = new Promise((resolve) => {
      heard = () => {
        const has = (what) => bench.wire.some(([, name]) => name === what);
        if (has("< source-changed") && has("< accepted")) resolve(null);
      };
    });
  };
  addEventListener(
    "keydown",
    (event) => {
      if (event.key === "Enter" && event.ctrlKey) bench.key = event.timeStamp;
    },
    true,
  );
  const look = () => {
    if (bench.awaited === null || bench.key === 0) return;
    const shown = document.querySelector("[data-testid=block-echo] .result-text");
    if (shown === null || !shown.textContent.includes(bench.awaited)) return;
    if (shown.closest("[data-old]") !== null) return;
    bench.awaited = null;
    bench.text = performance.now();
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
    new MutationObserver(look).observe(document, {
      subtree: true,
      childList: true,
      characterData: true,
      attributes: true,
    });
  });
  const Socket = window.WebSocket;
  window.WebSocket = class extends Socket {
    constructor(...given) {
      super(...given);
      this.addEventListener("message", (event) => {
        const at = performance.now();
        const parsed = JSON.parse(event.data);
        for (const message of Array.isArray(parsed) ? parsed : [parsed]) {
          bench.wire.push([at, `< ${message.op}`, message.req ?? ""]);
        }
        heard();
      });
    }
    send(text) {
      const { op, req } = JSON.parse(text);
      bench.wire.push([performance.now(), `> ${op}`, req ?? ""]);
      super.send(text);
    }
  };
})();
