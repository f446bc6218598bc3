/** A selection that is dragged beyond an edge of the grid: the sheet scrolls along. */
import { type RefObject, useEffect, useRef } from "react";
import { columnAt, frozenWidth, type Layout } from "./columns";
import type { Place } from "./place";
import { type Extent, maxTop, ROW_HEIGHT } from "./scroll";

/** Pixels within an edge where the pull begins. */
const MARGIN = 6;
/** Pixels of one frame, at least and at most. */
const SLOWEST = 2;
const FASTEST = 120;

/** Pixels to scroll in one frame: more, the farther the pointer is beyond an edge. */
export function pull(at: number, from: number, to: number): number {
  const beyond = at < from + MARGIN ? at - from - MARGIN : at > to - MARGIN ? at - to + MARGIN : 0;
  if (beyond === 0) return 0;
  const speed = Math.min(FASTEST, SLOWEST + Math.abs(beyond) / 3);
  return Math.sign(beyond) * Math.round(speed);
}

/** A grid as it is now. */
export interface Sheet {
  element: HTMLElement | null;
  extent: Extent;
  layout: Layout;
  rows: number;
  /** Pixels of the header and of the numbers of rows. */
  header: number;
  gutter: number;
  top: number;
  left: number;
  moveTo(top: number, left: number): void;
  /** The pointer is over this cell, or over the one nearest to it. */
  onReach(place: Place): void;
}

/** Returns what follows a drag from now on until the button is let go. */
export function useAutoscroll(sheet: Sheet): () => void {
  const latest = useRef(sheet);
  latest.current = sheet;
  const end = useRef<(() => void) | null>(null);
  useEffect(() => () => end.current?.(), []);
  return () => {
    end.current?.();
    end.current = followDrag(latest);
  };
}

function followDrag(latest: RefObject<Sheet>): () => void {
  let pointer: { x: number; y: number } | null = null;
  let frame = 0;
  const step = (): void => {
    frame = 0;
    const { element, ...sheet } = latest.current;
    if (pointer === null || element === null) return;
    const box = element.getBoundingClientRect();
    const fixed = sheet.gutter + frozenWidth(sheet.layout);
    const [x, y] = [pointer.x - box.left, pointer.y - box.top];
    const down = pull(y, sheet.header, element.clientHeight);
    // Within frozen columns nothing pulls: they can be selected.
    const across = x >= sheet.gutter && x < fixed ? 0 : pull(x, fixed, element.clientWidth);
    if (down === 0 && across === 0) return;
    const top = Math.max(0, Math.min(maxTop(sheet.extent), sheet.top + down));
    sheet.moveTo(top, sheet.left + across);
    sheet.onReach(placeAt({ ...sheet, top, left: element.scrollLeft }, element, { x, y }));
    frame = requestAnimationFrame(step);
  };
  const move = (event: PointerEvent): void => {
    if (event.buttons !== 1) {
      stop();
      return;
    }
    pointer = { x: event.clientX, y: event.clientY };
    if (frame === 0) frame = requestAnimationFrame(step);
  };
  const stop = (): void => {
    cancelAnimationFrame(frame);
    window.removeEventListener("pointermove", move);
    window.removeEventListener("pointerup", stop);
    window.removeEventListener("pointercancel", stop);
  };
  window.addEventListener("pointermove", move);
  window.addEventListener("pointerup", stop);
  window.addEventListener("pointercancel", stop);
  return stop;
}

/** The cell under a point of the grid, or the one in sight that is nearest to it. */
export function placeAt(
  sheet: Pick<Sheet, "layout" | "rows" | "header" | "gutter" | "top" | "left">,
  { clientWidth, clientHeight }: Pick<HTMLElement, "clientWidth" | "clientHeight">,
  { x, y }: { x: number; y: number },
): Place {
  const { layout, header, gutter } = sheet;
  const down = Math.max(header, Math.min(clientHeight - 1, y)) - header + sheet.top;
  const across = Math.max(gutter, Math.min(clientWidth - 1, x)) - gutter;
  return {
    row: Math.max(0, Math.min(sheet.rows - 1, Math.floor(down / ROW_HEIGHT))),
    column: columnAt(layout, across < frozenWidth(layout) ? across : across + sheet.left),
  };
}
