import { type RefObject, useCallback, useLayoutEffect, useMemo, useRef, useState } from "react";
import { type Extent, extentOf, follow, isStuck, maxTop, type Position, scrollOf } from "./scroll";

/** Pixels of names and types, and of what may stand below them. */
export const HEADER_HEIGHT = 42;
export const PROFILE_HEIGHT = 20;
export const FILTER_HEIGHT = 30;
/** After the last scroll, until the bar is put where its rows are. */
const SETTLE_MS = 140;

export interface Viewport {
  element: RefObject<HTMLDivElement | null>;
  extent: Extent;
  /** Pixels of rows above, and of columns to the left of, what is in sight. */
  top: number;
  left: number;
  /** Pixels of the element without its bars. */
  width: number;
  height: number;
  onScroll(): void;
  moveTo(top: number, left: number): void;
}

/** Follows the scroll and the size of an element that shows `rows` rows below a header. */
export function useViewport(rows: number, header: number): Viewport {
  const element = useRef<HTMLDivElement>(null);
  const [size, setSize] = useState({ width: 0, height: 0 });
  const [place, setPlace] = useState({ top: 0, left: 0 });
  const position = useRef<Position>({ top: 0, scrollTop: 0 });
  const settle = useRef<ReturnType<typeof setTimeout> | undefined>(undefined);
  const extent = useMemo(
    () => extentOf(rows, Math.max(0, size.height - header)),
    [header, rows, size.height],
  );

  /** Puts the bar where the rows are. */
  const anchor = useCallback(
    (top: number): void => {
      const scroller = element.current;
      if (scroller === null) return;
      scroller.scrollTop = scrollOf(extent, top);
      position.current = { top, scrollTop: scroller.scrollTop };
    },
    [extent],
  );

  const show = useCallback((top: number, left: number): void => {
    setPlace((before) => (before.top === top && before.left === left ? before : { top, left }));
  }, []);

  const onScroll = useCallback((): void => {
    const scroller = element.current;
    if (scroller === null) return;
    const next = follow(extent, position.current, scroller.scrollTop);
    position.current = next;
    show(next.top, scroller.scrollLeft);
    if (extent.canvas === extent.full) return;
    clearTimeout(settle.current);
    if (isStuck(extent, next)) anchor(next.top);
    else settle.current = setTimeout(() => anchor(position.current.top), SETTLE_MS);
  }, [anchor, extent, show]);

  const moveTo = useCallback(
    (top: number, left: number): void => {
      const scroller = element.current;
      if (scroller === null) return;
      clearTimeout(settle.current);
      scroller.scrollLeft = left;
      anchor(top);
      show(top, scroller.scrollLeft);
    },
    [anchor, show],
  );

  useLayoutEffect(() => {
    const scroller = element.current;
    if (scroller === null) return;
    const measure = (): void => {
      const { clientWidth: width, clientHeight: height } = scroller;
      setSize((before) =>
        before.width === width && before.height === height ? before : { width, height },
      );
    };
    measure();
    const observer = new ResizeObserver(measure);
    observer.observe(scroller);
    return () => {
      observer.disconnect();
      clearTimeout(settle.current);
    };
  }, []);

  useLayoutEffect(() => {
    const { top } = position.current;
    if (top > maxTop(extent)) {
      anchor(maxTop(extent));
      show(maxTop(extent), element.current?.scrollLeft ?? 0);
    }
  }, [anchor, extent, show]);

  return { element, extent, ...place, ...size, onScroll, moveTo };
}
