/** How wide text is in the fonts of the grid. */

export type Face = "name" | "type" | "cell";

const FONTS: Readonly<Record<Face, readonly [style: string, family: string]>> = {
  name: ["600 13px", "--font"],
  type: ["11px", "--font"],
  cell: ["13px", "--mono"],
};
/** Pixels of a character where nothing can be measured. */
const ROUGHLY: Readonly<Record<Face, number>> = { name: 8.2, type: 6.6, cell: 7.83 };
/** Longer texts are wider than any column becomes by itself. */
const MOST = 80;

let canvas: CanvasRenderingContext2D | null | undefined;
const known = new Map<string, number>();

/** Pixels. Figures and Latin letters of a cell are all of one width and are not measured. */
export function textWidth(text: string, face: Face): number {
  const shown = text.length > MOST ? text.slice(0, MOST) : text;
  if (face === "cell" && /^[\x20-\x7e]*$/.test(shown)) return shown.length * measured("0", face);
  return measured(shown, face);
}

function measured(text: string, face: Face): number {
  const key = `${face}${text}`;
  let width = known.get(key);
  if (width === undefined) {
    width = measure(text, face);
    if (known.size > 5_000) known.clear();
    known.set(key, width);
  }
  return width;
}

function measure(text: string, face: Face): number {
  if (typeof document === "undefined") return text.length * ROUGHLY[face];
  canvas ??= document.createElement("canvas").getContext("2d");
  if (!canvas) return text.length * ROUGHLY[face];
  const [style, family] = FONTS[face];
  const families = getComputedStyle(document.documentElement).getPropertyValue(family);
  canvas.font = `${style} ${families}`;
  return canvas.measureText(text).width;
}
