/** Where the keyboard and the view of the block list are. */

let pending = 0;

/** Puts the keyboard on a block and brings it into sight. */
export function focusBlock(name: string): void {
  letFocus();
  pending = requestAnimationFrame(() => {
    document.getElementById(`block-${name}`)?.focus({ preventScroll: true });
    reveal(name);
    keepInSight(name);
  });
}

/** Takes the keyboard nowhere: who typed on meanwhile is somewhere else already. */
export function letFocus(): void {
  cancelAnimationFrame(pending);
}

const SETTLES_MS = 500;
let stopKeeping = (): void => {};

/** A block that was far away grows as it is drawn, and its rows arrive: it stays in sight meanwhile. */
function keepInSight(name: string): void {
  stopKeeping();
  const block = document.getElementById(`block-${name}`);
  if (block === null) return;
  const observer = new ResizeObserver(() => reveal(name));
  const timer = setTimeout(() => stopKeeping(), SETTLES_MS);
  stopKeeping = () => {
    clearTimeout(timer);
    observer.disconnect();
  };
  observer.observe(block);
}

const MARGIN = 16;

/** Scrolls the list, and nothing else, so that the block can be seen. */
export function reveal(name: string): void {
  const block = document.getElementById(`block-${name}`);
  const list = block?.closest("[data-scroll-root]");
  if (block === null || list == null) return;
  const { top, bottom, height } = block.getBoundingClientRect();
  const view = list.getBoundingClientRect();
  if (top < view.top + MARGIN || height > view.height) list.scrollTop += top - view.top - MARGIN;
  else if (bottom > view.bottom - MARGIN) list.scrollTop += bottom - view.bottom + MARGIN;
}
