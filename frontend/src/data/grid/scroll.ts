/** Where a scroll bar of limited length stands for rows without limit. */

/** Pixels. */
export const ROW_HEIGHT = 24;
/** Browsers end an element at 17 to 33 million pixels; beyond this the bar stands for more. */
export const MAX_CANVAS = 8_000_000;
/** A larger move than this is a pull at the bar, a smaller one a wheel, a finger or a page. */
const JUMP = 5_000;
/** Near the ends the bar goes with the rows pixel by pixel, so that a wheel reaches them. */
const EDGE = 1_000;

export interface Extent {
  /** Pixels of all rows. */
  full: number;
  /** Pixels of the element that scrolls. */
  canvas: number;
  /** Pixels of rows in sight. */
  view: number;
}

export interface Position {
  /** Pixels of rows above the first one in sight. */
  top: number;
  /** What the element says. */
  scrollTop: number;
}

export function extentOf(rows: number, view: number): Extent {
  const full = rows * ROW_HEIGHT;
  return { full, canvas: Math.min(full, MAX_CANVAS), view };
}

export function maxTop({ full, view }: Extent): number {
  return Math.max(0, full - view);
}

/** Top of the rows for a place of the bar; its end is exactly the end, and lines stay sharp. */
export function topOf(extent: Extent, scrollTop: number): number {
  const most = maxScroll(extent);
  if (scrollTop >= most) return maxTop(extent);
  return Math.round(Math.max(0, scrollTop) * (maxTop(extent) / most));
}

/** Place of the bar for a top of the rows. */
export function scrollOf(extent: Extent, top: number): number {
  const most = maxTop(extent);
  if (most === 0) return 0;
  const scroll = Math.min(1, top / most) * maxScroll(extent);
  if (extent.canvas === extent.full) return scroll;
  const latest = maxScroll(extent) - Math.min(EDGE, most - top);
  return Math.min(latest, Math.max(Math.min(EDGE, top), scroll));
}

/** Where a scroll of the element leads: by pixels when it is small, by proportion when it is large. */
export function follow(extent: Extent, before: Position, scrollTop: number): Position {
  if (extent.canvas === extent.full) {
    return { top: Math.max(0, Math.min(scrollTop, maxTop(extent))), scrollTop };
  }
  const by = scrollTop - before.scrollTop;
  if (Math.abs(by) > JUMP) return { top: topOf(extent, scrollTop), scrollTop };
  return { top: Math.max(0, Math.min(before.top + by, maxTop(extent))), scrollTop };
}

/** Has the bar come to an end before its rows have. */
export function isStuck(extent: Extent, { top, scrollTop }: Position): boolean {
  if (extent.canvas === extent.full) return false;
  const atStart = scrollTop <= 0 && top > 0;
  return atStart || (scrollTop >= maxScroll(extent) - 1 && top < maxTop(extent));
}

/** First and last row in sight, in part or in full. */
export function rowsInView(
  rows: number,
  top: number,
  view: number,
): { firstRow: number; lastRow: number } {
  return {
    firstRow: Math.max(0, Math.min(rows - 1, Math.floor(top / ROW_HEIGHT))),
    lastRow: Math.max(0, Math.min(rows, Math.ceil((top + view) / ROW_HEIGHT)) - 1),
  };
}

/** The top that brings a row into sight, moving as little as possible. */
export function revealRow(extent: Extent, top: number, row: number): number {
  const start = row * ROW_HEIGHT;
  const end = start + ROW_HEIGHT - extent.view;
  const wanted = start < top ? start : Math.max(top, Math.min(end, start));
  return Math.max(0, Math.min(wanted, maxTop(extent)));
}

function maxScroll({ canvas, view }: Extent): number {
  return Math.max(0, canvas - view);
}
