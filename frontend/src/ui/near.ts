import { type RefObject, useEffect, useState } from "react";

const MARGIN = "900px 0px";

/**
 * Is the element on the screen or close to it, so that it is worth its full machinery?
 *
 * Give it to an element that is there from the first drawing on.
 */
export function useNear(ref: RefObject<HTMLElement | null>): boolean {
  const [near, setNear] = useState(false);
  useEffect(() => {
    const element = ref.current;
    if (element === null) return;
    const observer = new IntersectionObserver(
      (entries) => setNear(entries.at(-1)?.isIntersecting ?? false),
      { root: element.closest("[data-scroll-root]"), rootMargin: MARGIN },
    );
    observer.observe(element);
    return () => observer.disconnect();
  }, [ref]);
  return near;
}
