/** A header that is pressed: let go where it is, it sorts; moved, it takes its column along. */
import type { PointerEvent } from "react";
import { frozenWidth, gapAt, type Layout } from "./columns";

/** Pixels until a press is a drag. */
const SLOP = 5;
/** Pixels from an edge where the sheet scrolls along. */
const EDGE = 32;
const STEP = 16;

export interface HeaderDrag {
  /** As the column is shown, from 0. */
  at: number;
  layout: Layout;
  gutter: number;
  scroller: HTMLElement | null;
  /** How many columns lie before where it would go; null when it would go nowhere. */
  onGap(gap: number | null): void;
  onClick(more: boolean): void;
  onDrop(to: number): void;
}

export function followHeader(event: PointerEvent<HTMLElement>, drag: HeaderDrag): void {
  const { at, layout, gutter, scroller } = drag;
  if (event.button !== 0 || scroller === null) return;
  const handle = event.currentTarget;
  const from = event.clientX;
  const more = event.shiftKey || event.ctrlKey || event.metaKey;
  let isMoved = false;
  let gap = at;
  handle.setPointerCapture(event.pointerId);

  const move = (next: globalThis.PointerEvent): void => {
    isMoved ||= Math.abs(next.clientX - from) > SLOP;
    if (!isMoved) return;
    const box = scroller.getBoundingClientRect();
    const fixed = frozenWidth(layout);
    const across = next.clientX - box.left - gutter;
    if (across > scroller.clientWidth - gutter - EDGE) scroller.scrollLeft += STEP;
    else if (across > fixed && across < fixed + EDGE) scroller.scrollLeft -= STEP;
    gap = gapAt(layout, across < fixed ? across : across + scroller.scrollLeft);
    drag.onGap(gap);
  };
  const finish = (): void => {
    if (!isMoved) drag.onClick(more);
    else if (gap !== at && gap !== at + 1) drag.onDrop(gap > at ? gap - 1 : gap);
    end();
  };
  const cancel = (next: globalThis.KeyboardEvent): void => {
    if (next.key !== "Escape") return;
    next.preventDefault();
    next.stopPropagation();
    end();
  };
  const end = (): void => {
    drag.onGap(null);
    handle.removeEventListener("pointermove", move);
    handle.removeEventListener("pointerup", finish);
    handle.removeEventListener("lostpointercapture", end);
    window.removeEventListener("keydown", cancel, true);
  };
  handle.addEventListener("pointermove", move);
  handle.addEventListener("pointerup", finish);
  handle.addEventListener("lostpointercapture", end);
  window.addEventListener("keydown", cancel, true);
}
